//! How plans and runs are written in scenarios: short, and the same whatever else exists.

use std::collections::BTreeMap;

use payctl_engine::state::IntentAction;
use payctl_engine::{
    Action, Change, Kinds, Milestone, Origin, Outcome, Phase, Plan, State, Status, Step, schedule,
};
use serde_json::Value;

/// Longer values are cut.
const WIDTH: usize = 60;

/// Ids, numbered per kind as they appear: what else exists must not change a scenario.
pub(super) struct Ids {
    kinds: Vec<&'static str>,
    seen: BTreeMap<&'static str, Vec<String>>,
}

impl Ids {
    pub(super) fn new(kinds: impl Iterator<Item = &'static str>) -> Self {
        Self { kinds: kinds.collect(), seen: BTreeMap::new() }
    }

    /// `text` with `ec2.vpc-17` as `ec2.vpc#1`.
    pub(super) fn within(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for kind in &self.kinds {
            for (before, after) in [(format!("{kind}-"), '#'), (format!("{kind}:by-hand-"), '!')] {
                let mut pieces = text.split(&before);
                let mut out = pieces.next().unwrap_or_default().to_owned();
                for piece in pieces {
                    let digits = piece.chars().take_while(char::is_ascii_digit).count();
                    let (number, rest) = piece.split_at(digits);
                    let seen = self.seen.entry(kind).or_default();
                    let known = seen.iter().position(|known| known == number);
                    match (number, after) {
                        ("", _) => out += &before,
                        (_, '!') => out += &format!("{kind}:by-hand"),
                        _ => {
                            let nth = known.unwrap_or_else(|| {
                                seen.push(number.to_owned());
                                seen.len() - 1
                            });
                            out += &format!("{kind}#{}", nth + 1);
                        }
                    }
                    out += rest;
                }
                text = out;
            }
        }
        text
    }
}

pub(super) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The steps that do something, why none may, and the counts.
pub(super) fn plan(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan.steps.iter().flat_map(|s| step(s, false)).collect();
    lines.extend(refusals(plan));
    if plan.is_empty() {
        if plan.refusals.is_empty() {
            lines.push("no changes".to_owned());
        }
        return lines;
    }
    let counts = plan.counts();
    let all = [
        (counts.create, "create"),
        (counts.adopt, "adopt"),
        (counts.update, "update"),
        (counts.replace, "replace"),
        (counts.delete, "delete"),
        (counts.forget, "forget"),
        (counts.keep, "keep"),
    ];
    let all = all.iter().filter(|(count, _)| *count > 0);
    lines.push(all.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", "));
    lines
}

pub(super) fn refusals(plan: &Plan) -> Vec<String> {
    let refusals = plan.refusals.iter();
    refusals
        .flat_map(|r| [format!("refused {}: {}", r.address, r.why), format!("    {}", r.hint)])
        .collect()
}

/// One step; what is made is shown property by property only when it is asked for.
pub(super) fn step(step: &Step, whole: bool) -> Vec<String> {
    let (sign, action) = match step.action {
        Action::Keep => ("=", "keep"),
        Action::Create => ("+", "create"),
        Action::Adopt => ("<", "adopt"),
        Action::Update => ("~", "update"),
        Action::DeleteThenCreate => ("-/+", "replace, delete first"),
        Action::CreateThenDelete => ("+/-", "replace, create first"),
        Action::Delete => ("-", "delete"),
        Action::Forget => ("x", "forget"),
    };
    let mut lines = Vec::new();
    if step.action != Action::Keep || whole {
        let reason = step.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("{sign} {} {action}{reason}", step.address));
        if step.action != Action::Create || whole {
            lines.extend(step.changes.iter().flat_map(change));
        }
    }
    let deposed = step.deposed.iter();
    lines.extend(deposed.map(|_| format!("- {} delete what it replaced", step.address)));
    lines
}

fn change(change: &Change) -> Vec<String> {
    let origin = match change.origin {
        Origin::Drift => " (drift)",
        Origin::Declared | Origin::Unknown => "",
    };
    let replaces = if change.replaces { " (replaces)" } else { "" };
    if !change.known_after.is_empty() {
        let after: Vec<String> = change.known_after.iter().map(ToString::to_string).collect();
        let (before, after) = (value(&change.before), after.join(", "));
        let line = format!("    {}  {before} → known after {after}{replaces}", change.property);
        return vec![line];
    }
    let mut lines = Vec::new();
    differences(&change.property, &change.before, &change.after, &mut lines);
    lines.into_iter().map(|line| format!("    {line}{origin}{replaces}")).collect()
}

/// Where two values differ: maps are gone through key by key.
fn differences(path: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let (before, after) = (of(before), of(after));
                if before != after {
                    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
                    differences(&format!("{path}.{key}"), &before, &after, lines);
                }
            }
        }
        _ => lines.push(format!("{path}  {} → {}", value(before), value(after))),
    }
}

pub(super) fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What a run did, what failed and what that skipped.
pub(super) fn outcome(plan: &Plan, outcome: &Outcome) -> Vec<String> {
    let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (address, phase) in &outcome.done {
        let action = plan.step(address).map(|step| step.action);
        let did = match (phase, action) {
            (Phase::Delete, _) => (4, "deleted"),
            (Phase::Forget, _) => (5, "forgot"),
            (Phase::Apply, Some(Action::Adopt)) => (1, "adopted"),
            (Phase::Apply, Some(Action::Update)) => (2, "updated"),
            (Phase::Apply, _) => (0, "created"),
        };
        *counts.entry(did).or_default() += 1;
    }
    let mut parts: Vec<String> =
        counts.iter().map(|((_, did), count)| format!("{did} {count}")).collect();
    if plan.is_empty() {
        parts.push("no changes".to_owned());
    } else {
        parts.push(format!("{} failed", outcome.failed.len()));
    }
    if !outcome.skipped.is_empty() {
        parts.push(format!("{} skipped", outcome.skipped.len()));
    }
    let mut lines = vec![parts.join(", ")];
    let failed = outcome.failed.iter();
    lines.extend(failed.map(|(address, failure)| format!("failed {address}: {failure}")));
    lines.extend(outcome.skipped.iter().map(|(address, because)| match because {
        Some(because) => format!("skipped {address}, because of {because}"),
        None => format!("skipped {address}"),
    }));
    lines
}

/// What the state knows besides what is complete.
pub(super) fn state(state: &State) -> Vec<String> {
    let mut lines = vec![format!("{} on record", state.resources.len())];
    for (address, record) in &state.resources {
        let status = match record.status {
            Status::Complete => None,
            Status::Created => Some("is not finished"),
            Status::Gone => Some("is gone"),
        };
        lines.extend(status.map(|status| format!("{address} {status}")));
        let replaced = record.deposed.iter();
        lines.extend(replaced.map(|_| format!("{address} replaced one that is still there")));
    }
    lines.extend(state.pending.iter().map(|(address, intent)| {
        let what = match intent.action {
            IntentAction::Create => "creation",
            IntentAction::Update => "update",
            IntentAction::Delete => "deletion",
        };
        format!("{address}: its {what} was begun")
    }));
    lines
}

/// Each operation with what it waits for.
pub(super) fn order(plan: &Plan, kinds: &Kinds) -> Vec<String> {
    let schedule = match schedule(plan, kinds) {
        Ok(schedule) => schedule,
        Err(error) => return vec![format!("the plan is unsound: {error}")],
    };
    let name = |index: usize| {
        let operation = &schedule.operations[index];
        let old = if operation.deposed.is_some() { " replaced earlier" } else { "" };
        format!("{} {}{old}", operation.phase, operation.step.address)
    };
    let operations = schedule.operations.iter().enumerate();
    let lines = operations.map(|(index, operation)| {
        let after: Vec<String> = operation
            .after
            .iter()
            .map(|(before, milestone)| match milestone {
                Milestone::Created => format!("{} (its id)", name(*before)),
                Milestone::Done => name(*before),
            })
            .collect();
        match after.is_empty() {
            true => name(index),
            false => format!("{} after {}", name(index), after.join(", ")),
        }
    });
    lines.collect()
}
