//! An environment: a stack run through the engine against an emulator, with a state of its own.

use std::sync::Arc;

use payctl_aws::{Artifacts, Aws, Calls, Connection, Facts, kinds};
use payctl_engine::state::Session;
use payctl_engine::{
    Goal, Holder, Limits, Observed, Outcome, Owner, Permissions, Plan, Provider as _, Request,
    Silent, Stack, State, Stop, Store, execute, observe, plan,
};

use crate::emulator::Server;
use crate::members::{Members, Watched};

pub struct Environment {
    pub provider: Watched,
    pub facts: Arc<Facts>,
    pub owner: Owner,
    pub calls: Calls,
    session: Session,
    folder: tempfile::TempDir,
}

impl Environment {
    pub async fn new(server: &Server, stack: &str, suffix: &str, artifacts: Artifacts) -> Self {
        let connection = Connection::open(&server.reach()).await.unwrap();
        let facts = Arc::new(connection.facts().await.unwrap());
        let artifacts = Arc::new(artifacts);
        let members = Members::default();
        let retrying = members.of_calls(connection.retrying(&facts, &artifacts));
        let no_retry = members.of_calls(connection.no_retry(&facts, &artifacts));
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder {
            pid: std::process::id(),
            host: "test".to_owned(),
            command: "test".to_owned(),
            since: String::new(),
        };
        let session = Store::at(folder.path()).lock(&holder).unwrap();
        Self {
            provider: Watched::new(kinds().bind(retrying, no_retry), members),
            facts,
            owner: Owner {
                stack: stack.to_owned(),
                suffix: suffix.to_owned(),
                lineage: "00000000-test".to_owned(),
            },
            calls: connection.calls().clone(),
            session,
            folder,
        }
    }

    pub fn aws(&self) -> &Aws {
        self.provider.cloud()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Forgets everything, as if the state were lost.
    pub fn lose_state(&self) {
        for name in ["state.json", "journal.jsonl"] {
            let _ = std::fs::remove_file(self.folder.path().join(name));
        }
    }

    pub fn state(&self) -> State {
        let Owner { stack, suffix, lineage } = &self.owner;
        let Facts { account, region, .. } = &*self.facts;
        let loaded = Store::at(self.folder.path()).load().unwrap();
        loaded.state.unwrap_or_else(|| State::empty(stack, suffix, account, region, lineage))
    }

    pub async fn observe(&self, stack: &Stack) -> Observed {
        self.observe_for(stack, Goal::Up).await
    }

    async fn observe_for(&self, stack: &Stack, goal: Goal) -> Observed {
        observe(&self.provider, &self.owner, stack, &self.state(), goal).await.unwrap()
    }

    pub async fn plan(&self, stack: &Stack, goal: Goal) -> Plan {
        let observed = self.observe_for(stack, goal).await;
        plan(Request {
            goal,
            stack,
            state: &self.state(),
            observed: &observed,
            owner: &self.owner,
            kinds: self.provider.kinds(),
            permissions: &Permissions { lift_protection: true, ..Permissions::default() },
        })
        .unwrap()
    }

    /// Plans and carries the plan out.
    pub async fn run(&self, stack: &Stack, goal: Goal) -> (Plan, Outcome) {
        let plan = self.plan(stack, goal).await;
        let outcome = self.execute(&plan).await;
        (plan, outcome)
    }

    pub async fn execute(&self, plan: &Plan) -> Outcome {
        let loaded = Store::at(self.folder.path()).load().unwrap();
        let mut state = self.state();
        let mut journal = self.session.journal(&loaded, &state).unwrap();
        let (limits, stop) = (Limits::default(), Stop::default());
        let outcome =
            execute(plan, &self.provider, &mut state, &mut journal, &Silent, limits, &stop)
                .await
                .unwrap();
        self.session.save(&mut state).unwrap();
        outcome
    }
}
