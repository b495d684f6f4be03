//! What `up` and `destroy` share: show the plan, ask, carry it out, tell how it ended.

use payctl_aws::Leftover;
use payctl_engine::state::Session;
use payctl_engine::{FailureKind, Goal, Limits, Outcome, Plan, Provider as _, Stop, execute};

use super::permissions::PermissionArgs;
use crate::ask::typed;
use crate::cost;
use crate::durations::Durations;
use crate::environment::Environment;
use crate::error::{CliError, Exit};
use crate::global::Global;
use crate::history::{Noted, ended, verb};
use crate::life::{Carrying, End};
use crate::local::state_folder;
use crate::prediction::Prediction;
use crate::report::events::{Run, Stream};
use crate::report::progress::{Progress, Undone};
use crate::timeline::{Of, Recorder};
use crate::{looked, report, signals};

/// What is asked before anything is changed.
pub(super) enum Question {
    /// Whether the plan is right.
    Approve { yes: bool },
    /// The suffix, to be typed.
    Destroy { yes: bool },
}

/// How a plan is carried out.
pub(super) struct Manner<'a> {
    pub(super) global: &'a Global,
    pub(super) permissions: &'a PermissionArgs,
    pub(super) question: Question,
    /// Until when the environment is to be there, where that is to be written.
    pub(super) end: Option<&'a End>,
}

/// Begins to tell a program what is done, if it is asked for.
pub(super) fn stream(json: bool, command: &str, environment: &Environment) -> Stream {
    let Environment { local, facts, sandbox, .. } = environment;
    let run = Run {
        command,
        stack: local.system.name,
        suffix: local.suffix.as_str(),
        account: &facts.account,
        region: &facts.region,
        sandbox: *sandbox,
    };
    Stream::start(json, run)
}

/// Shows the plan, asks, and carries it out.
pub(super) async fn carry_out(
    manner: Manner<'_>,
    environment: Environment,
    session: &Session,
    plan: &Plan,
    stream: &mut Stream,
) -> Result<Exit, CliError> {
    let Manner { global, question, .. } = &manner;
    let text = report::plan::text(&environment, plan, global.verbose);
    // What is asked about is shown, however little is to be told.
    match question {
        Question::Approve { yes: false } | Question::Destroy { yes: false } => {
            report::line(text.trim_end());
        }
        _ => report::say(text.trim_end()),
    }
    stream.plan(plan, || cost::json(plan, &environment.local.basis));
    if !plan.refusals.is_empty() {
        return Err(report::plan::refused(plan, &manner.again(plan)));
    }
    if !question.asks(plan) {
        report::say("");
    }
    if question.asks(plan) {
        question.ask(plan, environment.sandbox).await?;
    }
    apply(manner, environment, session, plan, stream).await
}

/// Carries out what is approved.
pub(super) async fn apply(
    manner: Manner<'_>,
    mut environment: Environment,
    session: &Session,
    plan: &Plan,
    stream: &mut Stream,
) -> Result<Exit, CliError> {
    let Manner { global, end, .. } = &manner;
    environment.calls.hold_to(session.permit());
    if let Some(end) = end {
        end.write(&environment.provider, plan).await?;
    }
    if plan.is_empty() {
        if environment.loaded.replayed > 0 {
            session.save(&mut environment.state)?;
        }
        if plan.goal == Goal::Up {
            looked::note_none(&environment.local);
            keep_outputs(&mut environment, session, plan)?;
            report::outputs(&environment.state.outputs);
            stream.outputs.clone_from(&environment.state.outputs);
        } else if let Some(hint) = environment.local.meant(global) {
            report::say(&hint);
        }
        return Ok(Exit::Done);
    }
    let stop = Stop::default();
    let stopping = signals::stopping(&stop);
    if environment.loaded.state.is_none() {
        plan.keep_found(&mut environment.state);
    }
    let mut journal = session.journal(&environment.loaded, &environment.state)?;
    let noted = Noted::begin(&environment, session, plan);
    let kinds = environment.provider.kinds();
    let prediction = Prediction::of(plan, kinds, &environment.durations);
    let progress = Progress::new(&prediction, global.verbose);
    let of = Of { run: noted.id(), command: verb(plan.goal) };
    let recorder = Recorder::begin(&environment.local.records(), &of, &prediction);
    let limits = Limits { parallelism: usize::from(global.parallelism), ..Limits::default() };
    let carried_out = execute(
        plan,
        &Carrying { provider: &environment.provider, end: *end },
        &mut environment.state,
        &mut journal,
        &recorder.before(&stream.with(&progress)),
        limits,
        &stop,
    )
    .await;
    let undone = progress.end();
    let outcome = carried_out.map_err(|error| {
        CliError::failed("internal error: invalid plan (please report)").because(&error)
    })?;
    noted.end(session, &mut environment.state, plan, &outcome)?;
    let measured = recorder.end(ended(&outcome));
    Durations::keep(&environment.local.folder, environment.durations.place, measured);
    drop(stopping);
    if plan.goal == Goal::Up && outcome.is_complete() {
        looked::note_none(&environment.local);
    }
    let mut left = false;
    if plan.goal == Goal::Destroy && outcome.is_complete() {
        left = name_leftovers(&environment, plan).await;
    }
    let (outcome, undone) = stream.carried_out.insert((outcome, undone));
    let told = tell(&manner, &environment, plan, outcome, undone, left);
    if plan.goal == Goal::Up {
        stream.outputs.clone_from(&environment.state.outputs);
    }
    told
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
    manner: &Manner<'_>,
    environment: &Environment,
    plan: &Plan,
    outcome: &mut Outcome,
    undone: &Undone,
    left: bool,
) -> Result<Exit, CliError> {
    if let Some(error) = outcome.storage.take() {
        let mut error = CliError::from(error);
        error.hints.push("what was done is in AWS; the next run finds it".to_owned());
        return Err(error);
    }
    report::outcome::outcome(plan.goal, outcome, undone, &environment.state);
    if manner.global.verbose > 0 {
        report::calls(&environment.calls);
    }
    let command = manner.again(plan);
    if outcome.stopped && !outcome.is_complete() {
        report::line(&format!("interrupted; progress is saved. Resume with `{command}`"));
        return Ok(Exit::Interrupted);
    }
    if !outcome.is_complete() {
        let error =
            CliError::failed(format!("{} failed", report::plural(outcome.failed.len(), "step")));
        let permanent = outcome.failed.iter().any(|(_, failure)| {
            matches!(failure.kind, FailureKind::Invalid | FailureKind::Denied | FailureKind::Quota)
        });
        let error = match plan.goal == Goal::Destroy && !environment.orphans.is_empty() {
            true => {
                error.hint("the orphaned resources that are listed above the plan may block it")
            }
            false => error,
        };
        return Err(match permanent {
            true => error.hint(format!("fix the problem above, then run `{command}`")),
            false => error.hint(format!("run `{command}` again: it goes on from here")),
        });
    }
    match plan.goal {
        Goal::Up => {
            report::say("");
            report::outputs(&environment.state.outputs);
        }
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

impl Manner<'_> {
    /// The command that goes on.
    fn again(&self, plan: &Plan) -> String {
        self.global.command(verb(plan.goal)) + &self.permissions.words()
    }
}

impl Question {
    /// Whether somebody has to be asked before the plan is carried out.
    fn asks(&self, plan: &Plan) -> bool {
        let (Self::Approve { yes } | Self::Destroy { yes }) = self;
        !yes && !plan.is_up_to_date()
    }

    async fn ask(&self, plan: &Plan, sandbox: bool) -> Result<(), CliError> {
        let approval = "Apply these changes? Only \"yes\" is accepted: ".to_owned();
        let (wanted, prompt) = match self {
            Self::Approve { .. } => ("yes", approval),
            Self::Destroy { .. } => {
                (plan.owner.suffix.as_str(), report::plan::deletion_question(plan, sandbox))
            }
        };
        report::line("");
        typed(&prompt, wanted, "add --yes if the plan is right").await
    }
}
