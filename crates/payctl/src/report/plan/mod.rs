//! The plan as people read it: what it is about, how much it does, and each resource once; of what
//! changes, each property and why.

mod changes;
mod counts;
mod full;
mod lines;
mod markdown;
mod page;
mod refused;
mod removal;
mod view;

use std::fmt::Write as _;

use payctl_engine::{Goal, Plan, Provider as _};

use super::text::wrapped;
use super::{BOLD, DIM, YELLOW, paint};
use crate::commands::systems::under_way;
use crate::cost;
use crate::environment::Environment;
use crate::prediction::Prediction;
use crate::preflight::Rights;

pub(crate) use counts::counts;
pub(crate) use lines::word;
pub(crate) use page::page;
pub(crate) use refused::refused;
use view::View;

/// The whole plan.
pub(crate) fn text(environment: &Environment, plan: &Plan, verbose: u8) -> String {
    View { verbose, ..view(environment, plan) }.text()
}

/// The plan for a pull request's comment.
pub(crate) fn markdown(environment: &Environment, plan: &Plan) -> String {
    markdown::write(&View { width: markdown::WIDTH, ..view(environment, plan) })
}

fn view<'a>(environment: &'a Environment, plan: &'a Plan) -> View<'a> {
    let kinds = environment.provider.kinds();
    View {
        plan,
        title: environment.local.title(),
        kinds,
        sandbox: environment.sandbox,
        situation: situation(environment),
        cost: cost::line(plan, &environment.local.basis),
        time: Prediction::of(plan, kinds, &environment.durations).line(),
        notes: environment.stack.notes(),
        verbose: 0,
        width: super::width(),
    }
}

/// What else is going on.
fn situation(environment: &Environment) -> Vec<String> {
    let mut situation = Vec::new();
    match &environment.overlapping {
        Some(run) => {
            situation.push(format!("another run is in progress: {run}; this plan is a snapshot"));
        }
        None if environment.loaded.replayed > 0 => {
            situation.push("a previous run was interrupted; this run resumes it".to_owned());
        }
        None => {}
    }
    situation.extend(under_way(environment.local.systems, &environment.state));
    situation.extend(environment.asked.rights.as_ref().and_then(Rights::told));
    situation
}

/// What to run next, where there is something to do.
pub(crate) fn next(plan: &Plan, command: &str) -> Option<String> {
    let does = match plan.goal {
        Goal::Up => "to apply this plan",
        Goal::Destroy => "to delete all of this",
    };
    (!plan.is_up_to_date()).then(|| format!("\nRun `{command}` {does}"))
}

/// What is asked before a deletion: which place it is about is part of the question.
pub(crate) fn deletion_question(plan: &Plan, sandbox: bool) -> String {
    let Plan { account, region, owner, .. } = plan;
    let what = match plan.counts().delete {
        // What is gone already is only removed from the state.
        0 => "forget all of this".to_owned(),
        1 => "delete this resource".to_owned(),
        count => format!("delete these {count} resources"),
    };
    let place = if sandbox { ", sandbox" } else { "" };
    let suffix = &owner.suffix;
    format!("Type the suffix to {what} in account {account}, {region}{place} ({suffix}): ")
}

impl View<'_> {
    fn text(&self) -> String {
        let Self { plan, verbose, width, .. } = self;
        let mut out = String::new();
        let place = if self.sandbox { " · sandbox" } else { "" };
        let subject = paint(BOLD, &self.title);
        let _ = writeln!(out, "{subject} · account {} · {}{place}", plan.account, plan.region);
        let _ = writeln!(out, "{}", paint(BOLD, counts(plan)));
        for line in self.cost.iter().chain(&self.time) {
            let _ = writeln!(out, "{}", wrapped("", 2, line, *width));
        }
        for line in &self.situation {
            let _ = writeln!(out, "{}", paint(YELLOW, wrapped("", 2, line, *width)));
        }
        let body = match verbose {
            0 => lines::write(self),
            _ => full::write(self),
        };
        let body = body.trim_end();
        if !body.is_empty() {
            let _ = writeln!(out, "\n{body}");
        }
        let notes = if self.tells_notes() { self.notes } else { &[] };
        for (nth, note) in notes.iter().enumerate() {
            let gap = if nth == 0 { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", paint(DIM, wrapped("note: ", 6, note, *width)));
        }
        if !plan.refusals.is_empty() {
            let _ = writeln!(out, "\n{}", refused::list(plan, *width));
        }
        out
    }

    /// They tell of what is declared, and were told when it was made.
    fn tells_notes(&self) -> bool {
        self.plan.goal == Goal::Up && (!self.plan.is_up_to_date() || self.verbose > 0)
    }
}

#[cfg(test)]
mod tests;
