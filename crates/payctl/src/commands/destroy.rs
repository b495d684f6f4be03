//! `payctl destroy`: deletes everything of an environment.

use payctl_engine::Goal;

use super::run::{Question, carry_out};
use crate::cli::{DestroyArgs, Global};
use crate::environment::{Environment, Handlers, Local};
use crate::error::{CliError, Exit};

pub(super) async fn run(global: &Global, args: &DestroyArgs) -> Result<Exit, CliError> {
    let local = Local::read(global)?;
    let suffix = local.suffix.as_str().to_owned();
    local.refuse_protected()?;
    let checked = Environment::open(global, local, Handlers::Ignored).await?;
    let session = checked.local.lock("destroy", global).await?;
    let mut environment = checked.reload()?;
    let plan = environment.plan(Goal::Destroy, &args.permissions).await?;
    let question = Question::Destroy { yes: args.yes, suffix };
    carry_out(global, environment, &session, &plan, question).await
}
