//! What exists of messages, secrets, instances and what watches over the account.

use payctl_aws::Aws;

use super::Inventory;

impl Inventory {
    pub(super) async fn messages(&mut self, aws: &Aws) {
        for topic in aws.sns.list_topics().send().await.unwrap().topics() {
            let arn = topic.topic_arn().unwrap();
            let told = aws.sns.list_subscriptions_by_topic().topic_arn(arn).send().await.unwrap();
            let name = arn.rsplit(':').next().unwrap();
            self.add("sns.topic", &format!("{name} tells {}", told.subscriptions().len()));
        }
        for url in aws.sqs.list_queues().send().await.unwrap().queue_urls() {
            self.add("sqs.queue", url.rsplit('/').next().unwrap());
        }
        let mappings = aws.lambda.list_event_source_mappings().send().await.unwrap();
        for mapping in mappings.event_source_mappings() {
            let last = |arn: Option<&str>| arn.unwrap().rsplit(':').next().unwrap().to_owned();
            let (from, to) = (last(mapping.event_source_arn()), last(mapping.function_arn()));
            self.add("lambda.event_source_mapping", &format!("{from} to {to}"));
        }
    }

    pub(super) async fn values(&mut self, aws: &Aws) {
        // Those that can still be brought back are left out, as keys are that are being deleted.
        let secrets = aws.secretsmanager.list_secrets();
        for secret in secrets.send().await.unwrap().secret_list() {
            self.add("secretsmanager.secret", secret.name().unwrap());
            if secret.rotation_enabled() == Some(true) {
                self.add("secretsmanager.rotation", secret.name().unwrap());
            }
        }
        for parameter in aws.ssm.describe_parameters().send().await.unwrap().parameters() {
            let name = parameter.name().unwrap();
            if !name.starts_with("/aws/") {
                self.add("ssm.parameter", name);
            }
        }
    }

    pub(super) async fn instances(&mut self, aws: &Aws) {
        let profiles = aws.iam.list_instance_profiles().send().await.unwrap();
        for profile in profiles.instance_profiles() {
            let (name, roles) = (profile.instance_profile_name(), profile.roles().len());
            self.add("iam.instance_profile", &format!("{name}: {roles} roles"));
        }
        let templates = aws.ec2.describe_launch_templates().send().await.unwrap();
        for template in templates.launch_templates() {
            self.add("ec2.launch_template", template.launch_template_name().unwrap());
        }
        let groups = aws.autoscaling.describe_auto_scaling_groups().send().await.unwrap();
        for group in groups.auto_scaling_groups() {
            let (name, instances) = (group.auto_scaling_group_name(), group.instances().len());
            self.add("autoscaling.group", &format!("{}: {instances}", name.unwrap()));
        }
        let policies = aws.autoscaling.describe_policies().send().await.unwrap();
        for policy in policies.scaling_policies() {
            self.add("autoscaling.policy", policy.policy_name().unwrap());
        }
        let instances = aws.ec2.describe_instances().send().await.unwrap();
        for instance in instances.reservations().iter().flat_map(|one| one.instances()) {
            let state = instance.state().and_then(|state| state.name()).unwrap().as_str();
            if state != "terminated" {
                self.add("ec2.instance", state);
            }
        }
    }

    pub(super) async fn watching(&mut self, aws: &Aws) {
        for rule in aws.eventbridge.list_rules().send().await.unwrap().rules() {
            let name = rule.name().unwrap();
            let targets = aws.eventbridge.list_targets_by_rule().rule(name).send().await.unwrap();
            let targets = targets.targets().len();
            self.add("eventbridge.rule", &format!("{name}: {targets} targets"));
        }
        // Ministack's list cannot be read, as its times are texts.
        for name in ["payment-costs-dev", "payment-ops-dev", "payment-security-dev"] {
            if aws.cloudwatch.get_dashboard().dashboard_name(name).send().await.is_ok() {
                self.add("cloudwatch.dashboard", name);
            }
        }
        for rule in aws.config.describe_config_rules().send().await.unwrap().config_rules() {
            self.add("config.rule", rule.config_rule_name().unwrap());
        }
        // Not every emulator knows it.
        if let Ok(found) = aws.guardduty.list_detectors().send().await {
            for _ in found.detector_ids() {
                self.add("guardduty.detector", "");
            }
        }
    }
}
