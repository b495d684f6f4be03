//! Cases of identities.

use payctl_aws::iam::Role;
use payctl_aws::{Arn, Facts, Policy, Set, Statement};
use payctl_engine::{Handle as _, Input};
use serde_json::json;

use super::{Case, stack, tags};

/// A role that `service` acts as, with a policy of its own.
pub(super) fn role(name: &str, service: &str) -> Role {
    Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        trust: trust(service),
        inline: [("read".to_owned(), allow("s3:GetObject"))].into(),
        managed: Set::new(),
        max_session_s: 3600,
        tags: tags("role"),
    }
}

fn trust(service: &str) -> Policy {
    Policy::new([Statement::allow("Trust", &["sts:AssumeRole"]).for_service(service)])
}

fn allow(action: &str) -> Policy {
    let objects = Input::Known(Arn::from("arn:aws:s3:::conformance-test/*"));
    Policy::new([Statement::allow("Objects", &[action]).on([objects])])
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let managed = |name: &str| {
        let arn = format!("arn:{}:iam::aws:policy/{name}", facts.partition);
        Input::Known(Arn::from(arn))
    };
    let managed = |names: &[&str]| names.iter().map(|name| managed(name)).collect::<Set<_>>();
    let mut s = stack();
    let role = Role {
        description: "conformance".to_owned(),
        managed: managed(&["ReadOnlyAccess", "service-role/AWSLambdaBasicExecutionRole"]),
        ..role("conformance-test", "lambda.amazonaws.com")
    };
    let role = s.add("main", role);
    let case = Case::new(s, role.address());
    let inline = json!({ "read": allow("s3:GetObjectVersion"), "write": allow("s3:PutObject") });
    cases.push(
        case.edit("description", "another")
            .edit("trust", trust("ec2.amazonaws.com"))
            .edit("inline", inline)
            .edit("managed", managed(&["ReadOnlyAccess", "SecurityAudit"]))
            .edit("max_session_s", 7200)
            .edit("tags", tags("other")),
    );
}
