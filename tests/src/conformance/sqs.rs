//! Cases of queues.

use std::time::{Duration, Instant};

use payctl_aws::sqs::{Encryption, Queue, Redrive};
use payctl_aws::{Artifacts, Facts, Policy, Set, Statement};
use payctl_engine::{Call, FailureKind, Goal, Handle as _, Input, Provider as _};

use super::{Case, kms, stack, tags};
use crate::emulator::Emulator::{Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

fn queue(name: &str) -> Queue {
    Queue {
        name: name.to_owned(),
        visibility_timeout_s: 300,
        retention_s: 345_600,
        receive_wait_s: 20,
        delay_s: 0,
        max_message_bytes: 262_144,
        encryption: Encryption::Managed,
        policy: None,
        redrive: None,
        redrive_allow: None,
        tags: tags(name),
    }
}

/// What is sent without TLS is refused.
fn tls_only(facts: &Facts, name: &str) -> Policy {
    Policy::new([Statement::deny("TlsOnly", &["sqs:*"])
        .for_all()
        .on([facts.arn("sqs", name).into()])
        .when("Bool", "aws:SecureTransport", false)])
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let key = s.add("main", kms::key(facts, &[])).arn();
    let [dead, other] =
        ["dead", "other"].map(|name| s.add(name, queue(&format!("conformance-test-{name}"))).arn());
    let main = Queue {
        encryption: Encryption::Kms { key: key.clone(), reuse_s: 600 },
        policy: Some(tls_only(facts, "conformance-test")),
        redrive: Some(Redrive { dead_letter: dead.clone(), max_receives: 3 }),
        redrive_allow: Some([other.clone(), dead.clone()].into_iter().collect()),
        ..queue("conformance-test")
    };
    let main = s.add("main", main);
    cases.push(
        Case::new(s, main.address())
            .edit("visibility_timeout_s", 30)
            .edit("retention_s", 1_209_600)
            .edit("receive_wait_s", 0)
            .edit("delay_s", 5)
            .edit("max_message_bytes", 1024)
            .edit("encryption", Encryption::Managed)
            .edit("encryption", Encryption::Kms { key, reuse_s: 60 })
            .edit("policy", None::<Policy>)
            .edit("redrive", None::<Redrive>)
            .edit("redrive", Redrive { dead_letter: other.clone(), max_receives: 5 })
            .edit("redrive_allow", None::<Set<Input<payctl_aws::Arn>>>)
            .edit("redrive_allow", Set::<Input<payctl_aws::Arn>>::new())
            .edit("tags", tags("other"))
            .except(Moto, "policy", "every change that leaves it out takes it away")
            .except(Moto, "redrive_allow", "GetQueueAttributes leaves it out"),
    );
}

/// A queue that answers while it goes is not taken for one that stays, and its name is waited for.
pub async fn a_queue_comes_back_right_after_it_went() {
    const SCALE: u32 = 20;
    let server = Server::start_slow(SCALE);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let mut s = stack();
    let dead = s.add("dead", queue("conformance-test-dead"));
    let redrive = Some(Redrive { dead_letter: dead.arn(), max_receives: 3 });
    s.add("main", Queue { redrive, ..queue("conformance-test") });

    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    let began = Instant::now();
    let (_, outcome) = environment.run(&s, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let plan = environment.plan(&s, Goal::Up).await;
    assert_eq!(plan.counts().create, 2);
    let outcome = environment.execute(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(began.elapsed() >= Duration::from_secs(60) / SCALE, "{:?}", began.elapsed());
    assert!(environment.plan(&s, Goal::Up).await.is_empty());
}

/// The URL on record is that of an endpoint that is no more.
pub async fn a_queue_is_reached_at_another_endpoint() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let mut s = stack();
    let main = s.add("main", queue("conformance-test"));
    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let mut outputs = environment.state().resources[main.address()].outputs.clone();
    outputs["url"] = "http://127.0.0.1:1/123456789012/conformance-test".into();
    let declared = environment.state().resources[main.address()].properties.clone();
    let call = Call {
        address: main.address(),
        owner: &environment.owner,
        token: "",
        properties: &declared,
    };
    let seen = environment.provider.read(call, &outputs).await.unwrap();
    assert_eq!(seen, Some(declared.clone()));
    environment.provider.delete(call, &outputs).await.unwrap();
    assert_eq!(environment.provider.read(call, &outputs).await.unwrap(), None);
}

/// What somebody else made after the plan is refused by SQS for its tags, and stays as it is.
pub async fn a_queue_that_appears_in_between_is_not_taken() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let mut s = stack();
    let main = s.add("main", queue("conformance-test"));
    let plan = environment.plan(&s, Goal::Up).await;
    let sqs = &environment.aws().sqs;
    let theirs = sqs.create_queue().queue_name("conformance-test").send().await.unwrap();

    let outcome = environment.execute(&plan).await;
    let failure = outcome.failed.iter().find(|(address, _)| address == main.address());
    assert_eq!(failure.unwrap().1.kind, FailureKind::Conflict);
    let tags = sqs.list_queue_tags().queue_url(theirs.queue_url().unwrap()).send().await.unwrap();
    assert!(tags.tags().is_none_or(|tags| tags.is_empty()));
    assert_eq!(environment.plan(&s, Goal::Up).await.refusals.len(), 1);
}
