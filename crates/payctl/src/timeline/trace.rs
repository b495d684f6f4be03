//! A timeline in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open. Perfetto's
//! documentation, "Visualizing external trace formats", says which of its events are shown; slices of
//! one thread have to nest, so each operation has a thread of its own.

use serde_json::{Value, json};

use super::format::Planned;
use super::model::{Operation, Timeline};
use crate::report;

/// The whole trace.
pub(crate) fn trace(timeline: &Timeline) -> Value {
    let head = &timeline.head;
    let mut begun: Vec<usize> =
        (0..timeline.operations.len()).filter(|one| timeline.span(*one).is_some()).collect();
    begun.sort_by(|one, other| {
        let began = |index: &usize| timeline.operations[*index].began.unwrap_or_default();
        began(one).total_cmp(&began(other))
    });
    let path = timeline.critical_path();
    let process = format!("payctl {} {}", head.command, head.run);
    let mut events = vec![json!({
        "ph": "M", "name": "process_name", "pid": 1, "args": { "name": process },
    })];
    for (place, index) in begun.iter().enumerate() {
        let thread = *index + 1;
        let Planned { address, .. } = timeline.planned(*index);
        for (name, args) in [
            ("thread_name", json!({ "name": address })),
            ("thread_sort_index", json!({ "sort_index": place })),
        ] {
            events.push(json!({
                "ph": "M", "name": name, "pid": 1, "tid": thread, "args": args,
            }));
        }
        events.extend(slices(timeline, *index, path.contains(index)));
        events.extend(arrow(timeline, *index));
    }
    json!({
        "displayTimeUnit": "ms",
        "otherData": { "run": head.run, "began": head.began, "payctl": head.payctl },
        "traceEvents": events,
    })
}

/// The whole of an operation, and its halves where its id was known before it was over.
fn slices(timeline: &Timeline, index: usize, critical: bool) -> Vec<Value> {
    let Some((began, ended)) = timeline.span(index) else { return Vec::new() };
    let Planned { address, phase, action, predicted_seconds, .. } = timeline.planned(index);
    let Operation { created, status, retries, .. } = &timeline.operations[index];
    let slice = |name: String, from: f64, to: f64, args: Value| {
        json!({
            "ph": "X", "name": name, "cat": phase, "pid": 1, "tid": index + 1,
            "ts": micros(from), "dur": micros(to) - micros(from), "args": args,
        })
    };
    let args = json!({
        "status": status,
        "predicted_seconds": predicted_seconds,
        "longer_than_predicted": timeline.is_late(index),
        "critical": critical,
        "retries": retries,
    });
    let done = report::doing(*action, *phase);
    let mut all = vec![slice(format!("{done} {address}"), began, ended, args)];
    if let Some(created) = created {
        let halves =
            [("until its id is known", began, *created), ("until it is ready", *created, ended)];
        let halves = halves.into_iter().filter(|(_, from, to)| micros(*to) > micros(*from));
        all.extend(halves.map(|(name, from, to)| slice(name.to_owned(), from, to, json!({}))));
    }
    all
}

/// From what an operation waited for last to its beginning.
fn arrow(timeline: &Timeline, index: usize) -> Vec<Value> {
    let Some(of) = timeline.waited_for(index) else { return Vec::new() };
    let (Some((began, _)), Some((from, to))) = (timeline.span(index), timeline.span(of)) else {
        return Vec::new();
    };
    // It starts in a slice, the end of which is outside.
    let leaves = micros(to.min(began)).saturating_sub(1).max(micros(from));
    let end = |ph: &str, thread: usize, at: u64| {
        json!({
            "ph": ph, "name": "waits for", "cat": "waits", "id": index, "bp": "e",
            "pid": 1, "tid": thread + 1, "ts": at,
        })
    };
    vec![end("s", of, leaves), end("f", index, micros(began))]
}

/// Seconds in the format's unit.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn micros(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1e6).round() as u64
}
