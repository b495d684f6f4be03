use std::time::Duration;

use insta::assert_snapshot;
use payctl_engine::FailureKind;
use payctl_engine::state::{Intent, Record};
use serde_json::json;

use super::*;
use crate::report::fixture::at;

fn told(outcome: &Outcome, undone: &Undone, state: &State) -> String {
    let lines = lines(Goal::Up, outcome, undone, state, 80).join("\n");
    anstream::adapter::strip_str(&lines).to_string()
}

fn state() -> State {
    State::empty("pci-core", "dev", "123456789012", "us-east-1", "lineage")
}

fn record(status: Status) -> Record {
    let (outputs, properties) = (json!({ "id": "x-1" }), json!({}));
    Record { status, outputs, properties, depends_on: [].into(), deposed: Vec::new() }
}

fn intent(action: IntentAction) -> Intent {
    Intent { action, token: String::new(), properties: json!({}), depends_on: [].into() }
}

fn done(count: usize) -> Outcome {
    let step = |nth| (at(&format!("ec2.subnet:{nth}")), Phase::Apply);
    let took = Duration::from_millis(12_340);
    Outcome { done: (0..count).map(step).collect(), took, ..Outcome::default() }
}

fn begun(address: &str, phase: Phase, failed: bool) -> Begun {
    Begun { address: at(address), phase, failed }
}

fn denied(id: &str) -> Failure {
    Failure {
        kind: FailureKind::Denied,
        message: "User: arn:aws:iam::123456789012:user/ci is not authorized".to_owned(),
        code: Some("AccessDenied".to_owned()),
        request_id: Some(id.to_owned()),
        operation: Some("CreateRole".to_owned()),
    }
}

#[test]
fn a_run_that_is_complete_says_how_much_it_did_and_how_long_it_took() {
    assert_eq!(told(&done(38), &Undone::default(), &state()), "done: up, 38 steps in 12.3 s");
    assert_eq!(told(&done(1), &Undone::default(), &state()), "done: up, 1 step in 12.3 s");
}

#[test]
fn a_run_that_failed_says_why_once_and_what_is_left() {
    let mut outcome = done(34);
    let roles = ["iam.role:flow-logs", "iam.role:payment-processor"];
    outcome.failed = vec![
        (at(roles[0]), denied("1-a")),
        (at("rds.cluster:main"), Failure::pending("the cluster to become available")),
        (at(roles[1]), denied("1-b")),
    ];
    let waiting = ["ec2.flow_log:main", "lambda.function:payment-processor"];
    outcome.skipped = waiting.map(|one| (at(one), Some(at(roles[0])))).into();
    let undone = Undone {
        begun: vec![
            begun(roles[0], Phase::Apply, true),
            begun(roles[1], Phase::Apply, true),
            begun("rds.cluster:main", Phase::Apply, true),
        ],
        waiting: waiting.map(at).into(),
        all: 39,
    };
    let mut state = state();
    state.resources.insert(at("rds.cluster:main"), record(Status::Created));
    assert_snapshot!(told(&outcome, &undone, &state));
}

#[test]
fn what_was_stopped_is_there_or_may_be() {
    let mut outcome = done(3);
    outcome.stopped = true;
    outcome.skipped = vec![(at("ec2.nat_gateway:main"), None)];
    let undone = Undone {
        begun: vec![
            begun("ec2.nat_gateway:main", Phase::Apply, false),
            begun("iam.role:main", Phase::Apply, false),
            begun("lambda.function:main", Phase::Apply, false),
            begun("s3.bucket:old", Phase::Delete, false),
        ],
        waiting: vec![at("ec2.route:main")],
        all: 8,
    };
    let mut state = state();
    state.resources.insert(at("ec2.nat_gateway:main"), record(Status::Created));
    state.resources.insert(at("lambda.function:main"), record(Status::Complete));
    state.resources.insert(at("s3.bucket:old"), record(Status::Complete));
    state.pending.insert(at("lambda.function:main"), intent(IntentAction::Update));
    state.pending.insert(at("iam.role:main"), intent(IntentAction::Create));
    assert_snapshot!(told(&outcome, &undone, &state));
}

#[test]
fn what_could_not_be_deleted_is_told_once() {
    let mut outcome = done(30);
    let busy = Failure::new(FailureKind::Busy, "the VPC has dependencies");
    outcome.failed = vec![(at("ec2.vpc:main"), busy)];
    let undone = Undone {
        begun: vec![begun("ec2.vpc:main", Phase::Delete, true)],
        all: 31,
        ..Undone::default()
    };
    let mut state = state();
    state.resources.insert(at("ec2.vpc:main"), record(Status::Complete));
    assert_eq!(told(&outcome, &undone, &state).matches("ec2.vpc:main").count(), 1);
}
