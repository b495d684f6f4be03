//! The load balancer within the VPC, and the two groups that it divides requests between.

use payctl_aws::acm::Certificate;
use payctl_aws::ec2::{SubnetRef, VpcRef};
use payctl_aws::elbv2::{
    AccessLogs, Forward, HealthCheck, Listener, ListenerRef, LoadBalancer, LoadBalancerRef,
    TargetGroup, TargetGroupRef,
};
use payctl_aws::s3::BucketRef;
use payctl_aws::{Arn, Statement};
use payctl_engine::{Handle as _, Input, Stack};

use super::groups::Groups;
use super::system::{APPLICATION, HTTP, Stores, System};
use crate::parts::{Bucket, NetworkMade, Part as _, PartContext, WebAcl, bucket};

/// How much the weights of both groups are together.
const WHOLE: u32 = 100;
/// A year and a month: it is renewed a month before its end.
const CERTIFICATE_DAYS: u32 = 395;

pub(super) struct Balancer {
    pub(super) balancer: LoadBalancerRef,
    /// What the API reaches it at, if it can at all.
    pub(super) listener: Option<ListenerRef>,
    pub(super) blue: TargetGroupRef,
    pub(super) green: TargetGroupRef,
}

impl System<'_> {
    pub(super) fn balancer(
        &self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        network: &NetworkMade,
        groups: &Groups,
        stores: &Stores,
    ) -> Result<Balancer, String> {
        let (context, parameters) = (self.context, self.parameters);
        let (vpc, private) = (&network.vpc, network.subnets("private"));
        let logs = self.request_logs(&stores.access_logs).declare(stack, part, "requests")?;
        let name = context.name("payment-alb");
        let balancer = stack.add_after(
            "main",
            &[logs.address()],
            LoadBalancer {
                scheme: "internal".to_owned(),
                vpc: vpc.id(),
                subnets: private.iter().map(SubnetRef::id).collect(),
                security_groups: [groups.balancer.id()].into_iter().collect(),
                access_logs: Some(AccessLogs { bucket: logs.name(), prefix: PREFIX.to_owned() }),
                drop_invalid_headers: true,
                desync_mode: "defensive".to_owned(),
                deletion_protection: parameters.protected(),
                tags: context.tags(&name),
                name,
            },
        );
        if self.is_strict() {
            self.web_acl(&balancer).declare(stack, part, "main")?;
        }
        let certificate = self.certificate(stack);
        let blue = self.group(stack, "blue", vpc);
        let green = self.group(stack, "green", vpc);
        let weight = parameters.green_weight;
        let forward = [(&blue, WHOLE - weight), (&green, weight)];
        let forward = forward.map(|(group, weight)| Forward { target_group: group.arn(), weight });
        let https = Listener {
            load_balancer: balancer.arn().when_created(),
            port: 443,
            protocol: "HTTPS".to_owned(),
            ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned()),
            certificate: Some(certificate),
            forward: forward.into(),
            tags: context.tags(&context.name("payment-alb-https")),
        };
        let plain = self.is_plain_inside().then(|| Listener {
            port: HTTP,
            protocol: "HTTP".to_owned(),
            ssl_policy: None,
            certificate: None,
            tags: context.tags(&context.name("payment-alb-http")),
            ..https.clone()
        });
        let https = stack.add("main", https);
        let plain = plain.map(|plain| stack.add("inside", plain));
        let listener = plain.or(parameters.certificate_arn.is_some().then_some(https));
        Ok(Balancer { balancer, listener, blue, green })
    }

    /// The web ACL, with a log of what it sees. It does not limit how often an address may call: to
    /// the load balancer all requests come from those of the VPC link, and the API has limits of
    /// its own.
    fn web_acl(&self, balancer: &LoadBalancerRef) -> WebAcl {
        WebAcl {
            name: Some("payment-waf".to_owned()),
            description: "What may reach the payment API".to_owned(),
            before: vec![balancer.arn()],
            rate_limit: 0,
            log_group: Some("aws-waf-logs-payment".to_owned()),
            log_retention_days: self.parameters.log_retention_days(),
            ..WebAcl::default()
        }
    }

    fn group(&self, stack: &mut Stack, colour: &str, vpc: &VpcRef) -> TargetGroupRef {
        let name = self.context.name(&format!("payment-{colour}"));
        stack.add(
            colour,
            TargetGroup {
                protocol: "HTTP".to_owned(),
                port: APPLICATION,
                vpc: vpc.id(),
                target_type: "ip".to_owned(),
                health_check: HealthCheck {
                    protocol: "HTTP".to_owned(),
                    port: "traffic-port".to_owned(),
                    path: "/health".to_owned(),
                    interval_s: 30,
                    timeout_s: 5,
                    healthy_threshold: 2,
                    unhealthy_threshold: 2,
                    matcher: "200".to_owned(),
                },
                deregistration_delay_s: 30,
                tags: self.context.tags(&name),
                name,
            },
        )
    }

    /// The named certificate, or a self-signed one.
    fn certificate(&self, stack: &mut Stack) -> Input<Arn> {
        let (context, parameters) = (self.context, self.parameters);
        if let Some(arn) = &parameters.certificate_arn {
            return Input::Known(Arn::from(arn.as_str()));
        }
        let consequence = match self.is_plain_inside() {
            true => "so that the API reaches it over HTTP within the VPC",
            false => "so that the API does not lead to it",
        };
        stack.note(&format!(
            "the load balancer gets a self-signed certificate, which API Gateway rejects, \
             {consequence}: name one of a public authority with `certificate_arn` under [migration]"
        ));
        let certificate = stack.add(
            "main",
            Certificate {
                domain: parameters.domain.clone(),
                valid_days: CERTIFICATE_DAYS,
                renewed: true,
                tags: context.tags(&context.name("payment-alb")),
            },
        );
        certificate.arn()
    }

    /// Where every request leaves a line. AWS writes them into no bucket that has a key of KMS's,
    /// as the one of audit objects does.
    fn request_logs(&self, access_logs: &BucketRef) -> Bucket {
        let context = self.context;
        let own = bucket::arn(context, &context.bucket_name(REQUESTS));
        let path = format!("/{PREFIX}/AWSLogs/{}/*", context.account);
        // As the guide's sample has it; whether it names the account alone is not known.
        let write = Statement::allow("LoadBalancer", &["s3:PutObject"])
            .for_service("logdelivery.elasticloadbalancing.amazonaws.com")
            .on([bucket::within(&own, &path)])
            .when(
                "ArnLike",
                "aws:SourceArn",
                context.arn("elasticloadbalancing", "loadbalancer/*"),
            );
        Bucket {
            name: Some(REQUESTS.to_owned()),
            s3_key: true,
            access_log: Some(access_logs.name()),
            archive_after_days: Some(self.parameters.archive_after_days),
            expire_after_days: Some(self.parameters.expire_after_days),
            event_bridge: self.is_strict(),
            statements: vec![write],
            ..Bucket::default()
        }
    }
}

/// The bucket of what was asked of it.
pub(super) const REQUESTS: &str = "payment-alb-logs";
/// The folder of the bucket.
const PREFIX: &str = "payment-alb";
