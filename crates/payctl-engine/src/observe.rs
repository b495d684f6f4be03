//! Observation: what exists now. Reads what is recorded, all at once, and looks by name or
//! ownership tag for what is declared but not recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::dependents::dependents;
use crate::input::{references, resolve};
use crate::owner::{Owner, Ownership, lineage};
use crate::retry::{RetryPolicy, retry};
use crate::state::{Intent, IntentAction, State, Status};
use crate::{
    Address, Call, Declared, Dependent, Failure, FailureKind, Goal, KindInfo, Kinds, Provider,
    Stack,
};

/// How many reads run at once: those of EC2 share calls, so that few of them are requests. What
/// begins together shares most.
const AT_ONCE: usize = 128;
/// How many looks for attachments run at once, beside the reads.
const AROUND_AT_ONCE: usize = 64;
/// The pauses before each look for something that was made moments ago: 5 s in all, as new
/// resources are visible within seconds (docs/aws-facts.md).
const LOOKS: &[Duration] = &[
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(1500),
    Duration::from_millis(2000),
];

/// What exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// By address; what is absent is not in it.
    pub resources: BTreeMap<Address, Seen>,
}

/// One resource that exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// What the cloud assigned.
    pub outputs: Value,
    /// Its properties, as declared ones are written.
    pub properties: Value,
    /// Whether it was found by name or tag rather than by what the state records.
    pub found: bool,
    /// What else was found under the same ownership tags: a crash's duplicates.
    pub others: Vec<Other>,
    /// What others attached to it and the stack does not declare, in words.
    pub attachments: BTreeSet<String>,
}

/// What stands beside a resource under its ownership tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    /// What the cloud assigned.
    pub outputs: Value,
    /// Its properties.
    pub properties: Value,
}

/// Nothing could be said about a resource.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {address}")]
pub struct ObserveError {
    /// Which resource.
    pub address: Address,
    /// Why.
    pub source: Failure,
}

impl Seen {
    /// The outputs of it and of what stands beside it.
    pub fn all_outputs(&self) -> impl Iterator<Item = &Value> {
        let others = self.others.iter().map(|other| &other.outputs);
        std::iter::once(&self.outputs).chain(others)
    }
}

impl Observed {
    /// The lineage that the tags of found resources agree on, if there is one.
    #[must_use]
    pub fn lineage(&self, owner: &Owner, kinds: &Kinds) -> Option<String> {
        let all: BTreeSet<&str> =
            self.resources
                .iter()
                .filter(|(_, seen)| seen.found)
                .filter_map(|(address, seen)| {
                    Some(kinds.get(address.kind())?.tags_of(&seen.properties))
                })
                .filter(|tags| {
                    owner.search().iter().all(|(name, value)| {
                        tags.get(*name).and_then(Value::as_str) == Some(*value)
                    })
                })
                .filter_map(lineage)
                .collect();
        match all.into_iter().collect::<Vec<_>>()[..] {
            [one] => Some(one.to_owned()),
            _ => None,
        }
    }
}

/// Looks at everything that is declared or recorded. Of what is recorded and is to be destroyed,
/// only at what decides whether it may be.
///
/// # Errors
/// The first resource about which nothing could be said.
pub async fn observe(
    provider: &dyn Provider,
    owner: &Owner,
    stack: &Stack,
    state: &State,
    goal: Goal,
) -> Result<Observed, ObserveError> {
    observe_with(provider, owner, stack, state, goal, &|_, _| {}).await
}

/// The same, telling `progress` of how many resources something is known, and of how many it will
/// be: at the start, and whenever one more is.
///
/// # Errors
/// The first resource about which nothing could be said.
pub async fn observe_with(
    provider: &dyn Provider,
    owner: &Owner,
    stack: &Stack,
    state: &State,
    goal: Goal,
    progress: &dyn Fn(usize, usize),
) -> Result<Observed, ObserveError> {
    let (slots, around) = (Semaphore::new(AT_ONCE), Semaphore::new(AROUND_AT_ONCE));
    let looker = Looker { provider, owner, state, goal, slots: &slots, around: &around };
    let dependents = dependents(provider.kinds(), stack, state);
    // What was begun and is declared no longer is looked for as it was to be.
    let begun: Vec<Declared> = state
        .pending
        .iter()
        .filter(|(_, intent)| intent.action == IntentAction::Create)
        .map(|(address, intent)| Declared {
            address: address.clone(),
            properties: intent.properties.clone(),
            after: BTreeSet::new(),
        })
        .collect();
    let declared: BTreeMap<&Address, &Declared> = begun
        .iter()
        .chain(stack.resources())
        .map(|declared| (&declared.address, declared))
        .collect();

    let mut observed = Observed::default();
    let mut waiting: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    let mut running = FuturesUnordered::new();

    let recorded = |address: &Address| {
        state.resources.get(address).filter(|record| record.status != Status::Gone)
    };
    for address in state.resources.keys() {
        if let Some(record) = recorded(address) {
            let declared = declared.get(address).copied();
            let outputs = Some(record.outputs.clone());
            let of = dependents.get(address).map_or(&[][..], Vec::as_slice);
            running.push(looker.look(address.clone(), outputs, declared, Value::Null, of));
        }
    }
    // A resource that hangs on another can only be found once that other is known.
    for address in declared.keys().filter(|address| recorded(address).is_none()) {
        let before = declared[address].dependencies().into_keys().collect();
        waiting.insert((*address).clone(), before);
    }

    let all = running.len() + waiting.len();
    let mut done: BTreeSet<Address> = BTreeSet::new();
    loop {
        progress(done.len(), all);
        let ready: Vec<Address> = waiting
            .iter()
            .filter(|(_, before)| before.iter().all(|address| done.contains(address)))
            .map(|(address, _)| address.clone())
            .collect();
        for address in ready {
            waiting.remove(&address);
            let Some(declared) = declared.get(&address).copied() else { continue };
            let properties = resolve(&declared.properties, &|reference| {
                let seen = observed.resources.get(&reference.address)?;
                seen.outputs.get(&reference.output).cloned()
            });
            let of = dependents.get(&address).map_or(&[][..], Vec::as_slice);
            running.push(looker.look(address, None, Some(declared), properties, of));
        }
        let Some((address, seen)) = running.next().await else { break };
        let seen = seen.map_err(|source| ObserveError { address: address.clone(), source })?;
        if let Some(seen) = seen {
            observed.resources.insert(address.clone(), seen);
        }
        done.insert(address);
    }
    Ok(observed)
}

/// Whether what carries `address` in its tags is an orphan: not in the stack, not in the state.
#[must_use]
pub fn is_orphaned(stack: &Stack, state: &State, address: &Address) -> bool {
    // What was about to be deleted and is on no record was found like this before.
    let begun = state.pending.get(address);
    let making = begun.is_some_and(|begun| begun.action == IntentAction::Create);
    let recorded = making || state.resources.contains_key(address);
    !recorded && stack.resources().iter().all(|declared| declared.address != *address)
}

/// Looks by their tags for what the cloud lists as ours, so far as not in the configuration or the state,
/// and adds what is found. What cannot be found so, or may not be asked for, is left out.
///
/// # Errors
/// The first resource about which nothing could be said.
pub async fn observe_orphans(
    provider: &dyn Provider,
    owner: &Owner,
    stack: &Stack,
    state: &State,
    listed: BTreeSet<Address>,
    observed: &mut Observed,
) -> Result<(), ObserveError> {
    let (slots, around) = (Semaphore::new(AT_ONCE), Semaphore::new(AROUND_AT_ONCE));
    let looker = Looker { provider, owner, state, goal: Goal::Up, slots: &slots, around: &around };
    let known = |address: &Address| {
        let kind = provider.kinds().get(address.kind());
        kind.is_some_and(KindInfo::tagged) && !address.is_shared()
    };
    let orphans =
        listed.into_iter().filter(|address| known(address) && is_orphaned(stack, state, address));
    let mut running: FuturesUnordered<_> = orphans.map(|one| looker.find_orphan(one)).collect();
    while let Some((address, seen)) = running.next().await {
        match seen {
            Ok(Some(seen)) => drop(observed.resources.insert(address, seen)),
            Ok(None) => {}
            // Whoever may not ask for what the stack does not have.
            Err(failure) if failure.kind == FailureKind::Denied => {}
            Err(source) => return Err(ObserveError { address, source }),
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Looker<'a> {
    provider: &'a dyn Provider,
    owner: &'a Owner,
    state: &'a State,
    goal: Goal,
    slots: &'a Semaphore,
    around: &'a Semaphore,
}

impl Looker<'_> {
    async fn look(
        self,
        address: Address,
        recorded: Option<Value>,
        declared: Option<&Declared>,
        resolved: Value,
        dependents: &[Dependent],
    ) -> (Address, Result<Option<Seen>, Failure>) {
        let seen = async {
            // What is recorded is looked at and around at once; first begin the reads of all that is
            // recorded, close together, so that they share calls.
            let around = async {
                let outputs = recorded.as_ref()?;
                tokio::task::yield_now().await;
                Some(self.look_around(&address, outputs, dependents).await)
            };
            let see = self.see(&address, recorded.clone(), declared, resolved);
            let (seen, around) = futures::join!(see, around);
            let mut seen = seen?;
            if let Some(seen) = seen.as_mut().filter(|seen| self.is_ours(&address, seen)) {
                seen.attachments = match around.filter(|_| recorded.as_ref() == Some(&seen.outputs))
                {
                    Some(around) => around?,
                    None => self.look_around(&address, &seen.outputs, dependents).await?,
                };
            }
            Ok(seen)
        };
        let seen = seen.await;
        (address, seen)
    }

    /// Whether it is on record, or is tagged as ours where it can be.
    fn is_ours(self, address: &Address, seen: &Seen) -> bool {
        let tagged = self.provider.kinds().get(address.kind()).filter(|kind| kind.tagged());
        let of_ours = |kind: &KindInfo| {
            let tags = kind.tags_of(&seen.properties);
            self.owner.ownership(address, tags) == Ownership::Ours
        };
        !seen.found || tagged.is_none_or(of_ours)
    }

    /// What others attached to what stays.
    async fn look_around(
        self,
        address: &Address,
        outputs: &Value,
        dependents: &[Dependent],
    ) -> Result<BTreeSet<String>, Failure> {
        let kind = self.provider.kinds().get(address.kind());
        let looks = kind.is_some_and(|kind| !kind.attachments.is_empty());
        if !looks || self.goal != Goal::Up {
            return Ok(BTreeSet::new());
        }
        let (properties, nothing) = (&Value::Null, BTreeSet::new());
        let call = Call { address, owner: self.owner, token: "", properties };
        let _slot = self.around.acquire().await;
        let look = || self.provider.attachments(call, outputs, dependents, &nothing);
        retry(RetryPolicy::READ, look).await
    }

    /// What carries the address in its tags, if it is ours.
    async fn find_orphan(self, address: Address) -> (Address, Result<Option<Seen>, Failure>) {
        let (owner, properties) = (self.owner, &Value::Null);
        let call = Call { address: &address, owner, token: "", properties };
        let seen = async {
            let found = {
                let _slot = self.slots.acquire().await;
                retry(RetryPolicy::READ, || self.provider.find_tagged(call)).await?
            };
            let mut all = self.read_all(call, found).await?;
            let kind = self.provider.kinds().get(address.kind());
            all.retain(|(_, properties)| {
                let tags = kind.map_or(&Value::Null, |kind| kind.tags_of(properties));
                owner.ownership(&address, tags) == Ownership::Ours
            });
            Ok(self.choose(&address, all))
        };
        let seen = seen.await;
        (address, seen)
    }

    async fn see(
        self,
        address: &Address,
        recorded: Option<Value>,
        declared: Option<&Declared>,
        resolved: Value,
    ) -> Result<Option<Seen>, Failure> {
        // A read takes from here what the cloud does not tell.
        let recorded_properties = self.state.resources.get(address).map(|r| &r.properties);
        let declared_properties = declared.map(|declared| &declared.properties);
        let known = recorded_properties.or(declared_properties).unwrap_or(&Value::Null);
        let call = Call { address, owner: self.owner, token: "", properties: known };
        // What was made moments ago may not be visible everywhere yet: it is looked for again
        // before it is said to be gone, as what is taken for gone is made a second time.
        let record = self.state.resources.get(address);
        let intent = self.state.pending.get(address);
        let intent = intent.filter(|intent| intent.action == IntentAction::Create);
        let begun = intent.is_some();
        let fresh = record.is_some_and(|record| record.status == Status::Created)
            || (record.is_some() && self.state.changed_lately());
        let looks = if fresh || begun { LOOKS } else { &LOOKS[..1] };
        if let Some(outputs) = recorded {
            for pause in looks {
                tokio::time::sleep(*pause).await;
                let seen = match self.goal {
                    Goal::Up => self.read(call, outputs.clone()).await?,
                    Goal::Destroy => self.deletion_view(call, outputs.clone()).await?,
                };
                let Some((outputs, properties)) = seen else { continue };
                let mut seen = Seen { outputs, properties, ..Seen::default() };
                if let Some(intent) = intent {
                    self.look_for_successor(call, intent, declared, &mut seen).await?;
                }
                return Ok(Some(seen));
            }
        }
        // Gone, or never recorded: another of ours may stand in its place.
        let Some(declared) = declared else { return Ok(None) };
        let properties = if resolved.is_null() { &declared.properties } else { &resolved };
        for pause in if begun { LOOKS } else { &LOOKS[..1] } {
            tokio::time::sleep(*pause).await;
            let all = self.search(call, properties).await?;
            if let Some(seen) = self.choose(address, all) {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    async fn read(self, call: Call<'_>, outputs: Value) -> Result<Option<(Value, Value)>, Failure> {
        let _slot = self.slots.acquire().await;
        let properties = retry(RetryPolicy::READ, || self.provider.read(call, &outputs)).await?;
        Ok(properties.map(|properties| (outputs, properties)))
    }

    /// What is recorded, with what is seen of it now.
    async fn deletion_view(
        self,
        call: Call<'_>,
        outputs: Value,
    ) -> Result<Option<(Value, Value)>, Failure> {
        let _slot = self.slots.acquire().await;
        let seen = retry(RetryPolicy::READ, || self.provider.deletion_view(call, &outputs)).await?;
        Ok(seen.map(|seen| {
            let mut properties = call.properties.clone();
            match (&mut properties, seen) {
                (Value::Object(properties), Value::Object(seen)) => properties.extend(seen),
                (properties, seen) => *properties = seen,
            }
            (outputs, properties)
        }))
    }

    /// What is found by name or tag, but for what is known to be replaced: that carries the same
    /// tags until it is deleted.
    async fn search(
        self,
        call: Call<'_>,
        properties: &Value,
    ) -> Result<Vec<(Value, Value)>, Failure> {
        let mut found = {
            let _slot = self.slots.acquire().await;
            retry(RetryPolicy::READ, || self.provider.find(call, properties)).await?
        };
        if let Some(record) = self.state.resources.get(call.address) {
            found.retain(|outputs| record.deposed.iter().all(|old| old.outputs != *outputs));
        }
        self.read_all(call, found).await
    }

    /// What of `found` is there, each once.
    async fn read_all(
        self,
        call: Call<'_>,
        mut found: Vec<Value>,
    ) -> Result<Vec<(Value, Value)>, Failure> {
        found.sort_by_key(Value::to_string);
        found.dedup();
        let mut all = Vec::new();
        for outputs in found {
            all.extend(self.read(call, outputs).await?);
        }
        Ok(all)
    }

    /// Looks for what an interrupted run made beside `seen`, which it was to replace. Where that
    /// is still what is declared it takes its place, else it is only to be cleaned up.
    async fn look_for_successor(
        self,
        call: Call<'_>,
        intent: &Intent,
        declared: Option<&Declared>,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        let Some(kind) = self.provider.kinds().get(call.address.kind()) else { return Ok(()) };
        let call = Call { properties: &intent.properties, ..call };
        for pause in LOOKS {
            tokio::time::sleep(*pause).await;
            let mut found = self.search(call, &intent.properties).await?;
            found.retain(|(outputs, properties)| {
                let tags = kind.tags_of(properties);
                let ours = !kind.tagged()
                    || match self.owner.ownership(call.address, tags) {
                        Ownership::Ours => true,
                        // Made under its name, and not tagged before the run died.
                        Ownership::Nobody => !kind.unique_by.is_empty(),
                        Ownership::Changed { .. } | Ownership::Other(_) => false,
                    };
                ours && *outputs != seen.outputs
            });
            let Some(made) = self.choose(call.address, found) else { continue };
            let declared = declared.map_or(&intent.properties, |declared| &declared.properties);
            let as_declared = |with: &Value| {
                kind.replaced_by.iter().all(|property| {
                    // A property that is left out is null.
                    let value = declared.get(property).unwrap_or(&Value::Null);
                    let made = with.get(property).unwrap_or(&Value::Null);
                    !references(value).is_empty() || made == value
                })
            };
            // After damage it is not known what it was made with.
            let wanted =
                as_declared(&intent.properties) || as_declared(&kind.normalise(&made.properties));
            let old = if wanted { std::mem::replace(seen, made) } else { made };
            seen.others.push(Other { outputs: old.outputs, properties: old.properties });
            seen.others.extend(old.others);
            break;
        }
        Ok(())
    }

    /// Of what was found, what is ours; after a crash that may be more than one. Where nothing
    /// is, what stands under our name, for the plan to refuse.
    fn choose(self, address: &Address, found: Vec<(Value, Value)>) -> Option<Seen> {
        let kind = self.provider.kinds().get(address.kind());
        let mine = |(_, properties): &&(Value, Value)| {
            let tags = kind.map_or(&Value::Null, |kind| kind.tags_of(properties));
            let id = self.owner.tags(address);
            id.iter()
                // A lost state does not know its lineage yet.
                .filter(|(name, _)| *name != "payctl:lineage")
                .all(|(name, value)| tags.get(name).and_then(Value::as_str) == Some(value))
        };
        let of = |(_, properties): &(Value, Value)| {
            lineage(kind?.tags_of(properties)).map(str::to_owned)
        };
        let mut ours: Vec<&(Value, Value)> = found.iter().filter(mine).collect();
        // Another lineage's are not ours, and one lineage's never clean up after another's.
        let whose = match ours.iter().any(|one| of(one).as_ref() == Some(&self.owner.lineage)) {
            true => Some(self.owner.lineage.clone()),
            false => ours.first().and_then(|one| of(one)),
        };
        ours.retain(|one| of(one) == whose);
        let named = kind.is_some_and(|kind| !kind.unique_by.is_empty() || !kind.tagged());
        if ours.is_empty() && named {
            ours.extend(found.first());
        }
        let ((outputs, properties), others) = ours.split_first()?;
        Some(Seen {
            outputs: outputs.clone(),
            properties: properties.clone(),
            found: true,
            others: others
                .iter()
                .map(|one| (*one).clone())
                .map(|(outputs, properties)| Other { outputs, properties })
                .collect(),
            attachments: BTreeSet::new(),
        })
    }
}
