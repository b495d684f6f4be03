//! `payctl report`: an environment on one page, to be sent to somebody. Writes nothing to AWS.

use std::path::PathBuf;

use clap::Args;
use payctl_engine::Goal;
use payctl_engine::state::write_private;

use super::permissions::PermissionArgs;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::report;

/// Write an environment down as one page
///
/// What `up` would do, with the picture, the changes, when what happens, what a month costs and the
/// outputs. The page is one file without a script, and loads nothing from anywhere. AWS is read, as
/// `plan` does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl report --html dev.html
  payctl report --html dev.html --suffix dev --stack migration")]
pub(crate) struct ReportArgs {
    /// Write the page to FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) html: PathBuf,
}

pub(super) async fn run(global: &Global, args: &ReportArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, First::Dev)?;
    local.say_guess();
    let environment = Environment::open(&global, local, Handlers::Needed).await?;
    let permissions = PermissionArgs::default();
    let (environment, plan) = environment.plan_unlocked(Goal::Up, &permissions).await?;
    let page = payctl_picture::html(&report::plan::page(&environment, &plan));
    let path = args.html.display();
    // It tells properties and outputs, as a state does.
    write_private(&args.html, page.as_bytes()).map_err(|source| {
        CliError::failed(format!("failed to write the page {path}")).because(&source)
    })?;
    report::say(&format!("wrote {path}"));
    Ok(Exit::Done)
}
