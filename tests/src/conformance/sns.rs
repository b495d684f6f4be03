//! Cases of topics and who is told.

use payctl_aws::sns::{Subscription, Topic};
use payctl_aws::{Artifacts, Facts, Policy, Statement};
use payctl_engine::{FailureKind, Goal, Handle as _, Stack};

use super::{Case, kms, stack, tags};
use crate::emulator::Emulator::Sandbox;
use crate::emulator::Server;
use crate::environment::Environment;

pub(super) fn topic(facts: &Facts, name: &str, publishers: &[&str]) -> Topic {
    let arn = facts.arn("sns", name);
    let statements = publishers.iter().enumerate().map(|(nth, service)| {
        Statement::allow(&format!("Publish{nth}"), &["sns:Publish"])
            .for_service(service)
            .on([arn.clone().into()])
            .when("StringEquals", "aws:SourceAccount", &facts.account)
    });
    Topic {
        name: name.to_owned(),
        display_name: String::new(),
        kms_key: None,
        policy: Policy::new(statements),
        tags: tags(name),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let services = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"];
    let mut s = stack();
    let [key, other] = ["key", "other"].map(|name| s.add(name, kms::key(facts, &services)).arn());
    // One whose name begins with the other's.
    s.add("longer", topic(facts, "conformance-test-longer", &services));
    let alerts = topic(facts, "conformance-test", &services);
    let alerts = s.add("main", Topic { kms_key: Some(key), ..alerts });
    cases.push(
        Case::new(s, alerts.address())
            .edit("display_name", "Payments")
            .edit("kms_key", Some(other))
            .edit("policy", topic(facts, "conformance-test", &services[..1]).policy)
            .edit("tags", tags("other")),
    );

    let (s, subscription) = subscribed(facts, "operations@example.com");
    cases.push(Case::new(s, subscription.address()));
}

/// A topic that tells two, of whom the first is at `address`.
fn subscribed(facts: &Facts, address: &str) -> (Stack, payctl_aws::sns::SubscriptionRef) {
    let mut s = stack();
    let topic = topic(facts, "conformance-test", &["cloudwatch.amazonaws.com"]);
    let topic = s.add("main", topic).arn();
    let (protocol, endpoint) = ("email".to_owned(), "audit@example.com".into());
    s.add("audit", Subscription { topic: topic.clone(), protocol: protocol.clone(), endpoint });
    let subscription = Subscription { topic, protocol, endpoint: address.into() };
    let subscription = s.add("operations", subscription);
    (s, subscription)
}

/// Until its owner confirms it, a subscription is there, is found again, and stays: it goes with
/// its topic.
pub async fn an_unconfirmed_subscription_goes_with_its_topic() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let (s, subscription) = subscribed(&environment.facts, "operations@example.com");
    let sns = &environment.aws().sns;
    let listed = async || {
        let listed = sns.list_subscriptions().send().await.unwrap();
        let mut listed: Vec<_> = listed
            .subscriptions()
            .iter()
            .map(|one| (one.endpoint().unwrap().to_owned(), one.subscription_arn().unwrap().len()))
            .collect();
        listed.sort();
        listed
    };
    let pending = "PendingConfirmation".len();
    let unconfirmed = |name: &str| (format!("{name}@example.com"), pending);

    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    assert!(environment.plan(&s, Goal::Up).await.is_empty());
    assert_eq!(listed().await, ["audit", "operations"].map(unconfirmed));

    environment.lose_state();
    let plan = environment.plan(&s, Goal::Up).await;
    assert_eq!((plan.counts().adopt, plan.refusals.len()), (3, 0));
    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);

    // Another address is told instead. The first one cannot be taken back.
    let (s, _) = subscribed(&environment.facts, "duty@example.com");
    let (plan, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let step = plan.steps.iter().find(|step| step.address == *subscription.address()).unwrap();
    assert!(step.action.replaces());
    assert_eq!(listed().await, ["audit", "duty", "operations"].map(unconfirmed));
    assert!(environment.plan(&s, Goal::Up).await.is_empty());

    let (_, outcome) = environment.run(&s, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert_eq!(listed().await, []);
}

/// What somebody else made after the plan is refused by SNS for its tags, and stays as it is.
pub async fn a_topic_that_appears_in_between_is_not_taken() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let mut s = stack();
    let main = s.add("main", topic(&environment.facts, "conformance-test", &[]));
    let plan = environment.plan(&s, Goal::Up).await;
    let sns = &environment.aws().sns;
    let theirs = sns.create_topic().name("conformance-test").send().await.unwrap();

    let outcome = environment.execute(&plan).await;
    let failure = outcome.failed.iter().find(|(address, _)| address == main.address());
    assert_eq!(failure.unwrap().1.kind, FailureKind::Conflict);
    let tags = sns.list_tags_for_resource().resource_arn(theirs.topic_arn().unwrap()).send().await;
    assert!(tags.unwrap().tags().is_empty());
    assert_eq!(environment.plan(&s, Goal::Up).await.refusals.len(), 1);
}
