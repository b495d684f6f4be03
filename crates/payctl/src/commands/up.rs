//! `payctl up`: creates or updates an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use payctl_engine::plan::Step;
use payctl_engine::{Address, Goal, Plan};
use payctl_stack::Systems;
use serde_json::Value;

use super::permissions::PermissionArgs;
use super::run::{Manner, Question, carry_out, stream};
use crate::check::EnforceArgs;
use crate::cost::BudgetArgs;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::report::events::Stream;
use crate::{environments, report};

/// Create or update an environment
///
/// Shows the plan and asks before anything is changed.
#[derive(Debug, Args)]
#[command(aliases = ["apply", "deploy"], after_help = "\
Examples:
  payctl up --suffix dev             create the environment dev, or update it
  payctl up --suffix dev --yes       without a question
  payctl up dev.plan                 what `payctl plan --out dev.plan` saved")]
pub(crate) struct UpArgs {
    /// A plan saved by `payctl plan --out`: done exactly, or not at all
    pub(crate) plan: Option<PathBuf>,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Print what happens as JSON, an event a line
    ///
    /// docs/schema/events.json says what they are. Nothing is asked: --yes has to be there.
    #[arg(long, requires = "yes")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionArgs,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    #[command(flatten)]
    pub(crate) enforce: EnforceArgs,
}

pub(super) async fn run(global: &Global, args: &UpArgs) -> Result<Exit, CliError> {
    let saved = args.plan.as_deref().map(|path| read(path, global.systems)).transpose()?;
    let mut global = global.clone();
    if let Some(plan) = &saved {
        take_names(&mut global, plan)?;
    }
    let (global, local) = Local::read(&global, First::Dev)?;
    let goal = saved.as_ref().map_or(Goal::Up, |plan| plan.goal);
    args.budget.refuse_for(goal)?;
    args.enforce.refuse_for(goal)?;
    let handlers = match goal {
        Goal::Up => Handlers::Needed,
        Goal::Destroy => Handlers::Ignored,
    };
    if goal == Goal::Destroy {
        local.refuse_protected()?;
    }
    // Everything that can be wrong with the input is found before a file is written.
    let checked = Environment::open(&global, local, handlers).await?;
    let mut stream = stream(args.json, "up", &checked);
    let ended = up(&global, args, saved.as_ref(), checked, &mut stream).await;
    stream.end(&ended);
    ended
}

async fn up(
    global: &Global,
    args: &UpArgs,
    saved: Option<&Plan>,
    checked: Environment,
    stream: &mut Stream,
) -> Result<Exit, CliError> {
    let goal = saved.map_or(Goal::Up, |plan| plan.goal);
    let session = checked.local.lock("up", global).await?;
    let mut environment = checked.reload()?;
    let mut plan = environment.plan(goal, &args.permissions).await?;
    if let Some(saved) = saved {
        // What the saved plan was allowed, this one is: both do the same.
        let mut allowed = plan.clone();
        allowed.refusals.clear();
        if saved.refusals.is_empty() && same(saved, &allowed) {
            plan = allowed;
        }
    }
    if let Some(saved) = saved
        && !same(saved, &plan)
    {
        report::say(&report::plan::text(&environment, &plan, global.verbose));
        return Err(stale(saved, &plan)
            .hint("above is what it would be now; save it with `payctl plan --out FILE`"));
    }
    let within = args.budget.check(&plan, environment.local.usage.usage());
    if let Err(broken) = within.and_then(|()| args.enforce.check(&environment)) {
        report::say(&report::plan::text(&environment, &plan, global.verbose));
        return Err(broken);
    }
    let question = match goal {
        Goal::Destroy => Question::Destroy { yes: args.yes },
        Goal::Up => Question::Approve { yes: args.yes || saved.is_some() },
    };
    let manner = Manner { global, permissions: &args.permissions, question };
    carry_out(manner, environment, &session, &plan, stream).await
}

fn read(path: &Path, systems: Systems) -> Result<Plan, CliError> {
    let failed = || CliError::failed(format!("failed to read the plan {}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|source| {
        let error = failed().because(&source);
        // Whoever names an environment or a system means no file.
        match path.to_str().and_then(|word| environments::option_for(systems, word)) {
            Some(option) if source.kind() == ErrorKind::NotFound => {
                error.hint(format!("is it an environment or a system? `payctl up {option}`"))
            }
            _ => error,
        }
    })?;
    let unreadable = |source: serde_json::Error| {
        failed().because(&source).hint("plans are saved with `payctl plan --out FILE`")
    };
    let mut value: Value = serde_json::from_str(&text).map_err(unreadable)?;
    // `plan --json` says besides what it costs.
    if let Some(members) = value.as_object_mut() {
        members.remove("cost");
    }
    let plan: Plan = serde_json::from_value(value).map_err(unreadable)?;
    if plan.format != payctl_engine::plan::FORMAT {
        return Err(failed().hint("it was saved by another version of payctl: plan again"));
    }
    Ok(plan)
}

/// The plan says which stack and suffix it is for; the command line may only say the same.
fn take_names(global: &mut Global, plan: &Plan) -> Result<(), CliError> {
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
fn stale(saved: &Plan, now: &Plan) -> CliError {
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
fn same(saved: &Plan, now: &Plan) -> bool {
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
