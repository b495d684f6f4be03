//! The schedule: a plan's steps as operations and what each waits for.
//!
//! A pure function of the plan. There are no levels: an operation starts as soon as what it waits
//! for has happened, and of those that can start, the one with the longest remaining time does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Needs, resolve};
use crate::plan::{Action, Plan, Step};
use crate::state::Deposed;
use crate::{Address, Kinds, Typical};

/// Which half of a step an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It is removed from the state, as it is gone.
    Forget,
    /// It is created, adopted or updated.
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
    /// Its operations, by index.
    pub chain: Vec<usize>,
}

impl Schedule<'_> {
    /// Works the times out anew, where operations take others than their kinds typically do:
    /// `seconds` until the id is known, and in all.
    pub fn predict(&mut self, seconds: &dyn Fn(&Operation<'_>) -> (f64, f64)) {
        // What is laid out waits in no cycle.
        if let Ok((critical, chain)) = measure(&mut self.operations, seconds) {
            (self.critical, self.chain) = (critical, chain);
        }
    }
}

/// A plan that cannot be carried out: a fault of payctl, found before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum LintError {
    #[error("the plan has two steps for {0}")]
    Twice(Address),
    #[error("dependency cycle: {}", .0.join(" → "))]
    Cycle(Vec<String>),
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
/// When the plan is invalid.
pub fn schedule<'a>(plan: &'a Plan, kinds: &Kinds) -> Result<Schedule<'a>, LintError> {
    lay_out(&plan.steps, kinds)?.map_err(|(operations, cycle)| named(&operations, &cycle))
}

/// What would have to move before something goes that has to go before it can: it has to go
/// itself, and is made anew.
pub(crate) fn blocking_dependent<'a>(steps: &'a [Step], kinds: &Kinds) -> Option<&'a Address> {
    // Only what is deleted before something is made in its place closes a cycle.
    let first = |step: &Step| match step.action {
        Action::DeleteThenCreate => true,
        Action::Create | Action::CreateThenDelete => !step.deposed.is_empty(),
        _ => false,
    };
    if !steps.iter().any(first) {
        return None;
    }
    let Ok(Err((operations, cycle))) = lay_out(steps, kinds) else { return None };
    let mut pairs = cycle.windows(2).map(|pair| (&operations[pair[0]], &operations[pair[1]]));
    let moves =
        pairs.find(|(before, waits)| before.phase == Phase::Apply && waits.phase == Phase::Delete);
    moves.map(|(before, _)| &before.step.address)
}

/// Whether the steps wait for each other in a cycle.
pub(crate) fn has_cycle(steps: &[Step], kinds: &Kinds) -> bool {
    matches!(lay_out(steps, kinds), Ok(Err(_)))
}

/// Operations that wait in a cycle, and the cycle.
type Cycle<'a> = (Vec<Operation<'a>>, Vec<usize>);

fn lay_out<'a>(
    all: &'a [Step],
    kinds: &Kinds,
) -> Result<Result<Schedule<'a>, Cycle<'a>>, LintError> {
    let mut layout =
        Layout { operations: Vec::new(), applies: BTreeMap::new(), deletes: BTreeMap::new() };
    let steps = lint(all)?;
    for step in all {
        layout.add(step);
    }
    layout.connect(all, &steps, kinds);
    let Layout { mut operations, .. } = layout;
    loop {
        match measure(&mut operations, &|operation| typical_seconds(operation, kinds)) {
            Ok((critical, chain)) => return Ok(Ok(Schedule { operations, critical, chain })),
            Err(cycle) if break_cycle(&mut operations, &cycle, kinds) => {}
            Err(cycle) => return Ok(Err((operations, cycle))),
        }
    }
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

    fn connect(&mut self, all: &'a [Step], steps: &BTreeMap<&Address, &Step>, kinds: &Kinds) {
        let mut edges: Vec<(usize, usize, Milestone)> = Vec::new();
        for step in all {
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
            if matches!(step.action, Action::Create | Action::CreateThenDelete) {
                for (delete, _) in self.deletes.get(&step.address).into_iter().flatten() {
                    let deposed = self.operations[*delete].deposed.map(|nth| &step.deposed[nth]);
                    if deposed.is_some_and(|old| takes_the_name(step, old, steps, kinds)) {
                        edges.push((apply, *delete, Milestone::Done));
                    }
                }
            }
        }
        // Nothing goes before what refers to it has gone or moved away.
        for (user_delete, refers_to) in self.deletes.values().flatten() {
            for used in *refers_to {
                for (delete, _) in self.deletes.get(used).into_iter().flatten() {
                    edges.push((*delete, *user_delete, Milestone::Done));
                }
            }
        }
        for step in all {
            let Some(&apply) = self.applies.get(&step.address) else { continue };
            // What is gone refers to nothing any more.
            let there = step.depended_on.iter().filter(|_| step.known.is_some());
            for used in there {
                let used_step = steps.get(used);
                // What still refers to it waits for the one that is made after it has gone.
                let stays = step.depends_on.contains_key(used);
                let first = used_step.is_some_and(|s| s.action == Action::DeleteThenCreate);
                if (first && stays) || step.action == Action::DeleteThenCreate {
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

/// Whether what is to be made cannot stand beside what was left over.
fn takes_the_name(
    step: &Step,
    old: &Deposed,
    steps: &BTreeMap<&Address, &Step>,
    kinds: &Kinds,
) -> bool {
    let unique = kinds.get(step.address.kind()).map_or(&[][..], |kind| kind.unique_by);
    // What refers to something that is made anew is another than what there was.
    let same = |name: &&str| {
        let new = resolve(&step.properties[*name], &|reference| {
            let used = steps.get(&reference.address).filter(|used| !used.action.replaces())?;
            used.known.as_ref()?.get(&reference.output).cloned()
        });
        new == old.properties[*name]
    };
    !unique.is_empty() && unique.iter().all(same)
}

/// What can be said of a plan by looking at it.
fn lint(all: &[Step]) -> Result<BTreeMap<&Address, &Step>, LintError> {
    let mut steps: BTreeMap<&Address, &Step> = BTreeMap::new();
    for step in all {
        if steps.insert(&step.address, step).is_some() {
            return Err(LintError::Twice(step.address.clone()));
        }
        let touches = matches!(step.action, Action::Update | Action::Adopt | Action::Delete)
            || step.action.replaces();
        if touches && step.known.is_none() {
            return Err(LintError::Unknown(step.address.clone()));
        }
    }
    for step in all.iter().filter(|step| step.action.applies()) {
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
#[must_use]
pub fn typical_seconds(operation: &Operation<'_>, kinds: &Kinds) -> (f64, f64) {
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

/// Works out how long remains after each operation's start, and the longest chain; else the cycle
/// that they wait in, each for the one before it.
fn measure(
    operations: &mut [Operation<'_>],
    seconds: &dyn Fn(&Operation<'_>) -> (f64, f64),
) -> Result<(f64, Vec<usize>), Vec<usize>> {
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
    // Whom most waits for, and for each whose turn is next in its longest chain.
    let (mut critical, mut first) = (0.0, None);
    let mut next = vec![None; operations.len()];
    while let Some(index) = ready.pop() {
        measured += 1;
        let (created, all) = seconds(&operations[index]);
        let longest = followers[index].iter().map(|(follower, milestone)| {
            let until = if *milestone == Milestone::Created { created } else { all };
            (until + operations[*follower].remaining, Some(*follower))
        });
        let longer = |one: (f64, _), other: (f64, _)| if other.0 > one.0 { other } else { one };
        let (remaining, follower) = longest.fold((all, None), longer);
        operations[index].remaining = remaining;
        next[index] = follower;
        if remaining > critical || first.is_none() {
            (critical, first) = (remaining, Some(index));
        }
        for before in operations[index].after.keys() {
            open[*before] -= 1;
            if open[*before] == 0 {
                ready.push(*before);
            }
        }
    }
    if measured < operations.len() {
        return Err(cycle(operations, &open));
    }
    let chain = std::iter::successors(first, |index| next[*index]);
    Ok((critical, chain.collect()))
}

/// Opens a cycle by an order that is only the better one. Those above what an earlier
/// replacement left behind can move to its successor before that is brought up to date, as it
/// exists; and what is not held can be deleted before those that refer to it have moved.
fn break_cycle(operations: &mut [Operation<'_>], cycle: &[usize], kinds: &Kinds) -> bool {
    let exists = |operation: &Operation<'_>| {
        operation.phase == Phase::Apply
            && matches!(operation.step.action, Action::Update | Action::Adopt)
    };
    let leftover = cycle.iter().any(|index| operations[*index].deposed.is_some());
    let pairs = || cycle.windows(2).map(|pair| (pair[0], pair[1]));
    let moves = || {
        let mut pairs = pairs().filter(|_| leftover);
        pairs.find(|(before, waits)| exists(&operations[*before]) && exists(&operations[*waits]))
    };
    let lets_go = || {
        pairs().find(|(before, waits)| {
            let (before, waits) = (&operations[*before], &operations[*waits]);
            before.phase == Phase::Apply
                && waits.phase == Phase::Delete
                && before.step.address != waits.step.address
                && !holds(before.step, waits, kinds)
        })
    };
    let Some((before, waits)) = moves().or_else(lets_go) else { return false };
    operations[waits].after.remove(&before).is_some()
}

/// Whether what exists of `user` keeps what the deletion is about from being deleted.
fn holds(user: &Step, deletion: &Operation<'_>, kinds: &Kinds) -> bool {
    let Some(kind) = kinds.get(user.address.kind()) else { return true };
    let outputs = match deletion.deposed {
        Some(nth) => Some(&deletion.step.deposed[nth].outputs),
        None => deletion.step.known.as_ref(),
    };
    let mut ids = BTreeSet::new();
    outputs.into_iter().for_each(|outputs| texts_in(outputs, &mut ids));
    let held = kind.holds.iter().chain(kind.replaced_by);
    let mut texts = BTreeSet::new();
    held.for_each(|property| texts_in(&user.before[*property], &mut texts));
    texts.intersection(&ids).next().is_some()
}

fn texts_in<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => drop(found.insert(text)),
        Value::Array(items) => items.iter().for_each(|item| texts_in(item, found)),
        Value::Object(map) => map.values().for_each(|item| texts_in(item, found)),
        _ => {}
    }
}

/// Some cycle among the operations that were left over.
fn cycle(operations: &[Operation<'_>], open: &[usize]) -> Vec<usize> {
    let mut path: Vec<usize> = open.iter().position(|count| *count > 0).into_iter().collect();
    while let Some(&last) = path.last() {
        // Walk forward among what was left over until one comes again.
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
    path
}

fn named(operations: &[Operation<'_>], cycle: &[usize]) -> LintError {
    let name = |index: &usize| {
        let Operation { step, phase, .. } = &operations[*index];
        let phase = if *phase == Phase::Delete { "delete" } else { "apply" };
        format!("{phase} {}", step.address)
    };
    LintError::Cycle(cycle.iter().map(name).collect())
}

#[cfg(test)]
mod tests;
