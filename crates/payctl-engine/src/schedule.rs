//! The schedule: a plan's steps as operations and what each waits for.
//!
//! A pure function of the plan. There are no levels: an operation starts as soon as what it waits
//! for has happened, and of those that can start, the one with the longest remaining time does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::input::Needs;
use crate::plan::{Action, Plan, Step};
use crate::{Address, Kinds, Typical};

/// Which half of a step an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It is struck from the state, as it is gone.
    Forget,
    /// It is made, taken up or changed.
    Apply,
    /// It, or what it replaced, is deleted.
    Delete,
}

/// What an operation waits for in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Milestone {
    /// Its id is known.
    Created,
    /// It is over.
    Done,
}

/// One operation of a schedule.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    /// The step it carries out.
    pub step: &'a Step,
    /// Which half of it.
    pub phase: Phase,
    /// For a deletion: which of the deposed it deletes; `None` for the present one.
    pub deposed: Option<usize>,
    /// What it waits for, by index.
    pub after: BTreeMap<usize, Milestone>,
    /// Seconds from its start to the end of all that waits for it.
    pub remaining: f64,
}

/// A plan in operations.
#[derive(Clone, Debug)]
pub struct Schedule<'a> {
    /// The operations; each waits only for those in the list.
    pub operations: Vec<Operation<'a>>,
    /// Seconds that the longest chain takes.
    pub critical: f64,
}

/// A plan that cannot be carried out: a fault of payctl, found before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum LintError {
    #[error("the plan has two steps for {0}")]
    Twice(Address),
    #[error("the plan waits in a circle: {}", .0.join(" → "))]
    Circle(Vec<String>),
    #[error("{0} refers to {1}, which the plan deletes")]
    RefersToDeleted(Address, Address),
    #[error("{0} refers to {1}, which is not in the plan")]
    Missing(Address, Address),
    #[error("the plan touches {0} without knowing it")]
    Unknown(Address),
}

/// Lays a plan out in operations, and checks it.
///
/// # Errors
/// When the plan contradicts itself.
pub fn schedule<'a>(plan: &'a Plan, kinds: &Kinds) -> Result<Schedule<'a>, LintError> {
    let mut layout =
        Layout { operations: Vec::new(), applies: BTreeMap::new(), deletes: BTreeMap::new() };
    let steps = lint(plan)?;
    for step in &plan.steps {
        layout.add(step);
    }
    layout.connect(plan, &steps);
    let Layout { mut operations, .. } = layout;
    let critical = measure(&mut operations, kinds)?;
    Ok(Schedule { operations, critical })
}

struct Layout<'a> {
    operations: Vec<Operation<'a>>,
    applies: BTreeMap<&'a Address, usize>,
    /// The deletions of present and deposed ones, with what each refers to.
    deletes: BTreeMap<&'a Address, Vec<(usize, &'a BTreeSet<Address>)>>,
}

impl<'a> Layout<'a> {
    fn add(&mut self, step: &'a Step) {
        let mut push = |phase, deposed| {
            let after = BTreeMap::new();
            self.operations.push(Operation { step, phase, deposed, after, remaining: 0.0 });
            self.operations.len() - 1
        };
        match step.action {
            Action::Keep | Action::Delete => {}
            Action::Forget => {
                push(Phase::Forget, None);
            }
            _ => {
                let index = push(Phase::Apply, None);
                self.applies.insert(&step.address, index);
            }
        }
        let mut deletes = Vec::new();
        if step.action == Action::Delete || step.action.replaces() {
            deletes.push((push(Phase::Delete, None), &step.depended_on));
        }
        for (nth, deposed) in step.deposed.iter().enumerate() {
            deletes.push((push(Phase::Delete, Some(nth)), &deposed.depends_on));
        }
        if !deletes.is_empty() {
            self.deletes.insert(&step.address, deletes);
        }
    }

    fn connect(&mut self, plan: &'a Plan, steps: &BTreeMap<&Address, &Step>) {
        let mut edges: Vec<(usize, usize, Milestone)> = Vec::new();
        for step in &plan.steps {
            let Some(&apply) = self.applies.get(&step.address) else { continue };
            for (address, needs) in &step.depends_on {
                if let Some(&before) = self.applies.get(address) {
                    let milestone = match needs {
                        Needs::Created => Milestone::Created,
                        Needs::Ready => Milestone::Done,
                    };
                    edges.push((apply, before, milestone));
                }
            }
            match step.action {
                Action::DeleteThenCreate => {
                    for (delete, _) in self.deletes.get(&step.address).into_iter().flatten() {
                        edges.push((apply, *delete, Milestone::Done));
                    }
                }
                Action::CreateThenDelete => {
                    // What an earlier run replaced need not wait for this one.
                    let deletes = self.deletes.get(&step.address).into_iter().flatten();
                    let present =
                        deletes.filter(|(delete, _)| self.operations[*delete].deposed.is_none());
                    edges.extend(present.map(|(delete, _)| (*delete, apply, Milestone::Done)));
                }
                _ => {}
            }
        }
        // Nothing goes before what refers to it has gone or moved away.
        for (user, user_deletes) in &self.deletes {
            for (user_delete, refers_to) in user_deletes {
                for used in *refers_to {
                    for (delete, _) in self.deletes.get(used).into_iter().flatten() {
                        edges.push((*delete, *user_delete, Milestone::Done));
                    }
                }
            }
            let _ = user;
        }
        for step in &plan.steps {
            let Some(&apply) = self.applies.get(&step.address) else { continue };
            for used in &step.depended_on {
                let used_step = steps.get(used);
                let first = used_step.is_some_and(|s| s.action == Action::DeleteThenCreate);
                if first || step.action == Action::DeleteThenCreate {
                    continue;
                }
                for (delete, _) in self.deletes.get(used).into_iter().flatten() {
                    edges.push((*delete, apply, Milestone::Done));
                }
            }
        }
        for (waits, before, milestone) in edges {
            if waits != before {
                let after = &mut self.operations[waits].after;
                let known = after.entry(before).or_insert(milestone);
                *known = milestone.max(*known);
            }
        }
    }
}

/// What can be said of a plan by looking at it.
fn lint(plan: &Plan) -> Result<BTreeMap<&Address, &Step>, LintError> {
    let mut steps: BTreeMap<&Address, &Step> = BTreeMap::new();
    for step in &plan.steps {
        if steps.insert(&step.address, step).is_some() {
            return Err(LintError::Twice(step.address.clone()));
        }
        let touches = matches!(step.action, Action::Update | Action::Adopt | Action::Delete)
            || step.action.replaces();
        if touches && step.known.is_none() {
            return Err(LintError::Unknown(step.address.clone()));
        }
    }
    for step in plan.steps.iter().filter(|step| step.action.applies()) {
        for used in step.depends_on.keys() {
            match steps.get(used) {
                None => return Err(LintError::Missing(step.address.clone(), used.clone())),
                Some(other) if !other.action.applies() => {
                    return Err(LintError::RefersToDeleted(step.address.clone(), used.clone()));
                }
                Some(_) => {}
            }
        }
    }
    Ok(steps)
}

/// Typical seconds of an operation: until its id is known, and in all.
fn seconds(operation: &Operation<'_>, kinds: &Kinds) -> (f64, f64) {
    let typical =
        kinds.get(operation.step.address.kind()).map_or(Typical::QUICK, |kind| kind.typical);
    match operation.phase {
        Phase::Forget => (0.0, 0.0),
        Phase::Delete => (typical.deleted, typical.deleted),
        Phase::Apply => match operation.step.action {
            Action::Adopt if operation.step.changes.is_empty() => (0.0, 0.0),
            Action::Update | Action::Adopt => (typical.created, typical.created),
            _ => (typical.created, typical.created + typical.ready),
        },
    }
}

/// Works out how long remains after each operation's start; an error when they wait in a circle.
fn measure(operations: &mut [Operation<'_>], kinds: &Kinds) -> Result<f64, LintError> {
    let mut followers: Vec<Vec<(usize, Milestone)>> = vec![Vec::new(); operations.len()];
    let mut open: Vec<usize> = vec![0; operations.len()];
    for (index, operation) in operations.iter().enumerate() {
        for (&before, &milestone) in &operation.after {
            followers[before].push((index, milestone));
            open[before] += 1;
        }
    }
    // From the ends backwards.
    let mut ready: Vec<usize> = (0..operations.len()).filter(|index| open[*index] == 0).collect();
    let mut measured = 0;
    let mut critical: f64 = 0.0;
    while let Some(index) = ready.pop() {
        measured += 1;
        let (created, all) = seconds(&operations[index], kinds);
        let longest = followers[index].iter().map(|(follower, milestone)| {
            let until = if *milestone == Milestone::Created { created } else { all };
            until + operations[*follower].remaining
        });
        let remaining = longest.fold(all, f64::max);
        operations[index].remaining = remaining;
        critical = critical.max(remaining);
        for before in operations[index].after.keys() {
            open[*before] -= 1;
            if open[*before] == 0 {
                ready.push(*before);
            }
        }
    }
    if measured == operations.len() { Ok(critical) } else { Err(circle(operations, &open)) }
}

fn circle(operations: &[Operation<'_>], open: &[usize]) -> LintError {
    let name = |index: usize| {
        let Operation { step, phase, .. } = &operations[index];
        let phase = if *phase == Phase::Delete { "delete" } else { "apply" };
        format!("{phase} {}", step.address)
    };
    let mut path: Vec<usize> = open.iter().position(|count| *count > 0).into_iter().collect();
    while let Some(&last) = path.last() {
        // Walk forward among what was left over until a name comes again.
        let next = operations
            .iter()
            .enumerate()
            .find(|(index, o)| open[*index] > 0 && o.after.contains_key(&last));
        let Some((next, _)) = next else { break };
        if let Some(at) = path.iter().position(|index| *index == next) {
            path.drain(..at);
            path.push(next);
            break;
        }
        path.push(next);
    }
    LintError::Circle(path.into_iter().map(name).collect())
}

#[cfg(test)]
mod tests;
