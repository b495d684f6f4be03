//! The plan as people read it: property by property, with the reason.

use std::fmt::Write as _;

use anstyle::Style;
use payctl_engine::{Action, Change, Goal, Origin, Plan, Provider as _, Step};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::value::{cut, is_large, long, short};
use super::{BOLD, CYAN, DIM, GREEN, RED, WIDTH, YELLOW, paint};
use crate::environment::Environment;
use crate::shift::Recorded;

/// The whole plan.
pub(crate) fn text(environment: &Environment, plan: &Plan, verbose: u8) -> String {
    let mut out = String::new();
    let facts = &environment.facts;
    let place = if environment.sandbox { ", sandbox" } else { "" };
    let _ = writeln!(
        out,
        "{} · account {} · {}{place}",
        paint(BOLD, environment.local.title()),
        facts.account,
        facts.region
    );
    if let Some(run) = &environment.overlapping {
        let line = format!("another run is in progress: {run}");
        let _ = writeln!(out, "{}", paint(DIM, line));
        let _ =
            writeln!(out, "{}", paint(DIM, "this plan is a snapshot of what it has done so far"));
    } else if environment.loaded.replayed > 0 {
        let line = "a previous run was interrupted; this run resumes it";
        let _ = writeln!(out, "{}", paint(DIM, line));
    }
    if let Some(Recorded { shift, .. }) = Recorded::of(&environment.state) {
        let line = format!("a shift to green is under way, {}: see `payctl shift`", shift.place());
        let _ = writeln!(out, "{}", paint(DIM, line));
    }
    out.push('\n');
    // They tell of what is declared.
    let notes = if plan.goal == Goal::Up { environment.stack.notes() } else { &[] };
    for note in notes {
        let _ = writeln!(out, "{}", paint(DIM, format!("note: {}", note.replace('\n', "\n  "))));
    }
    if !notes.is_empty() {
        out.push('\n');
    }
    let kinds = environment.provider.kinds();
    for step in &plan.steps {
        let keeps_data = kinds.get(step.address.kind()).is_some_and(|kind| kind.keeps_data);
        write_step(&mut out, step, plan.goal, keeps_data, verbose);
    }
    write_refusals(&mut out, plan);
    write_counts(&mut out, plan);
    out
}

fn write_step(out: &mut String, step: &Step, goal: Goal, keeps_data: bool, verbose: u8) {
    for deposed in &step.deposed {
        let id = short(deposed.outputs.get("id").unwrap_or(&deposed.outputs));
        let what = format!("- {}: delete what it replaced, {id}", step.address);
        let _ = writeln!(out, "{}", paint(RED, what));
    }
    let (sign, style, what) = match step.action {
        _ if step.is_as_declared() && step.deposed.is_empty() && verbose < 2 => return,
        Action::Keep => (" ", DIM, "unchanged"),
        Action::Create => ("+", GREEN, "create"),
        Action::Adopt => ("+", CYAN, "adopt"),
        Action::Update => ("~", YELLOW, "update"),
        Action::DeleteThenCreate => {
            ("±", RED, "replace: delete, then create (the two cannot stand side by side)")
        }
        Action::CreateThenDelete => ("±", YELLOW, "replace: create, then delete the old one"),
        Action::Delete if keeps_data => ("-", RED, "delete, and its data is lost"),
        Action::Delete => ("-", RED, "delete"),
        Action::Forget => ("-", DIM, "forget"),
    };
    let _ = write!(out, "{} {}", paint(style, format!("{sign} {}", step.address)), what);
    if let Some(reason) = &step.reason {
        let width = step.address.as_str().len() + what.len() + 3;
        write_note(out, width, 4, reason);
    }
    out.push('\n');
    let mut changes: Vec<&Change> = step.changes.iter().collect();
    // What creates shows is what one would ask about; everything else is a -v away.
    if step.action == Action::Create && verbose == 0 {
        changes.retain(|change| !change.after.is_null() && change.property != "tags");
    }
    let width = changes.iter().map(|change| change.property.len()).max().unwrap_or_default();
    for change in changes {
        write_change(out, step.action, change, width, verbose);
    }
    if step.action == Action::Delete && goal == Goal::Destroy {
        return;
    }
    if !step.changes.is_empty() {
        out.push('\n');
    }
}

fn write_change(out: &mut String, action: Action, change: &Change, width: usize, verbose: u8) {
    let Change { property, before, after, known_after, origin, replaces } = change;
    let indent = " ".repeat(4);
    let room = WIDTH.saturating_sub(width + 6);
    if action == Action::Create {
        let text = if verbose > 0 && is_large(after) { String::new() } else { summary(after) };
        let _ = writeln!(out, "{indent}{property:<width$}  {}", cut(&text, room));
        if verbose > 0 && is_large(after) {
            for line in long(after).lines() {
                let _ = writeln!(out, "{indent}  {}", paint(GREEN, line));
            }
        }
        return;
    }
    let mut note = match origin {
        Origin::Drift => "changed outside payctl".to_owned(),
        Origin::Declared => String::new(),
        Origin::Unknown => {
            let names: Vec<String> = known_after.iter().map(ToString::to_string).collect();
            format!("known after {}", names.join(", "))
        }
    };
    if *replaces {
        let comma = if note.is_empty() { "" } else { ", " };
        note = format!("{note}{comma}forces the replacement");
    }
    if is_large(before) || is_large(after) || (before.is_array() && after.is_array()) {
        let _ = write!(out, "{indent}{property}");
        write_note(out, indent.len() + property.len(), 6, &note);
        out.push('\n');
        for line in lines(before, after) {
            let _ = writeln!(out, "{indent}  {line}");
        }
        return;
    }
    let (before, after) = (short(before), short(after));
    let length = before.chars().count() + after.chars().count() + 3;
    if length <= room {
        let (before, after) = (paint(RED, before), paint(GREEN, after));
        let _ = write!(out, "{indent}{property:<width$}  {before} → {after}");
        write_note(out, indent.len() + width + 2 + length, 6, &note);
        out.push('\n');
    } else {
        let _ = write!(out, "{indent}{property}");
        write_note(out, indent.len() + property.len(), 6, &note);
        let _ = writeln!(out, "\n{indent}  {}", paint(RED, format!("- {before}")));
        let _ = writeln!(out, "{indent}  {}", paint(GREEN, format!("+ {after}")));
    }
}

/// A note in brackets, behind what fills `used` columns or on lines of its own.
fn write_note(out: &mut String, used: usize, indent: usize, note: &str) {
    if note.is_empty() {
        return;
    }
    if used + note.chars().count() + 4 <= WIDTH {
        let _ = write!(out, "{}", paint(DIM, format!("  ({note})")));
        return;
    }
    let mut line = String::from("(");
    let mut words = note.split(' ').peekable();
    while let Some(word) = words.next() {
        if indent + line.chars().count() + word.chars().count() + 2 > WIDTH && line.len() > 1 {
            let _ = write!(out, "\n{}{}", " ".repeat(indent), paint(DIM, line.trim_end()));
            line.clear();
        }
        line += word;
        line.push(if words.peek().is_some() { ' ' } else { ')' });
    }
    let _ = write!(out, "\n{}{}", " ".repeat(indent), paint(DIM, line));
}

/// What changes between two values, line by line, with a little around it.
fn lines(before: &Value, after: &Value) -> Vec<String> {
    let text = |value: &Value| if value.is_null() { String::new() } else { long(value) + "\n" };
    let (before, after) = (text(before), text(after));
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    let mut out = Vec::new();
    for (nth, group) in diff.grouped_ops(2).iter().enumerate() {
        if nth > 0 {
            out.push(paint(DIM, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", RED),
                ChangeTag::Insert => ("+", GREEN),
                ChangeTag::Equal => (" ", Style::new()),
            };
            let line = change.value().trim_end_matches('\n');
            out.push(paint(style, format!("{sign} {line}")));
        }
    }
    out
}

/// A new value on one line: of a policy, what its statements are called.
fn summary(value: &Value) -> String {
    let Some(statements) = value.get("Statement").and_then(Value::as_array) else {
        return short(value);
    };
    let names: Vec<&str> = statements
        .iter()
        .filter_map(|statement| statement.get("Sid").and_then(Value::as_str))
        .collect();
    format!("policy: {}", names.join(", "))
}

fn write_refusals(out: &mut String, plan: &Plan) {
    for refusal in &plan.refusals {
        let _ = writeln!(out, "{} {}: {}", paint(RED, "refused:"), refusal.address, refusal.why);
        let _ = writeln!(out, "  {} {}", paint(CYAN, "hint:"), refusal.hint);
    }
    if !plan.refusals.is_empty() {
        out.push('\n');
    }
}

fn write_counts(out: &mut String, plan: &Plan) {
    let counts = plan.counts();
    let parts: Vec<String> = [
        (counts.create, "to create"),
        (counts.adopt, "to adopt"),
        (counts.update, "to update"),
        (counts.replace, "to replace"),
        (counts.delete, "to delete"),
        (counts.forget, "to forget"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let kept = match (counts.keep, plan.goal) {
        (0, _) => String::new(),
        (kept, Goal::Up) => format!("{kept} unchanged"),
        (kept, Goal::Destroy) => format!("{kept} to keep"),
    };
    let all: Vec<String> =
        parts.iter().cloned().chain((!kept.is_empty()).then_some(kept)).collect();
    let line = match (plan.is_up_to_date(), plan.goal) {
        (true, Goal::Up) => {
            let found = match counts.adopt {
                0 => String::new(),
                found => format!(" ({found} of them found by name or tag, not in the state here)"),
            };
            let all = super::plural(counts.keep + counts.adopt, "resource");
            format!("no changes: {all} match the configuration{found}")
        }
        (true, Goal::Destroy) => "nothing to delete: this environment does not exist".to_owned(),
        _ => all.join(", "),
    };
    let _ = writeln!(out, "{}", paint(BOLD, line));
}
