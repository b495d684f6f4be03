//! A world: a stack run through the engine as the commands run it, on a cloud and a disk in
//! memory, by processes that can be killed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payctl_engine::state::{Loaded, Recovery, Session};
use payctl_engine::testing::{Faults, Memory, MemoryDisk, MemoryObjects, synthetic};
use payctl_engine::{
    Address, Declared, Event, Goal, Holder, Limits, LintError, ObserveError, Observed, Outcome,
    Owner, Permissions, Plan, Provider as _, Refusal, Reporter, Request, Stack, State, StateError,
    Status, Stop, Store, execute, observe_orphans, observe_with, plan,
};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) memory: Rc<Memory>,
    pub(crate) disk: MemoryDisk,
    /// Where the state is in a bucket.
    pub(crate) objects: Option<MemoryObjects>,
    pub(crate) store: Store,
    pub(crate) owner: Owner,
    pub(crate) limits: Limits,
    /// After how many events the next run is asked to stop, gently and at once.
    pub(crate) stops: Cell<(Option<usize>, Option<usize>)>,
}

/// How a run ended.
#[derive(Debug)]
#[allow(dead_code, reason = "told when a test fails")]
pub(crate) enum End {
    Ran(Outcome),
    Killed,
    Refused(Vec<Refusal>),
    /// The plan is invalid: a fault of the engine's.
    Unsound(LintError),
    /// Something could not be read.
    Blind(ObserveError),
    /// The disk failed.
    Storage(StateError),
}

impl World {
    pub(crate) fn new(memory: Memory) -> Self {
        let disk = MemoryDisk::new();
        Self {
            memory: Rc::new(memory),
            store: Store::in_memory(&disk),
            disk,
            objects: None,
            owner: Owner {
                stack: "synthetic".to_owned(),
                suffix: "test".to_owned(),
                lineage: "lineage-of-the-test".to_owned(),
            },
            limits: Limits::default(),
            stops: Cell::default(),
        }
    }

    pub(crate) fn synthetic() -> Self {
        Self::new(Memory::new(synthetic()))
    }

    /// One whose state is in a bucket.
    pub(crate) fn shared() -> Self {
        let world = Self::synthetic();
        world.of_another_machine(&MemoryObjects::new())
    }

    /// The same world, as another machine sees it.
    pub(crate) fn of_another_machine(&self, objects: &MemoryObjects) -> Self {
        Self {
            memory: self.memory.clone(),
            disk: self.disk.clone(),
            store: Store::in_memory_bucket(objects, objects.clock()),
            objects: Some(objects.clone()),
            owner: self.owner.clone(),
            limits: self.limits,
            stops: Cell::default(),
        }
    }

    /// Lets every changing call check that a record of it is in the bucket. Answers what counts those
    /// that are begun.
    pub(crate) fn watch_bucket(&self, objects: &MemoryObjects) -> Arc<AtomicU64> {
        let (objects, begun) = (objects.clone(), Arc::new(AtomicU64::new(0)));
        let count = begun.clone();
        self.memory.watch(move |address| {
            count.fetch_add(1, Ordering::Relaxed);
            let copy = objects.copy();
            let store = Store::in_memory_bucket(&copy, copy.clock());
            let state = store.load().unwrap().state.unwrap();
            let made = state.resources.get(address);
            let recorded = state.pending.contains_key(address)
                || made.is_some_and(|record| record.status == Status::Created);
            // The record of a call for what was replaced is that it was.
            let deposed = made.is_some_and(|record| !record.deposed.is_empty());
            assert!(recorded || deposed, "no record of a call for {address} is in the bucket");
        });
        begun
    }

    /// Lets every changing call check that no write to the disk failed before it.
    pub(crate) fn watch_disk(&self) {
        let disk = self.disk.clone();
        self.memory.watch(move |address| {
            assert!(!disk.troubled(), "a call for {address} after the disk failed");
        });
    }

    /// Lets every changing call check that a record of it is on the disk, and that no write to
    /// the disk failed before it.
    pub(crate) fn watch_records(&self) {
        let disk = self.disk.clone();
        self.memory.watch(move |address| {
            assert!(!disk.troubled(), "a call for {address} after the disk failed");
            let state = Store::in_memory(&disk.synced()).load().unwrap().state.unwrap();
            let made = state.resources.get(address);
            let recorded = state.pending.contains_key(address)
                || made.is_some_and(|record| record.status == Status::Created);
            assert!(recorded, "no record of a call for {address} is on the disk");
        });
    }

    /// Kills the process at the `nth` changing call from now, before or after it is applied.
    pub(crate) fn kill_at(&self, nth: u64, applied: bool) {
        let dies_at = Some((self.memory.changing_calls() + nth, applied));
        self.memory.set_faults(Faults { dies_at, ..Faults::default() });
    }

    fn holder() -> Holder {
        let [host, command, since] = ["test", "test", ""].map(str::to_owned);
        Holder { pid: 1, host, command, since }
    }

    fn or_empty(&self, loaded: &Loaded) -> State {
        let Owner { stack, suffix, lineage } = &self.owner;
        let empty = || State::empty(stack, suffix, "123456789012", "us-east-1", lineage);
        loaded.state.clone().unwrap_or_else(empty)
    }

    pub(crate) fn state(&self) -> State {
        self.or_empty(&self.store.load().unwrap())
    }

    /// Forgets everything, as if the state were lost.
    pub(crate) fn lose_state(&self) {
        self.disk.names().iter().for_each(|name| self.disk.set(name, None));
    }

    /// Recovers from damage, as a process of its own.
    pub(crate) fn recover(&self) -> Result<Recovery, StateError> {
        self.lock()?.recover()
    }

    fn made(&self, stack: &Stack, goal: Goal, state: &State, observed: &Observed) -> Plan {
        let request = Request {
            goal,
            stack,
            state,
            observed,
            owner: &self.owner,
            kinds: self.memory.kinds(),
            permissions: &Permissions::default(),
        };
        let made = plan(request).unwrap();
        assert_eq!(made, plan(request).unwrap(), "the same input gives the same plan");
        made
    }

    /// What a run without faults would do.
    pub(crate) async fn plan(&self, stack: &Stack, goal: Goal) -> Plan {
        let state = self.state();
        let observed = self.observe(stack, &state, goal).await.unwrap();
        self.made(stack, goal, &state, &observed)
    }

    async fn observe(
        &self,
        stack: &Stack,
        state: &State,
        goal: Goal,
    ) -> Result<Observed, ObserveError> {
        let (memory, owner) = (&*self.memory, &self.owner);
        let told = RefCell::new(Vec::new());
        let tell = |done, all| told.borrow_mut().push((done, all));
        let mut observed = observe_with(memory, owner, stack, state, goal, &tell).await?;
        // It is told of each resource once, and of all in the end.
        let told = told.into_inner();
        let all = told.len() - 1;
        assert!(told.iter().enumerate().all(|(nth, told)| *told == (nth, all)), "{told:?}");
        let lost = state.resources.is_empty() && state.pending.is_empty();
        if goal == Goal::Destroy || lost {
            let listed = memory.listed(owner);
            observe_orphans(memory, owner, stack, state, listed, &mut observed).await?;
        }
        Ok(observed)
    }

    /// Locks, plans and carries the plan out until it ends or the process is killed.
    pub(crate) async fn run(&self, stack: &Stack, goal: Goal) -> End {
        tokio::select! {
            biased;
            () = self.memory.death() => End::Killed,
            () = self.disk.death() => End::Killed,
            () = self.bucket_death() => End::Killed,
            ended = self.command(stack, goal) => match ended {
                _ if self.is_dead() => End::Killed,
                ended => ended.unwrap_or_else(End::Storage),
            },
        }
    }

    async fn bucket_death(&self) {
        match &self.objects {
            Some(objects) => objects.death().await,
            None => std::future::pending().await,
        }
    }

    fn is_dead(&self) -> bool {
        self.disk.is_dead() || self.objects.as_ref().is_some_and(MemoryObjects::is_dead)
    }

    /// Takes the lock, waiting for the lease of one that died.
    fn lock(&self) -> Result<Session, StateError> {
        let locked = self.store.lock(&Self::holder());
        match (locked, &self.objects) {
            (Err(StateError::Locked { undecided: Some(left), .. }), Some(objects)) => {
                assert!(left <= Duration::from_secs(60));
                objects.pass(left);
                self.store.lock(&Self::holder())
            }
            (locked, _) => locked,
        }
    }

    async fn command(&self, stack: &Stack, goal: Goal) -> Result<End, StateError> {
        let session = self.lock()?;
        let loaded = self.store.load()?;
        let mut state = self.or_empty(&loaded);
        let observed = match self.observe(stack, &state, goal).await {
            Ok(observed) => observed,
            Err(error) => return Ok(End::Blind(error)),
        };
        let plan = self.made(stack, goal, &state, &observed);
        if !plan.refusals.is_empty() {
            return Ok(End::Refused(plan.refusals));
        }
        if plan.is_empty() {
            if loaded.replayed > 0 {
                session.save(&mut state)?;
            }
            return Ok(End::Ran(Outcome::default()));
        }
        if loaded.state.is_none() {
            plan.keep_found(&mut state);
        }
        let mut journal = session.journal(&loaded, &state)?;
        let stop = Stop::default();
        let (gently, now) = self.stops.take();
        let bell = Bell { events: Mutex::default(), gently, now, stop: stop.clone() };
        let outcome =
            execute(&plan, &*self.memory, &mut state, &mut journal, &bell, self.limits, &stop)
                .await;
        let mut outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return Ok(End::Unsound(error)),
        };
        match outcome.storage.take() {
            Some(error) => Err(error),
            None => {
                session.save(&mut state)?;
                Ok(End::Ran(outcome))
            }
        }
    }

    /// Runs without faults and expects the plan to be carried out whole.
    pub(crate) async fn must(&self, stack: &Stack, goal: Goal) {
        self.no_faults();
        match self.run(stack, goal).await {
            End::Ran(outcome) => {
                assert!(outcome.is_complete(), "{:#?} {:?}", outcome.failed, outcome.skipped);
            }
            ended => panic!("{ended:#?}"),
        }
    }

    /// A further plan has nothing to do.
    pub(crate) async fn unchanged(&self, stack: &Stack, goal: Goal) {
        let plan = self.plan(stack, goal).await;
        let steps: Vec<_> = plan
            .steps
            .iter()
            .filter(|step| step.action != payctl_engine::Action::Keep || !step.deposed.is_empty())
            .collect();
        assert!(plan.is_empty() && plan.refusals.is_empty(), "{steps:#?} {:#?}", plan.refusals);
    }

    /// Runs without faults: afterwards there is what is declared, once, and nothing to do.
    pub(crate) async fn converges(&self, stack: &Stack, goal: Goal) {
        self.must(stack, goal).await;
        let wanted = if goal == Goal::Up { declared(stack) } else { Vec::new() };
        assert_eq!(self.names(), wanted);
        self.unchanged(stack, goal).await;
    }

    pub(crate) fn no_faults(&self) {
        self.memory.set_faults(Faults::default());
        self.disk.no_trouble();
        self.objects.iter().for_each(MemoryObjects::no_mishap);
        self.stops.take();
    }

    /// The addresses of what exists, but for what was put there by hand.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.memory.things().into_iter().map(|(name, _)| name);
        names.filter(|name| !name.contains(":by-hand-")).collect()
    }
}

/// Asks a run to stop when it has told so many events.
struct Bell {
    events: Mutex<usize>,
    gently: Option<usize>,
    now: Option<usize>,
    stop: Stop,
}

impl Reporter for Bell {
    fn event(&self, _: Event) {
        let mut events = self.events.lock().unwrap();
        *events += 1;
        if self.gently.is_some_and(|at| *events >= at) {
            self.stop.gently.cancel();
        }
        if self.now.is_some_and(|at| *events >= at) {
            self.stop.now.cancel();
        }
    }
}

pub(crate) fn declared(stack: &Stack) -> Vec<String> {
    let mut names: Vec<String> =
        stack.resources().iter().map(|declared| declared.address.to_string()).collect();
    names.sort();
    names
}

/// A synthetic thing, as the scenarios' `declare` declares it.
pub(crate) fn thing(at: &str, size: u64, parents: &[&str]) -> Declared {
    let address = Address::parse(at).unwrap();
    let parents: Vec<Value> =
        parents.iter().map(|parent| json!({ "$ref": format!("{parent}.id") })).collect();
    let properties =
        json!({ "name": address.name(), "size": size, "parents": parents, "tags": {} });
    Declared { address, properties, after: [].into() }
}

pub(crate) fn stack(things: &[Declared]) -> Stack {
    let mut stack = Stack::new("synthetic", "test");
    things.iter().for_each(|declared| stack.declare(declared.clone()));
    stack
}
