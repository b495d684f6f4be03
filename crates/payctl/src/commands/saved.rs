//! Saved plans: read, and held against what would be done now.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use payctl_engine::plan::Step;
use payctl_engine::state::write_private;
use payctl_engine::{Address, Goal, Plan};
use payctl_stack::Systems;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::CliError;
use crate::global::Global;
use crate::{environments, report};

/// Reads the plan that `path` holds.
pub(super) fn read(path: &Path, systems: Systems) -> Result<Plan, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| {
        let error = failed(path).because(&source);
        // Whoever names an environment or a system means no file.
        match path.to_str().and_then(|word| environments::option_for(systems, word)) {
            Some(option) if source.kind() == ErrorKind::NotFound => {
                error.hint(format!("is it an environment or a system? `payctl up {option}`"))
            }
            _ => error,
        }
    })?;
    let unreadable = |source: serde_json::Error| {
        failed(path).because(&source).hint("plans are saved with `payctl plan --out FILE`")
    };
    let mut value: Value = serde_json::from_str(&text).map_err(unreadable)?;
    // `plan --json` says besides what it costs, and how long it takes.
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !["cost", "time"].contains(&name.as_str()));
    }
    let plan: Plan = serde_json::from_value(value).map_err(unreadable)?;
    check_format(path, &plan)?;
    Ok(plan)
}

fn failed(path: &Path) -> CliError {
    CliError::failed(format!("failed to read the plan {}", path.display()))
}

fn check_format(path: &Path, plan: &Plan) -> Result<(), CliError> {
    if plan.format != payctl_engine::plan::FORMAT {
        let hint = "it was saved by another version of payctl: plan again";
        return Err(failed(path).hint(hint));
    }
    Ok(())
}

/// The deletions that `payctl sweep --out` saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deletions {
    format: u32,
    sweep: Vec<Plan>,
}

/// The format of several deletions.
const DELETIONS_FORMAT: u32 = 1;

/// Reads the deletions that `path` holds.
pub(super) fn read_deletions(path: &Path) -> Result<Vec<Plan>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| failed(path).because(&source))?;
    let saved: Deletions = serde_json::from_str(&text).map_err(|source| {
        failed(path).because(&source).hint("deletions are saved with `payctl sweep --out FILE`")
    })?;
    if saved.format != DELETIONS_FORMAT {
        return Err(failed(path).hint("it was saved by another version of payctl: plan again"));
    }
    for plan in &saved.sweep {
        check_format(path, plan)?;
        if plan.goal != Goal::Destroy {
            return Err(failed(path).because_of("one of its plans deletes nothing"));
        }
    }
    Ok(saved.sweep)
}

/// Saves deletions. They hold what states hold.
pub(super) fn write_deletions(path: &Path, sweep: Vec<Plan>) -> Result<(), CliError> {
    let failed = || CliError::failed(format!("failed to save the plan to {}", path.display()));
    let saved = Deletions { format: DELETIONS_FORMAT, sweep };
    let mut value = serde_json::to_value(&saved).map_err(|source| failed().because(&source))?;
    value.sort_all_objects();
    let written = write_private(path, format!("{value:#}\n").as_bytes());
    written.map_err(|source| failed().because(&source))
}

/// The plan says which stack and suffix it is for; the command line may only say the same.
pub(super) fn take_names(global: &mut Global, plan: &Plan) -> Result<(), CliError> {
    let owner = &plan.owner;
    let suffix = owner
        .suffix
        .parse()
        .map_err(|source| CliError::failed("the plan names no environment").because(&source))?;
    let other_suffix = global.suffix.as_ref().is_some_and(|given| *given != suffix);
    let other_stack = global.stack.as_ref().is_some_and(|given| *given != owner.stack);
    let other_region = global.region.as_ref().is_some_and(|given| *given != plan.region);
    if other_region {
        let message = format!("the plan is for region {}", plan.region);
        return Err(CliError::failed(message).hint("leave --region out, or plan anew"));
    }
    if other_suffix || other_stack {
        let message = format!("the plan is for stack {}, suffix {}", owner.stack, owner.suffix);
        return Err(CliError::failed(message).hint("leave --stack and --suffix out, or plan anew"));
    }
    global.suffix = Some(suffix);
    global.stack = Some(owner.stack.clone());
    if !global.sandbox {
        global.region = Some(plan.region.clone());
    }
    // Who typed the plan's name typed theirs.
    global.typed.extend(["suffix", "stack"].map(str::to_owned));
    Ok(())
}

/// Why a saved plan is not what would be done now.
pub(super) fn stale(saved: &Plan, now: &Plan) -> CliError {
    /// More than these tell no more.
    const MOST: usize = 5;
    let place = |plan: &Plan| format!("account {}, region {}", plan.account, plan.region);
    if place(saved) != place(now) {
        return CliError::failed(format!("the plan is for {}", place(saved)))
            .because_of(format!("this is {}", place(now)));
    }
    let mut error = CliError::failed(
        "AWS, the state or the configuration has changed since the plan was saved",
    );
    if saved.serial != now.serial {
        let between = format!("serial {} then, {} now", saved.serial, now.serial);
        error = error.because_of(format!("another run has written the state ({between})"));
    }
    let steps = |plan: &Plan| -> BTreeMap<Address, Step> {
        plan.steps.iter().map(|step| (step.address.clone(), step.clone())).collect()
    };
    let (then, now) = (steps(saved), steps(now));
    let all: BTreeSet<&Address> = then.keys().chain(now.keys()).collect();
    let other = all.into_iter().filter(|address| then.get(*address) != now.get(*address));
    let told = other.map(|address| {
        let word = |steps: &BTreeMap<Address, Step>| {
            steps.get(address).map_or("not planned", |step| report::plan::word(step.action))
        };
        match (word(&then), word(&now)) {
            (then, now) if then == now => format!("{address}: {now}, but otherwise"),
            (then, now) => format!("{address}: {then} then, {now} now"),
        }
    });
    let told: Vec<String> = told.collect();
    let more = told.len().saturating_sub(MOST);
    for cause in told.into_iter().take(MOST) {
        error = error.because_of(cause);
    }
    if more > 0 { error.because_of(format!("{more} more")) } else { error }
}

/// Whether two plans do the same. The first plan of an environment makes its lineage up, so that
/// is compared only where a state names it.
pub(super) fn same(saved: &Plan, now: &Plan) -> bool {
    let mut saved = saved.clone();
    if now.serial == 0 && saved.owner.lineage != now.owner.lineage {
        let (theirs, ours) = (saved.owner.lineage.clone(), now.owner.lineage.clone());
        let text = serde_json::to_string(&saved).unwrap_or_default().replace(&theirs, &ours);
        match serde_json::from_str(&text) {
            Ok(renamed) => saved = renamed,
            Err(_) => return false,
        }
    }
    saved == *now
}
