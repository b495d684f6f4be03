//! Cases of identities.

use payctl_aws::iam::{InstanceProfile, ManagedPolicy, Role, RoleRef};
use payctl_aws::{Arn, Artifacts, Facts, Policy, Set, Statement};
use payctl_engine::{Goal, Handle as _, Input, Stack};
use serde_json::json;

use super::{Case, stack, tags};
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;

/// A role that `service` acts as, with a policy of its own.
pub(super) fn role(name: &str, service: &str) -> Role {
    Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        trust: trust(service),
        inline: [("read".to_owned(), allow("s3:GetObject"))].into(),
        managed: Set::new(),
        permissions_boundary: None,
        max_session_s: 3600,
        tags: tags("role"),
    }
}

/// An instance profile that hands on `role`.
pub(super) fn profile(name: &str, role: &RoleRef) -> InstanceProfile {
    InstanceProfile {
        name: name.to_owned(),
        path: "/payments/".to_owned(),
        role: role.name(),
        tags: tags(name),
    }
}

fn trust(service: &str) -> Policy {
    Policy::new([Statement::allow("Trust", &["sts:AssumeRole"]).for_service(service)])
}

fn allow(action: &str) -> Policy {
    let objects = Input::Known(Arn::from("arn:aws:s3:::conformance-test/*"));
    Policy::new([Statement::allow("Objects", &[action]).on([objects])])
}

fn policy(description: &str, action: &str) -> ManagedPolicy {
    ManagedPolicy {
        name: "conformance-test".to_owned(),
        path: "/payments/".to_owned(),
        description: description.to_owned(),
        document: allow(action),
        tags: tags("policy"),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let managed = |name: &str| {
        let arn = format!("arn:{}:iam::aws:policy/{name}", facts.partition);
        Input::Known(Arn::from(arn))
    };
    let managed = |names: &[&str]| names.iter().map(|name| managed(name)).collect::<Set<_>>();
    let boundary =
        |name: &str| Arn::from(format!("arn:{}:iam::aws:policy/{name}", facts.partition));
    let mut s = stack();
    let role = Role {
        description: "conformance".to_owned(),
        managed: managed(&["ReadOnlyAccess", "service-role/AWSLambdaBasicExecutionRole"]),
        permissions_boundary: Some(boundary("PowerUserAccess")),
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
            .edit("permissions_boundary", boundary("ReadOnlyAccess"))
            .edit("permissions_boundary", None::<Arn>)
            .edit("max_session_s", 7200)
            .edit("tags", tags("other")),
    );

    let mut s = stack();
    let policy = s.add("main", policy("conformance", "s3:GetObject"));
    cases.push(
        Case::new(s, policy.address())
            .edit("document", allow("s3:PutObject"))
            .edit("tags", tags("other")),
    );

    let mut s = stack();
    let roles = ["first", "second"].map(|name| self::role(name, "ec2.amazonaws.com"));
    let [first, second] = roles.map(|role| s.add(&role.name.clone(), role));
    let profile = s.add("server", profile("conformance-test", &first));
    let case = Case::new(s, profile.address());
    cases.push(case.edit("role", second.name()).edit("tags", tags("other")));
}

/// A role names a managed policy: it comes after it, is there through eight versions of it, and
/// goes before it, in a replacement too.
pub async fn a_role_and_its_managed_policy() {
    let server = Server::start(Emulator::Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let iam = &environment.aws().iam;
    let declare = |description: &str, action: &str| -> Stack {
        let mut s = stack();
        let policy = s.add("main", policy(description, action));
        let managed = [policy.arn()].into_iter().collect();
        s.add("main", Role { managed, ..role("conformance-test", "lambda.amazonaws.com") });
        s
    };
    let up = async |stack: Stack| {
        let (plan, outcome) = environment.run(&stack, Goal::Up).await;
        assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
        assert!(environment.plan(&stack, Goal::Up).await.is_empty());
        plan.counts()
    };
    let attached = async || {
        let reply = iam.list_attached_role_policies().role_name("conformance-test").send().await;
        let attached = reply.unwrap().attached_policies.unwrap_or_default();
        attached.into_iter().filter_map(|policy| policy.policy_arn).collect::<Vec<_>>()
    };
    assert_eq!(up(declare("first", "s3:GetObject")).await.create, 2);
    let [arn] = attached().await.try_into().unwrap();
    assert!(arn.ends_with(":policy/payments/conformance-test"));

    // One call makes a version, until there are five; then the oldest of the others goes first.
    for (nth, action) in (1..).zip(["A", "B", "C", "D", "E", "F", "G"]) {
        assert_eq!(up(declare("first", &format!("s3:{action}"))).await.update, 1);
        let calls = environment.calls.counts();
        assert_eq!(calls["IAM.CreatePolicyVersion"], nth);
        let deleted = calls.get("IAM.DeletePolicyVersion").copied().unwrap_or_default();
        assert_eq!(deleted, nth.saturating_sub(4));
    }
    let versions = iam.list_policy_versions().policy_arn(&arn).send().await.unwrap();
    let mut versions: Vec<&str> =
        versions.versions().iter().filter_map(|version| version.version_id()).collect();
    versions.sort_unstable();
    assert_eq!(versions, ["v4", "v5", "v6", "v7", "v8"]);

    // IAM cannot change a description, and refuses to delete what is attached.
    assert_eq!(up(declare("second", "s3:G")).await.replace, 2);
    assert_eq!(attached().await, [arn]);
    let stack = declare("second", "s3:G");
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
}
