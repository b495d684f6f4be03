//! `payctl plan`: what `up` or `destroy` would change, and why. Writes nothing.

use std::path::PathBuf;

use clap::Args;
use payctl_engine::Goal;
use payctl_engine::state::write_private;

use super::permissions::PermissionArgs;
use crate::cost::BudgetArgs;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::{Global, shell_word};
use crate::handlers::Handlers;
use crate::history::verb;
use crate::local::Local;
use crate::report;

/// Show what `up` would change, and why
///
/// Reads AWS and writes nothing, neither there nor here.
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
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Plan the deletion of everything instead
    #[arg(long)]
    pub(crate) destroy: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionArgs,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
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
    let protected = args.destroy.then(|| local.refuse_protected().err()).flatten();
    let environment = Environment::open(global, local, handlers).await?;
    let (environment, plan) = environment.plan_unlocked(goal, &args.permissions).await?;
    let mut value = serde_json::to_value(&plan)
        .map_err(|source| CliError::failed("failed to write the plan down").because(&source))?;
    value.sort_all_objects();
    let within = args.budget.check(&plan);
    // What costs too much is not saved.
    let out = args.out.as_ref().filter(|_| within.is_ok());
    if let Some(path) = out {
        // It holds what a state holds.
        write_private(path, format!("{value:#}\n").as_bytes()).map_err(|source| {
            let message = format!("failed to save the plan to {}", path.display());
            CliError::failed(message).because(&source)
        })?;
    }
    if args.json {
        report::data(&format!("{value:#}\n"));
    } else {
        report::data(&report::plan::text(&environment, &plan, global.verbose));
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
