//! An environment: one system and suffix in one account and region, ready to be planned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use payctl_aws::{Artifacts, Aws, Calls, CodeSha256, Facts, Leftover, kinds};
use payctl_engine::plan::PlanError;
use payctl_engine::state::Loaded;
use payctl_engine::{
    Address, Bound, Goal, ObserveError, Observed, Owner, Permissions, Plan, Provider, Request,
    Seen, Stack, State, Status, is_orphaned, observe_orphans, observe_with, plan,
};
use payctl_stack::{Context, Discovered};

use crate::aside::aside;
use crate::commands::permissions::PermissionArgs;
use crate::connection::{connect, facts};
use crate::durations::{Durations, Place};
use crate::error::CliError;
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::{Local, running};
use crate::preflight::{self, Asked, Rights};
use crate::witness::{Replies, Witness};
use crate::{environments, handlers, lookups, report};

/// An environment with its account.
pub(crate) struct Environment {
    pub(crate) local: Local,
    pub(crate) facts: Arc<Facts>,
    pub(crate) calls: Calls,
    pub(crate) provider: Bound<Aws>,
    pub(crate) stack: Stack,
    pub(crate) loaded: Loaded,
    pub(crate) state: State,
    pub(crate) sandbox: bool,
    /// How long things took where it is.
    pub(crate) durations: Durations,
    /// What AWS lists under its tags and nobody declares or recorded, where that was asked.
    pub(crate) orphans: Vec<Leftover>,
    /// The run of another process that went on while this one only looked.
    pub(crate) overlapping: Option<String>,
    /// What account and caller have to do with what was last planned.
    pub(crate) asked: Asked,
    /// What the lookups found of ours that AWS's list of tags leaves out.
    unlisted: Vec<Address>,
}

/// How many resources other stacks have under the same suffix.
type Others = BTreeMap<String, usize>;

impl Environment {
    /// Finds the account and declares the stack in it. Everything that can be wrong with the
    /// input is found here, before anything is changed.
    pub(crate) async fn open(
        global: &Global,
        mut local: Local,
        handlers: Handlers,
    ) -> Result<Self, CliError> {
        match handlers {
            Handlers::Needed => local.check_document()?,
            Handlers::Ignored => local.say_mistakes(),
        }
        // One that is far away is read while AWS is asked who is asking.
        let (near, far) = match local.store.is_shared() {
            false => (Some(local.load()?), None),
            true => {
                let store = local.store.clone();
                (None, Some(aside(move || Ok(store.load()?))))
            }
        };
        // The sandbox runs the functions on this machine.
        if global.sandbox
            && let Some(architecture) = handlers::of_this_machine()
        {
            local.config.default_architecture(architecture);
        }
        let (artifacts, digests) = match handlers {
            Handlers::Needed => {
                let architecture = local.system.architecture(&local.config);
                handlers::load(local.system, &global.handlers, architecture)?
            }
            Handlers::Ignored => (Artifacts::default(), BTreeMap::new()),
        };
        let connection = connect(global, &local.config).await?;
        if handlers == Handlers::Needed {
            let region = connection.region();
            local.system.check_place(&local.config, region).map_err(|bad| {
                CliError::failed(format!("the configuration does not fit the region {region}"))
                    .because(&bad)
                    .hint("change it, or name the region it is made for with --region")
            })?;
        }
        // Not while something is drawn: a code may be asked for.
        let facts = facts(global, &connection).await;
        let loaded = match (near, far) {
            (Some(loaded), _) => loaded,
            (None, Some(far)) => local.checked(far.await?)?,
            (None, None) => local.load()?,
        };
        let facts = facts?;
        let title = reading_title(&local, connection.region());
        let seen = report::Seen::default();
        if let Some(state) = &loaded.state {
            check_place(&local, state, &facts, global.sandbox)?;
        }
        let facts = Arc::new(facts);
        let artifacts = Arc::new(artifacts);
        let retrying = connection.retrying(&facts, &artifacts);
        let no_retry = connection.no_retry(&facts, &artifacts);
        let mut state = loaded.state.clone().unwrap_or_else(|| {
            let Facts { account, region, .. } = &*facts;
            let lineage: String = (0..16).map(|_| fastrand::char('a'..='z')).collect();
            State::empty(local.system.name, local.suffix.as_str(), account, region, &lineage)
        });
        let lookups = lookups::look_up(&local, &connection, &retrying, &mut state, handlers);
        let (found, unlisted) = report::reading(&title, &seen, lookups).await?;
        let stack = declare(&local, &facts, &found, &digests);
        let provider = kinds().bind(retrying, no_retry);
        if handlers == Handlers::Needed {
            let cannot = || CliError::failed("the stack cannot be made as it is declared");
            stack.check().map_err(|source| cannot().because(&source))?;
            if let Some(too_large) = payctl_aws::too_large(&stack).first() {
                return Err(cannot().because(too_large));
            }
            let fits = stack.check_values(provider.kinds());
            fits.map_err(|source| cannot().because(&source))?;
        }
        Ok(Self {
            provider: provider.ignoring(&local.config.ignore_attachments),
            calls: connection.calls().clone(),
            sandbox: global.sandbox,
            durations: Durations::read(&local.folder, Place::of(global)),
            local,
            facts,
            stack,
            loaded,
            state,
            orphans: Vec::new(),
            overlapping: None,
            asked: Asked::default(),
            unlisted,
        })
    }

    /// The same with the state as it is now that the lock is held.
    pub(crate) fn reload(mut self) -> Result<Self, CliError> {
        let known = self.loaded.state.as_ref().map(|state| state.choices.keys().cloned());
        let known: BTreeSet<String> = known.into_iter().flatten().collect();
        self.loaded = self.local.load()?;
        if let Some(state) = &self.loaded.state {
            check_place(&self.local, state, &self.facts, self.sandbox)?;
            let choices = std::mem::take(&mut self.state.choices);
            self.state = state.clone();
            // Chosen a moment ago, where the state knows no choice yet; what it knew and knows no
            // longer is over.
            for (name, value) in choices {
                if !known.contains(&name) {
                    self.state.choices.entry(name).or_insert(value);
                }
            }
        }
        Ok(self)
    }

    /// Plans without the lock. Where another run ends meanwhile, what was read is of two moments:
    /// it is read again. Where one goes on, the plan is a snapshot, and says so.
    pub(crate) async fn plan_unlocked(
        mut self,
        goal: Goal,
        permissions: &PermissionArgs,
    ) -> Result<(Self, Plan), CliError> {
        loop {
            let mut plan = self.plan(goal, permissions).await?;
            self.overlapping = running(&self.local.store);
            if self.overlapping.is_some() {
                // What looks interrupted is what that run is at.
                let State { resources, pending, .. } = &self.state;
                let begun = |address: &Address| {
                    let record = resources.get(address);
                    pending.contains_key(address)
                        || record.is_some_and(|record| record.status == Status::Created)
                };
                for step in plan.steps.iter_mut().filter(|step| begun(&step.address)) {
                    step.reason = Some("the other run is working on it".to_owned());
                }
                return Ok((self, plan));
            }
            if self.loaded.is_same(&self.local.load()?) {
                return Ok((self, plan));
            }
            self = self.reload()?;
        }
    }

    /// Whose resources they are.
    pub(crate) fn owner(&self) -> Owner {
        let State { stack, suffix, lineage, .. } = &self.state;
        Owner { stack: stack.clone(), suffix: suffix.clone(), lineage: lineage.clone() }
    }

    /// Refuses a suffix that another system has.
    fn refuse_neighbour(&self, other: Option<(&str, String)>) -> Result<(), CliError> {
        let taken = |(other, place): (&str, String)| {
            environments::suffix_is_taken(&self.local.suffix, other, &place, self.sandbox)
        };
        other.map_or(Ok(()), |other| Err(taken(other)))
    }

    /// Looks at what exists and plans.
    pub(crate) async fn plan(
        &mut self,
        goal: Goal,
        permissions: &PermissionArgs,
    ) -> Result<Plan, CliError> {
        let Facts { account, region, .. } = &*self.facts;
        let neighbour = self.begins(goal).then(|| self.local.neighbour(account, region));
        let seen = report::Seen::default();
        let looks = async {
            let asked = async { Ok(self.preflight(goal).await) };
            let alone = async {
                match neighbour {
                    Some(neighbour) => self.refuse_neighbour(neighbour.await?),
                    None => Ok(()),
                }
            };
            tokio::try_join!(self.observe(goal, &seen), self.list_orphans(goal), asked, alone)
        };
        let title = reading_title(&self.local, &self.facts.region);
        let (mut observed, (orphans, others), asked, ()) =
            report::reading(&title, &seen, looks).await?;
        if let Some((stack, count)) = others.first_key_value() {
            let place = format!("{} in {account}, {region}", report::plural(*count, "resource"));
            self.refuse_neighbour(Some((stack.as_str(), place)))?;
        }
        // A lost state is adopted under the lineage that the resources themselves carry.
        if self.loaded.state.is_none()
            && let Some(lineage) = observed.lineage(&self.owner(), self.provider.kinds())
        {
            self.state.lineage = lineage;
        }
        self.take_up(goal, orphans, &mut observed).await?;
        for address in &permissions.allow_data_loss {
            self.check_known(address, &observed)?;
        }
        let permissions = Permissions {
            lose_data_of: permissions.allow_data_loss.iter().cloned().collect(),
            lift_protection: permissions.lift_protection,
        };
        let owner = self.owner();
        let request = Request {
            goal,
            stack: &self.stack,
            state: &self.state,
            observed: &observed,
            owner: &owner,
            kinds: self.provider.kinds(),
            permissions: &permissions,
        };
        let mut plan = plan(request).map_err(|error| match &error {
            PlanError::UnknownKind(_) => CliError::failed(error.to_string())
                .hint("the state was written by another version of payctl: use that one"),
            PlanError::Stack(_) => CliError::failed("invalid stack definition").because(&error),
        })?;
        payctl_engine::schedule(&plan, self.provider.kinds()).map_err(|error| {
            CliError::failed("internal error: invalid plan (please report)")
                .because(&error)
                .hint("this is a fault of payctl: please report it with the output of plan --json")
        })?;
        preflight::refuse(&mut plan, &asked.rooms, self.local.system.name);
        self.asked = asked;
        Ok(plan)
    }

    /// Refuses an address that nothing has, as somebody relies on what it is given for.
    fn check_known(&self, address: &Address, observed: &Observed) -> Result<(), CliError> {
        let declared = self.stack.resources().iter().map(|declared| &declared.address);
        let State { resources, pending, .. } = &self.state;
        let known = declared.chain(resources.keys()).chain(pending.keys());
        let known: BTreeSet<&Address> = known.chain(observed.resources.keys()).collect();
        if known.contains(address) {
            return Ok(());
        }
        let error = CliError::failed(format!(
            "{address} is neither declared nor recorded in {} {}",
            self.local.system.name, self.local.suffix
        ));
        Err(match report::nearest(address.as_str(), known.into_iter().map(Address::as_str)) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("the plan names what it refuses: take the address from there"),
        })
    }

    /// Whether nobody has to be asked for more than stack and state know: where a state is there,
    /// only a deletion does.
    fn knows_all(&self, goal: Goal) -> bool {
        goal == Goal::Up && self.loaded.state.is_some()
    }

    /// Whether this makes an environment, where nothing of it was before.
    fn begins(&self, goal: Goal) -> bool {
        goal == Goal::Up && self.loaded.state.as_ref().is_none_or(State::is_empty)
    }

    /// Asks AWS what carries our tags and is not in stack or state: what another
    /// configuration or version made and a state that was lost recorded.
    async fn list_orphans(&self, goal: Goal) -> Result<(Vec<Leftover>, Others), CliError> {
        if self.knows_all(goal) && !self.begins(goal) {
            return Ok(Default::default());
        }
        let State { resources, .. } = &self.state;
        let unknown = |left: &Leftover| match &left.address {
            Some(address) => is_orphaned(&self.stack, &self.state, address),
            None => resources.values().all(|record| !left.is(&record.outputs)),
        };
        let (owner, cloud) = (self.owner(), self.provider.cloud());
        let listed = match self.begins(goal) {
            true => payctl_aws::leftovers_and_others(cloud, &owner, unknown).await,
            false => {
                let left = payctl_aws::leftovers(cloud, &owner, unknown).await;
                left.map(|left| (left, Others::new()))
            }
        };
        listed.or_else(|error| {
            report::warn(&format!("AWS could not be asked for further resources:\n  {error}"));
            Ok(Default::default())
        })
    }

    /// Adds what of that can be found by its tags, and names the rest.
    async fn take_up(
        &mut self,
        goal: Goal,
        mut orphans: Vec<Leftover>,
        observed: &mut Observed,
    ) -> Result<(), CliError> {
        if self.knows_all(goal) {
            return Ok(());
        }
        // What is found by its name, and may hold data, an `up` names and leaves alone.
        let by_name = |address: &Address| {
            let kind = self.provider.kinds().get(address.kind());
            kind.is_some_and(|kind| kind.unique_by.contains(&"name"))
        };
        let listed = orphans.iter().filter_map(|left| left.address.clone());
        let listed = listed.filter(|address| goal == Goal::Destroy || !by_name(address));
        let addresses = listed.chain(self.unlisted.clone()).collect();
        let owner = self.owner();
        observe_orphans(&self.provider, &owner, &self.stack, &self.state, addresses, observed)
            .await
            .map_err(unread)?;
        orphans.retain(|left| {
            let seen = left.address.as_ref().and_then(|address| observed.resources.get(address));
            seen.into_iter().flat_map(Seen::all_outputs).all(|outputs| !left.is(outputs))
        });
        report::orphans(&orphans);
        self.orphans = orphans;
        Ok(())
    }

    /// Asks what the account has room for, where something is to be made; and where that is the
    /// whole environment, whether the caller may do it.
    async fn preflight(&self, goal: Goal) -> Asked {
        if goal == Goal::Destroy {
            return Asked::default();
        }
        let rights = async {
            match self.begins(goal) {
                true => Some(self.rights().await),
                false => None,
            }
        };
        let rooms = preflight::ask(self.provider.cloud(), &self.stack, &self.state);
        let (rooms, rights) = tokio::join!(rooms, rights);
        Asked { rooms, rights }
    }

    /// Whether the caller may do what `up` does.
    pub(crate) async fn rights(&self) -> Rights {
        let asks = lookups::actions(&self.local);
        let kinds = self.provider.kinds();
        preflight::rights(self.provider.cloud(), &self.stack, kinds, &asks).await
    }

    /// What exists of it, with what others attached, and the replies that show it.
    pub(crate) async fn read_all(&self) -> Result<(Observed, Replies), CliError> {
        let seen = report::Seen::default();
        let title = reading_title(&self.local, &self.facts.region);
        let witness = Witness::of(&self.provider);
        let reads = self.observe_by(&witness, Goal::Up, &seen);
        let observed = report::reading(&title, &seen, reads).await?;
        Ok((observed, witness.replies()))
    }

    async fn observe(&self, goal: Goal, seen: &report::Seen) -> Result<Observed, CliError> {
        self.observe_by(&self.provider, goal, seen).await
    }

    async fn observe_by(
        &self,
        provider: &dyn Provider,
        goal: Goal,
        seen: &report::Seen,
    ) -> Result<Observed, CliError> {
        let owner = self.owner();
        let tell = |done, all| seen.tell(done, all);
        observe_with(provider, &owner, &self.stack, &self.state, goal, &tell).await.map_err(unread)
    }
}

fn unread(error: ObserveError) -> CliError {
    CliError::aws(format!("failed to read {}", error.address), &error.source)
}

/// What is told while it is read what exists.
fn reading_title(local: &Local, region: &str) -> String {
    format!("reading {} {} in {region}", local.system.name, local.suffix)
}

pub(crate) fn check_place(
    local: &Local,
    state: &State,
    facts: &Facts,
    sandbox: bool,
) -> Result<(), CliError> {
    for (what, theirs, ours) in
        [("account", &state.account, &facts.account), ("region", &state.region, &facts.region)]
    {
        if theirs != ours {
            let message = format!(
                "the state in {} is of {what} {theirs}, and this is {what} {ours}",
                local.store.folder().display()
            );
            let hint = match what {
                "account" => "use that account's credentials, or another --state-dir",
                _ if sandbox => "name the state's region in payctl.toml, or use another suffix",
                _ => "add --region with the state's region, or use another suffix",
            };
            return Err(CliError::failed(message).hint(hint));
        }
    }
    Ok(())
}

pub(crate) fn declare(
    local: &Local,
    facts: &Facts,
    found: &Discovered,
    digests: &BTreeMap<String, CodeSha256>,
) -> Stack {
    let context = Context {
        suffix: &local.suffix,
        account: &facts.account,
        region: &facts.region,
        partition: &facts.partition,
        found,
        handlers: digests,
        tags: &local.config.tags,
        permissions_boundary: local.config.permissions_boundary.as_ref(),
    };
    local.system.declare(&context, &local.config)
}
