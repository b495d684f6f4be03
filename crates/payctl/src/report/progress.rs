//! Live progress: on a terminal what runs, for how long and what it waits for; elsewhere plain
//! lines.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use payctl_engine::{Action, Address, Event, Phase, Plan, Reporter};

use super::{CYAN, DIM, GREEN, RED, WIDTH, YELLOW, paint, seconds};

/// A wait is told in plain lines only once in this time.
const QUIET: Duration = Duration::from_secs(10);

/// Draws events.
pub(crate) struct Progress {
    actions: BTreeMap<Address, Action>,
    verbose: u8,
    terminal: Option<MultiProgress>,
    running: Mutex<RefCell<BTreeMap<(Address, Phase), Running>>>,
}

struct Running {
    bar: Option<ProgressBar>,
    waits_for: String,
    told: Instant,
}

impl Progress {
    pub(crate) fn new(plan: &Plan, verbose: u8) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        Self {
            actions: plan.steps.iter().map(|s| (s.address.clone(), s.action)).collect(),
            verbose,
            terminal: terminal
                .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10))),
            running: Mutex::default(),
        }
    }

    /// Takes what is still drawn off the terminal.
    pub(crate) fn end(&self) {
        if let Some(terminal) = &self.terminal {
            let _ = terminal.clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.terminal {
            Some(terminal) => terminal.suspend(|| super::say(text)),
            None => super::say(text),
        }
    }

    /// What is being done, and what was done when it is over.
    fn words(&self, address: &Address, phase: Phase) -> (&'static str, &'static str) {
        match (phase, self.actions.get(address)) {
            (Phase::Forget, _) => ("forgetting", "forgotten"),
            (Phase::Delete, _) => ("deleting", "deleted"),
            (Phase::Apply, Some(Action::Update)) => ("updating", "updated"),
            (Phase::Apply, Some(Action::Adopt)) => ("adopting", "adopted"),
            (Phase::Apply, _) => ("creating", "created"),
        }
    }

    /// Whether it is what the resource's successor replaced.
    fn is_old(&self, address: &Address, phase: Phase) -> bool {
        phase == Phase::Delete && self.actions.get(address) != Some(&Action::Delete)
    }

    fn started(&self, address: Address, phase: Phase) {
        let (doing, _) = self.words(&address, phase);
        let bar = self.terminal.as_ref().map(|terminal| {
            let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}");
            let bar = ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            let bar = terminal.add(bar);
            bar.set_message(format!("{doing} {address}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let running = Running { bar, waits_for: String::new(), told: Instant::now() };
        self.with(|all| all.insert((address, phase), running));
    }

    fn waiting(&self, address: Address, phase: Phase, what: &str) {
        let (doing, _) = self.words(&address, phase);
        let line = self.with(|all| {
            let running = all.get_mut(&(address.clone(), phase))?;
            if let Some(bar) = &running.bar {
                bar.set_message(format!("{doing} {address}: waiting for {what}"));
                return None;
            }
            let due = running.waits_for != what || running.told.elapsed() > QUIET;
            what.clone_into(&mut running.waits_for);
            due.then(|| {
                running.told = Instant::now();
                let line = format!("  {address}: waiting for {what}");
                let fits = line.chars().count() <= WIDTH;
                if fits { line } else { format!("  {address}:\n    waiting for {what}") }
            })
        });
        if let Some(line) = line {
            self.line(&paint(DIM, line));
        }
    }

    fn finish(&self, address: &Address, phase: Phase) {
        let running = self.with(|all| all.remove(&(address.clone(), phase)));
        if let Some(bar) = running.and_then(|running| running.bar) {
            bar.finish_and_clear();
            if let Some(terminal) = &self.terminal {
                terminal.remove(&bar);
            }
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<(Address, Phase), Running>) -> T) -> T {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = running.borrow_mut();
        work(&mut running)
    }
}

impl Reporter for Progress {
    fn event(&self, event: Event) {
        match event {
            Event::Started { address, phase } => self.started(address, phase),
            Event::Waiting { address, phase, what } => self.waiting(address, phase, &what),
            Event::Retrying { address, phase, failure, pause } => {
                if self.verbose > 0 {
                    let again = format!("  {address}: {failure}; again in {}", seconds(pause));
                    self.line(&paint(DIM, again));
                }
                let code = failure.code.as_deref().unwrap_or("no answer");
                let of = failure.operation.map_or_else(String::new, |name| format!("{name}: "));
                self.waiting(address, phase, &format!("AWS ({of}{code})"));
            }
            Event::Created { .. } => {}
            Event::Finished { address, phase, took } => {
                self.finish(&address, phase);
                let (_, done) = self.words(&address, phase);
                let style = if phase == Phase::Apply { GREEN } else { CYAN };
                let took = paint(DIM, seconds(took));
                let old = if self.is_old(&address, phase) { ", the old one" } else { "" };
                let done = paint(style, format!("{done:<9}"));
                self.line(&format!("{done} {address}{old} {took}"));
            }
            Event::Failed { address, phase, failure } => {
                self.finish(&address, phase);
                self.line(&format!("{} {address}: {failure}", paint(RED, "failed   ")));
            }
            Event::Skipped { address, because, .. } => {
                if self.verbose > 0 {
                    self.line(&paint(DIM, format!("skipped   {address}: {because} failed")));
                }
            }
            Event::Stopping => self.line(&paint(
                YELLOW,
                "interrupted: finishing calls in progress; press Ctrl-C again to stop now",
            )),
        }
    }
}
