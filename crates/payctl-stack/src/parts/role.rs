//! Roles of functions and services, and what their policies say.

use payctl_aws::iam::Role;
use payctl_aws::logs::LogGroupRef;
use payctl_aws::{Arn, Policy, Set, Statement};
use payctl_engine::Input;

use crate::Context;

/// A role that `service` takes on, with one policy of its own.
pub(crate) fn of_service(
    context: &Context<'_>,
    name: &str,
    description: &str,
    trust: Statement,
    statements: impl IntoIterator<Item = Statement>,
) -> Role {
    let name = context.name(name);
    Role {
        path: "/".to_owned(),
        description: description.to_owned(),
        trust: Policy::new([trust]),
        inline: [("permissions".to_owned(), Policy::new(statements))].into(),
        managed: Set::new(),
        permissions_boundary: context.permissions_boundary.cloned(),
        max_session_s: 3600,
        tags: context.tags(&name),
        name,
    }
}

/// `service` may take the role on.
pub(crate) fn trust(service: &str) -> Statement {
    Statement::allow("Trust", &["sts:AssumeRole"]).for_service(service)
}

/// To read the environment that is encrypted with the key. Lambda also grants that, to the role's
/// unique id: the grant does not outlive the role, and one made again under its name has none
/// (terraform-provider-aws#6352).
pub(crate) fn environment(key: &Input<Arn>) -> Statement {
    Statement::allow("Environment", &["kms:Decrypt"]).on([key.clone()])
}

/// To write to a log group.
pub(crate) fn write_logs(group: &LogGroupRef) -> Statement {
    Statement::allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"])
        .on([group.arn().then(":*")])
}

/// To have network interfaces in a VPC.
pub(crate) fn network_interfaces() -> Statement {
    let actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ];
    // Lambda checks these before any interface exists, without naming one: EC2 allows nothing
    // narrower than every resource here.
    Statement::allow("NetworkInterfaces", &actions).on_all()
}

/// To report traces to X-Ray.
pub(super) fn trace() -> Statement {
    let actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    // Traces are not resources: X-Ray allows nothing narrower than all.
    Statement::allow("Trace", &actions).on_all()
}
