//! A function in private subnets, with its log group, its security group and its role.

use std::collections::BTreeMap;

use payctl_aws::ec2::{Rule, SecurityGroup, SecurityGroupRef, SubnetRef, VpcRef};
use payctl_aws::iam::RoleRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{Function, FunctionRef};
use payctl_aws::logs::LogGroupRef;
use payctl_aws::sqs::QueueRef;
use payctl_aws::{Architecture, Set};
use payctl_engine::{Input, Stack};

use crate::Context;
use crate::settings::Posture;

/// What differs from one function to the next.
pub(crate) struct FunctionSpec<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    /// The handler it runs.
    pub(crate) handler: &'a str,
    pub(crate) architecture: Architecture,
    pub(crate) memory_mb: u32,
    pub(crate) timeout_s: u32,
    /// How many may run at once; 0 sets no limit, or with `strict` that of [`Posture`].
    pub(crate) reserved_concurrency: u32,
    pub(crate) posture: Posture,
    pub(crate) subnets: &'a [SubnetRef],
    pub(crate) security_group: &'a SecurityGroupRef,
    pub(crate) role: &'a RoleRef,
    pub(crate) log_group: &'a LogGroupRef,
    /// What its environment is encrypted with.
    pub(crate) key: &'a KeyRef,
    pub(crate) environment: BTreeMap<String, Input<String>>,
    /// The queue of what it fails at.
    pub(crate) failed: Option<&'a QueueRef>,
}

/// The function, under its name without the suffix.
pub(crate) fn in_vpc(
    stack: &mut Stack,
    context: &Context<'_>,
    wanted: FunctionSpec<'_>,
) -> FunctionRef {
    let name = context.name(wanted.name);
    stack.add(
        wanted.name,
        Function {
            description: wanted.description.to_owned(),
            code: context.code(wanted.handler),
            architecture: wanted.architecture,
            runtime: "provided.al2023".to_owned(),
            handler: "bootstrap".to_owned(),
            layers: Vec::new(),
            ephemeral_storage_mb: 512,
            role: wanted.role.arn(),
            memory_mb: wanted.memory_mb,
            timeout_s: wanted.timeout_s,
            reserved_concurrency: wanted.posture.reserved_concurrency(wanted.reserved_concurrency),
            subnets: wanted.subnets.iter().map(SubnetRef::id).collect(),
            security_groups: [wanted.security_group.id()].into_iter().collect(),
            environment: wanted.environment,
            kms_key: Some(wanted.key.arn()),
            log_group: wanted.log_group.name(),
            tracing: match wanted.posture {
                Posture::Standard => "PassThrough".to_owned(),
                Posture::Strict => "Active".to_owned(),
            },
            dead_letters: wanted.failed.map(QueueRef::arn),
            tags: context.tags(&name),
            name,
        },
    )
}

/// The security group `name` with these rules.
pub(crate) fn security_group(
    context: &Context<'_>,
    vpc: &VpcRef,
    name: &str,
    description: &str,
    ingress: Option<Set<Rule>>,
    egress: impl IntoIterator<Item = Rule>,
) -> SecurityGroup {
    let name = context.name(name);
    SecurityGroup {
        description: description.to_owned(),
        vpc: vpc.id(),
        ingress,
        egress: egress.into_iter().collect(),
        tags: context.tags(&name),
        name,
    }
}
