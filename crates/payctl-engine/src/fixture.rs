//! What the pure tests share: synthetic things declared, recorded and seen.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::input::{references, resolve};
use crate::plan::{Action, Goal, Permissions, Plan, PlanError, Request, Step, plan};
use crate::state::{Deposed, Intent, IntentAction, Record, State, Status};
use crate::{Address, Change, Declared, Kinds, Observed, Owner, Seen, Stack, schedule};

/// A plan's input, with everything as it was declared last.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) kinds: Kinds,
    pub(crate) owner: Owner,
    pub(crate) declared: Vec<Declared>,
    pub(crate) state: State,
    pub(crate) observed: Observed,
    pub(crate) permissions: Permissions,
}

pub(crate) fn at(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// What a reference to the thing at `address` is.
pub(crate) fn to(address: &str) -> Value {
    json!({ "$ref": format!("{address}.id") })
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Declared { address, properties, .. } in &self.declared {
            writeln!(f, "{address} {properties}")?;
        }
        let plan = self.try_plan(Goal::Up).map_err(|_| std::fmt::Error)?;
        write!(f, "{}", picture(&plan))
    }
}

impl Case {
    pub(crate) fn new() -> Self {
        let owner = Owner {
            stack: "stack".to_owned(),
            suffix: "dev".to_owned(),
            lineage: "ours".to_owned(),
        };
        let state = State::empty("stack", "dev", "123456789012", "us-east-1", "ours");
        Self {
            kinds: crate::testing::synthetic(),
            owner,
            declared: Vec::new(),
            state,
            observed: Observed::default(),
            permissions: Permissions::default(),
        }
    }

    /// Declares a thing, or declares it otherwise.
    pub(crate) fn declare(mut self, address: &str, size: u64, parents: &[&str]) -> Self {
        let address = at(address);
        let parents: Vec<Value> = parents.iter().map(|parent| to(parent)).collect();
        let tags = json!({});
        let properties =
            json!({ "name": address.name(), "size": size, "parents": parents, "tags": tags });
        let declared = Declared { address, properties, after: BTreeSet::new() };
        match self.declared.iter_mut().find(|known| known.address == declared.address) {
            Some(known) => *known = declared,
            None => self.declared.push(declared),
        }
        self
    }

    pub(crate) fn edit(mut self, address: &str, property: &str, value: Value) -> Self {
        let declared = self.declared.iter_mut().find(|d| d.address == at(address)).unwrap();
        declared.properties[property] = value;
        self
    }

    pub(crate) fn undeclare(mut self, address: &str) -> Self {
        self.declared.retain(|declared| declared.address != at(address));
        self
    }

    /// Everything declared was made, is on record and was seen so.
    pub(crate) fn made(mut self) -> Self {
        for declared in self.declared.clone() {
            let kind = &self.kinds[declared.address.kind()];
            let properties = resolve(&declared.owned(&self.owner, kind), &|reference| {
                outputs(&reference.address).get(&reference.output).cloned()
            });
            let outputs = outputs(&declared.address);
            let record = Record {
                status: Status::Complete,
                outputs: outputs.clone(),
                properties: properties.clone(),
                depends_on: declared.dependencies().into_keys().collect(),
                deposed: Vec::new(),
            };
            let seen = Seen { outputs, properties, ..Seen::default() };
            self.state.resources.insert(declared.address.clone(), record);
            self.observed.resources.insert(declared.address, seen);
        }
        self
    }

    pub(crate) fn seen(mut self, address: &str, change: impl FnOnce(&mut Seen)) -> Self {
        change(self.observed.resources.get_mut(&at(address)).unwrap());
        self
    }

    pub(crate) fn drift(self, address: &str, property: &str, value: Value) -> Self {
        self.seen(address, |seen| seen.properties[property] = value)
    }

    pub(crate) fn gone(mut self, address: &str) -> Self {
        self.observed.resources.remove(&at(address));
        self
    }

    /// It exists and the state does not know it.
    pub(crate) fn found(mut self, address: &str) -> Self {
        self.state.resources.remove(&at(address));
        self.seen(address, |seen| seen.found = true)
    }

    pub(crate) fn record(mut self, address: &str, change: impl FnOnce(&mut Record)) -> Self {
        change(self.state.resources.get_mut(&at(address)).unwrap());
        self
    }

    /// An earlier replacement of it was not finished.
    pub(crate) fn deposed(self, address: &str) -> Self {
        self.record(address, |record| {
            record.deposed.push(Deposed {
                outputs: json!({ "id": "old" }),
                properties: record.properties.clone(),
                depends_on: record.depends_on.clone(),
            });
        })
    }

    pub(crate) fn pending(mut self, address: &str, action: IntentAction) -> Self {
        let (token, properties) = ("token".to_owned(), Value::Null);
        let intent = Intent { action, token, properties, depends_on: BTreeSet::new() };
        self.state.pending.insert(at(address), intent);
        self
    }

    pub(crate) fn kind(mut self, kind: &str, change: impl FnOnce(&mut crate::KindInfo)) -> Self {
        change(self.kinds.get_mut(kind).unwrap());
        self
    }

    pub(crate) fn try_plan(&self, goal: Goal) -> Result<Plan, PlanError> {
        let mut stack = Stack::new("stack", "dev");
        self.declared.iter().for_each(|declared| stack.declare(declared.clone()));
        plan(Request {
            goal,
            stack: &stack,
            state: &self.state,
            observed: &self.observed,
            owner: &self.owner,
            kinds: &self.kinds,
            permissions: &self.permissions,
        })
    }

    pub(crate) fn plan(&self, goal: Goal) -> Plan {
        self.try_plan(goal).unwrap()
    }

    /// The plan of an `up` as a picture.
    pub(crate) fn up(&self) -> String {
        picture(&self.plan(Goal::Up))
    }

    pub(crate) fn destroy(&self) -> String {
        picture(&self.plan(Goal::Destroy))
    }

    /// What the operations of the plan wait for.
    pub(crate) fn order(&self, goal: Goal) -> String {
        order(&self.plan(goal), &self.kinds)
    }
}

pub(crate) fn outputs(address: &Address) -> Value {
    json!({ "id": format!("{}-1", address.name()) })
}

fn picture(plan: &Plan) -> String {
    let steps = plan.steps.iter().map(step);
    let refusals =
        plan.refusals.iter().map(|r| format!("refused {}: {} ({})", r.address, r.why, r.hint));
    steps.chain(refusals).collect::<Vec<_>>().join("\n")
}

fn step(step: &Step) -> String {
    let first = match step.action {
        Action::DeleteThenCreate => ", delete first",
        Action::CreateThenDelete => ", create first",
        _ => "",
    };
    let reason = step.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let mut text = format!("{} {}{first}{reason}", step.action, step.address);
    if step.action != Action::Create {
        step.changes.iter().for_each(|one| text += &format!("\n  {}", change(one)));
    }
    step.deposed.iter().for_each(|old| text += &format!("\n  and delete {}", old.outputs["id"]));
    text
}

pub(crate) fn change(change: &Change) -> String {
    let Change { property, before, after, known_after, origin, replaces } = change;
    let after = match known_after.iter().next() {
        None => after.to_string(),
        Some(_) => format!("known after {known_after:?}"),
    };
    let replaces = if *replaces { ", replaces" } else { "" };
    format!("{property}: {before} → {after} ({origin:?}{replaces})")
}

pub(crate) fn order(plan: &Plan, kinds: &Kinds) -> String {
    let schedule = match schedule(plan, kinds) {
        Ok(schedule) => schedule,
        Err(error) => return error.to_string(),
    };
    let name = |index: usize| {
        let operation = &schedule.operations[index];
        let old = if operation.deposed.is_some() { " (old)" } else { "" };
        format!("{} {}{old}", operation.phase, operation.step.address.name())
    };
    let lines = schedule.operations.iter().enumerate().map(|(index, operation)| {
        let after: Vec<String> = operation.after.keys().map(|before| name(*before)).collect();
        match after.is_empty() {
            true => name(index),
            false => format!("{} after {}", name(index), after.join(", ")),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A random case: a graph, some of it made, some of that edited, drifted, gone or left behind.
pub(crate) fn any_case() -> impl proptest::strategy::Strategy<Value = Case> {
    use proptest::prelude::*;
    let thing = (0_usize..5, any::<u16>(), 0_u8..10, any::<u16>());
    proptest::collection::vec(thing, 1..9).prop_map(|things| {
        let kinds = ["net.zone", "net.node", "data.store", "app.worker", "net.link"];
        let address = |index: usize| {
            let (kind, ..) = things[index];
            format!("{}:n{index}", kinds[kind])
        };
        let chosen = |index: usize, bits: u16| -> Vec<String> {
            (0..index).filter(|at| bits >> at & 1 == 1 && at + 4 > index).map(address).collect()
        };
        let mut case = Case::new();
        for (index, (_, bits, ..)) in things.iter().enumerate() {
            let parents = chosen(index, *bits);
            let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
            case = case.declare(&address(index), 1, &parents);
        }
        case = case.made();
        for (index, (_, _, what, bits)) in things.iter().enumerate() {
            let one = address(index);
            case = match what {
                0 => {
                    case.state.resources.remove(&at(&one));
                    case.gone(&one)
                }
                1 => case.gone(&one),
                2 => case.drift(&one, "size", json!(7)),
                3 => case.edit(&one, "name", json!("another")),
                4 => case.edit(&one, "zone", json!("another")),
                5 => case.found(&one),
                6 => case.deposed(&one),
                7 => {
                    let parents = chosen(index, *bits);
                    let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
                    case.declare(&one, 1, &parents)
                }
                _ => case,
            };
        }
        // From the top: what nothing refers to any more may be undeclared.
        for (index, (.., bits)) in things.iter().enumerate().rev() {
            let one = at(&address(index));
            let mut all = case.declared.iter().flat_map(|d| references(&d.properties));
            if bits % 5 == 0 && !all.any(|reference| reference.address == one) {
                case = case.undeclare(one.as_str());
            }
        }
        case
    })
}

/// The index of each thing's operations, for looking around in a schedule.
pub(crate) fn reach(after: &[BTreeMap<usize, crate::Milestone>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(index) = next.pop() {
        next.extend(after[index].keys().filter(|before| reached.insert(**before)));
    }
    reached
}
