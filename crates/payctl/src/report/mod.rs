//! Everything that prints. stdout carries data; everything for people goes to stderr.

pub(crate) mod plan;
pub(crate) mod progress;
mod value;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::error::{ContextKind, ContextValue};
use payctl_aws::{Calls, Leftover};
use payctl_engine::{Action, Goal, Outcome, Phase, Plan};
use serde_json::Value;

use crate::cli::Color;
use crate::error::{CliError, advice};

/// The width that everything fits in.
pub(crate) const WIDTH: usize = 80;

pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Decides about colour for the whole run.
pub(crate) fn set_color(color: Color) {
    match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// With -vv, every AWS call is told on stderr as it happens.
pub(crate) fn log_to_stderr(verbose: u8) {
    if verbose >= 2 {
        // Of our crates only: the SDK's own trace tells the bodies of requests, secrets included.
        let filter = tracing_subscriber::EnvFilter::new("payctl_aws=debug,payctl_engine=debug");
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
        let log = log.with_writer(std::io::stderr);
        let _ = log.try_init();
    }
}

/// Whether data could not be written.
static LOST: AtomicBool = AtomicBool::new(false);

/// Data, to stdout. A reader that goes away ends nothing; a full disk is told at the end.
pub(crate) fn data(text: &str) {
    let mut out = anstream::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        say(&format!("{} failed to write to stdout: {error}", paint(RED, "error:")));
    }
}

/// Data as JSON, with sorted keys.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let mut value = serde_json::to_value(value)
        .map_err(|source| CliError::failed("failed to write it down").because(&source))?;
    value.sort_all_objects();
    data(&format!("{value:#}\n"));
    Ok(())
}

/// Whether data could not be written.
pub(crate) fn lost_data() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// A line for people, to stderr.
pub(crate) fn say(text: &str) {
    let mut out = anstream::stderr();
    let _ = writeln!(out, "{text}");
}

/// A question, to stderr; the answer follows on the same line.
pub(crate) fn ask(prompt: &str) {
    let mut out = anstream::stderr();
    let _ = write!(out, "{prompt}");
    let _ = out.flush();
}

/// Something to look at that stops nothing.
pub(crate) fn warn(text: &str) {
    say(&format!("{} {text}", paint(YELLOW, "warning:")));
}

/// What AWS lists beside what is declared or recorded, before anything waits for it.
pub(crate) fn orphans(left: &[Leftover]) {
    if left.is_empty() {
        return;
    }
    warn("orphaned resources (tagged for this environment, not in stack or state):");
    for Leftover { arn, address } in left {
        let address = address.as_ref().map_or_else(String::new, |address| format!("{address}  "));
        say(&format!("  {address}{arn}"));
    }
    say(&paint(
        DIM,
        "  it stays, and what it is in or uses cannot be deleted as long as it is there: run this\n  \
         with the configuration or version that made it, or delete it by hand",
    ));
}

/// Of what is `known`, what `given` may have been meant to be.
pub(crate) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(given, known);
    let nearest = known.into_iter().min_by_key(distance)?;
    (distance(&nearest) <= 1 + given.len() / 3).then_some(nearest)
}

/// An error with its causes and hints.
pub(crate) fn error(error: &CliError) {
    say(&format!("{} {}", paint(RED, "error:"), error.message));
    let mut last = error.message.as_str();
    for cause in &error.causes {
        if cause != last {
            for (nth, line) in cause.trim_end().lines().enumerate() {
                say(&format!("  {} {line}", if nth == 0 { "because:" } else { "        " }));
            }
        }
        last = cause;
    }
    for hint in &error.hints {
        say(&format!("  {} {hint}", paint(CYAN, "hint:")));
    }
}

/// A wrong value is repeated so far as it helps, and never as it may act on a terminal.
pub(crate) fn repeat_briefly(error: &mut clap::Error) {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let value = brief(&without_password(value));
        error.insert(ContextKind::InvalidValue, ContextValue::String(value));
    }
}

/// What somebody gave, between quotes, so far as it helps.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", brief(text))
}

fn brief(text: &str) -> String {
    const LONGEST: usize = 60;
    value::cut(&text.escape_debug().collect::<String>(), LONGEST)
}

/// A URL without who signs in there and with what.
fn without_password(text: &str) -> String {
    match text.split_once("://").zip(text.rsplit_once('@')) {
        Some(((scheme, _), (_, rest))) => format!("{scheme}://…@{rest}"),
        None => text.to_owned(),
    }
}

/// How a run ended.
pub(crate) fn outcome(plan: &Plan, outcome: &Outcome) {
    for (address, failure) in &outcome.failed {
        say(&format!("{} {address}", paint(RED, "failed:")));
        say(&format!("  because: {failure}"));
        if let Some(id) = &failure.request_id {
            say(&format!("  request id {id}"));
        }
        if let Some(advice) = advice(failure) {
            say(&format!("  {} {advice}", paint(CYAN, "hint:")));
        }
    }
    let skipped = outcome
        .skipped
        .iter()
        .filter(|(address, _)| !outcome.failed.iter().any(|(failed, _)| failed == address));
    let mut because: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (address, cause) in skipped {
        let cause = cause.as_ref().map(ToString::to_string).unwrap_or_default();
        because.entry(cause).or_default().push(address.to_string());
    }
    for (cause, addresses) in because {
        let why = match cause.is_empty() {
            true => "the run was stopped".to_owned(),
            false => format!("{cause} failed"),
        };
        say(&format!("{} {} steps, because {why}", paint(YELLOW, "not done:"), addresses.len()));
        say(&paint(DIM, format!("  {}", addresses.join(", "))));
    }
    let verb = match plan.goal {
        Goal::Up => "up",
        Goal::Destroy => "destroy",
    };
    let word = match outcome.is_complete() {
        true => paint(GREEN, "done:"),
        false => paint(YELLOW, "ended:"),
    };
    let steps = plural(outcome.done.len(), "step");
    say(&format!("{word} {verb}, {steps} in {}", seconds(outcome.took)));
}

/// The outputs of a stack.
pub(crate) fn outputs(outputs: &BTreeMap<String, Value>) {
    let width = outputs.keys().map(String::len).max().unwrap_or_default();
    for (name, value) in outputs {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        say(&format!("  {name:<width$}  {value}"));
    }
}

/// Rows in columns, under their heads.
pub(crate) fn table<const N: usize>(
    heads: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default().max(heads[column].len())
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let rows = rows.iter().map(|row| line(std::array::from_fn(|column| row[column].as_str())));
    let heads = paint(DIM, line(*heads).trim_end()) + "\n";
    std::iter::once(heads).chain(rows).collect()
}

/// What was done, in a word of the same width.
pub(crate) fn done(action: Action, phase: Phase) -> String {
    let word = match (phase, action) {
        (Phase::Forget, _) => "forgotten",
        (Phase::Delete, _) => "deleted",
        (Phase::Apply, Action::Update) => "updated",
        (Phase::Apply, Action::Adopt) => "adopted",
        (Phase::Apply, _) => "created",
    };
    format!("{word:<9}")
}

/// How many calls were made, most frequent first.
pub(crate) fn calls(calls: &Calls) {
    let mut counts: Vec<_> = calls.counts().into_iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    say(&format!("{} AWS calls", calls.total()));
    for (name, count) in counts {
        say(&paint(DIM, format!("  {count:>4}  {name}")));
    }
}

/// So many of a thing, such as `1 step` and `2 steps`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}
