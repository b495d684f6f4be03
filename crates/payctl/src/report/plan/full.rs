//! The plan with every property (-v), and with what does not change as well (-vv), in the order of
//! declaration.

use std::fmt::Write as _;

use payctl_engine::{Goal, Step};

use super::changes;
use super::lines::{deposed, headline};
use super::view::View;

pub(super) fn write(view: &View<'_>) -> String {
    let mut out = String::new();
    for step in &view.plan.steps {
        for old in &step.deposed {
            let _ = writeln!(out, "{}", deposed(view, step, old));
        }
        if !step.is_as_declared() || view.verbose > 1 {
            write_step(&mut out, view, step);
        }
    }
    out
}

fn write_step(out: &mut String, view: &View<'_>, step: &Step) {
    let _ = writeln!(out, "{}", headline(view, step));
    changes::write(out, step.action, &step.changes, true, view.width);
    if !step.changes.is_empty() && view.plan.goal == Goal::Up {
        out.push('\n');
    }
}
