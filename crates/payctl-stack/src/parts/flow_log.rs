//! A VPC's flow log, with its log group and its role.

use payctl_aws::Statement;
use payctl_aws::ec2::{FlowLog, VpcRef};
use payctl_aws::logs::LogGroup;
use payctl_engine::Stack;

use super::role;
use crate::Context;

/// Writes down all traffic of the VPC, in the log group that `group` makes of a name.
pub(crate) fn to_group(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &VpcRef,
    group: impl FnOnce(String) -> LogGroup,
) {
    let name = format!("/aws/vpc/flowlogs-{}", context.suffix);
    let group = stack.add("flow-logs", group(name));
    let trust = role::trust("vpc-flow-logs.amazonaws.com").when(
        "StringEquals",
        "aws:SourceAccount",
        context.account,
    );
    let look = Statement::allow("Look", &["logs:DescribeLogStreams"]).on([group.arn().then(":*")]);
    let description = "Lets VPC flow logs write to their log group";
    let role = stack.add(
        "flow-logs",
        role::of_service(
            context,
            "payment-flowlogs-role",
            description,
            trust,
            [role::write_logs(&group), look],
        ),
    );
    stack.add(
        "main",
        FlowLog {
            vpc: vpc.id(),
            traffic: "ALL".to_owned(),
            log_group: group.name().cast(),
            role: role.arn(),
            aggregation_s: 600,
            tags: context.tags(&context.name("payment-vpc-flowlogs")),
        },
    );
}
