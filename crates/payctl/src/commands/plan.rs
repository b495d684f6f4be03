//! `payctl plan`: what `up` or `destroy` would change, and why. Writes nothing.

use payctl_engine::Goal;

use crate::cli::{Global, PlanArgs};
use crate::environment::{Environment, Handlers, Local};
use crate::error::{CliError, Exit};
use crate::report;

pub(super) async fn run(global: &Global, args: &PlanArgs) -> Result<Exit, CliError> {
    let local = Local::read(global)?;
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
    if let Some(path) = &args.out {
        std::fs::write(path, format!("{value:#}\n")).map_err(|source| {
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
    if let Some(path) = &args.out {
        let command = global.command(&format!("up {}", path.display()));
        report::say(&match plan.refusals.is_empty() {
            true => format!("saved; `{command}` does exactly this"),
            false => "saved, refusals included: it cannot be carried out".to_owned(),
        });
    }
    match (plan.refusals.is_empty(), plan.is_up_to_date()) {
        (false, _) => Ok(Exit::Failed),
        (true, false) if args.detailed_exitcode => Ok(Exit::Changes),
        _ => Ok(Exit::Done),
    }
}
