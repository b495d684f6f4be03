//! `payctl up`: creates or updates an environment.

use std::path::PathBuf;

use clap::Args;
use payctl_engine::{Goal, Plan};
use payctl_stack::life::Life;

use super::permissions::PermissionArgs;
use super::run::{Manner, Question, carry_out, stream};
use super::saved::{read, same, stale, take_names};
use crate::check::EnforceArgs;
use crate::cost::BudgetArgs;
use crate::environment::Environment;
use crate::environments::First;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::handlers::Handlers;
use crate::life::End;
use crate::local::Local;
use crate::report;
use crate::report::events::Stream;

/// Create or update an environment
///
/// Shows the plan and asks before anything is changed.
#[derive(Debug, Args)]
#[command(aliases = ["apply", "deploy"], after_help = "\
Examples:
  payctl up --suffix dev             create the environment dev, or update it
  payctl up --suffix pr-1 --ttl 72h  for three days, see `payctl sweep`
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
    /// How long it is to be there, such as 72h or 14d
    ///
    /// Each `up` that is told so begins it anew; `never` takes it back. When it is over,
    /// `payctl sweep --expired` deletes the environment. [default: `ttl` of the configuration]
    #[arg(long, value_name = "TIME")]
    pub(crate) ttl: Option<Life>,
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
    let (global, mut local) = Local::read(&global, First::Dev)?;
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
    let life = crate::life::asked(args.ttl, goal, &local)?;
    if goal == Goal::Up {
        local.check_document()?;
    }
    local.store.expect_lock();
    // Everything that can be wrong with the input is found before a file is written.
    let checked = Environment::open(&global, local, handlers).await?;
    let end = life.map(|life| End::of(&checked.stack, life)).transpose()?;
    let mut stream = stream(args.json, "up", &checked);
    let wanted = (saved.as_ref(), end.as_ref());
    let ended = up(&global, args, wanted, checked, &mut stream).await;
    stream.end(&ended);
    ended
}

async fn up(
    global: &Global,
    args: &UpArgs,
    (saved, end): (Option<&Plan>, Option<&End>),
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
    let within = args.budget.check(&plan, &environment.local.basis);
    if let Err(broken) = within.and_then(|()| args.enforce.check(&environment)) {
        report::say(&report::plan::text(&environment, &plan, global.verbose));
        return Err(broken);
    }
    let question = match goal {
        Goal::Destroy => Question::Destroy { yes: args.yes },
        Goal::Up => Question::Approve { yes: args.yes || saved.is_some() },
    };
    let manner = Manner { global, permissions: &args.permissions, question, end };
    carry_out(manner, environment, &session, &plan, stream).await
}
