//! Execution: carries a plan out and decides nothing.
//!
//! Every changing call is journal, call, journal, state. One task drives all operations; each
//! tells when its id is known, so that what needs no more can start.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::event::{Event, Reporter};
use crate::input::resolve;
use crate::plan::{Action, Plan};
use crate::retry::Health;
use crate::schedule::{LintError, Milestone, Operation, Phase, schedule};
use crate::state::{Entry, Journal, State, StateError};
use crate::{Address, Failure, FailureKind, KindInfo, Provider};

mod step;

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many operations run at once.
    pub parallelism: usize,
    /// How many of them for one service.
    pub per_service: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallelism: 40, per_service: 12 }
    }
}

/// How a run is asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Start nothing new and end every wait; calls in flight are finished.
    pub gently: CancellationToken,
    /// Drop everything.
    pub now: CancellationToken,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The steps that are done.
    pub done: Vec<(Address, Phase)>,
    /// The steps that failed.
    pub failed: Vec<(Address, Failure)>,
    /// The steps that were not begun, and because of what.
    pub skipped: Vec<(Address, Option<Address>)>,
    /// Whether it was asked to stop.
    pub stopped: bool,
    /// Why the journal could not be written, if it could not.
    pub storage: Option<StateError>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Whether all of the plan is done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.storage.is_none()
    }
}

/// Carries `plan` out. `state` is kept up to date and `journal` written on the way; saving the
/// state is the caller's.
///
/// # Errors
/// When the plan is invalid; nothing is changed then. Failures of steps are in the
/// outcome.
pub async fn execute(
    plan: &Plan,
    provider: &dyn Provider,
    state: &mut State,
    journal: &mut Journal,
    reporter: &dyn Reporter,
    limits: Limits,
    stop: &Stop,
) -> Result<Outcome, LintError> {
    let schedule = schedule(plan, provider.kinds())?;
    let known = plan
        .steps
        .iter()
        .filter(|step| !step.action.replaces())
        .filter_map(|step| Some((step.address.clone(), step.known.clone()?)))
        .collect();
    let (milestones, created) = mpsc::unbounded_channel();
    let run = Run {
        plan,
        provider,
        reporter,
        stop,
        state: RefCell::new(state),
        journal: RefCell::new(journal),
        known: RefCell::new(known),
        locks: RefCell::default(),
        services: RefCell::default(),
        paces: RefCell::default(),
        per_service: limits.per_service.max(1),
        storage: RefCell::default(),
        noted: RefCell::default(),
        unwritten: Cell::default(),
        milestones,
    };
    let mut outcome = run.drive(&schedule.operations, created, limits.parallelism.max(1)).await;
    run.state.borrow_mut().touch();
    if outcome.is_complete() {
        run.record_outputs();
    }
    outcome.storage = run.storage.take();
    Ok(outcome)
}

/// Why a step did not come to its end.
#[derive(Debug)]
enum Halt {
    Failed(Failure),
    /// It was asked to stop; what was begun is in the journal.
    Stopped,
    /// The journal could not be written.
    Storage,
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

struct Run<'a> {
    plan: &'a Plan,
    provider: &'a dyn Provider,
    reporter: &'a dyn Reporter,
    stop: &'a Stop,
    state: RefCell<&'a mut State>,
    journal: RefCell<&'a mut Journal>,
    /// The outputs of what exists.
    known: RefCell<BTreeMap<Address, Value>>,
    /// One lock per thing that only one step at a time may work on.
    locks: RefCell<HashMap<String, Rc<Mutex<()>>>>,
    services: RefCell<HashMap<&'static str, Rc<Service>>>,
    /// When the next call of a kind that has a pace may be made, by kind and whether it creates.
    paces: RefCell<HashMap<(&'static str, bool), Instant>>,
    per_service: usize,
    storage: RefCell<Option<StateError>>,
    /// The steps whose deposed are on record.
    noted: RefCell<BTreeSet<Address>>,
    /// Whether something is on record that nobody has made durable.
    unwritten: Cell<bool>,
    milestones: mpsc::UnboundedSender<usize>,
}

/// What all steps of a service share.
struct Service {
    /// So many calls at a time.
    slots: Semaphore,
    health: Health,
}

type Ended = (usize, Result<(), Halt>, Duration);

impl<'a> Run<'a> {
    async fn drive(
        &self,
        operations: &'a [Operation<'a>],
        mut created: mpsc::UnboundedReceiver<usize>,
        parallelism: usize,
    ) -> Outcome {
        let began = Instant::now();
        let mut outcome = Outcome::default();
        let mut queue = ReadyQueue::new(operations);
        let mut running: FuturesUnordered<LocalBoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut told = false;
        let mut written: Option<LocalBoxFuture<'_, Result<(), Halt>>> = None;
        loop {
            let halted = self.stop.gently.is_cancelled() || self.storage.borrow().is_some();
            if halted {
                queue.drop_waiting(&mut outcome, None);
            }
            while running.len() < parallelism
                && let Some(index) = queue.start()
            {
                let operation = &operations[index];
                running.push(Box::pin(async move {
                    let began = Instant::now();
                    let ended = self.operate(index, operation).await;
                    (index, ended, began.elapsed())
                }));
            }
            if running.is_empty() {
                break;
            }
            // What is on record is made durable though nobody waits for it.
            if written.is_none() && self.unwritten.replace(false) {
                written = Some(Box::pin(self.written()));
            }
            tokio::select! {
                biased;
                () = self.stop.now.cancelled() => break,
                () = self.stop.gently.cancelled(), if !told => {
                    told = true;
                    self.reporter.event(Event::Stopping);
                }
                Some(index) = created.recv() => self.created(operations, index, &mut queue),
                // A failure of it is noted already.
                Some(_) = maybe(&mut written) => written = None,
                Some((index, ended, took)) = running.next() => {
                    // Its id was known before it was over.
                    while let Ok(index) = created.try_recv() {
                        self.created(operations, index, &mut queue);
                    }
                    self.settle(operations, index, ended, took, &mut queue, &mut outcome);
                }
            }
        }
        drop(running);
        outcome.stopped = self.stop.gently.is_cancelled() || self.stop.now.is_cancelled();
        outcome.took = began.elapsed();
        outcome
    }

    fn created(&self, operations: &[Operation<'_>], index: usize, queue: &mut ReadyQueue) {
        // Of what is updated the id was known all along.
        let action = operations[index].step.action;
        if action == Action::Create || action.replaces() {
            self.reporter.event(Event::Created { address: address(operations, index) });
        }
        queue.reached(index, Milestone::Created);
    }

    fn settle(
        &self,
        operations: &[Operation<'_>],
        index: usize,
        ended: Result<(), Halt>,
        took: Duration,
        queue: &mut ReadyQueue,
        outcome: &mut Outcome,
    ) {
        let (address, phase) = (address(operations, index), operations[index].phase);
        match ended {
            Ok(()) => {
                self.reporter.event(Event::Finished { address: address.clone(), phase, took });
                outcome.done.push((address, phase));
                queue.reached(index, Milestone::Done);
            }
            Err(Halt::Failed(failure)) => {
                let event =
                    Event::Failed { address: address.clone(), phase, failure: failure.clone() };
                self.reporter.event(event);
                for skipped in queue.failed(index) {
                    let phase = operations[skipped].phase;
                    let skipped = self::address(operations, skipped);
                    let because = address.clone();
                    self.reporter.event(Event::Skipped {
                        address: skipped.clone(),
                        phase,
                        because: because.clone(),
                    });
                    if !outcome.skipped.iter().any(|(known, _)| *known == skipped) {
                        outcome.skipped.push((skipped, Some(because)));
                    }
                }
                if matches!(failure.kind, FailureKind::Credentials | FailureKind::Clock) {
                    // Every further call would fail the same way.
                    queue.drop_waiting(outcome, Some(&address));
                }
                outcome.failed.push((address, failure));
            }
            Err(Halt::Stopped | Halt::Storage) => outcome.skipped.push((address, None)),
        }
    }

    /// How long the next call of that kind has still to wait, which is taken as made then.
    fn slot(&self, kind: &KindInfo, creates: bool) -> Duration {
        let pace = if creates { kind.pace.create } else { kind.pace.delete };
        if pace.is_zero() {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let mut paces = self.paces.borrow_mut();
        let next = paces.entry((kind.kind, creates)).or_insert(now);
        let at = now.max(*next);
        *next = at + pace;
        at - now
    }

    /// Writes to the journal, then to the state.
    fn record(&self, entry: &Entry) -> Result<(), Halt> {
        match self.journal.borrow_mut().append(entry) {
            Ok(()) => {
                self.state.borrow_mut().apply(entry);
                self.unwritten.set(true);
                Ok(())
            }
            Err(error) => Err(self.halt(error)),
        }
    }

    /// Returns when all that was written to the journal so far is durable.
    async fn written(&self) -> Result<(), Halt> {
        let written = self.journal.borrow().written();
        written.await.map_err(|error| self.halt(error))
    }

    /// Refuses a call when another run may have taken over.
    fn may_change(&self) -> Result<(), Halt> {
        self.journal.borrow().may_change().map_err(|error| self.halt(error))
    }

    /// Lets nothing further be changed, as the state cannot be kept.
    fn halt(&self, error: StateError) -> Halt {
        self.storage.borrow_mut().get_or_insert(error);
        Halt::Storage
    }

    fn record_outputs(&self) {
        let outputs: BTreeMap<String, Value> = self
            .plan
            .outputs
            .iter()
            .map(|(name, value)| (name.clone(), self.resolve(value)))
            .collect();
        if self.state.borrow().outputs != outputs {
            let _ = self.record(&Entry::Outputs { outputs });
        }
    }

    fn resolve(&self, value: &Value) -> Value {
        let known = self.known.borrow();
        resolve(value, &|reference| known.get(&reference.address)?.get(&reference.output).cloned())
    }

    fn kind(&self, address: &Address) -> Result<&'a KindInfo, Halt> {
        self.provider.kinds().get(address.kind()).ok_or_else(|| {
            let message = format!("this version of payctl knows no kind `{}`", address.kind());
            Failure::new(FailureKind::Unexpected, message).into()
        })
    }

    fn service(&self, service: &'static str) -> Rc<Service> {
        let mut services = self.services.borrow_mut();
        let new = || {
            Rc::new(Service { slots: Semaphore::new(self.per_service), health: Health::default() })
        };
        services.entry(service).or_insert_with(new).clone()
    }

    fn lock(&self, name: String) -> Rc<Mutex<()>> {
        self.locks.borrow_mut().entry(name).or_default().clone()
    }
}

/// What a future that may be there answers; nothing while there is none.
async fn maybe<T>(future: &mut Option<LocalBoxFuture<'_, T>>) -> Option<T> {
    match future {
        Some(future) => Some(future.await),
        None => std::future::pending().await,
    }
}

fn address(operations: &[Operation<'_>], index: usize) -> Address {
    operations[index].step.address.clone()
}

/// Which operations wait, and for how many others.
struct ReadyQueue {
    open: Vec<usize>,
    followers: Vec<Vec<(usize, Milestone)>>,
    remaining: Vec<f64>,
    addresses: Vec<Address>,
    /// Can be started; kept sorted by remaining time, longest last.
    ready: Vec<usize>,
    waiting: BTreeSet<usize>,
    created: BTreeSet<usize>,
}

impl ReadyQueue {
    fn new(operations: &[Operation<'_>]) -> Self {
        let mut followers = vec![Vec::new(); operations.len()];
        for (index, operation) in operations.iter().enumerate() {
            for (&before, &milestone) in &operation.after {
                followers[before].push((index, milestone));
            }
        }
        let mut queue = Self {
            open: operations.iter().map(|operation| operation.after.len()).collect(),
            followers,
            remaining: operations.iter().map(|operation| operation.remaining).collect(),
            addresses: operations.iter().map(|o| o.step.address.clone()).collect(),
            ready: Vec::new(),
            waiting: (0..operations.len()).collect(),
            created: BTreeSet::new(),
        };
        for index in 0..operations.len() {
            if queue.open[index] == 0 {
                queue.push_ready(index);
            }
        }
        queue
    }

    fn push_ready(&mut self, index: usize) {
        let key = self.remaining[index];
        let at = self.ready.partition_point(|other| {
            let theirs = self.remaining[*other];
            theirs < key || (theirs == key && *other > index)
        });
        self.ready.insert(at, index);
    }

    fn start(&mut self) -> Option<usize> {
        let index = self.ready.pop()?;
        self.waiting.remove(&index);
        Some(index)
    }

    fn reached(&mut self, index: usize, milestone: Milestone) {
        let first_created = self.created.insert(index);
        for (follower, awaited) in self.followers[index].clone() {
            let now = match (awaited, milestone) {
                (Milestone::Created, _) => first_created,
                (Milestone::Done, Milestone::Done) => true,
                (Milestone::Done, Milestone::Created) => false,
            };
            if now {
                self.open[follower] -= 1;
                if self.open[follower] == 0 && self.waiting.contains(&follower) {
                    self.push_ready(follower);
                }
            }
        }
    }

    /// Takes out everything that waits for a failed operation, directly or not.
    fn failed(&mut self, index: usize) -> Vec<usize> {
        let mut out = Vec::new();
        let mut next = vec![index];
        while let Some(index) = next.pop() {
            for (follower, _) in self.followers[index].clone() {
                if self.waiting.remove(&follower) {
                    self.ready.retain(|other| *other != follower);
                    out.push(follower);
                    next.push(follower);
                }
            }
        }
        out.sort_unstable();
        out
    }

    fn drop_waiting(&mut self, outcome: &mut Outcome, because: Option<&Address>) {
        for index in std::mem::take(&mut self.waiting) {
            let address = self.addresses[index].clone();
            if !outcome.skipped.iter().any(|(known, _)| *known == address) {
                outcome.skipped.push((address, because.cloned()));
            }
        }
        self.ready.clear();
    }
}

/// The name of the action for the plan's reader.
impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forget => "forget",
            Self::Apply => "apply",
            Self::Delete => "delete",
        })
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep => "keep",
            Self::Create => "create",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::DeleteThenCreate | Self::CreateThenDelete => "replace",
            Self::Delete => "delete",
            Self::Forget => "forget",
        })
    }
}
