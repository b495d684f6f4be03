use payctl_engine::Action;
use serde_json::{Value, json};

use super::*;
use crate::report::fixture::at;

/// A run of six operations, of which one failed, one was not begun, and one took longer than
/// predicted; line by line.
pub(crate) fn lines() -> Vec<String> {
    let planned = |address: &str, seconds: f64, created: &[usize], done: &[usize]| {
        json!({
            "address": address, "phase": "apply", "action": "create",
            "predicted_seconds": seconds, "measured_runs": if seconds > 200.0 { 3 } else { 0 },
            "after_created": created, "after_done": done,
        })
    };
    let head = json!({
        "format": 1, "run": "20260101-101500-abcd", "command": "up",
        "began": "2026-01-01T10:15:00.250Z", "payctl": "0.1.0",
        "predicted_seconds": 415.0, "clock": "here",
        "operations": [
            planned("ec2.vpc:main", 2.0, &[], &[]),
            planned("rds.cluster:main", 180.0, &[], &[0]),
            planned("rds.instance:writer", 230.0, &[], &[1]),
            planned("kms.key:s3", 0.9, &[], &[]),
            planned("ec2.subnet:private-1", 1.0, &[0], &[]),
            planned("sns.topic:alerts", 0.4, &[3], &[4]),
        ],
    });
    let event = |event: &str, operation: usize, at: f64| json!({ "event": event, "operation": operation, "at": at });
    let mut failed = event("failed", 4, 31.0);
    failed["retries"] = json!({ "RequestLimitExceeded": 4 });
    let all = [
        head,
        event("began", 0, 0.1),
        event("began", 3, 0.1),
        event("created", 0, 1.1),
        event("began", 4, 1.1),
        event("done", 3, 1.4),
        event("done", 0, 2.5),
        event("began", 1, 2.5),
        event("created", 1, 5.0),
        failed,
        json!({ "event": "skipped", "operation": 5 }),
        event("done", 1, 190.0),
        event("began", 2, 190.0),
        event("created", 2, 193.0),
        event("done", 2, 760.0),
        json!({ "event": "ended", "at": 760.2, "outcome": "failed" }),
    ];
    all.iter().map(|line| format!("{line}\n")).collect()
}

pub(crate) fn read(lines: &[String]) -> Timeline {
    parse(lines.concat().as_bytes()).unwrap()
}

fn names(timeline: &Timeline, all: &[usize]) -> Vec<String> {
    all.iter().map(|index| timeline.planned(*index).address.to_string()).collect()
}

#[test]
fn the_end_waited_for_what_ended_last_and_what_that_waited_for() {
    let timeline = read(&lines());
    let path = timeline.critical_path();
    assert_eq!(
        names(&timeline, &path),
        ["ec2.vpc:main", "rds.cluster:main", "rds.instance:writer"]
    );
    assert_eq!(timeline.waited_for(4), Some(0));
    assert_eq!(timeline.waited_for(5), None, "it was not begun");
    assert_eq!(timeline.took(), 760.2);
}

#[test]
fn what_differs_as_such_times_do_is_not_late() {
    let timeline = read(&lines());
    let late: Vec<usize> =
        (0..timeline.operations.len()).filter(|one| timeline.is_late(*one)).collect();
    assert_eq!(names(&timeline, &late), ["rds.instance:writer"]);
}

#[test]
fn what_is_there_was_known_when_its_update_began() {
    let mut lines = lines();
    lines[0] = lines[0].replacen(r#""action":"create""#, r#""action":"update""#, 1);
    lines.retain(|line| !line.contains(r#""created","operation":0"#));
    let timeline = read(&lines);
    assert_eq!(timeline.head.operations[0].action, Action::Update);
    assert_eq!(timeline.waited_for(4), Some(0));
}

#[test]
fn a_kill_at_any_byte_loses_no_more_than_the_last_line() {
    let lines = lines();
    let whole = lines.concat();
    let head = lines[0].len();
    for length in head..whole.len() {
        let cut = parse(&whole.as_bytes()[..length]).unwrap();
        let mut known = 0;
        let mut ends = head;
        for line in &lines[1..] {
            ends += line.len();
            // A line is whole without its end as well.
            known += usize::from(ends - 1 <= length);
        }
        assert_eq!(cut, read(&lines[..=known]), "{length}");
        assert!(cut.end.is_none() || length + 1 == whole.len());
        assert!(
            cut.took() >= cut.critical_path().last().map_or(0.0, |last| cut.span(*last).unwrap().1)
        );
    }
    assert!(matches!(parse(&whole.as_bytes()[..head / 2]), Err(Unreadable::Damaged(_))));
    assert!(matches!(parse(b""), Err(Unreadable::Damaged(_))));
}

#[test]
fn a_newer_format_is_told_from_damage() {
    let newer = lines()[0].replace(r#""format":1"#, r#""format":2"#);
    assert_eq!(parse(newer.as_bytes()), Err(Unreadable::Newer(2)));
}

#[test]
fn places_that_are_none_are_borne() {
    let mut lines = lines();
    lines[0] = lines[0].replace(r#""after_done":[1]"#, r#""after_done":[1,77]"#);
    lines.push("{\"event\":\"done\",\"operation\":99,\"at\":1.0}\n".to_owned());
    let timeline = read(&lines);
    assert_eq!(timeline.waited_for(2), Some(1));
    assert_eq!(timeline.awaited(2).collect::<Vec<_>>(), [1]);
    // What waits for itself, as no plan does.
    lines[0] = lines[0].replace(r#""after_done":[1,77]"#, r#""after_done":[2]"#);
    assert_eq!(read(&lines).critical_path(), [2]);
}

#[test]
fn a_trace_has_slices_that_nest_and_arrows_that_start_in_one() {
    let trace = trace(&read(&lines()));
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |ph: &str| events.iter().filter(move |event| event["ph"] == ph).collect::<Vec<_>>();
    let number = |value: &Value| value.as_u64().unwrap();
    let span = |event: &Value| (number(&event["ts"]), number(&event["ts"]) + number(&event["dur"]));
    let slices = of("X");
    for one in &slices {
        for other in slices.iter().filter(|other| other["tid"] == one["tid"]) {
            let ((a, b), (c, d)) = (span(one), span(other));
            let nest = (a <= c && d <= b) || (c <= a && b <= d) || b <= c || d <= a;
            assert!(nest, "{one} {other}");
        }
    }
    let (leave, arrive) = (of("s"), of("f"));
    assert_eq!((leave.len(), arrive.len()), (3, 3));
    for end in leave.iter().chain(&arrive) {
        let at = number(&end["ts"]);
        let within = |slice: &&&Value| {
            let (from, to) = span(slice);
            slice["tid"] == end["tid"] && from <= at && at < to
        };
        assert!(slices.iter().find(within).is_some(), "{end}");
    }
    let writer = slices.iter().find(|one| one["name"] == "creating rds.instance:writer").unwrap();
    assert_eq!((number(&writer["ts"]), number(&writer["dur"])), (190_000_000, 570_000_000));
    assert_eq!(writer["args"]["critical"], true);
    let threads = of("M");
    let named = |one: &&&Value| one["args"]["name"] == json!(at("rds.instance:writer"));
    assert_eq!(threads.iter().find(named).unwrap()["tid"], writer["tid"]);
}
