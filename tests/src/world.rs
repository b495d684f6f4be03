//! A world: a stack run through the engine on the in-memory cloud, with a state of its own and a
//! process that can be killed.

use std::collections::BTreeMap;

use payctl_aws::ec2::{ImageId, PrefixListId};
use payctl_aws::questions::{IMAGE, PREFIX_LISTS, RECORDER};
use payctl_aws::{CodeSha256, Recorder, Tags, Zone};
use payctl_engine::state::Session;
use payctl_engine::testing::{Faults, Memory};
use payctl_engine::{
    Declared, Goal, Holder, Limits, LintError, Outcome, Owner, Permissions, Plan, Provider as _,
    Request, Silent, Stack, State, Stop, Store, execute, observe, plan, schedule,
};
use payctl_stack::config::Config;
use payctl_stack::{Context, Discovered};

pub struct World {
    pub memory: Memory,
    pub owner: Owner,
    pub permissions: Permissions,
    pub limits: Limits,
    session: Session,
    folder: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub enum End {
    Ran(Plan, Outcome),
    Killed,
    Refused(Plan),
    /// The plan is invalid: a fault of the engine's.
    Unsound(LintError),
}

impl World {
    pub fn new(memory: Memory, stack: &Stack) -> Self {
        // Syncing to memory is as good a test and does not wear a disk out.
        let shm = std::path::Path::new("/dev/shm");
        let folder = match shm.is_dir() {
            true => tempfile::tempdir_in(shm).unwrap(),
            false => tempfile::tempdir().unwrap(),
        };
        let holder = Holder {
            pid: 1,
            host: "test".to_owned(),
            command: "test".to_owned(),
            since: String::new(),
        };
        let session = Store::at(folder.path()).lock(&holder).unwrap();
        Self {
            memory,
            owner: Owner {
                stack: stack.name.clone(),
                suffix: stack.suffix.clone(),
                lineage: "lineage-of-the-test".to_owned(),
            },
            permissions: Permissions::default(),
            limits: Limits::default(),
            session,
            folder,
        }
    }

    pub fn state(&self) -> State {
        let Owner { stack, suffix, lineage } = &self.owner;
        let loaded = Store::at(self.folder.path()).load().unwrap();
        let empty = || State::empty(stack, suffix, "123456789012", "us-east-1", lineage);
        loaded.state.unwrap_or_else(empty)
    }

    /// Forgets everything, as if the state were lost.
    pub fn lose_state(&self) {
        for name in ["state.json", "journal.jsonl"] {
            let _ = std::fs::remove_file(self.folder.path().join(name));
        }
    }

    pub async fn plan(&self, stack: &Stack, goal: Goal) -> Plan {
        let state = self.state();
        let observed = observe(&self.memory, &self.owner, stack, &state, goal).await.unwrap();
        let request = Request {
            goal,
            stack,
            state: &state,
            observed: &observed,
            owner: &self.owner,
            kinds: self.memory.kinds(),
            permissions: &self.permissions,
        };
        let made = plan(request).unwrap();
        assert_eq!(made, plan(request).unwrap(), "the same input gives the same plan");
        made
    }

    /// Plans, and carries the plan out until it ends or the process is killed.
    pub async fn run(&self, stack: &Stack, goal: Goal) -> End {
        let plan = self.plan(stack, goal).await;
        if !plan.refusals.is_empty() {
            return End::Refused(plan);
        }
        let loaded = Store::at(self.folder.path()).load().unwrap();
        let mut state = self.state();
        let mut journal = self.session.journal(&loaded, &state).unwrap();
        let stop = Stop::default();
        let execution =
            execute(&plan, &self.memory, &mut state, &mut journal, &Silent, self.limits, &stop);
        let ended = tokio::select! {
            biased;
            () = self.memory.death() => None,
            outcome = execution => Some(outcome),
        };
        match ended {
            None => End::Killed,
            Some(Err(error)) => End::Unsound(error),
            Some(Ok(outcome)) => {
                self.session.save(&mut state).unwrap();
                End::Ran(plan, outcome)
            }
        }
    }

    /// Runs and expects the plan to be carried out whole.
    pub async fn must(&self, stack: &Stack, goal: Goal) -> Outcome {
        match self.run(stack, goal).await {
            End::Ran(_, outcome) => {
                assert!(outcome.is_complete(), "{:#?} {:?}", outcome.failed, outcome.skipped);
                outcome
            }
            End::Refused(plan) => panic!("refused: {:#?}", plan.refusals),
            End::Unsound(error) => panic!("{error}"),
            End::Killed => panic!("killed"),
        }
    }

    /// Seconds that the plan's longest chain takes, and the chain.
    pub async fn critical(&self, stack: &Stack, goal: Goal) -> (f64, String) {
        let plan = self.plan(stack, goal).await;
        let schedule = schedule(&plan, self.memory.kinds()).unwrap();
        let address = |index: &usize| schedule.operations[*index].step.address.to_string();
        let chain: Vec<String> = schedule.chain.iter().map(address).collect();
        (schedule.critical, chain.join(" → "))
    }

    /// Kills the process at the `nth` changing call from now, before or after it is applied.
    pub fn kill_at(&self, nth: u64, applied: bool) {
        let at = self.memory.changing_calls() + nth;
        self.memory.set_faults(Faults { dies_at: Some((at, applied)), ..Faults::default() });
    }

    pub fn no_faults(&self) {
        self.memory.set_faults(Faults::default());
    }
}

/// `pci-core` as a user with that configuration declares it.
pub fn pci_core(config: &Config) -> Stack {
    system("pci-core", config)
}

/// A system as a user with that configuration declares it.
pub fn system(name: &str, config: &Config) -> Stack {
    let system = payctl_stack::ALL.named(name).unwrap();
    let zones: Vec<Zone> = ["us-east-1a", "us-east-1b", "us-east-1c"].map(Zone::from).into();
    let code = |handler: &&str| ((*handler).to_owned(), CodeSha256::from("digest-of-the-code"));
    let list = |service: &str| (service.to_owned(), PrefixListId::from(format!("pl-{service}")));
    let lists = BTreeMap::from(["s3", "dynamodb"].map(list));
    let found = Discovered::new(zones)
        .with(PREFIX_LISTS, &lists)
        .with(IMAGE, &ImageId::from("ami-latest"))
        .with(RECORDER, &Recorder::Recording("default".to_owned()));
    let context = Context {
        suffix: &"dev".parse().unwrap(),
        account: "123456789012",
        region: "us-east-1",
        partition: "aws",
        found: &found,
        handlers: &system.handlers.iter().map(code).collect(),
        tags: &Tags::new(),
        permissions_boundary: None,
    };
    system.declare(&context, config)
}

/// A stack of things that are not AWS's: each given as (kind, name, size, parents by index).
pub fn synthetic(things: &[(&str, String, u64, Vec<usize>)]) -> Stack {
    let mut stack = Stack::new("synthetic", "test");
    let address = |index: usize| {
        let (kind, name, ..) = &things[index];
        payctl_engine::Address::new(kind, name)
    };
    for (index, (_, name, size, parents)) in things.iter().enumerate() {
        let parents: Vec<_> = parents
            .iter()
            .map(|parent| serde_json::json!({ "$ref": format!("{}.id", address(*parent)) }))
            .collect();
        let properties = serde_json::json!({
            "name": name, "size": size, "parents": parents, "tags": {},
        });
        stack.declare(Declared { address: address(index), properties, after: [].into() });
    }
    stack
}
