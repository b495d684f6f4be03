//! What a plan is: what happens to each resource, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Address;
use crate::diff::Change;
use crate::input::Needs;
use crate::owner::Owner;
use crate::state::{Deposed, Record, State, Status};

/// The format of a saved plan.
pub const FORMAT: u32 = 1;

/// What a run is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Everything is as declared.
    Up,
    /// Nothing is left.
    Destroy,
}

/// What has to be done to reach a goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The format's version.
    pub format: u32,
    /// What it reaches.
    pub goal: Goal,
    /// Whose resources it is about.
    pub owner: Owner,
    /// The account it is made for.
    pub account: String,
    /// The region it is made for.
    pub region: String,
    /// The serial of the state it was made from.
    pub serial: u64,
    /// What happens to each resource, in the order of declaration.
    pub steps: Vec<Step>,
    /// Why it may not be carried out.
    pub refusals: Vec<Refusal>,
    /// The stack's outputs, references included.
    pub outputs: BTreeMap<String, Value>,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which resource.
    pub address: Address,
    /// What happens.
    pub action: Action,
    /// Why, where the changes do not say it.
    pub reason: Option<String>,
    /// What is not as declared.
    pub changes: Vec<Change>,
    /// The declared properties, references included; null when it is deleted.
    pub properties: Value,
    /// The outputs of what exists now.
    pub known: Option<Value>,
    /// The properties of what exists now.
    pub before: Value,
    /// What it depends on, as declared.
    pub depends_on: BTreeMap<Address, Needs>,
    /// What that which exists now depends on.
    pub depended_on: BTreeSet<Address>,
    /// What it replaced earlier and what has still to go.
    pub deposed: Vec<Deposed>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is as declared.
    Keep,
    /// It is made.
    Create,
    /// It exists, is ours and is entered into the state; its changes are applied.
    Adopt,
    /// It is changed in place.
    Update,
    /// It is deleted, then made anew.
    DeleteThenCreate,
    /// It is made anew, then the old one is deleted.
    CreateThenDelete,
    /// It is deleted.
    Delete,
    /// It is gone already and removed from the state.
    Forget,
}

/// Why a plan may not be carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Because of which resource.
    pub address: Address,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub hint: String,
}

/// How many steps do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Counts {
    pub create: usize,
    pub adopt: usize,
    pub update: usize,
    pub replace: usize,
    pub delete: usize,
    pub forget: usize,
    pub keep: usize,
}

impl Action {
    /// Whether it changes something in the cloud by itself.
    #[must_use]
    pub fn changes(self) -> bool {
        !matches!(self, Self::Keep | Self::Forget | Self::Adopt)
    }

    /// Whether the resource is made anew.
    #[must_use]
    pub fn replaces(self) -> bool {
        matches!(self, Self::DeleteThenCreate | Self::CreateThenDelete)
    }

    /// Whether it exists, as declared, when the step is done.
    #[must_use]
    pub fn applies(self) -> bool {
        !matches!(self, Self::Delete | Self::Forget)
    }
}

impl Step {
    /// Whether it is there, exactly as declared: on record, or found.
    #[must_use]
    pub fn is_as_declared(&self) -> bool {
        match self.action {
            Action::Keep => true,
            Action::Adopt => self.changes.is_empty(),
            _ => false,
        }
    }
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.action == Action::Keep && step.deposed.is_empty())
    }

    /// Whether the cloud stays as it is: what there is left to do is at most to record what was
    /// found and is exactly as declared, as on a machine without the state.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.steps.iter().all(|step| step.is_as_declared() && step.deposed.is_empty())
    }

    /// Puts what only its tags told of on record, before anything is done: the next run has a state
    /// and no longer asks for it.
    pub fn keep_found(&self, state: &mut State) {
        let removed = self.steps.iter().filter(|step| step.action == Action::Delete);
        for step in removed.filter(|step| !state.pending.contains_key(&step.address)) {
            let Some(outputs) = step.known.clone() else { continue };
            state.resources.entry(step.address.clone()).or_insert_with(|| Record {
                status: Status::Complete,
                outputs,
                properties: step.before.clone(),
                depends_on: step.depended_on.clone(),
                deposed: step.deposed.clone(),
            });
        }
    }

    /// How many steps do what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            match step.action {
                Action::Keep if self.refusals.iter().any(|r| r.address == step.address) => {}
                Action::Keep => counts.keep += 1,
                Action::Create => counts.create += 1,
                Action::Adopt => counts.adopt += 1,
                Action::Update => counts.update += 1,
                Action::DeleteThenCreate | Action::CreateThenDelete => counts.replace += 1,
                Action::Delete => counts.delete += 1,
                Action::Forget => counts.forget += 1,
            }
            counts.delete += step.deposed.len();
        }
        counts
    }

    /// The step of the resource at `address`.
    #[must_use]
    pub fn step(&self, address: &Address) -> Option<&Step> {
        self.steps.iter().find(|step| step.address == *address)
    }
}
