//! A run as if everything in it had taken as long as is typical of AWS: the emulator's own times differ
//! from run to run, and say nothing of AWS.

use std::fs;

use payctl_aws::kinds;
use payctl_engine::Address;
use payctl_tests::binary::Payctl;
use serde_json::{Value, json};

/// Its id and when it began.
const RUN: &str = "20260101-101500-abcd";
const BEGAN: &str = "2026-01-01T10:15:00.000Z";

/// When something happened to an operation, in seconds.
struct Times {
    began: f64,
    created: f64,
    done: f64,
}

/// Writes the timeline of an environment's only run, which created everything, anew with such times.
pub(super) fn as_typical(payctl: &Payctl) {
    let runs = payctl.state().join("runs");
    let files: Vec<_> = fs::read_dir(&runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("there is not one run: {files:?}") };
    let text = fs::read_to_string(file).unwrap();
    let mut head: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    head["run"] = json!(RUN);
    head["began"] = json!(BEGAN);
    let times = times(head["operations"].as_array().unwrap());
    let last = times.iter().map(|one| one.done).fold(0.0, f64::max);
    let mut lines = vec![head];
    for (operation, Times { began, created, done }) in times.iter().enumerate() {
        for (event, at) in [("began", began), ("created", created), ("done", done)] {
            lines.push(json!({ "event": event, "operation": operation, "at": at }));
        }
    }
    lines.push(json!({ "event": "ended", "at": last, "outcome": "done" }));
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::remove_file(file).unwrap();
    fs::write(runs.join(format!("{RUN}.jsonl")), lines.concat()).unwrap();
}

/// When each operation happens that begins as early as it can: each comes after what it waits for.
fn times(operations: &[Value]) -> Vec<Times> {
    let mut times: Vec<Times> = Vec::new();
    for operation in operations {
        let after = |which: &str, at: fn(&Times) -> f64| {
            let all = operation[which].as_array().into_iter().flatten();
            let all = all.map(|one| at(&times[usize::try_from(one.as_u64().unwrap()).unwrap()]));
            all.fold(0.0, f64::max)
        };
        let began =
            after("after_created", |one| one.created).max(after("after_done", |one| one.done));
        let done = began + operation["predicted_seconds"].as_f64().unwrap();
        let address = Address::parse(operation["address"].as_str().unwrap()).unwrap();
        let created = began + kinds().kinds()[address.kind()].typical.created;
        times.push(Times { began, created: created.min(done), done });
    }
    times
}
