//! What is drawn of an environment: the nodes of a picture, from what is declared or planned.

use std::collections::{BTreeMap, BTreeSet};

use payctl_cost::{Estimate, Usd};
use payctl_engine::diff::UNDECLARED;
use payctl_engine::input::references;
use payctl_engine::plan::Step;
use payctl_engine::state::Status;
use payctl_engine::{Action, Address, Origin, Plan, Stack, State};
use payctl_picture::{Action as Drawn, Cost, Health, Node, Use};
use serde_json::Value;

use crate::local::Local;

/// What stands above a picture: of which environment it is, whoever named that.
pub(crate) fn title(local: &Local) -> String {
    format!("{} {}", local.system.name, local.suffix)
}

/// What a stack declares.
pub(crate) fn declared(stack: &Stack, month: &Estimate) -> Vec<Node> {
    let costs = Costs::of(month);
    let node = |one: &payctl_engine::Declared| {
        let address = one.address.to_string();
        Node {
            cost: costs.get(&address),
            uses: uses(&one.properties, one.dependencies().keys()),
            address,
            ..Node::default()
        }
    };
    stack.resources().iter().map(node).collect()
}

/// What a plan is about, and how it is.
pub(crate) fn planned(plan: &Plan, state: &State, month: &Estimate) -> Vec<Node> {
    let costs = Costs::of(month);
    let mut refused: BTreeMap<&Address, Vec<String>> = BTreeMap::new();
    for refusal in &plan.refusals {
        refused.entry(&refusal.address).or_default().push(format!("refused: {}", refusal.why));
    }
    let node = |step: &Step| {
        let address = step.address.to_string();
        let mut notes: Vec<String> = step.reason.iter().cloned().collect();
        notes.extend(changed(step));
        notes.extend(refused.remove(&step.address).into_iter().flatten());
        let uses = match step.properties.is_null() {
            true => uses(&Value::Null, step.depended_on.iter()),
            false => uses(&step.properties, step.depends_on.keys()),
        };
        Node {
            action: Some(drawn(step.action)),
            health: Some(health(step, state)),
            cost: costs.get(&address),
            note: (!notes.is_empty()).then(|| notes.join("\n")),
            uses,
            address,
        }
    };
    plan.steps.iter().map(node).collect()
}

/// The names of what changes about something that is there. Values are never drawn.
fn changed(step: &Step) -> Option<String> {
    let is_there = step.known.is_some() && step.action != Action::Delete;
    let names: Vec<&str> = step.changes.iter().map(|change| change.property.as_str()).collect();
    (is_there && !names.is_empty()).then(|| format!("changes: {}", names.join(", ")))
}

fn uses<'a>(properties: &Value, all: impl Iterator<Item = &'a Address>) -> Vec<Use> {
    let mut by: BTreeMap<&Address, Vec<String>> = all.map(|one| (one, Vec::new())).collect();
    for (name, value) in properties.as_object().into_iter().flatten() {
        let named = references(value).into_iter().map(|reference| reference.address);
        for address in named.collect::<BTreeSet<Address>>() {
            if let Some(properties) = by.get_mut(&address) {
                properties.push(name.clone());
            }
        }
    }
    let used = |(address, properties): (&Address, Vec<String>)| Use {
        address: address.to_string(),
        properties,
    };
    by.into_iter().map(used).collect()
}

pub(crate) fn drawn(action: Action) -> Drawn {
    match action {
        Action::Create => Drawn::Create,
        Action::Adopt => Drawn::Adopt,
        Action::Update => Drawn::Update,
        Action::DeleteThenCreate | Action::CreateThenDelete => Drawn::Replace,
        Action::Delete => Drawn::Delete,
        Action::Forget => Drawn::Forget,
        Action::Keep => Drawn::Keep,
    }
}

/// How something is, by what was recorded and what is there.
fn health(step: &Step, state: &State) -> Health {
    let record = state.resources.get(&step.address);
    let recorded = record.is_some_and(|record| record.status != Status::Gone);
    let begun = record.is_some_and(|record| record.status == Status::Created);
    let drifted = step
        .changes
        .iter()
        .any(|change| change.origin == Origin::Drift || change.property == UNDECLARED);
    match step.known {
        _ if begun || state.pending.contains_key(&step.address) => Health::Unfinished,
        None if recorded => Health::Missing,
        None => Health::Absent,
        Some(_) if drifted => Health::Drifted,
        Some(_) => Health::Well,
    }
}

/// What each resource costs a month.
struct Costs(BTreeMap<String, Cost>);

impl Costs {
    fn of(month: &Estimate) -> Self {
        let known = |usd: Usd| Cost::Known(u64::try_from(usd.micros()).unwrap_or_default());
        let sums = month.by_resource().into_iter();
        let mut all: BTreeMap<String, Cost> =
            sums.map(|(address, usd)| (address.to_owned(), known(usd))).collect();
        // What is known of it is not all.
        let unknown = month.unknown.iter().map(|one| (one.address.clone(), Cost::Unknown));
        all.extend(unknown);
        Self(all)
    }

    fn get(&self, address: &str) -> Option<Cost> {
        self.0.get(address).copied()
    }
}
