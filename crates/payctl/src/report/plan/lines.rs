//! The plan in short: a line for each resource, equal ones on one, service by service. What data
//! goes comes first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use payctl_engine::state::Deposed;
use payctl_engine::{Action, Address, Step};

use super::changes::{self, write_note};
use super::removal::{joined, loss, physical};
use super::view::View;
use crate::report::text::{columns, listed, wrapped};
use crate::report::{CYAN, DIM, GREEN, RED, YELLOW, paint};

/// A reason that so many lines share is told once, above them.
const SHARED: usize = 2;
/// An address that is longer moves what is behind it out of its column.
const LONGEST: usize = 44;

/// One line of the plan, or a few.
pub(super) enum Entry<'a> {
    /// Resources of one kind to which the same happens.
    Group { action: Action, kind: &'a str, names: Vec<&'a str>, reason: Option<&'a str> },
    /// What is changed, or made anew.
    Change(&'a Step),
    /// What goes, and is something by itself.
    Removal { address: &'a Address, name: String, loss: Option<String>, reason: Option<String> },
}

pub(super) fn write(view: &View<'_>) -> String {
    let entries = entries(view);
    let mut shared: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    for entry in &entries {
        if let Some(reason) = entry.reason() {
            *shared.entry(reason).or_default() += 1;
        }
    }
    shared.retain(|_, count| *count >= SHARED);
    let told = |entry: &Entry<'_>| entry.reason().filter(|reason| shared.contains_key(reason));

    let mut blocks = Vec::new();
    for loses in [true, false] {
        let of = |entry: &&Entry<'_>| entry.loses() == loses && told(entry).is_none();
        blocks.push(block(entries.iter().filter(of), view, false));
    }
    for reason in shared.keys() {
        let of = |entry: &&Entry<'_>| told(entry).as_ref() == Some(reason);
        let (word, why) = reason;
        let mut entries: Vec<&Entry<'_>> = entries.iter().filter(of).collect();
        entries.sort_by_key(|entry| !entry.loses());
        let heading = wrapped("", 2, &format!("{word}: {why}"), view.width);
        blocks.push(format!("{heading}\n{}", block(entries.into_iter(), view, true)));
    }
    blocks.retain(|block| !block.is_empty());
    let blocks: Vec<&str> = blocks.iter().map(|block| block.trim_end()).collect();
    blocks.join("\n\n")
}

/// Those entries, without the reason where it is `told` already.
fn block<'e>(
    entries: impl Iterator<Item = &'e Entry<'e>> + Clone,
    view: &View<'_>,
    told: bool,
) -> String {
    let addresses = entries.clone().filter_map(|entry| match entry {
        Entry::Removal { address, .. } => Some(address.as_str().len()),
        _ => None,
    });
    let column = addresses.filter(|length| *length <= LONGEST).max().unwrap_or_default();
    let mut out = String::new();
    for entry in entries {
        entry.write(&mut out, view, column, told);
    }
    out
}

/// What happens, service by service, and in each in the order of declaration.
pub(super) fn entries<'a>(view: &'a View<'_>) -> Vec<Entry<'a>> {
    let mut kinds: Vec<&str> = Vec::new();
    for step in &view.plan.steps {
        if !kinds.contains(&step.address.kind()) {
            kinds.push(step.address.kind());
        }
    }
    let service = |kind: &'a str| kind.split_once('.').map_or(kind, |(service, _)| service);
    let mut steps: Vec<&Step> = view.plan.steps.iter().collect();
    steps.sort_by_key(|step| {
        let kind = step.address.kind();
        (service(kind), kinds.iter().position(|known| *known == kind))
    });
    let mut entries = Vec::new();
    for step in steps {
        for old in &step.deposed {
            entries.push(Entry::of_deposed(step, old));
        }
        // What is found exactly as declared changes nothing in AWS: it is told beside what does.
        let told = step.action == Action::Adopt && !view.plan.is_up_to_date();
        if told || !step.is_as_declared() {
            add(&mut entries, view, step);
        }
    }
    entries
}

fn add<'a>(entries: &mut Vec<Entry<'a>>, view: &View<'_>, step: &'a Step) {
    let (address, reason) = (&step.address, step.reason.as_deref());
    let shows = match step.action {
        Action::Create => false,
        Action::Delete => view.is_itself(step),
        _ => !step.changes.is_empty() || step.action.replaces(),
    };
    if shows && step.action == Action::Delete {
        let name = step.known.as_ref().and_then(physical).unwrap_or_default();
        let loss = loss(address.kind(), &step.before);
        let reason = step.reason.clone();
        entries.push(Entry::Removal { address, name, loss, reason });
        return;
    }
    if shows || step.action == Action::Update {
        entries.push(Entry::Change(step));
        return;
    }
    let same = entries.iter_mut().find_map(|entry| match entry {
        Entry::Group { action, kind, names, reason: why }
            if (*action, *kind, *why) == (step.action, address.kind(), reason) =>
        {
            Some(names)
        }
        _ => None,
    });
    match same {
        Some(names) => names.push(address.name()),
        None => entries.push(Entry::Group {
            action: step.action,
            kind: address.kind(),
            names: vec![address.name()],
            reason,
        }),
    }
}

impl View<'_> {
    /// Whether it has a name of its own in AWS; what has none goes with what it belongs to.
    fn is_itself(&self, step: &Step) -> bool {
        let kind = self.kinds.get(step.address.kind());
        let part = kind.is_some_and(|kind| kind.belongs_to.is_some());
        let Some(outputs) = &step.known else { return false };
        physical(outputs).is_some() && (!part || outputs.get("name").is_some())
    }

    /// What is there and goes, with what is in it.
    fn what_goes(&self, step: &Step) -> Option<String> {
        let name = step.known.as_ref().and_then(physical)?;
        Some(joined(&name, loss(step.address.kind(), &step.before).as_deref()))
    }

    /// What is there and goes, and what is in it, where something is.
    pub(super) fn what_is_lost(&self, step: &Step) -> Option<(String, String)> {
        let name = step.known.as_ref().and_then(physical)?;
        Some((name, loss(step.address.kind(), &step.before)?))
    }
}

impl<'a> Entry<'a> {
    fn of_deposed(step: &'a Step, old: &Deposed) -> Self {
        let name = physical(&old.outputs).unwrap_or_else(|| old.outputs.to_string());
        let loss = loss(step.address.kind(), &old.properties);
        let reason = Some("it was replaced earlier".to_owned());
        Self::Removal { address: &step.address, name, loss, reason }
    }

    fn loses(&self) -> bool {
        matches!(self, Self::Removal { loss: Some(_), .. })
    }

    /// What happens, in a word, and why, where the changes do not say it.
    fn reason(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Group { action, reason, .. } => {
                Some((word(*action), brief((*reason)?).to_owned()))
            }
            Self::Change(step) => {
                Some((word(step.action), brief(step.reason.as_deref()?).to_owned()))
            }
            Self::Removal { reason, .. } => {
                Some((word(Action::Delete), brief(reason.as_deref()?).to_owned()))
            }
        }
    }

    fn write(&self, out: &mut String, view: &View<'_>, column: usize, told: bool) {
        let width = view.width;
        match self {
            Self::Group { action, kind, names, reason } => {
                let (sign, style) = sign(*action);
                let sign = match action {
                    Action::Adopt => "adopt",
                    _ => sign,
                };
                let begin = match names[..] {
                    [name] => format!("{sign} {kind}:{name}"),
                    _ => format!("{sign} {} {kind}: ", names.len()),
                };
                let others = if names.len() == 1 { &[][..] } else { &names[..] };
                let indent = if columns(&begin) > width / 2 { 4 } else { columns(&begin) };
                let text = listed(&begin, indent, others.iter().copied(), width);
                let _ = write!(out, "{}", begun(style, &begin, &text));
                if let (Some(reason), false) = (reason, told) {
                    let note = match action {
                        Action::Create | Action::Adopt => brief(reason).to_owned(),
                        _ => format!("{}: {}", word(*action), brief(reason)),
                    };
                    let used = text.lines().last().map_or(0, columns);
                    write_note(out, used, 4, &note, width);
                }
                out.push('\n');
            }
            Self::Change(step) => {
                if !out.is_empty() && !out.ends_with("\n\n") {
                    out.push('\n');
                }
                let _ = writeln!(out, "{}", headline(view, step));
                changes::write(out, step.action, &step.changes, false, width);
                out.push('\n');
            }
            Self::Removal { address, name, loss, reason } => {
                let begin = format!("- {address:<column$}  ");
                let indent = begin.len().min(width / 2);
                let whole = joined(name, loss.as_deref());
                let text = match loss {
                    // Where there is no room for both, what is lost stands below what goes.
                    Some(loss) if begin.len() + columns(&whole) > width => {
                        let gap = " ".repeat(indent);
                        format!("{begin}{name}\n{}", wrapped(&gap, indent, loss, width))
                    }
                    _ => wrapped(&begin, indent, &whole, width),
                };
                let _ = write!(out, "{}", begun(RED, &begin, &text));
                if let (Some(reason), false) = (reason, told) {
                    let used = text.lines().last().map_or(0, columns);
                    write_note(out, used, 4, brief(reason), width);
                }
                out.push('\n');
            }
        }
    }
}

/// `text` with its beginning in `style`.
fn begun(style: Style, begin: &str, text: &str) -> String {
    // A line that breaks right behind it has no space there.
    let (begin, rest) = text.split_at(begin.trim_end().len());
    paint(style, begin) + rest
}

/// A reason as a remark, be it of one or of many.
pub(super) fn brief(reason: &str) -> &str {
    let begins = ["it was ", "it is ", "its "];
    begins.iter().find_map(|it| reason.strip_prefix(it)).unwrap_or(reason)
}

/// What happens to a resource, in one line and with the reason.
pub(super) fn headline(view: &View<'_>, step: &Step) -> String {
    let (sign, style) = sign(step.action);
    let goes = || view.what_goes(step).unwrap_or_else(|| "the old one".to_owned());
    let what = match step.action {
        Action::DeleteThenCreate => {
            format!("{}: delete {}, then create", word(step.action), goes())
        }
        Action::CreateThenDelete => {
            format!("{}: create, then delete {}", word(step.action), goes())
        }
        Action::Delete if view.is_itself(step) => format!("{} {}", word(step.action), goes()),
        action => word(action).to_owned(),
    };
    let begin = format!("{sign} {}", step.address);
    let line = wrapped(&format!("{begin} "), 4, &what, view.width);
    let mut text = begun(style, &begin, &line);
    if let Some(reason) = &step.reason {
        let used = line.lines().last().map_or(0, columns);
        write_note(&mut text, used, 4, brief(reason), view.width);
    }
    text
}

/// What an earlier replacement left behind.
pub(super) fn deposed(view: &View<'_>, step: &Step, old: &Deposed) -> String {
    let mut text = String::new();
    Entry::of_deposed(step, old).write(&mut text, view, 0, false);
    text.trim_end().to_owned()
}

/// What happens to a resource, in a word.
pub(crate) fn word(action: Action) -> &'static str {
    match action {
        Action::Keep => "unchanged",
        Action::Create => "create",
        Action::Adopt => "adopt",
        Action::Update => "update",
        Action::DeleteThenCreate | Action::CreateThenDelete => "replace",
        Action::Delete => "delete",
        Action::Forget => "forget",
    }
}

fn sign(action: Action) -> (&'static str, Style) {
    match action {
        Action::Keep => (" ", DIM),
        Action::Create => ("+", GREEN),
        Action::Adopt => ("+", CYAN),
        Action::Update => ("~", YELLOW),
        Action::DeleteThenCreate => ("±", RED),
        Action::CreateThenDelete => ("±", YELLOW),
        Action::Delete => ("-", RED),
        Action::Forget => ("-", DIM),
    }
}
