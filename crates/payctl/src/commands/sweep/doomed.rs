//! An environment that is about to be deleted: locked, and planned.

use payctl_aws::{Arn, Leftover};
use payctl_engine::state::Session;
use payctl_engine::{Goal, Plan};

use super::choice::{Place, own_stack};
use crate::commands::permissions::PermissionArgs;
use crate::commands::saved::{same, stale};
use crate::environment::Environment;
use crate::environments::First;
use crate::error::CliError;
use crate::global::Global;
use crate::handlers::Handlers;
use crate::local::Local;
use crate::{configuration, document, report};

/// An environment that is about to be deleted.
pub(super) struct Doomed {
    pub(super) environment: Environment,
    pub(super) session: Session,
    pub(super) plan: Plan,
    pub(super) why: String,
    /// The command line that names it.
    pub(super) global: Global,
}

/// What became of one that is to be swept.
pub(super) enum Prepared {
    /// It is about to be deleted.
    Doomed(Box<Doomed>),
    /// It is left as it is, and why.
    Left(&'static str),
}

/// Locks the environment and plans its deletion, which has to be `saved` where that is given.
pub(super) async fn prepare(
    global: &Global,
    place: &Place,
    saved: Option<&Plan>,
    permissions: &PermissionArgs,
) -> Result<Prepared, CliError> {
    let global = naming(global, place)?;
    let (global, local) = Local::read(&global, First::Named)?;
    local.refuse_protected()?;
    local.store.expect_lock();
    let checked = Environment::open(&global, local, Handlers::Ignored).await?;
    let session = checked.local.lock("destroy", &global).await?;
    let mut environment = checked.reload()?;
    let mut plan = environment.plan(Goal::Destroy, permissions).await?;
    if let Some(saved) = saved {
        // What the saved plan was allowed, this one is: both do the same.
        let mut allowed = plan.clone();
        allowed.refusals.clear();
        if !saved.refusals.is_empty() || !same(saved, &allowed) {
            report::say(&report::plan::text(&environment, &plan, global.verbose));
            return Err(stale(saved, &plan)
                .because_of(format!("nothing was deleted, of {place} nor of any other"))
                .hint("plan anew with `payctl sweep --out FILE`"));
        }
        plan = allowed;
    }
    if !plan.refusals.is_empty() {
        report::line(report::plan::text(&environment, &plan, global.verbose).trim_end());
        let command = global.command("destroy") + &permissions.words();
        return Err(report::plan::refused(&plan, &command));
    }
    if plan.is_empty() {
        return Ok(Prepared::Left("nothing is left of it"));
    }
    if place.carrier.as_ref().is_some_and(|carrier| !is_in(&plan, carrier)) {
        // AWS's list of tags remembers what is gone, for minutes to hours: an environment that was
        // made anew must not end with the one before it.
        return Ok(Prepared::Left("what its life's end is written on is gone or is not found"));
    }
    let why = place.why.clone();
    Ok(Prepared::Doomed(Box::new(Doomed { environment, session, plan, why, global })))
}

/// Whether `arn` is of what the plan deletes.
fn is_in(plan: &Plan, arn: &Arn) -> bool {
    let carrier = Leftover { arn: arn.clone(), address: None };
    plan.steps.iter().filter_map(|step| step.known.as_ref()).any(|outputs| carrier.is(outputs))
}

/// The command line as if it named the environment.
fn naming(global: &Global, place: &Place) -> Result<Global, CliError> {
    let config = configuration::read(global.config.as_deref(), global.systems)?;
    let mut named = global.clone();
    named.suffix = Some(place.suffix.clone());
    named.stack = Some(place.stack.clone());
    named.typed.extend(["suffix", "stack"].map(str::to_owned));
    if !global.sandbox {
        named.region = Some(place.region.clone());
    }
    if global.systems.named(&place.stack).is_none()
        && own_stack(global, &config) == Some(place.stack.as_str())
    {
        return Ok(named);
    }
    // Its document is another than the one that is named, if any is.
    named.stack_file = None;
    named.set.clear();
    if global.systems.named(&place.stack).is_none() {
        document::name_lost(&mut named, &place.stack);
    }
    Ok(named)
}
