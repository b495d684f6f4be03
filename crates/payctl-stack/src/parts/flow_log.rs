//! A VPC's flow log, with its log group and its role.

use payctl_aws::Statement;
use payctl_aws::ec2::{FlowLog, VpcRef};
use payctl_aws::logs::LogGroup;
use payctl_engine::Stack;

use super::role;
use crate::Context;

/// What a flow log and what belongs to it are called.
pub(super) struct Names {
    pub(super) logical: String,
    /// Its log group and its role.
    pub(super) inner: String,
    /// The log group in AWS.
    pub(super) group: String,
    /// The role in AWS, without the suffix.
    pub(super) role: String,
    /// The flow log in AWS, without the suffix.
    pub(super) tag: String,
}

/// Writes down all traffic of the VPC, in the log group that `group` makes of a name.
pub(super) fn named(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &VpcRef,
    names: &Names,
    group: impl FnOnce(String) -> LogGroup,
) {
    let group = stack.add(&names.inner, group(names.group.clone()));
    let trust = role::trust("vpc-flow-logs.amazonaws.com").when(
        "StringEquals",
        "aws:SourceAccount",
        context.account,
    );
    let look = Statement::allow("Look", &["logs:DescribeLogStreams"]).on([group.arn().then(":*")]);
    let description = "Lets VPC flow logs write to their log group";
    let may = [role::write_logs(&group), look];
    let role = role::of_service(context, &names.role, description, trust, may);
    let role = stack.add(&names.inner, role);
    stack.add(
        &names.logical,
        FlowLog {
            vpc: vpc.id(),
            traffic: "ALL".to_owned(),
            log_group: group.name().cast(),
            role: role.arn(),
            aggregation_s: 600,
            tags: context.tags(&context.name(&names.tag)),
        },
    );
}
