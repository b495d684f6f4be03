//! The plan as people read it: what it is about, how much it does, and each resource once; of what
//! changes, each property and why.

mod changes;
mod full;
mod lines;
mod refused;
mod removal;
mod view;

use std::fmt::Write as _;

use payctl_engine::{Goal, Plan, Provider as _};

use super::text::wrapped;
use super::{BOLD, DIM, YELLOW, paint, plural};
use crate::commands::systems::under_way;
use crate::cost;
use crate::environment::Environment;
use crate::preflight::Rights;

pub(crate) use lines::word;
pub(crate) use refused::refused;
use view::View;

/// The whole plan.
pub(crate) fn text(environment: &Environment, plan: &Plan, verbose: u8) -> String {
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
    let view = View {
        plan,
        title: environment.local.title(),
        kinds: environment.provider.kinds(),
        sandbox: environment.sandbox,
        situation,
        cost: cost::line(plan),
        notes: environment.stack.notes(),
        verbose,
        width: super::width(),
    };
    view.text()
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
        let _ = writeln!(out, "{}", paint(BOLD, self.counts()));
        if let Some(cost) = &self.cost {
            let _ = writeln!(out, "{}", wrapped("", 2, cost, *width));
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
        // They tell of what is declared, and were told when it was made.
        let told = plan.goal == Goal::Up && (!plan.is_up_to_date() || *verbose > 0);
        let notes = if told { self.notes } else { &[] };
        for (nth, note) in notes.iter().enumerate() {
            let gap = if nth == 0 { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", paint(DIM, wrapped("note: ", 6, note, *width)));
        }
        if !plan.refusals.is_empty() {
            let _ = writeln!(out, "\n{}", refused::list(plan, *width));
        }
        out
    }

    /// How many resources it does what to.
    fn counts(&self) -> String {
        let Self { plan, .. } = self;
        let counts = plan.counts();
        if plan.is_up_to_date() && plan.refusals.is_empty() {
            return match plan.goal {
                Goal::Up => {
                    let found = match counts.adopt {
                        0 => String::new(),
                        found => format!(
                            " ({found} of them found by name or tag, not in the state here)"
                        ),
                    };
                    let all = counts.keep + counts.adopt;
                    let verb = if all == 1 { "matches" } else { "match" };
                    format!(
                        "no changes: {} {verb} the configuration{found}",
                        plural(all, "resource")
                    )
                }
                Goal::Destroy => "nothing to delete: this environment does not exist".to_owned(),
            };
        }
        let kept = match plan.goal {
            Goal::Up => "unchanged",
            Goal::Destroy => "to keep",
        };
        let parts = [
            (counts.create, "to create"),
            (counts.adopt, "to adopt"),
            (counts.update, "to update"),
            (counts.replace, "to replace"),
            (counts.delete, "to delete"),
            (counts.forget, "to forget"),
            (counts.keep, kept),
            (refused::count(plan), "refused"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        format!("Plan: {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
