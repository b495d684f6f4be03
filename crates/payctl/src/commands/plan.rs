//! `payctl plan`: what `up` or `destroy` would change, and why. Writes nothing.

use std::path::PathBuf;

use clap::Args;
use payctl_engine::state::write_private;
use payctl_engine::{Goal, Provider as _};

use super::permissions::PermissionArgs;
use crate::check::EnforceArgs;
use crate::cost::{self, BudgetArgs};
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::{Global, shell_word};
use crate::handlers::Handlers;
use crate::history::verb;
use crate::local::Local;
use crate::prediction::Prediction;
use crate::{looked, report};

/// Show what `up` would change, and why
///
/// Reads AWS and changes nothing, neither there nor in the state.
#[derive(Debug, Args)]
#[command(aliases = ["preview", "diff"], after_help = "\
Examples:
  payctl plan                     what `up` would change
  payctl plan --out dev.plan      save it, for `payctl up dev.plan`
  payctl plan --destroy           what `destroy` would delete")]
pub(crate) struct PlanArgs {
    /// Save the plan, for `payctl up FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the plan for a pull request's comment
    ///
    /// As Markdown of at most 65,536 characters: GitHub takes no longer ones.
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Plan the deletion of everything instead
    #[arg(long)]
    pub(crate) destroy: bool,
    /// Say where its time is from: measured here, or typical
    #[arg(long, conflicts_with = "json", hide_short_help = true)]
    pub(crate) explain_time: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionArgs,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    #[command(flatten)]
    pub(crate) enforce: EnforceArgs,
}

pub(super) async fn run(global: &Global, args: &PlanArgs) -> Result<Exit, CliError> {
    let first = if args.destroy { First::Named } else { First::Dev };
    let (global, local) = Local::read(global, first)?;
    let global = &global;
    if args.json {
        local.say_guess();
    }
    let (goal, handlers) = match args.destroy {
        true => (Goal::Destroy, Handlers::Ignored),
        false => (Goal::Up, Handlers::Needed),
    };
    args.budget.refuse_for(goal)?;
    args.enforce.refuse_for(goal)?;
    let protected = args.destroy.then(|| local.refuse_protected().err()).flatten();
    let environment = Environment::open(global, local, handlers).await?;
    let (environment, plan) = environment.plan_unlocked(goal, &args.permissions).await?;
    if goal == Goal::Up && environment.overlapping.is_none() {
        looked::note(&environment.local, &environment.state, &plan);
    }
    let mut value = serde_json::to_value(&plan)
        .map_err(|source| CliError::failed("failed to write the plan down").because(&source))?;
    value.sort_all_objects();
    let basis = &environment.local.basis;
    let within = args.budget.check(&plan, basis).and_then(|()| args.enforce.check(&environment));
    // What costs too much, or breaks a control, is not saved.
    let out = args.out.as_ref().filter(|_| within.is_ok());
    if let Some(path) = out {
        // It holds what a state holds.
        write_private(path, format!("{value:#}\n").as_bytes()).map_err(|source| {
            let message = format!("failed to save the plan to {}", path.display());
            CliError::failed(message).because(&source)
        })?;
    }
    if args.json {
        // What is saved has neither: prices and times change, and whether the plan is still the same must not.
        value["cost"] = cost::json(&plan, basis);
        let kinds = environment.provider.kinds();
        value["time"] = Prediction::of(&plan, kinds, &environment.durations).json();
        report::data(&format!("{value:#}\n"));
    } else if args.markdown {
        report::data(&report::plan::markdown(&environment, &plan));
    } else {
        report::data(&report::plan::text(&environment, &plan, global.verbose));
    }
    if args.explain_time {
        let kinds = environment.provider.kinds();
        let explained = Prediction::of(&plan, kinds, &environment.durations).explained();
        report::data(&format!("\n{explained}"));
    }
    if global.verbose > 0 {
        report::calls(&environment.calls);
    }
    if let Some(protected) = protected {
        report::warn(&format!("{}: `payctl destroy` refuses it", protected.message));
    }
    let command = global.command(verb(goal)) + &args.permissions.words();
    if !plan.refusals.is_empty() {
        if let Some(path) = out {
            let path = path.display();
            report::say(&format!("saved to {path}, refusals included: it cannot be carried out"));
        }
        return Err(report::plan::refused(&plan, &command));
    }
    within?;
    if let Some(path) = out {
        let command = global.command(&format!("up {}", shell_word(&path.to_string_lossy())));
        let does = match goal {
            Goal::Up => "does exactly this",
            Goal::Destroy => "deletes exactly this",
        };
        report::say(&format!("saved; `{command}` {does}"));
    } else if !args.json
        && let Some(next) = report::plan::next(&plan, &command)
    {
        report::say(&next);
    }
    match plan.is_up_to_date() {
        false if args.detailed_exitcode => Ok(Exit::Changes),
        _ => Ok(Exit::Done),
    }
}
