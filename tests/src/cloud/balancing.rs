//! What exists of load balancers and certificates.

use aws_sdk_acm::types::{CertificateSummary, Filters, KeyAlgorithm};
use payctl_aws::Aws;

use super::Inventory;

impl Inventory {
    pub(super) async fn balancing(&mut self, aws: &Aws) {
        let balancers = aws.elbv2.describe_load_balancers().send().await.unwrap();
        for balancer in balancers.load_balancers() {
            let name = balancer.load_balancer_name().unwrap();
            self.add("elbv2.load_balancer", name);
            let arn = balancer.load_balancer_arn().unwrap();
            let listeners = aws.elbv2.describe_listeners().load_balancer_arn(arn).send().await;
            for listener in listeners.unwrap().listeners() {
                let (port, protocol) = (listener.port().unwrap(), listener.protocol().unwrap());
                self.add("elbv2.listener", &format!("{name} {protocol} {port}"));
            }
        }
        let groups = aws.elbv2.describe_target_groups().send().await.unwrap();
        for group in groups.target_groups() {
            let arn = group.target_group_arn().unwrap();
            let health = aws.elbv2.describe_target_health().target_group_arn(arn).send().await;
            let targets = health.unwrap().target_health_descriptions().len();
            let name = group.target_group_name().unwrap();
            self.add("elbv2.target_group", &format!("{name}: {targets} targets"));
        }
        // Those with keys of RSA's are listed without being asked for.
        let all = [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcPrime256v1];
        let all = Filters::builder().set_key_types(Some(all.into())).build();
        let certificates = aws.acm.list_certificates().includes(all).send().await.unwrap();
        for certificate in certificates.certificate_summary_list() {
            let domain = CertificateSummary::domain_name(certificate).unwrap_or_default();
            // Another one each time, where an emulator makes up a name.
            let domain = if domain.ends_with(".invalid") { "imported" } else { domain };
            self.add("acm.certificate", domain);
        }
    }
}
