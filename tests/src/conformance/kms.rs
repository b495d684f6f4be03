//! Cases of keys and their names.

use payctl_aws::kms::{Alias, Key};
use payctl_aws::{Facts, Policy, Statement};
use payctl_engine::{Goal, Handle as _};
use serde_json::json;

use super::{Case, stack, tags};
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;

/// A key that its account may use; `services` as well.
pub(super) fn key(facts: &Facts, services: &[&str]) -> Key {
    let root = format!("arn:{}:iam::{}:root", facts.partition, facts.account);
    // In a key policy, every resource is the key itself.
    let account = Statement::allow("Account", &["kms:*"]).on_all().for_arn(&root);
    let services = services.iter().enumerate().map(|(nth, service)| {
        let actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"];
        Statement::allow(&format!("Service{nth}"), &actions).on_all().for_service(service)
    });
    Key {
        description: "conformance".to_owned(),
        policy: Policy::new([account].into_iter().chain(services)),
        rotation: true,
        deletion_window_days: 7,
        pending_deletion: false,
        enabled: true,
        tags: tags("key"),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let main = s.add("main", key(facts, &[]));
    let case = Case::new(s, main.address());
    let logs = format!("logs.{}.amazonaws.com", facts.region);
    cases.push(
        case.edit("description", "another")
            .edit("policy", key(facts, &[&logs]).policy)
            .edit("rotation", false)
            .edit("deletion_window_days", 30)
            .edit("enabled", false)
            .edit("tags", tags("other")),
    );

    let mut s = stack();
    let main = s.add("main", key(facts, &[]));
    let other = s.add("other", key(facts, &[]));
    let alias = s.add("main", Alias { name: "alias/conformance-test".into(), key: main.id() });
    let case = Case::new(s, alias.address());
    cases.push(case.edit("key", other.id()));
}

/// A key that was deleted is taken back rather than paid for twice.
pub async fn a_deleted_key_is_taken_back(emulator: Emulator) {
    let server = Server::start(emulator);
    let artifacts = payctl_aws::Artifacts::default();
    let environment = Environment::new(&server, "conformance", "test", artifacts).await;
    let mut stack = stack();
    let key = stack.add("main", key(&environment.facts, &[]));
    let see = async || {
        let mut observed = environment.observe(&stack).await;
        observed.resources.remove(key.address()).unwrap()
    };

    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let first = see().await;
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);

    let gone = see().await;
    assert_eq!(gone.outputs, first.outputs);
    assert_eq!((&gone.properties["pending_deletion"], gone.found), (&json!(true), true));
    assert_eq!(gone.properties["enabled"], json!(false));

    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let again = see().await;
    assert_eq!((again.outputs, again.properties), (first.outputs, first.properties));
}
