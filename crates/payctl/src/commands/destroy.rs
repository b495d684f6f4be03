//! `payctl destroy`: deletes everything of an environment.

use clap::Args;
use payctl_engine::Goal;

use super::permissions::PermissionArgs;
use super::run::{Manner, Question, carry_out, stream};
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::report::events::Stream;

/// Delete everything of an environment
///
/// Buckets are emptied and keys scheduled for deletion. `up` with the same suffix works at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  payctl destroy                     delete the only environment of this folder
  payctl destroy --suffix pr-142     delete the environment pr-142
  payctl plan --destroy              what it would delete")]
pub(crate) struct DestroyArgs {
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
}

pub(super) async fn run(global: &Global, args: &DestroyArgs) -> Result<Exit, CliError> {
    let (global, local) = Local::read(global, First::Named)?;
    local.refuse_protected()?;
    local.store.expect_lock();
    let checked = Environment::open(&global, local, Handlers::Ignored).await?;
    let mut stream = stream(args.json, "destroy", &checked);
    let ended = destroy(&global, args, checked, &mut stream).await;
    stream.end(&ended);
    ended
}

async fn destroy(
    global: &Global,
    args: &DestroyArgs,
    checked: Environment,
    stream: &mut Stream,
) -> Result<Exit, CliError> {
    let session = checked.local.lock("destroy", global).await?;
    let mut environment = checked.reload()?;
    let plan = environment.plan(Goal::Destroy, &args.permissions).await?;
    let question = Question::Destroy { yes: args.yes };
    let manner = Manner { global, permissions: &args.permissions, question, end: None };
    carry_out(manner, environment, &session, &plan, stream).await
}
