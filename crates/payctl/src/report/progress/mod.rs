//! Live progress: on a terminal what runs, for how long and what it waits for; elsewhere a line for
//! each resource.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use payctl_engine::{Address, Event, Failure, Phase, Reporter};

use self::board::{Status, StatusBoard};
use super::live::Live;
use super::text::cut;
use super::{CYAN, DIM, GREEN, RED, YELLOW, line, paint, say, seconds, width};
use crate::prediction::Prediction;

mod board;

/// In a log a wait is told once it has lasted for so long.
const LASTS: Duration = Duration::from_secs(10);
/// And then no more often than this.
const AGAIN: Duration = Duration::from_secs(60);
/// At most so many lines are redrawn, and no more than half a terminal's.
const LINES: usize = 12;

/// Tells people what a run does.
pub(crate) struct Progress {
    board: Arc<Mutex<StatusBoard>>,
    verbose: u8,
    live: Option<Live>,
}

/// What a run left undone.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    /// What was begun, and did not come to its end.
    pub(crate) begun: Vec<Begun>,
    /// What was not.
    pub(crate) waiting: Vec<Address>,
    /// How many operations there were.
    pub(crate) all: usize,
}

/// An operation that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) address: Address,
    pub(crate) phase: Phase,
    /// Whether it failed; else it was stopped.
    pub(crate) failed: bool,
}

impl Progress {
    /// Of a run that is predicted so.
    pub(crate) fn new(prediction: &Prediction<'_>, verbose: u8) -> Self {
        let board = Arc::new(Mutex::new(StatusBoard::new(prediction)));
        let drawn = board.clone();
        let draw = move || {
            let rows = terminal_size::terminal_size().map_or(24, |(_, rows)| usize::from(rows.0));
            let lines = lock(&drawn).screen(Instant::now(), width(), LINES.min(rows / 2));
            let (first, others) = lines.split_first().map_or(("", &[][..]), |(f, o)| (f, o));
            std::iter::once(first.to_owned())
                .chain(others.iter().map(|line| paint(DIM, line)))
                .collect::<Vec<_>>()
                .join("\n")
        };
        Self { board, verbose, live: Live::start(draw) }
    }

    /// Takes what is still drawn off the terminal; answers what was not done.
    pub(crate) fn end(mut self) -> Undone {
        self.live = None;
        let board = lock(&self.board);
        let mut undone = Undone { all: board.tasks().len(), ..Undone::default() };
        for task in board.tasks() {
            match task.status {
                Status::Done { .. } => {}
                Status::Running { .. } | Status::Failed => {
                    let (address, phase) = (task.address.clone(), task.phase);
                    let failed = task.status == Status::Failed;
                    undone.begun.push(Begun { address, phase, failed });
                }
                Status::Waiting | Status::Skipped => undone.waiting.push(task.address.clone()),
            }
        }
        undone
    }

    fn waiting(&self, address: &Address, phase: Phase, what: &str) {
        let now = Instant::now();
        let mut board = lock(&self.board);
        let Some(task) = board.running(address, phase) else { return };
        let Status::Running { since, waits_for, told } = &mut task.status else { return };
        let changed = waits_for != what;
        what.clone_into(waits_for);
        let due = match told {
            _ if self.verbose > 0 && changed => true,
            None => now.duration_since(*since) >= LASTS,
            Some(told) => now.duration_since(*told) >= AGAIN,
        };
        if due && self.live.is_none() {
            *told = Some(now);
            drop(board);
            say(&paint(DIM, format!("  {address}: waiting for {what}")));
        }
    }

    fn retrying(&self, address: &Address, phase: Phase, failure: &Failure, pause: Duration) {
        if self.verbose > 0 {
            let again = format!("  {address}: {failure}; again in {}", seconds(pause));
            say(&paint(DIM, again));
        }
        let code = failure.code.as_deref().unwrap_or("no answer");
        let of = failure.operation.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        self.waiting(address, phase, &format!("AWS ({of}{code})"));
    }

    fn finished(&self, address: &Address, phase: Phase, took: Duration) {
        let mut board = lock(&self.board);
        let Some(task) = board.end(address, phase, Status::Done { took }) else { return };
        let done = task.done();
        let old = if task.is_old() { ", the old one" } else { "" };
        let column = board.longest_name();
        drop(board);
        let style = if phase == Phase::Apply { GREEN } else { CYAN };
        let what = format!("{address}{old}");
        let (done, took) = (paint(style, done), paint(DIM, seconds(took)));
        say(&format!("{done} {what:<column$}  {took}"));
    }

    /// That it failed; all of why is told at the end.
    fn failed(&self, address: &Address, phase: Phase, failure: &Failure) {
        lock(&self.board).end(address, phase, Status::Failed);
        let operation = failure.operation.as_deref();
        let why: Vec<&str> = operation.into_iter().chain(failure.code.as_deref()).collect();
        let why = if why.is_empty() { &failure.message } else { &why.join(": ") };
        let text = cut(&format!("{address}: {why}"), width().saturating_sub(10));
        say(&format!("{} {text}", paint(RED, "failed   ")));
    }
}

fn lock(board: &Mutex<StatusBoard>) -> MutexGuard<'_, StatusBoard> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reporter for Progress {
    fn event(&self, event: Event) {
        match event {
            Event::Started { address, phase } => {
                lock(&self.board).start(&address, phase, Instant::now());
            }
            Event::Waiting { address, phase, what } => self.waiting(&address, phase, &what),
            Event::Retrying { address, phase, failure, pause } => {
                self.retrying(&address, phase, &failure, pause);
            }
            Event::Created { .. } => {}
            Event::Finished { address, phase, took } => self.finished(&address, phase, took),
            Event::Failed { address, phase, failure } => self.failed(&address, phase, &failure),
            Event::Skipped { address, phase, because } => {
                lock(&self.board).skip(&address, phase);
                if self.verbose > 0 {
                    say(&paint(DIM, format!("skipped   {address}: {because} failed")));
                }
            }
            Event::Stopping => line(&paint(
                YELLOW,
                "interrupted: finishing calls in progress; press Ctrl-C again to stop now",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
