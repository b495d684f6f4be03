//! `payctl check`: whether an environment keeps the compliance controls. Writes nothing.

use clap::Args;

use crate::check::{self, Check};
use crate::declared::declared;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::report;

/// Judge an environment by the compliance controls
///
/// Control by control and resource by resource: what passes, what fails, what is waived and why, and
/// what cannot be known. Of what the stack declares, AWS is not asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl check --suffix dev            what is declared; 6 where a control fails
  payctl check --suffix dev --live     what stands in AWS
  payctl check --suffix dev --strict   as if the posture were strict")]
pub(crate) struct CheckArgs {
    /// Judge what stands in AWS instead of what is declared
    #[arg(long)]
    pub(crate) live: bool,
    /// Judge by every control, as the posture `strict` does
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print all of it as JSON: docs/schema/check.json
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) async fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, if args.live { First::Named } else { First::Dev })?;
    let check = match args.live {
        true => standing(&global, local, args.strict).await?,
        false => planned(&global, local, args.strict).await?,
    };
    if args.json {
        report::json(&check.json())?;
    } else {
        let lines = report::check::page(&check, global.verbose > 0);
        report::data(&(lines.join("\n") + "\n"));
        report::say(check::NOTICE);
    }
    let every = format!("`{} -v` prints every verdict", global.command("check"));
    check.holds("verdict").map_err(|error| error.hint(every.clone()))?;
    if !args.json && global.verbose == 0 {
        report::say(&every);
    }
    Ok(Exit::Done)
}

async fn planned(global: &Global, mut local: Local, strict: bool) -> Result<Check, CliError> {
    let (stack, region) = declared(global, &mut local).await?;
    report::say(&format!("{} · {region}", local.title()));
    let subjects = check::declared(&local, &stack);
    Ok(Check::of(&local, &region, subjects, strict))
}

async fn standing(global: &Global, local: Local, strict: bool) -> Result<Check, CliError> {
    local.say_guess();
    let environment = Environment::open(global, local, Handlers::Ignored).await?;
    let observed = environment.read_all().await?;
    if observed.resources.is_empty() {
        let error = CliError::failed("this environment does not exist");
        return Err(error.hint("`payctl check` without --live judges what is declared"));
    }
    let subjects = check::standing(&environment.stack, observed);
    let region = &environment.facts.region;
    Ok(Check::of(&environment.local, region, subjects, strict))
}
