//! What changes about a resource, property by property.

use std::fmt::Write as _;

use anstyle::Style;
use payctl_engine::diff::UNDECLARED;
use payctl_engine::{Action, Change, Origin};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::report::text::{columns, cut, wrapped};
use crate::report::value::{is_large, long, short};
use crate::report::{DIM, GREEN, RED, paint};

/// How far properties are indented.
const INDENT: usize = 4;

/// The properties of a step, one below the other; of what is created, what it is created with.
pub(super) fn write(
    out: &mut String,
    action: Action,
    changes: &[Change],
    whole: bool,
    columns: usize,
) {
    let width = changes.iter().map(|change| change.property.len()).max().unwrap_or_default();
    for change in changes {
        match action {
            Action::Create => write_new(out, change, width, whole, columns),
            _ => write_change(out, change, width, columns),
        }
    }
}

fn write_new(out: &mut String, change: &Change, width: usize, whole: bool, columns: usize) {
    let Change { property, after, .. } = change;
    let indent = " ".repeat(INDENT);
    let large = whole && is_large(after);
    let text = if large { String::new() } else { summary(after) };
    let room = columns.saturating_sub(width + INDENT + 2);
    let text = if whole { text } else { cut(&text, room) };
    let line = format!("{indent}{property:<width$}  {text}");
    let _ = writeln!(out, "{}", line.trim_end());
    if large {
        for line in long(after).lines() {
            let _ = writeln!(out, "{indent}  {}", paint(GREEN, line));
        }
    }
}

fn write_change(out: &mut String, change: &Change, width: usize, columns_: usize) {
    let Change { property, before, after, known_after, origin, replaces } = change;
    let indent = " ".repeat(INDENT);
    if property == UNDECLARED {
        write_undeclared(out, before);
        return;
    }
    let room = columns_.saturating_sub(width + INDENT + 2);
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
        write_note(out, INDENT + property.len(), 6, &note, columns_);
        out.push('\n');
        for line in lines(before, after) {
            let _ = writeln!(out, "{indent}  {line}");
        }
        return;
    }
    let (before, after) = (short(before), short(after));
    let length = columns(&before) + columns(&after) + 3;
    if length <= room {
        let (before, after) = (paint(RED, before), paint(GREEN, after));
        let _ = write!(out, "{indent}{property:<width$}  {before} → {after}");
        write_note(out, INDENT + width + 2 + length, 6, &note, columns_);
        out.push('\n');
    } else {
        let _ = write!(out, "{indent}{property}");
        write_note(out, INDENT + property.len(), 6, &note, columns_);
        let _ = writeln!(out, "\n{indent}  {}", paint(RED, format!("- {before}")));
        let _ = writeln!(out, "{indent}  {}", paint(GREEN, format!("+ {after}")));
    }
}

/// What others attached: each on a line, as it goes.
fn write_undeclared(out: &mut String, attachments: &Value) {
    let indent = " ".repeat(INDENT);
    let note = paint(DIM, "(attached outside payctl; to be removed)".to_owned());
    let _ = writeln!(out, "{indent}{UNDECLARED}  {note}");
    for what in attachments.as_array().into_iter().flatten() {
        let _ = writeln!(out, "{indent}  {}", paint(RED, format!("- {}", short(what))));
    }
}

/// A note in brackets, behind what fills `used` columns or on lines of its own.
pub(super) fn write_note(out: &mut String, used: usize, indent: usize, note: &str, width: usize) {
    if note.is_empty() {
        return;
    }
    if used + columns(note) + 4 <= width {
        let _ = write!(out, "{}", paint(DIM, format!("  ({note})")));
        return;
    }
    let begin = " ".repeat(indent);
    for line in wrapped(&begin, indent, &format!("({note})"), width).lines() {
        let _ = write!(out, "\n{begin}{}", paint(DIM, line.trim_start()));
    }
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
