use payctl_engine::{FailureKind, Goal};
use serde_json::json;

use super::*;
use crate::report::fixture::{Fixture, at};
use crate::report::progress::Begun;

const TIME: &str = "2026-11-29T09:14:03.512Z";

fn written(what: What<'_>) -> Value {
    let line = line(what, TIME);
    assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line:?}");
    serde_json::from_str(&line).unwrap()
}

#[test]
fn the_first_line_names_the_format_and_says_what_it_is_about() {
    let what = What::Run {
        payctl: "1.2.3",
        command: "up",
        stack: "pci-core",
        suffix: "dev",
        account: "123456789012",
        region: "us-east-1",
        sandbox: false,
    };
    assert_eq!(
        line(what, TIME),
        "{\"format\":1,\"type\":\"run\",\"payctl\":\"1.2.3\",\"command\":\"up\",\"stack\":\"pci-core\",\
         \"suffix\":\"dev\",\"account\":\"123456789012\",\"region\":\"us-east-1\",\"sandbox\":false,\
         \"time\":\"2026-11-29T09:14:03.512Z\"}\n"
    );
}

#[test]
fn a_failure_is_told_with_what_aws_said() {
    let address = at("iam.role:main");
    let failure = Failure {
        kind: FailureKind::Denied,
        message: "no".to_owned(),
        code: Some("AccessDenied".to_owned()),
        request_id: Some("1-a".to_owned()),
        operation: Some("CreateRole".to_owned()),
    };
    let what = What::Failed { address: &address, phase: Phase::Apply, failure: &failure };
    assert_eq!(
        written(what),
        json!({
            "type": "failed",
            "address": "iam.role:main",
            "phase": "apply",
            "failure": {
                "kind": "denied", "message": "no", "code": "AccessDenied", "request_id": "1-a",
                "operation": "CreateRole",
            },
            "time": TIME,
        })
    );
}

#[test]
fn the_last_line_counts_what_was_done_and_what_was_not() {
    let fixture = Fixture::new("pci-core");
    let counts = fixture.plan(Goal::Up).counts();
    let outcome = Outcome {
        done: vec![(at("kms.key:main"), Phase::Apply)],
        failed: vec![(at("iam.role:main"), Failure::pending("it"))],
        took: Duration::from_micros(1_234_567),
        ..Outcome::default()
    };
    let begun = |failed| Begun { address: at("iam.role:main"), phase: Phase::Apply, failed };
    let undone = Undone {
        begun: vec![begun(true), begun(false)],
        waiting: vec![at("ec2.vpc:main"); 35],
        all: 38,
    };
    let stream =
        Stream { counts: Some(counts), carried_out: Some((outcome, undone)), ..Stream::default() };
    let ended = Err(CliError::failed("1 step failed").hint("run it again"));
    assert_eq!(
        written(stream.outcome(&ended)),
        json!({
            "type": "outcome",
            "result": "failed",
            "exit_code": 1,
            "counts": {
                "create": 43, "adopt": 0, "update": 0, "replace": 0, "delete": 0, "forget": 0,
                "keep": 0,
            },
            "steps": { "all": 38, "done": 1, "failed": 1, "unfinished": 1, "not_started": 35 },
            "seconds": 1.235,
            "error": { "message": "1 step failed", "hints": ["run it again"] },
            "time": TIME,
        })
    );
    let ended = Ok(Exit::Interrupted);
    let last = written(Stream::default().outcome(&ended));
    let expected = json!({ "type": "outcome", "result": "interrupted", "exit_code": 130 });
    assert!(expected.as_object().unwrap().iter().all(|(name, value)| last[name] == *value));
}
