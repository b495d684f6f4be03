//! What this run leaves in the environment's history: who ran what, from where, with which outcome.

use payctl_engine::diff::removed;
use payctl_engine::state::history::{Changed, End, Ended, Run};
use payctl_engine::state::{Session, State};
use payctl_engine::{Goal, Outcome, Phase, Plan, StateError};

use crate::environment::Environment;
use crate::local::host;
use crate::report;

/// A run that is noted in the history.
pub(crate) struct Noted {
    id: String,
}

impl Noted {
    /// Notes that `plan` is about to be carried out. A history that cannot be written is said, and
    /// stops nothing: the journal is what a later run relies on.
    pub(crate) fn begin(environment: &Environment, session: &Session, plan: &Plan) -> Self {
        let now = jiff::Timestamp::now();
        let random: String = (0..4).map(|_| fastrand::alphanumeric()).collect();
        let id = format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), random.to_ascii_lowercase());
        let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
        let user = user.ok().filter(|user| !user.is_empty());
        let run = Run {
            id: id.clone(),
            command: verb(plan.goal).to_owned(),
            began: text(now),
            who: environment.facts.caller.clone(),
            from: user.map_or_else(host, |user| format!("{user}@{}", host())),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            planned: plan.counts(),
        };
        say_if_lost(session.begin_run(run));
        Self { id }
    }

    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Writes the state, and notes how the run ended. What cannot be noted is said, and stops nothing.
    pub(crate) fn end(
        self,
        session: &Session,
        state: &mut State,
        plan: &Plan,
        outcome: &Outcome,
    ) -> Result<(), StateError> {
        let changes = outcome.done.iter().filter_map(|(address, phase)| {
            let step = plan.step(address)?;
            let (address, action, phase) = (address.clone(), step.action, *phase);
            let removed = match phase {
                Phase::Apply => removed(&step.changes),
                Phase::Delete | Phase::Forget => Vec::new(),
            };
            Some(Changed { address, action, phase, removed })
        });
        let failures =
            outcome.failed.iter().map(|(address, failure)| (address.clone(), failure.to_string()));
        let end = End {
            id: self.id,
            ended: text(jiff::Timestamp::now()),
            outcome: ended(outcome),
            changes: changes.collect(),
            failures: failures.collect(),
        };
        // What the journal does not take the state does not either.
        match outcome.storage.is_none() {
            true => say_if_lost(session.end(state, end)?.map_or(Ok(()), Err)),
            false => say_if_lost(session.end_run(end)),
        }
        Ok(())
    }
}

/// How a run ended, in a word.
pub(crate) fn ended(outcome: &Outcome) -> Ended {
    match (outcome.is_complete(), outcome.stopped) {
        (true, _) => Ended::Done,
        (false, true) => Ended::Interrupted,
        (false, false) => Ended::Failed,
    }
}

/// The command that has this goal.
pub(crate) fn verb(goal: Goal) -> &'static str {
    match goal {
        Goal::Up => "up",
        Goal::Destroy => "destroy",
    }
}

/// A moment in RFC 3339, to the second.
fn text(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn say_if_lost(written: Result<(), StateError>) {
    if let Err(error) = written {
        report::warn(&format!("this run is missing from the history: {error}"));
    }
}
