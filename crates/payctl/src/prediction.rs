//! How long a plan takes: from what was measured here, and else from what its kinds typically take.

use std::time::Duration;

use payctl_engine::{
    Action, Kinds, Milestone, Operation, Phase, Plan, Schedule, schedule, typical_seconds,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::durations::{Durations, Estimate, Place};
use crate::report;

/// What typically takes so many seconds is a wait for AWS, which tells how fast its clock goes.
pub(crate) const LONG_S: f64 = 30.0;
/// What takes a smaller part of the whole is not named.
const NAMED: f64 = 0.1;
/// And no more than so many.
const MOST: usize = 4;

/// How long the operations of a plan take, and what the end waits for.
pub(crate) struct Prediction<'a> {
    schedule: Schedule<'a>,
    estimates: Vec<Estimate>,
    /// Whose times these are.
    pub(crate) clock: Clock,
}

/// Whose times a prediction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Clock {
    /// Those of the place that it is carried out in.
    Here,
    /// Those of AWS, though it is carried out elsewhere: an emulator is as fast as it likes.
    OfAws,
}

impl<'a> Prediction<'a> {
    /// Of a plan in the place where `durations` were measured.
    pub(crate) fn of(plan: &'a Plan, kinds: &Kinds, durations: &Durations) -> Self {
        // A plan that cannot be laid out is refused before anything of it is done.
        let mut schedule = schedule(plan, kinds).unwrap_or_else(|_| Schedule {
            operations: Vec::new(),
            critical: 0.0,
            chain: Vec::new(),
        });
        let typical = |one: &Operation<'_>| {
            let (created, all) = typical_seconds(one, kinds);
            Estimate { created, all, runs: 0 }
        };
        // Of two clocks the slower one would say it all: where AWS is not, either everything long
        // was measured, or nothing is taken as such.
        let long = |one: &&Operation<'_>| typical(one).all >= LONG_S;
        let known = |one: &Operation<'_>| durations.estimate(one).is_some();
        let (clock, measured) = match durations.place {
            Place::Aws => (Clock::Here, true),
            Place::Endpoint | Place::Sandbox => {
                let all = schedule.operations.iter().filter(long).all(known);
                let some = schedule.operations.iter().any(known);
                match all && some {
                    true => (Clock::Here, true),
                    false => (Clock::OfAws, false),
                }
            }
        };
        let estimate = |one: &Operation<'_>| {
            let measured = durations.estimate(one).filter(|_| measured);
            measured.unwrap_or_else(|| typical(one))
        };
        schedule.predict(&|one| {
            let Estimate { created, all, .. } = estimate(one);
            (created, all)
        });
        let estimates = schedule.operations.iter().map(estimate).collect();
        Self { schedule, estimates, clock }
    }

    /// Seconds in all.
    pub(crate) fn seconds(&self) -> f64 {
        self.schedule.critical
    }

    /// The operations with how long they take.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&Operation<'a>, Estimate)> {
        self.schedule.operations.iter().zip(self.estimates.iter().copied())
    }

    /// Whether the end waits for that operation.
    pub(crate) fn is_critical(&self, index: usize) -> bool {
        self.schedule.chain.contains(&index)
    }

    /// When each operation begins that begins as early as it can, in seconds.
    pub(crate) fn begins(&self) -> Vec<f64> {
        let operations = &self.schedule.operations;
        let mut begins = vec![0.0_f64; operations.len()];
        // What waits may stand before what it waits for: until nothing moves. There is no cycle.
        for _ in 0..operations.len() {
            let mut moved = false;
            for (nth, operation) in operations.iter().enumerate() {
                for (before, milestone) in &operation.after {
                    let Estimate { created, all, .. } = self.estimates[*before];
                    let until = if *milestone == Milestone::Created { created } else { all };
                    let earliest = begins[*before] + until;
                    if earliest > begins[nth] {
                        (begins[nth], moved) = (earliest, true);
                    }
                }
            }
            if !moved {
                break;
            }
        }
        begins
    }

    /// How long it takes and what the end waits for, in a line; none where nothing is done.
    pub(crate) fn line(&self) -> Option<String> {
        if self.schedule.operations.is_empty() {
            return None;
        }
        let about = report::minutes(self.seconds());
        if self.seconds() < 60.0 {
            return Some(about);
        }
        let place = match self.clock {
            Clock::Here => "",
            Clock::OfAws => " on AWS",
        };
        Some(format!("{about}{place} ({})", self.path()))
    }

    /// What takes the most of the longest chain, in its order.
    fn path(&self) -> String {
        let parts = self.chain();
        let takes_long = |(_, seconds): &(usize, f64)| *seconds >= self.seconds() * NAMED;
        let named: Vec<usize> =
            parts.iter().filter(|part| takes_long(part)).map(|(index, _)| *index).collect();
        let shown = &named[..named.len().min(MOST)];
        let mut names: Vec<String> = shown.iter().map(|index| self.name(*index)).collect();
        if shown.last() != parts.last().map(|(index, _)| index) {
            names.push("…".to_owned());
        }
        names.join(" → ")
    }

    /// The longest chain: its operations, and how many seconds of the whole each takes before the
    /// next of them can begin.
    fn chain(&self) -> Vec<(usize, f64)> {
        let Schedule { operations, chain, .. } = &self.schedule;
        let left = |index: usize| operations[index].remaining;
        let next = chain.iter().skip(1).map(|next| left(*next)).chain([0.0]);
        chain.iter().zip(next).map(|(index, next)| (*index, left(*index) - next)).collect()
    }

    /// An operation for people: its address, and that it goes where that is not what is done to it.
    fn name(&self, index: usize) -> String {
        let Operation { step, phase, .. } = &self.schedule.operations[index];
        match (phase, step.action) {
            (Phase::Delete, action) if action != Action::Delete => {
                format!("{} (the old one)", step.address)
            }
            _ => step.address.to_string(),
        }
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let path = self.chain().into_iter().map(|(index, seconds)| {
            let address = &self.schedule.operations[index].step.address;
            json!({ "address": address, "seconds": tenths(seconds) })
        });
        json!({
            "seconds": tenths(self.seconds()),
            "measured": self.estimates.iter().filter(|one| one.runs > 0).count(),
            "operations": self.estimates.len(),
            "critical_path": path.collect::<Vec<_>>(),
        })
    }

    /// Where the times are from, of all that the end waits for.
    pub(crate) fn explained(&self) -> String {
        let Some(line) = self.line() else { return String::new() };
        let rows = self.chain().into_iter().map(|(index, seconds)| {
            let Estimate { all, runs, .. } = self.estimates[index];
            // What only has to have its id is not waited for to its end.
            let waits = match seconds + 0.05 < all {
                true => format!(" of {}", for_people(all)),
                false => String::new(),
            };
            let from = match runs {
                0 => "typical on AWS".to_owned(),
                1 => "measured here once".to_owned(),
                runs => format!("median of {runs} measured here"),
            };
            [self.name(index), format!("{}{waits}", for_people(seconds)), from]
        });
        let table = report::table(&["WHAT THE END WAITS FOR", "TAKES", "FROM"], rows);
        let measured = self.estimates.iter().filter(|one| one.runs > 0).count();
        let all = report::plural(self.estimates.len(), "operation");
        let note = match self.clock {
            Clock::Here => "",
            Clock::OfAws => "; here not all that takes long was measured yet",
        };
        format!("time: {line}\n{table}{measured} of {all} measured here{note}\n")
    }
}

/// To a tenth of a second: nobody knows it better.
fn tenths(seconds: f64) -> f64 {
    (seconds.max(0.0) * 10.0).round() / 10.0
}

/// Seconds for people.
fn for_people(seconds: f64) -> String {
    report::seconds(Duration::from_secs_f64(seconds.max(0.0)))
}

#[cfg(test)]
mod tests;
