//! What `up` and `destroy` share: show the plan, ask, carry it out, tell how it ended.

use payctl_aws::Leftover;
use payctl_engine::state::Session;
use payctl_engine::{FailureKind, Goal, Limits, Outcome, Plan, Stop, execute};

use super::typed;
use crate::cli::Global;
use crate::environment::{Environment, state_folder};
use crate::error::{CliError, Exit};
use crate::history::{Noted, verb};
use crate::report::progress::Progress;
use crate::{report, signals};

/// What is asked before anything is changed.
pub(super) enum Question {
    /// Whether the plan is right.
    Approve { yes: bool },
    /// The suffix, to be typed.
    Destroy { yes: bool, suffix: String },
}

pub(super) async fn carry_out(
    global: &Global,
    mut environment: Environment,
    session: &Session,
    plan: &Plan,
    question: Question,
) -> Result<Exit, CliError> {
    report::say(&report::plan::text(&environment, plan, global.verbose));
    if !plan.refusals.is_empty() {
        return Err(CliError::failed("the plan is refused, and nothing was changed"));
    }
    if plan.is_empty() {
        if environment.loaded.replayed > 0 {
            session.save(&mut environment.state)?;
        }
        if plan.goal == Goal::Up {
            keep_outputs(&mut environment, session, plan)?;
            report::outputs(&environment.state.outputs);
        }
        return Ok(Exit::Done);
    }
    if !plan.is_up_to_date() {
        approve(&question).await?;
    }
    let stop = Stop::default();
    let stopping = signals::stopping(&stop);
    if environment.loaded.state.is_none() {
        plan.keep_found(&mut environment.state);
    }
    let mut journal = session.journal(&environment.loaded, &environment.state)?;
    let noted = Noted::begin(&environment, session, plan);
    let progress = Progress::new(plan, global.verbose);
    let limits = Limits { parallelism: usize::from(global.parallelism), ..Limits::default() };
    let ended = execute(
        plan,
        &environment.provider,
        &mut environment.state,
        &mut journal,
        &progress,
        limits,
        &stop,
    )
    .await;
    progress.end();
    let outcome = ended.map_err(|error| {
        CliError::failed("internal error: invalid plan (please report)").because(&error)
    })?;
    if outcome.storage.is_none() {
        session.save(&mut environment.state)?;
    }
    noted.end(session, plan, &outcome);
    drop(stopping);
    let mut left = false;
    if plan.goal == Goal::Destroy && outcome.is_complete() {
        left = name_leftovers(&environment, plan).await;
    }
    tell(global, &environment, plan, outcome, left)
}

/// Asks AWS what still carries our tags though this run knew nothing of it: what an older version
/// of the stack made and no state remembers. Answers whether something may be left.
async fn name_leftovers(environment: &Environment, plan: &Plan) -> bool {
    let owner = environment.owner();
    // What was just deleted stays in AWS's list of tags for a while.
    let unknown = |left: &Leftover| {
        let mut deleted = plan.steps.iter().flat_map(|step| {
            step.known.iter().chain(step.deposed.iter().map(|deposed| &deposed.outputs))
        });
        deleted.all(|outputs| !left.is(outputs))
    };
    match payctl_aws::leftovers(environment.provider.cloud(), &owner, unknown).await {
        Ok(left) => {
            for leftover in &left {
                report::warn(&format!(
                    "may be left over; AWS can list deleted resources for a while:\n  {}",
                    leftover.arn
                ));
            }
            !left.is_empty()
        }
        Err(error) => {
            report::warn(&format!("AWS could not be asked what is left:\n  {error}"));
            true
        }
    }
}

/// Outputs may change though no resource does: one may have been added.
fn keep_outputs(
    environment: &mut Environment,
    session: &Session,
    plan: &Plan,
) -> Result<(), CliError> {
    let outputs = plan
        .outputs
        .iter()
        .map(|(name, value)| {
            let value = payctl_engine::input::resolve(value, &|reference| {
                let known = plan.step(&reference.address)?.known.as_ref()?;
                known.get(&reference.output).cloned()
            });
            (name.clone(), value)
        })
        .collect();
    if environment.state.outputs != outputs {
        environment.state.outputs = outputs;
        session.save(&mut environment.state)?;
    }
    Ok(())
}

fn tell(
    global: &Global,
    environment: &Environment,
    plan: &Plan,
    mut outcome: Outcome,
    left: bool,
) -> Result<Exit, CliError> {
    if let Some(error) = outcome.storage.take() {
        let mut error = CliError::from(error);
        error.hints.push("what was done is in AWS; the next run finds it".to_owned());
        return Err(error);
    }
    report::outcome(plan, &outcome);
    if global.verbose > 0 {
        report::calls(&environment.calls);
    }
    if outcome.stopped && !outcome.is_complete() {
        let command = again(global, plan);
        report::say(&format!("interrupted; progress is saved. Resume with `{command}`"));
        return Ok(Exit::Interrupted);
    }
    if !outcome.is_complete() {
        let error =
            CliError::failed(format!("{} failed", report::plural(outcome.failed.len(), "step")));
        let lasting = outcome.failed.iter().any(|(_, failure)| {
            matches!(failure.kind, FailureKind::Invalid | FailureKind::Denied | FailureKind::Quota)
        });
        let command = again(global, plan);
        let error = match plan.goal == Goal::Destroy && !environment.orphans.is_empty() {
            true => error.hint("what AWS lists beside it, above the plan, may be in the way"),
            false => error,
        };
        return Err(match lasting {
            true => error.hint(format!("fix the problem above, then run `{command}`")),
            false => error.hint(format!("run `{command}` again: it goes on from here")),
        });
    }
    match plan.goal {
        Goal::Up => report::outputs(&environment.state.outputs),
        Goal::Destroy => {
            let name = format!("{} {}", environment.local.system.name, environment.local.suffix);
            let folder = state_folder(&environment.local);
            let folder = folder.display();
            report::say(&match left {
                true => format!(
                    "all that is declared or recorded of {name} is gone; its empty state is in {folder}"
                ),
                false => format!("nothing is left of {name} but its empty state in {folder}"),
            });
        }
    }
    Ok(Exit::Done)
}

/// The command that goes on.
fn again(global: &Global, plan: &Plan) -> String {
    global.command(verb(plan.goal))
}

/// Asks unless that is to be left out.
async fn approve(question: &Question) -> Result<(), CliError> {
    let (yes, wanted, prompt) = match question {
        Question::Approve { yes } => {
            (*yes, "yes", "Apply these changes? Only \"yes\" is accepted: ".to_owned())
        }
        Question::Destroy { yes, suffix } => {
            (*yes, suffix.as_str(), format!("Type the suffix to delete all of this ({suffix}): "))
        }
    };
    if yes { Ok(()) } else { typed(&prompt, wanted, "add --yes if the plan is right").await }
}
