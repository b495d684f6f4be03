//! Keeps the timeline of a run while it goes on: each thing that happens is written at once, so that
//! one that is killed loses nothing that was.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use payctl_engine::state::history::Ended;
use payctl_engine::{Address, Event, Milestone, Phase, Reporter};

use super::format::{self, FORMAT, Head, KEPT, Line, Planned};
use crate::durations::{Doing, Measured};
use crate::prediction::Prediction;
use crate::report;

/// Which run it is.
pub(crate) struct Of<'a> {
    /// Its id.
    pub(crate) run: &'a str,
    pub(crate) command: &'a str,
}

/// Keeps the timeline of a run.
pub(crate) struct Recorder {
    began: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    tasks: Vec<Task>,
    /// None once it could not be written.
    file: Option<File>,
}

struct Task {
    address: Address,
    phase: Phase,
    doing: Option<Doing>,
    at: At,
    /// When it began, and when its id was known.
    began: f64,
    created: Option<f64>,
    /// How long it took.
    took: Option<f64>,
    retries: BTreeMap<String, usize>,
}

/// How far an operation is.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Waiting,
    Running,
    Over,
}

impl Recorder {
    /// Of a run that begins now, in `environment`, the folder of its state. One that cannot be
    /// written is said, and stops nothing.
    pub(crate) fn begin(environment: &Path, of: &Of<'_>, prediction: &Prediction<'_>) -> Self {
        let tasks = prediction.operations().map(|(operation, _)| Task {
            address: operation.step.address.clone(),
            phase: operation.phase,
            doing: Doing::of(operation),
            at: At::Waiting,
            began: 0.0,
            created: None,
            took: None,
            retries: BTreeMap::new(),
        });
        let mut inner = Inner { tasks: tasks.collect(), file: None };
        match open(environment, of.run) {
            Ok(file) => {
                inner.file = Some(file);
                inner.write(&head(of, prediction));
            }
            Err(error) => say_lost(&error),
        }
        Self { began: Instant::now(), inner: Mutex::new(inner) }
    }

    /// Also tells `next`.
    pub(crate) fn before<'a>(&'a self, next: &'a dyn Reporter) -> Recording<'a> {
        Recording { recorder: self, next }
    }

    /// Notes how it ended. Answers what was measured, with the kinds.
    pub(crate) fn end(self, outcome: Ended) -> Vec<(String, Doing, Measured)> {
        let at = rounded(self.began.elapsed().as_secs_f64());
        let mut inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        inner.write(&Line::Ended { at, outcome });
        let measured = inner.tasks.iter().filter_map(|task| {
            let (doing, all) = (task.doing?, task.took?);
            let created = task.created.map_or(all, |at| rounded(at - task.began));
            Some((task.address.kind().to_owned(), doing, Measured { created, all }))
        });
        measured.collect()
    }

    fn note(&self, event: &Event) {
        let at = rounded(self.began.elapsed().as_secs_f64());
        lock(&self.inner).note(event, at);
    }
}

impl Inner {
    fn note(&mut self, event: &Event, at: f64) {
        let line = match event {
            Event::Started { address, phase } => self.find(address, *phase, At::Waiting).map(|i| {
                (self.tasks[i].at, self.tasks[i].began) = (At::Running, at);
                Line::Began { operation: i, at }
            }),
            Event::Created { address } => {
                self.find(address, Phase::Apply, At::Running).map(|operation| {
                    self.tasks[operation].created = Some(at);
                    Line::Created { operation, at }
                })
            }
            Event::Retrying { address, phase, failure, .. } => {
                if let Some(i) = self.find(address, *phase, At::Running) {
                    let code = failure.code.clone().unwrap_or_else(|| "no answer".to_owned());
                    *self.tasks[i].retries.entry(code).or_default() += 1;
                }
                None
            }
            Event::Finished { address, phase, .. } => {
                self.over(address, *phase, At::Running).map(|operation| {
                    let task = &mut self.tasks[operation];
                    task.took = Some(rounded(at - task.began));
                    Line::Done { operation, at, retries: task.retries.clone() }
                })
            }
            Event::Failed { address, phase, .. } => {
                self.over(address, *phase, At::Running).map(|operation| {
                    let retries = self.tasks[operation].retries.clone();
                    Line::Failed { operation, at, retries }
                })
            }
            Event::Skipped { address, phase, .. } => {
                self.over(address, *phase, At::Waiting).map(|operation| Line::Skipped { operation })
            }
            Event::Waiting { .. } | Event::Stopping => None,
        };
        if let Some(line) = line {
            self.write(&line);
        }
    }

    /// The operation on `address` that is at this point. What an address replaced may be several
    /// things, of which one is as good as another.
    fn find(&self, address: &Address, phase: Phase, at: At) -> Option<usize> {
        let is = |task: &Task| task.address == *address && task.phase == phase && task.at == at;
        self.tasks.iter().position(is)
    }

    fn over(&mut self, address: &Address, phase: Phase, was: At) -> Option<usize> {
        let index = self.find(address, phase, was)?;
        self.tasks[index].at = At::Over;
        Some(index)
    }

    fn write(&mut self, line: &impl serde::Serialize) {
        let Some(file) = &mut self.file else { return };
        let written = serde_json::to_string(line).map_err(io::Error::other);
        // In one call: what a kill cuts is at most the last line.
        let written = written.and_then(|line| file.write_all(format!("{line}\n").as_bytes()));
        if let Err(error) = written {
            self.file = None;
            say_lost(&error);
        }
    }
}

/// Keeps a timeline and tells another.
pub(crate) struct Recording<'a> {
    recorder: &'a Recorder,
    next: &'a dyn Reporter,
}

impl Reporter for Recording<'_> {
    fn event(&self, event: Event) {
        self.recorder.note(&event);
        self.next.event(event);
    }
}

fn head(of: &Of<'_>, prediction: &Prediction<'_>) -> Head {
    let operations = prediction.operations().map(|(operation, estimate)| {
        let after = |which| {
            let all = operation.after.iter().filter(move |(_, milestone)| **milestone == which);
            all.map(|(index, _)| *index).collect()
        };
        Planned {
            address: operation.step.address.clone(),
            phase: operation.phase,
            action: operation.step.action,
            predicted_seconds: rounded(estimate.all),
            measured_runs: estimate.runs,
            after_created: after(Milestone::Created),
            after_done: after(Milestone::Done),
        }
    });
    Head {
        format: FORMAT,
        run: of.run.to_owned(),
        command: of.command.to_owned(),
        began: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        payctl: env!("CARGO_PKG_VERSION").to_owned(),
        predicted_seconds: rounded(prediction.seconds()),
        clock: prediction.clock,
        operations: operations.collect(),
    }
}

/// Makes the file of a run, ours alone to read, and removes those of the oldest.
fn open(environment: &Path, run: &str) -> io::Result<File> {
    let folder = format::folder(environment);
    match fs::symlink_metadata(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Where the state is in a bucket, nobody may have made what it is in.
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        }
        Ok(there) if !there.is_dir() => {
            let what = format!("{} is no folder", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
        }
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let runs = format::runs(environment);
    for old in &runs[..(runs.len() + 1).saturating_sub(KEPT)] {
        fs::remove_file(format::path(environment, old))?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create_new(true).mode(0o600);
    options.open(format::path(environment, run))
}

fn say_lost(error: &io::Error) {
    report::warn(&format!("the timeline of this run is not kept: {error}"));
}

/// In milliseconds, as more is noise.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
