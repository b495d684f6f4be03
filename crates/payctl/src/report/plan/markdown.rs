//! The plan for people elsewhere: Markdown for the comment of a pull request. What cannot be undone
//! comes first, what is long is folded, and no name of a resource becomes more than a name.

use payctl_engine::{Action, Step};

use super::changes;
use super::counts::counts;
use super::lines::{Entry, brief, entries, headline};
use super::removal::joined;
use super::view::View;
use crate::report::plural;

/// How long it gets, in bytes. GitHub takes comments of at most 65,536 characters ("Body is too long
/// (maximum is 65536 characters)", telia-oss/github-pr-resource issue 259, 2021-05-25, and
/// google/go-github pull request 440, 2016-12-07); the rest is for what is said of what was cut.
const MOST: usize = 60_000;
/// How wide what is folded is: the reader's terminal says nothing of the page.
pub(super) const WIDTH: usize = 100;
/// A longer line is cut.
const LONGEST: usize = 600;

/// In the order in which they are told.
const ACTIONS: &[(Action, &str)] = &[
    (Action::Delete, "to delete"),
    (Action::DeleteThenCreate, "to replace: delete, then create"),
    (Action::CreateThenDelete, "to replace: create, then delete"),
    (Action::Update, "to update"),
    (Action::Create, "to create"),
    (Action::Adopt, "to adopt"),
    (Action::Forget, "to forget"),
];

/// What is written, as long as there is room.
#[derive(Default)]
struct Page {
    text: String,
}

pub(super) fn write(view: &View<'_>) -> String {
    let mut page = Page::default();
    let counts = counts(view.plan);
    let counts = counts.strip_prefix("Plan: ").unwrap_or(&counts);
    page.paragraph(&format!("### {}: {}", plain(&view.title), plain(counts)));
    let place = if view.sandbox { ", sandbox" } else { "" };
    let (account, region) = (code(&view.plan.account), code(&view.plan.region));
    page.paragraph(&format!("Account {account}, {region}{place}."));
    if let Some(cost) = &view.cost {
        page.paragraph(&format!("**Cost:** {}.", plain(cost)));
    }
    for line in &view.situation {
        page.paragraph(&format!("> {}", plain(line)));
    }
    page.list("Refused: this plan cannot be carried out", &refusals(view));
    let all = entries(view);
    page.list("Data is lost", &losses(view, &all));
    page.list("Replaced", &replacements(view));
    for (action, what) in ACTIONS {
        let (count, lines) = of_action(view, &all, *action);
        page.folded(&format!("{count} {what}"), &lines);
    }
    if view.tells_notes() {
        let notes: Vec<String> = view.notes.iter().map(|note| item(&prose(note))).collect();
        page.folded(&plural(notes.len(), "note"), &notes);
    }
    page.text
}

fn item(text: &str) -> String {
    format!("- {text}")
}

/// What is refused, why, and what to do about it.
fn refusals(view: &View<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut all = view.plan.refusals.iter().peekable();
    while let Some(one) = all.next() {
        lines.push(item(&format!("{}: {}", code(one.address.as_str()), prose(&one.why))));
        let is_last = all.peek().is_none_or(|next| next.hint != one.hint);
        if is_last {
            lines.push(format!("  - {}", prose(&one.hint)));
        }
    }
    lines
}

/// What goes with data in it, removed or made anew.
fn losses(view: &View<'_>, all: &[Entry<'_>]) -> Vec<String> {
    let lost = all.iter().filter_map(|entry| match entry {
        Entry::Removal { address, name, loss: Some(loss), .. } => {
            Some((address.as_str(), name.clone(), loss.clone()))
        }
        Entry::Change(step) if step.action.replaces() => {
            let (name, loss) = view.what_is_lost(step)?;
            Some((step.address.as_str(), name, loss))
        }
        _ => None,
    });
    lost.map(|(address, name, loss)| {
        item(&format!("{}: {}", code(address), joined(&code(&name), Some(&plain(&loss)))))
    })
    .collect()
}

fn replacements(view: &View<'_>) -> Vec<String> {
    let steps = view.plan.steps.iter().filter(|step| step.action.replaces());
    let line = |step: &Step| {
        let forced = step.changes.iter().filter(|change| change.replaces);
        let because: Vec<String> = forced.map(|change| code(&change.property)).collect();
        let why = match (&step.reason, because.is_empty()) {
            (Some(reason), _) => format!(": {}", prose(brief(reason))),
            (None, false) => format!(": {} cannot be changed in place", because.join(", ")),
            (None, true) => String::new(),
        };
        let order = match step.action {
            Action::DeleteThenCreate => "deleted, then created",
            _ => "created, then the old one is deleted",
        };
        item(&format!("{} is {order}{why}", code(step.address.as_str())))
    };
    steps.map(line).collect()
}

/// How many steps do `action`, and what is told of them.
fn of_action(view: &View<'_>, all: &[Entry<'_>], action: Action) -> (usize, Vec<String>) {
    let (mut count, mut lines, mut block) = (0, Vec::new(), String::new());
    for entry in all.iter().filter(|entry| entry.action() == action) {
        match entry {
            Entry::Group { kind, names, reason, .. } => {
                count += names.len();
                let names: Vec<String> = names.iter().map(|name| code(name)).collect();
                let why = reason.map(|why| format!(" ({})", prose(brief(why))));
                let (kind, why) = (code(kind), why.unwrap_or_default());
                lines.push(item(&format!("{} {kind}: {}{why}", names.len(), names.join(", "))));
            }
            Entry::Removal { address, name, loss, reason } => {
                count += 1;
                let loss = loss.as_deref().map(plain);
                let what = joined(&code(name), loss.as_deref());
                let why = reason.as_deref().map(|why| format!(" ({})", prose(brief(why))));
                let why = why.unwrap_or_default();
                lines.push(item(&format!("{}: {what}{why}", code(address.as_str()))));
            }
            Entry::Change(step) => {
                count += 1;
                block += &headline(view, step);
                block.push('\n');
                changes::write(&mut block, step.action, &step.changes, false, view.width);
                block.push('\n');
            }
        }
    }
    if !block.is_empty() {
        lines.extend(fenced(&anstream::adapter::strip_str(&block).to_string()));
    }
    (count, lines)
}

impl Page {
    fn paragraph(&mut self, text: &str) {
        self.text += text;
        self.text += "\n\n";
    }

    /// A list that everybody sees.
    fn list(&mut self, title: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.paragraph(&format!("**{title}**"));
            self.lines(lines);
            self.text.push('\n');
        }
    }

    /// What is seen once it is opened. Markdown within HTML begins behind an empty line.
    fn folded(&mut self, title: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.paragraph(&format!("<details><summary>{title}</summary>"));
            self.lines(lines);
            self.paragraph("\n</details>");
        }
    }

    /// Those lines, or as many as there is room for.
    fn lines(&mut self, lines: &[String]) {
        let fence = lines.iter().find(|line| line.starts_with("```"));
        let mut open = false;
        for (nth, line) in lines.iter().enumerate() {
            if self.text.len() + line.len() > MOST {
                if let Some(fence) = fence.filter(|_| open) {
                    self.text += &format!("{fence}\n");
                }
                let left = plural(lines.len() - nth, "further line");
                self.text += &format!("\n{left} left out: `payctl plan` prints them.\n");
                return;
            }
            open ^= fence == Some(line);
            self.text += line;
            self.text.push('\n');
        }
    }
}

/// A block in which nothing is Markdown: its fence is longer than any within.
fn fenced(text: &str) -> Vec<String> {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let lines = text.trim_end().lines().map(harmless);
    std::iter::once(fence.clone()).chain(lines).chain([fence.clone()]).collect()
}

/// A name as a name: in code nothing is Markdown, HTML, a link or a mention.
fn code(text: &str) -> String {
    let text = harmless(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    match text.trim().is_empty() || text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A sentence in which commands stand between backticks.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let parts = parts.iter().enumerate().map(|(nth, part)| match nth % 2 {
        1 if !part.is_empty() => code(part),
        _ => plain(part),
    });
    parts.collect()
}

/// A sentence in which nothing is more than a word.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for char in harmless(text).chars() {
        if "\\`*_[]<>&~|$".contains(char) {
            out.push('\\');
        }
        out.push(char);
        // Nobody is called, and no issue is named: a space of no width breaks both.
        if "@#".contains(char) {
            out += "&#8203;";
        }
    }
    out
}

/// Without line ends, and without what turns or hides text.
fn harmless(text: &str) -> String {
    let hides = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(char, '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut out = String::new();
    for (nth, char) in text.chars().enumerate() {
        match char {
            _ if nth == LONGEST => {
                out.push('…');
                break;
            }
            _ if hides(char) => out.extend(char.escape_default()),
            _ => out.push(char),
        }
    }
    out
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or_default()
}

impl Entry<'_> {
    fn action(&self) -> Action {
        match self {
            Self::Group { action, .. } => *action,
            Self::Change(step) => step.action,
            Self::Removal { .. } => Action::Delete,
        }
    }
}

#[cfg(test)]
mod tests;
