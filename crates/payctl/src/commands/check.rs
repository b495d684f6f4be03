//! `payctl check`: whether an environment keeps the compliance controls. Writes nothing.

use std::path::{Path, PathBuf};

use clap::Args;
use payctl_engine::state::write_private;

use crate::check::{self, Check};
use crate::declared::declared;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::evidence::EvidenceArgs;
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::{report, sarif};

/// Judge an environment by the compliance controls
///
/// Control by control and resource by resource: what passes, what fails, what is waived and why, and
/// what cannot be known. Of what the stack declares, AWS is not asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl check --suffix dev            what is declared; 6 where a control fails
  payctl check --suffix dev --live     what stands in AWS
  payctl check --suffix dev --strict   as if the posture were strict
  payctl check --suffix dev --sarif    for code scanning
  payctl check --suffix dev --live --account --evidence audit --sign-key key
                                       a signed bundle for auditors")]
pub(crate) struct CheckArgs {
    /// Judge what stands in AWS instead of what is declared
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live, ask for what is the account's as well
    #[arg(long, requires = "live")]
    pub(crate) account: bool,
    /// Judge by every control, as the posture `strict` does
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print all of it as JSON: docs/schema/check.json
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what does not pass as SARIF 2.1.0, for code scanning
    #[arg(long, conflicts_with = "json")]
    pub(crate) sarif: bool,
    /// Write all of it to FILE as one page, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
}

pub(super) async fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CliError> {
    let (global, mut local) =
        Local::read(global, if args.live { First::Named } else { First::Dev })?;
    let places = local.places.take();
    let check = match args.live {
        true => standing(&global, local, args).await?,
        false => planned(&global, local, args.strict).await?,
    };
    if let Some(path) = &args.html {
        write_page(&check, path)?;
    }
    if args.json {
        report::json(&check.json())?;
    } else if args.sarif {
        report::json(&sarif::log(&check, places.as_ref()))?;
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

/// Writes the page down. It tells properties, as a state does.
fn write_page(check: &Check, path: &Path) -> Result<(), CliError> {
    let page = payctl_picture::html(&report::checked::page(check));
    let name = path.display();
    write_private(path, page.as_bytes()).map_err(|source| {
        CliError::failed(format!("failed to write the page {name}")).because(&source)
    })?;
    report::say(&format!("wrote {name}"));
    Ok(())
}

async fn planned(global: &Global, mut local: Local, strict: bool) -> Result<Check, CliError> {
    let (stack, region) = declared(global, &mut local).await?;
    report::say(&format!("{} · {region}", local.title()));
    let subjects = check::declared(&local, &stack);
    Ok(Check::of(&local, &region, subjects, strict))
}

async fn standing(global: &Global, local: Local, args: &CheckArgs) -> Result<Check, CliError> {
    let bundle = args.evidence.bundle()?;
    local.say_guess();
    let environment = Environment::open(global, local, Handlers::Ignored).await?;
    let aws = environment.provider.cloud();
    let ready = match &bundle {
        Some(bundle) => Some(bundle.ready(aws).await?),
        None => None,
    };
    let (observed, replies) = environment.read_all().await?;
    if observed.resources.is_empty() {
        let error = CliError::failed("this environment does not exist");
        return Err(error.hint("`payctl check` without --live judges what is declared"));
    }
    let mut subjects = check::standing(&environment, observed, replies);
    if args.account {
        subjects = subjects.with(payctl_aws::settings(aws).await);
    }
    let region = &environment.facts.region;
    let check = Check::of(&environment.local, region, subjects, args.strict);
    if let (Some(ready), Some(folder)) = (ready, &args.evidence.evidence) {
        ready.write(&check, aws).await?;
        report::say(&format!("wrote {}", folder.display()));
    }
    Ok(check)
}
