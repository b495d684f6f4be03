//! The events of a run as JSON, one object a line, for programs: `up --json`, `destroy --json`.
//!
//! docs/schema/events.json says what they are; the first one names the format. A change that a
//! reader could stumble over is another format.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use payctl_engine::{
    Action, Address, Counts, Event, Failure, Outcome, Phase, Plan, Refusal, Reporter,
};
use serde::Serialize;
use serde_json::Value;

use super::progress::Undone;
use crate::error::{CliError, Exit};

/// The version of what is written.
const FORMAT: u32 = 1;

/// Whether a stream was begun and not ended: a signal ends the process wherever it is.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Writes events to stdout.
#[derive(Clone, Copy, Debug)]
struct Events;

/// What a run is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) command: &'a str,
    pub(crate) stack: &'a str,
    pub(crate) suffix: &'a str,
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) sandbox: bool,
}

/// The stream of one run, where a program listens, and what its last line tells.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    events: Option<Events>,
    /// The plan's counts, once there is a plan.
    counts: Option<Counts>,
    /// What was carried out, where something was.
    pub(crate) carried_out: Option<(Outcome, Undone)>,
    /// What `up` answers.
    pub(crate) outputs: BTreeMap<String, Value>,
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<u32>,
    #[serde(flatten)]
    what: What<'a>,
    time: String,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What<'a> {
    Run {
        payctl: &'a str,
        command: &'a str,
        stack: &'a str,
        suffix: &'a str,
        account: &'a str,
        region: &'a str,
        sandbox: bool,
    },
    Plan {
        counts: Counts,
        changes: Vec<Planned<'a>>,
        refusals: &'a [Refusal],
        cost: Value,
    },
    Started {
        address: &'a Address,
        phase: Phase,
    },
    Waiting {
        address: &'a Address,
        phase: Phase,
        waiting_for: &'a str,
    },
    Retrying {
        address: &'a Address,
        phase: Phase,
        failure: &'a Failure,
        pause_seconds: f64,
    },
    Created {
        address: &'a Address,
    },
    Finished {
        address: &'a Address,
        phase: Phase,
        seconds: f64,
    },
    Failed {
        address: &'a Address,
        phase: Phase,
        failure: &'a Failure,
    },
    Skipped {
        address: &'a Address,
        phase: Phase,
        because: &'a Address,
    },
    Stopping,
    Outcome {
        result: Ending,
        exit_code: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        counts: Option<Counts>,
        #[serde(skip_serializing_if = "Option::is_none")]
        steps: Option<Steps>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        outputs: &'a BTreeMap<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Wrong<'a>>,
    },
}

/// What the plan does to one resource.
#[derive(Serialize)]
struct Planned<'a> {
    address: &'a Address,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// How many steps came how far.
#[derive(Serialize)]
struct Steps {
    all: usize,
    done: usize,
    failed: usize,
    /// Begun and neither done nor failed, as the run was stopped.
    unfinished: usize,
    not_started: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    Done,
    Failed,
    Interrupted,
}

/// Why it failed, as people are told.
#[derive(Serialize)]
struct Wrong<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hints: &'a [String],
}

impl Stream {
    /// Tells a program what `run` does, if it asked for that; people are told little then.
    pub(crate) fn start(asked: bool, run: Run<'_>) -> Self {
        if !asked {
            return Self::default();
        }
        super::be_quiet();
        OPEN.store(true, Ordering::Relaxed);
        let Run { command, stack, suffix, account, region, sandbox } = run;
        let payctl = env!("CARGO_PKG_VERSION");
        Events.write(What::Run { payctl, command, stack, suffix, account, region, sandbox });
        Self { events: Some(Events), ..Self::default() }
    }

    /// What is to be done: which resource, not which property, as `plan --json` tells.
    pub(crate) fn plan(&mut self, plan: &Plan, cost: impl FnOnce() -> Value) {
        let Some(events) = self.events else { return };
        let does = plan.steps.iter().filter(|step| step.action != Action::Keep);
        let changes = does.map(|step| Planned {
            address: &step.address,
            action: step.action,
            reason: step.reason.as_deref(),
        });
        let (counts, refusals) = (plan.counts(), &plan.refusals[..]);
        let changes = changes.collect();
        events.write(What::Plan { counts, changes, refusals, cost: cost() });
        self.counts = Some(counts);
    }

    /// Tells people by `progress`, and the program.
    pub(crate) fn with<'a>(&self, progress: &'a dyn Reporter) -> Both<'a> {
        Both(progress, self.events)
    }

    /// The last line.
    pub(crate) fn end(self, ended: &Result<Exit, CliError>) {
        if OPEN.swap(false, Ordering::Relaxed) {
            Events.write(self.outcome(ended));
        }
    }

    fn outcome<'a>(&'a self, ended: &'a Result<Exit, CliError>) -> What<'a> {
        let Self { counts, carried_out, outputs, .. } = self;
        let (exit, error) = match ended {
            Ok(exit) => (*exit, None),
            Err(CliError { exit, message, causes, hints, .. }) => {
                (*exit, Some(Wrong { message, causes, hints }))
            }
        };
        let steps = carried_out.as_ref().map(|(outcome, undone)| {
            let (all, done, failed) = (undone.all, outcome.done.len(), outcome.failed.len());
            let unfinished = undone.begun.iter().filter(|one| !one.failed).count();
            Steps { all, done, failed, unfinished, not_started: undone.waiting.len() }
        });
        What::Outcome {
            result: match exit {
                Exit::Done | Exit::Changes => Ending::Done,
                Exit::Interrupted => Ending::Interrupted,
                Exit::Failed
                | Exit::Locked
                | Exit::StateError
                | Exit::OverBudget
                | Exit::Noncompliant => Ending::Failed,
            },
            exit_code: exit as u8,
            counts: *counts,
            steps,
            seconds: carried_out.as_ref().map(|(outcome, _)| rounded(outcome.took)),
            outputs,
            error,
        }
    }
}

/// The last line of a stream that nobody else ends, as the process does.
pub(super) fn cut_short(why: CliError) {
    Stream::default().end(&Err(why));
}

impl Events {
    fn write(self, what: What<'_>) {
        super::data(&line(what, &now()));
    }
}

fn line(what: What<'_>, time: &str) -> String {
    let format = matches!(what, What::Run { .. }).then_some(FORMAT);
    let line = Line { format, what, time: time.to_owned() };
    // Texts, numbers and lists of them: that cannot fail.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// In milliseconds, as more is noise.
fn rounded(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

impl Reporter for Events {
    fn event(&self, event: Event) {
        self.write(match &event {
            Event::Started { address, phase } => What::Started { address, phase: *phase },
            Event::Waiting { address, phase, what } => {
                What::Waiting { address, phase: *phase, waiting_for: what }
            }
            Event::Retrying { address, phase, failure, pause } => {
                let pause_seconds = rounded(*pause);
                What::Retrying { address, phase: *phase, failure, pause_seconds }
            }
            Event::Created { address } => What::Created { address },
            Event::Finished { address, phase, took } => {
                What::Finished { address, phase: *phase, seconds: rounded(*took) }
            }
            Event::Failed { address, phase, failure } => {
                What::Failed { address, phase: *phase, failure }
            }
            Event::Skipped { address, phase, because } => {
                What::Skipped { address, phase: *phase, because }
            }
            Event::Stopping => What::Stopping,
        });
    }
}

/// Tells people, and a program where one listens.
pub(crate) struct Both<'a>(&'a dyn Reporter, Option<Events>);

impl Reporter for Both<'_> {
    fn event(&self, event: Event) {
        if let Some(events) = self.1 {
            events.event(event.clone());
        }
        self.0.event(event);
    }
}

#[cfg(test)]
mod tests;
