//! What the roles of functions may do and no flow used: a right that nobody needs is one that only
//! an attacker uses.

use std::collections::BTreeMap;

use payctl_aws::{Aws, Policy};
use serde_json::Value;

use crate::binary::ask;
use crate::emulator::Server;

/// What Lambda does as the role, outside of the function: no call of the function's shows it.
const LAMBDAS: [&str; 12] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// By role, action and resource, what was asked for and allowed so far.
type Used = BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>;

/// Rights that no flow uses and why a function has them: the begin of what [`unused`] says, without
/// the role's name, and a reason.
pub type Idle = [(&'static str, &'static str)];

/// Each right of the functions' roles is used, or is one of `idle`, each of which is not used.
/// `of` says which roles are meant.
pub async fn are_used(server: &Server, aws: &Aws, of: impl Fn(&str) -> bool, idle: &Idle) {
    let mut left: BTreeMap<&str, u32> = idle.iter().map(|(right, _)| (*right, 0)).collect();
    let mut others = Vec::new();
    for unused in unused(server, aws).await.into_iter().filter(|one| of(one)) {
        let (_, right) = unused.split_once(": ").unwrap();
        match left.iter_mut().find(|(known, _)| right.starts_with(**known)) {
            Some((_, seen)) => *seen += 1,
            None => others.push(unused),
        }
    }
    assert_eq!(others, [""; 0], "not used by any flow");
    left.retain(|_, seen| *seen == 0);
    assert!(left.is_empty(), "used after all: {left:?}");
}

/// What the roles of functions are allowed and did not use since the server began, such as
/// `payment-lambda-role-dev: dynamodb:Query on …:table/payment-transactions-dev`.
async fn unused(server: &Server, aws: &Aws) -> Vec<String> {
    let used: Used = serde_json::from_str(&ask(server, "GET", "/_payctl/permissions", "")).unwrap();
    let mut all = Vec::new();
    let roles = aws.iam.list_roles().send().await.unwrap();
    for role in roles.roles() {
        let trust = role.assume_role_policy_document().unwrap_or_default();
        if !trust.contains("lambda.amazonaws.com") {
            continue;
        }
        let name = role.role_name();
        let nothing = BTreeMap::new();
        let of_role = used.get(role.arn()).unwrap_or(&nothing);
        for document in documents(aws, name).await {
            for (action, resource) in allowed(&document) {
                let resources = of_role.get(&action);
                let mut resources = resources.into_iter().flat_map(BTreeMap::keys);
                let is_used = resources.any(|used| fits(&resource, used));
                if !is_used && !LAMBDAS.contains(&action.as_str()) {
                    all.push(format!("{name}: {action} on {resource}"));
                }
            }
        }
    }
    all.sort();
    all
}

/// The policies of a role, its own and those attached to it.
async fn documents(aws: &Aws, role: &str) -> Vec<Value> {
    let read = |text: &str| -> Value {
        let policy = Policy::parse(text).unwrap().document().unwrap();
        serde_json::from_str(&policy).unwrap()
    };
    let mut all = Vec::new();
    let own = aws.iam.list_role_policies().role_name(role).send().await.unwrap();
    for name in own.policy_names() {
        let held = aws.iam.get_role_policy().role_name(role).policy_name(name).send().await;
        all.push(read(held.unwrap().policy_document()));
    }
    let attached = aws.iam.list_attached_role_policies().role_name(role).send().await.unwrap();
    for policy in attached.attached_policies() {
        let arn = policy.policy_arn().unwrap();
        let seen = aws.iam.get_policy().policy_arn(arn).send().await.unwrap().policy.unwrap();
        let version = aws.iam.get_policy_version().policy_arn(arn);
        let version = version.version_id(seen.default_version_id().unwrap()).send().await.unwrap();
        all.push(read(version.policy_version.unwrap().document().unwrap()));
    }
    all
}

/// What a document allows: pairs of an action and a pattern of resources.
fn allowed(document: &Value) -> Vec<(String, String)> {
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
            text => text.as_str().map(str::to_owned).into_iter().collect(),
        }
    };
    let statements = document["Statement"].as_array().unwrap().iter();
    let allows = statements.filter(|statement| statement["Effect"] == "Allow");
    let pairs = allows.flat_map(|statement| {
        let resources = texts(&statement["Resource"]);
        let actions = texts(&statement["Action"]).into_iter();
        actions.flat_map(move |action| {
            resources.clone().into_iter().map(move |resource| (action.clone(), resource))
        })
    });
    pairs.collect()
}

/// Whether a resource fits a pattern, whose `*` stands for any text.
fn fits(pattern: &str, resource: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = resource.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_what_begins_and_ends_as_it_does() {
        for (pattern, resource, fitting) in [
            ("arn:a", "arn:a", true),
            ("arn:a", "arn:ab", false),
            ("arn:a/*", "arn:a/b/c", true),
            ("arn:a/*", "arn:a", false),
            ("arn:*:x:*/z", "arn:aws:x:y/z", true),
            ("arn:*:x:*/z", "arn:aws:x:y/w", false),
            ("*", "anything", true),
        ] {
            assert_eq!(fits(pattern, resource), fitting, "{pattern} {resource}");
        }
    }
}
