//! How a run ended: what failed and why, what is there and not finished, what was not begun.

use std::collections::BTreeSet;

use payctl_engine::state::IntentAction;
use payctl_engine::{Address, Failure, Goal, Outcome, Phase, State, Status};

use super::error::{because, hinted};
use super::progress::{Begun, Undone};
use super::text::listed;
use super::{DIM, GREEN, RED, YELLOW, line, paint, plural, seconds, width};
use crate::error::advice;
use crate::history::verb;

/// How a run ended.
pub(crate) fn outcome(goal: Goal, outcome: &Outcome, undone: &Undone, state: &State) {
    for text in lines(goal, outcome, undone, state, width()) {
        line(&text);
    }
}

fn lines(
    goal: Goal,
    outcome: &Outcome,
    undone: &Undone,
    state: &State,
    width: usize,
) -> Vec<String> {
    let mut out = failures(&outcome.failed, width);
    let (begun, unsure) = begun(undone, state);
    let waiting = &undone.waiting;
    let alike = [
        (begun, "started but not finished (they exist in AWS)"),
        (unsure, "started, and may exist in AWS (the next run looks for them)"),
        (waiting.iter().collect(), "not started"),
    ];
    for (addresses, what) in alike {
        if !addresses.is_empty() {
            out.push(String::new());
            let steps = plural(addresses.len(), "step");
            out.push(format!("{} {steps}", paint(YELLOW, format!("{what}:"))));
            let names = addresses.iter().map(|address| address.as_str());
            out.push(paint(DIM, listed("  ", 2, names, width)));
        }
    }
    let verb = verb(goal);
    let (done, took) = (outcome.done.len(), seconds(outcome.took));
    if !out.is_empty() {
        out.push(String::new());
    }
    out.push(match (outcome.is_complete(), outcome.failed.is_empty()) {
        (true, _) => {
            format!("{} {verb}, {} in {took}", paint(GREEN, "done:"), plural(done, "step"))
        }
        (false, stopped) => {
            let all = plural(undone.all, "step");
            let how = format!("after {done} of {all} in {took}");
            match stopped {
                true => format!("{} {verb} {how}", paint(YELLOW, "stopped:")),
                false => format!("{} {verb} stopped {how}", paint(RED, "failed:")),
            }
        }
    });
    out
}

/// Each reason once, with all that it kept from being done.
fn failures(failed: &[(Address, Failure)], width: usize) -> Vec<String> {
    let mut reasons: Vec<(&Failure, Vec<&Address>)> = Vec::new();
    for (address, failure) in failed {
        match reasons.iter_mut().find(|(known, _)| known.to_string() == failure.to_string()) {
            Some((_, addresses)) => addresses.push(address),
            None => reasons.push((failure, vec![address])),
        }
    }
    let mut out = Vec::new();
    for (failure, addresses) in reasons {
        let word = paint(RED, "failed:");
        out.push(String::new());
        match addresses[..] {
            [address] => out.push(format!("{word} {address}")),
            _ => {
                out.push(format!("{word} {}", plural(addresses.len(), "step")));
                let names = addresses.iter().map(|address| address.as_str());
                out.push(listed("  ", 2, names, width));
            }
        }
        out.push(because(&failure.to_string(), width));
        if let Some(id) = &failure.request_id {
            out.push(paint(DIM, format!("  request id {id}")));
        }
        if let Some(advice) = advice(failure) {
            out.push(hinted(advice, width));
        }
    }
    out
}

/// What was begun and is there; and what may be, as the answer never came.
fn begun<'a>(undone: &'a Undone, state: &State) -> (Vec<&'a Address>, Vec<&'a Address>) {
    let (mut there, mut unsure) = (BTreeSet::new(), BTreeSet::new());
    for Begun { address, phase, failed } in &undone.begun {
        let status = state.resources.get(address).map(|record| record.status);
        let intent = state.pending.get(address).map(|intent| intent.action);
        match (phase, status, intent) {
            // What could not be deleted is told as failed, and that says all of it.
            (Phase::Delete, _, _) if *failed => {}
            (Phase::Apply, Some(Status::Created), _)
            | (Phase::Apply, Some(_), Some(IntentAction::Update))
            | (Phase::Delete, Some(_), _) => drop(there.insert(address)),
            (Phase::Apply, _, Some(IntentAction::Create)) => drop(unsure.insert(address)),
            // It is as it was before.
            _ => {}
        }
    }
    unsure.retain(|address| !there.contains(address));
    (there.into_iter().collect(), unsure.into_iter().collect())
}

#[cfg(test)]
mod tests;
