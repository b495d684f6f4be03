//! How much a plan does, in a line.

use payctl_engine::{Goal, Plan};

use super::refused;
use crate::report::plural;

/// How many resources a plan does what to.
pub(crate) fn counts(plan: &Plan) -> String {
    let counts = plan.counts();
    if plan.is_up_to_date() && plan.refusals.is_empty() {
        return match plan.goal {
            Goal::Up => {
                let found = match counts.adopt {
                    0 => String::new(),
                    found => {
                        format!(" ({found} of them found by name or tag, not in the state here)")
                    }
                };
                let all = counts.keep + counts.adopt;
                let verb = if all == 1 { "matches" } else { "match" };
                format!("no changes: {} {verb} the configuration{found}", plural(all, "resource"))
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
