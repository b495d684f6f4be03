//! The plan: what has to be done, and why. A pure function of what is declared, recorded and
//! observed: the same input gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diff::{diff, from_nothing, undeclared};
use crate::input::resolve;
use crate::observe::{Observed, Other, Seen};
use crate::owner::Owner;
use crate::schedule::{blocking_dependent, has_cycle};
use crate::state::{Deposed, Intent, IntentAction, Record, State, Status};
use crate::{Address, Declared, KindInfo, Kinds, Stack, StackError};

mod orphans;
mod refuse;
mod removal;
mod replace;
mod stable;
mod steps;

use orphans::Orphans;
use stable::{stable_outputs, unique_properties_stay};
pub use steps::{Action, Counts, FORMAT, Goal, Plan, Refusal, Step};

/// What a run may do beyond the usual.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Resources whose data may be lost in a replacement or a removal.
    pub lose_data_of: BTreeSet<Address>,
    /// Whether `destroy` may lift deletion protection.
    pub lift_protection: bool,
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Request<'a> {
    pub goal: Goal,
    pub stack: &'a Stack,
    pub state: &'a State,
    pub observed: &'a Observed,
    pub owner: &'a Owner,
    pub kinds: &'a Kinds,
    pub permissions: &'a Permissions,
}

/// A plan cannot be made.
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PlanError {
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("this version of payctl knows no kind `{kind}`, which {0} is", kind = .0.kind())]
    UnknownKind(Address),
}

/// Makes the plan.
///
/// # Errors
/// When invalid stack definition or holds a kind that is not known.
pub fn plan(request: Request<'_>) -> Result<Plan, PlanError> {
    let Request { goal, stack, state, owner, .. } = request;
    match stack.check() {
        // What is to be deleted is what state and tags know.
        Err(StackError::Part(_)) if goal == Goal::Destroy => {}
        checked => checked?,
    }
    if goal == Goal::Up {
        stack.check_values(request.kinds)?;
    }
    let mut planner = Planner {
        request,
        orphans: Orphans::new(stack, state, request.observed, request.kinds),
        forced: BTreeMap::new(),
        first: BTreeSet::new(),
        foreign: BTreeSet::new(),
        known: BTreeMap::new(),
        refusals: Vec::new(),
        steps: Vec::new(),
    };
    match goal {
        Goal::Up => planner.up()?,
        Goal::Destroy => planner.destroy()?,
    }
    let outputs = match goal {
        Goal::Up => stack.outputs().iter().cloned().collect(),
        Goal::Destroy => BTreeMap::new(),
    };
    Ok(Plan {
        format: FORMAT,
        goal,
        owner: owner.clone(),
        account: state.account.clone(),
        region: state.region.clone(),
        serial: state.serial,
        steps: planner.steps,
        refusals: planner.refusals,
        outputs,
    })
}

struct Planner<'a> {
    request: Request<'a>,
    /// What refers to orphans.
    orphans: Orphans<'a>,
    /// Resources that have to be made anew though none of their own properties asks for it.
    forced: BTreeMap<Address, String>,
    /// Resources that have to go before they are made anew, because of what they refer to.
    first: BTreeSet<Address>,
    /// What stands under our addresses and is not ours.
    foreign: BTreeSet<Address>,
    known: BTreeMap<Address, Value>,
    refusals: Vec<Refusal>,
    steps: Vec<Step>,
}

impl<'a> Planner<'a> {
    fn up(&mut self) -> Result<(), PlanError> {
        loop {
            self.known.clear();
            self.refusals.clear();
            self.steps.clear();
            for declared in self.request.stack.resources() {
                let step = self.step(declared)?;
                self.steps.push(step);
            }
            for address in self.undeclared() {
                let step = self.removal(&address)?;
                self.steps.push(step);
            }
            let forced = self.forced_by_replacements()?;
            let first = self.delete_dependents_first();
            if forced.is_empty() && first.is_empty() {
                if self.inferred_order_has_cycle() {
                    continue;
                }
                let Some(address) = blocking_dependent(&self.steps, self.request.kinds).cloned()
                else {
                    break;
                };
                if !self.first.insert(address.clone()) {
                    // It goes first already: the schedule names the cycle.
                    break;
                }
                let why = "it refers to something that has to go before it could move";
                self.forced.entry(address).or_insert_with(|| why.to_owned());
            }
            self.forced.extend(forced);
            self.first.extend(first);
        }
        self.refuse_lost_data()
    }

    /// Whether the order that was guessed is none, as of groups that let each other in. There is no
    /// such order then: things go as the cloud lets them.
    fn inferred_order_has_cycle(&mut self) -> bool {
        let round = !self.orphans.is_empty() && has_cycle(&self.steps, self.request.kinds);
        if round {
            self.orphans = Orphans::default();
        }
        round
    }

    fn kind(&self, address: &Address) -> Result<&'a KindInfo, PlanError> {
        let kinds = self.request.kinds;
        kinds.get(address.kind()).ok_or_else(|| PlanError::UnknownKind(address.clone()))
    }

    /// Recorded, begun or found, and not declared.
    fn undeclared(&self) -> Vec<Address> {
        let Request { stack, state, observed, .. } = self.request;
        let declared: BTreeSet<&Address> =
            stack.resources().iter().map(|declared| &declared.address).collect();
        let recorded = state.resources.keys().chain(state.pending.keys());
        let all: BTreeSet<&Address> = recorded.chain(observed.resources.keys()).collect();
        all.into_iter().filter(|address| !declared.contains(address)).cloned().collect()
    }

    fn step(&mut self, declared: &Declared) -> Result<Step, PlanError> {
        let Request { state, observed, owner, .. } = self.request;
        let address = &declared.address;
        let kind = self.kind(address)?;
        let properties = declared.owned(owner, kind);
        let resolved = kind.normalise(&resolve(&properties, &|reference| {
            self.known.get(&reference.address)?.get(&reference.output).cloned()
        }));
        let record = state.resources.get(address);
        let begun = state.pending.get(address);
        let seen = observed.resources.get(address);
        let mut step = Step {
            address: address.clone(),
            action: Action::Keep,
            reason: None,
            changes: Vec::new(),
            properties,
            known: seen.map(|seen| seen.outputs.clone()),
            before: seen.map_or(Value::Null, |seen| seen.properties.clone()),
            depends_on: declared.dependencies(),
            depended_on: {
                let mut all = depended_on(record, begun);
                let recorded = |seen: &Seen| record.map(|r| &r.outputs) == Some(&seen.outputs);
                // Of what is not on record, what is declared is the best guess.
                let made = begun.is_some_and(|_| record.is_none());
                if seen.is_some_and(|seen| !recorded(seen)) && !made {
                    all.extend(declared.dependencies().into_keys());
                }
                all.extend(self.orphans.of(address, seen));
                all
            },
            deposed: deposed(record, seen, begun),
        };
        let Some(seen) = seen else {
            step.action = Action::Create;
            step.reason = match (record, state.pending.get(address)) {
                // Of two, which one the interrupted deletion was about is not known.
                (Some(record), Some(intent))
                    if intent.action == IntentAction::Delete && record.deposed.is_empty() =>
                {
                    Some("an interrupted run deleted it".to_owned())
                }
                (Some(record), _) if record.status != Status::Gone => {
                    Some("it was deleted outside payctl".to_owned())
                }
                (_, Some(intent)) if intent.action == IntentAction::Create => {
                    Some("creation was interrupted and nothing was created".to_owned())
                }
                _ => None,
            };
            step.changes = from_nothing(kind, &resolved);
            if let Some(outputs) = record.and_then(|record| stable_outputs(kind, record, &resolved))
            {
                self.known.insert(address.clone(), outputs);
            }
            return Ok(step);
        };
        // What it belongs to is what is there now, whatever becomes of that.
        let present = kind.normalise(&resolve(&step.properties, &|reference| {
            // What belongs to a foreign resource is foreign as well.
            let ours = !self.foreign.contains(&reference.address);
            let seen = observed.resources.get(&reference.address).filter(|_| ours)?;
            seen.outputs.get(&reference.output).cloned()
        }));
        if let Some(refusal) = self.foreign_refusal(address, kind, seen, &present) {
            self.refusals.push(refusal);
            // What is on record is what others refer to, whatever its tags say: they stay as they are.
            match seen.found {
                true => drop(self.foreign.insert(address.clone())),
                false => drop(self.known.insert(address.clone(), seen.outputs.clone())),
            }
            return Ok(step);
        }
        let recorded = record.map(|record| &record.properties);
        // Of what was being made it is not known how far it had come: nothing of it is drift.
        let finished = |record: &&Record| record.status != Status::Created && !seen.found;
        let applied = record.filter(finished);
        let applied = applied.map(|record| &record.properties);
        step.before = normalized(&seen.properties, &step.properties, &resolved);
        step.changes = diff(kind, &resolved, &step.before, applied);
        step.changes.extend(undeclared(&seen.attachments));
        let forced = self.forced.get(address);
        if forced.is_some() || step.changes.iter().any(|change| change.replaces) {
            step.action = match self.first.contains(address) {
                true => Action::DeleteThenCreate,
                false => self.replacement(kind, &step),
            };
            step.reason = forced.cloned();
            let same = unique_properties_stay(kind, &step.changes);
            let mut outputs = seen.outputs.clone();
            if let Value::Object(outputs) = &mut outputs {
                outputs.retain(|name, _| same && kind.stable_outputs.contains(&name.as_str()));
            }
            self.known.insert(address.clone(), outputs);
            return Ok(step);
        }
        self.known.insert(address.clone(), seen.outputs.clone());
        let unfinished = record.is_some_and(|record| record.status == Status::Created);
        if seen.found {
            step.action = Action::Adopt;
            step.reason = Some(match state.pending.get(address) {
                None if (kind.service_made)(&seen.properties) => {
                    "its service created it by itself; what is in it is kept".to_owned()
                }
                Some(_) => "created by a run that was interrupted".to_owned(),
                None => {
                    "exists with this environment's tags but is missing from the state".to_owned()
                }
            });
        } else if unfinished {
            step.action = Action::Update;
            step.reason = Some("creation was interrupted and will be completed".to_owned());
        } else if !step.changes.is_empty() {
            step.action = Action::Update;
        } else if recorded.is_some_and(|recorded| *recorded != resolved) {
            // As declared already, though another value was applied last: taken into the state.
            step.action = Action::Adopt;
            step.reason = Some("it already matches the new configuration".to_owned());
        } else if state.pending.contains_key(address) {
            step.action = Action::Adopt;
            step.reason = Some("already matches the configuration".to_owned());
        }
        Ok(step)
    }
}

/// What has to go besides what is there: what earlier runs replaced, and what was found.
fn deposed(record: Option<&Record>, seen: Option<&Seen>, begun: Option<&Intent>) -> Vec<Deposed> {
    let mut all = record.map(|record| record.deposed.clone()).unwrap_or_default();
    let known: Vec<Value> = all.iter().map(|deposed| deposed.outputs.clone()).collect();
    if let Some(seen) = seen {
        let others = seen.others.iter().filter(|other| !known.contains(&other.outputs));
        let recorded = |outputs: &Value| record.filter(|record| record.outputs == *outputs);
        let depends_on = depended_on(record, begun);
        all.extend(others.map(|Other { outputs, properties }| Deposed {
            outputs: outputs.clone(),
            properties: recorded(outputs).map_or(properties, |r| &r.properties).clone(),
            depends_on: depends_on.clone(),
        }));
    }
    all
}

/// The properties as they were seen. What cannot be read is told as declared: then with what it
/// refers to.
fn normalized(seen: &Value, declared: &Value, resolved: &Value) -> Value {
    let mut all = seen.clone();
    for (name, value) in all.as_object_mut().into_iter().flatten() {
        if declared.get(name) == Some(value)
            && let Some(resolved) = resolved.get(name)
        {
            resolved.clone_into(value);
        }
    }
    all
}

/// What that refers to which is there: as recorded, or as it was about to be made or changed.
fn depended_on(record: Option<&Record>, begun: Option<&Intent>) -> BTreeSet<Address> {
    let recorded = record.into_iter().flat_map(|record| &record.depends_on);
    recorded.chain(begun.into_iter().flat_map(|intent| &intent.depends_on)).cloned().collect()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
