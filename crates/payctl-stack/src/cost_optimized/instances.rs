//! The instances, and what adds and removes them.

use payctl_aws::autoscaling::{Group, GroupRef, Scaling, ScalingPolicy, Step};
use payctl_aws::cloudwatch::Alarm;
use payctl_aws::ec2::{
    Disk, ImageId, LaunchTemplate, Metadata, Peer, SecurityGroupRef, SubnetRef, VpcRef,
};
use payctl_aws::iam::{InstanceProfile, InstanceProfileRef, Role};
use payctl_aws::questions::IMAGE;
use payctl_aws::{Arn, Set, Statement, Tags};
use payctl_engine::{Address, Input, Kind as _, Stack, owner};
use serde_json::json;

use super::system::System;
use crate::parts::alarm::{self, Metric};
use crate::parts::{EgressMade, function, network, role};

/// Where the CloudWatch agent reports to.
const AGENT: &str = "CWAgent";
/// What the group of instances is called.
const GROUP: &str = "payments";

impl System<'_> {
    /// The group of instances, in the private subnets.
    pub(super) fn instances(
        &self,
        stack: &mut Stack,
        vpc: &VpcRef,
        private: &[SubnetRef],
        ways: &EgressMade,
    ) -> GroupRef {
        let (context, parameters) = (self.context, self.parameters);
        let name = context.name("payment-asg");
        let profile = self.profile(stack);
        let security_group = self.instance_group(stack, vpc);
        let image = parameters.image.as_deref().map(ImageId::from);
        let image = image.or_else(|| context.found.get(IMAGE));
        let template_name = context.name("payment-lt");
        let template = stack.add(
            "payments",
            LaunchTemplate {
                image: image.unwrap_or_else(|| ImageId::from("")),
                instance_type: parameters.instance_type.clone(),
                profile: profile.arn(),
                security_groups: [security_group.id()].into_iter().collect(),
                disk: Disk {
                    device: "/dev/xvda".to_owned(),
                    size_gb: parameters.disk_gb,
                    volume_type: "gp3".to_owned(),
                    encrypted: true,
                    // AWS's own key: a customer's would have to be granted to Auto Scaling's role
                    // of the account.
                    kms_key: None,
                    delete_on_termination: true,
                },
                metadata: Metadata { enabled: true, tokens: "required".to_owned(), hops: 1 },
                monitoring: true,
                user_data: user_data(&name),
                // The group gives its instances its own tags.
                instance_tags: Tags::new(),
                volume_tags: self.volume_tags(),
                tags: context.tags(&template_name),
                name: template_name,
            },
        );
        // Instances that start before there is a way out never get their agent.
        let before: Vec<&Address> = ways.routes.iter().collect();
        let group = stack.add_after(
            GROUP,
            &before,
            Group {
                launch_template: template.id(),
                min: parameters.instances_min,
                max: parameters.instances_max,
                desired: parameters.instances_desired,
                subnets: private.iter().map(SubnetRef::id).collect(),
                health_check: "EC2".to_owned(),
                health_check_grace_s: 300,
                default_warmup_s: 300,
                metrics: true,
                tags_at_launch: true,
                tags: context.tags(&name),
                name,
            },
        );
        self.scaling(stack, &group);
        group
    }

    /// What an instance's disk carries, which gets none of the group's tags: whose data it holds, and
    /// whose it is, as the instance itself.
    fn volume_tags(&self) -> Tags {
        let context = self.context;
        let group = Address::new(Group::INFO.kind, GROUP);
        let mut tags = context.tags(&context.name("payment-instance"));
        tags.extend(owner::tags_of_offspring(
            super::parameters::NAME,
            context.suffix.as_str(),
            &group,
        ));
        tags
    }

    fn profile(&self, stack: &mut Stack) -> InstanceProfileRef {
        let context = self.context;
        let managed = Arn::from(format!(
            "arn:{}:iam::aws:policy/AmazonSSMManagedInstanceCore",
            context.partition
        ));
        // Metrics are no resources: CloudWatch allows nothing narrower than a namespace.
        let metrics = Statement::allow("Metrics", &["cloudwatch:PutMetricData"]).on_all().when(
            "StringEquals",
            "cloudwatch:namespace",
            AGENT,
        );
        let role = Role {
            managed: [managed.into()].into_iter().collect(),
            ..role::of_service(
                context,
                "payment-ec2-role",
                "What the payment instances run as",
                role::trust("ec2.amazonaws.com"),
                [metrics],
            )
        };
        let role = stack.add("instances", role);
        let name = context.name("payment-ec2-profile");
        stack.add(
            "instances",
            InstanceProfile {
                path: "/".to_owned(),
                role: role.name(),
                tags: context.tags(&name),
                name,
            },
        )
    }

    fn instance_group(&self, stack: &mut Stack, vpc: &VpcRef) -> SecurityGroupRef {
        let within = Peer::Cidr(self.parameters.network.into());
        let ingress = Set::from_iter([network::tls(within, "TLS from the VPC")]);
        let anywhere = Peer::Cidr(network::ANYWHERE.into());
        let out = network::tls(anywhere, "TLS to AWS services and package repositories");
        let description = "The payment instances: TLS from the VPC, TLS to the outside";
        let context = self.context;
        let group =
            function::security_group(context, vpc, "ec2-sg", description, Some(ingress), [out]);
        stack.add("instances", group)
    }

    /// Keeps the processors' load near its target, and adds instances when memory runs short.
    fn scaling(&self, stack: &mut Stack, group: &GroupRef) {
        let (context, parameters) = (self.context, self.parameters);
        stack.add(
            "cpu",
            ScalingPolicy {
                group: group.name(),
                name: context.name("payment-cpu"),
                scaling: Scaling::Target {
                    metric: "ASGAverageCPUUtilization".to_owned(),
                    value: parameters.cpu_target,
                },
                warmup_s: None,
            },
        );
        let wide = parameters.memory_very_high - parameters.memory_high;
        let memory = stack.add(
            "memory",
            ScalingPolicy {
                group: group.name(),
                name: context.name("payment-memory"),
                scaling: Scaling::Steps {
                    adjustment: "ChangeInCapacity".to_owned(),
                    aggregation: "Average".to_owned(),
                    steps: [
                        Step { from: Some(0.0), to: Some(wide), change: 1 },
                        Step { from: Some(wide), to: None, change: 2 },
                    ]
                    .into_iter()
                    .collect(),
                },
                warmup_s: None,
            },
        );
        let used = Metric::new(AGENT, "mem_used_percent", [of_group(group)]);
        let description = "The payment instances' memory runs short: instances are added";
        let high = Alarm {
            statistic: "Average".to_owned(),
            evaluation_periods: 2,
            comparison: "GreaterThanOrEqualToThreshold".to_owned(),
            actions: [memory.arn()].into_iter().collect(),
            ..alarm::above(context, "ec2-memory-high", description, used, parameters.memory_high)
        };
        stack.add("ec2-memory-high", high);
    }
}

/// The dimension of the group.
pub(super) fn of_group(group: &GroupRef) -> (&'static str, Input<String>) {
    ("AutoScalingGroupName", group.name().when_created().cast())
}

/// Installs the CloudWatch agent, which reports the memory in use for the group as a whole.
fn user_data(group: &str) -> String {
    // A dimension per instance would be a paid metric per instance, which no alarm looks at.
    let agent = json!({
        "agent": { "metrics_collection_interval": 60, "omit_hostname": true },
        "metrics": {
            "namespace": AGENT,
            "metrics_collected": {
                "mem": {
                    "measurement": ["mem_used_percent"],
                    "append_dimensions": { "AutoScalingGroupName": group },
                },
            },
        },
    });
    let folder = "/opt/aws/amazon-cloudwatch-agent";
    format!(
        "#!/bin/bash\n\
         set -euo pipefail\n\
         dnf install -y amazon-cloudwatch-agent\n\
         cat > {folder}/etc/payctl.json <<'JSON'\n\
         {agent}\n\
         JSON\n\
         {folder}/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s \
         -c file:{folder}/etc/payctl.json\n"
    )
}
