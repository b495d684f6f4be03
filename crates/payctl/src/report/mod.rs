//! Everything that prints. stdout carries data; everything for people goes to stderr.

mod error;
pub(crate) mod events;
#[cfg(test)]
mod fixture;
pub(crate) mod kind;
mod live;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod progress;
mod reading;
mod text;
mod value;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use payctl_aws::{Calls, Leftover};
use serde_json::Value;

pub(crate) use self::error::{error, quoted, repeat_briefly};
pub(crate) use self::reading::{Seen, begin, reading};
pub(crate) use self::text::{done, nearest, plural, seconds, table};
use crate::cli::Color;
use crate::error::CliError;

pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// What is written where there is no terminal: logs, pipes, files.
const NO_TERMINAL: usize = 80;
/// Lines longer than this are hard to read, however wide the terminal.
const WIDEST: usize = 140;
/// Below this nothing is aligned any more.
const NARROWEST: usize = 40;

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// How many columns there are to write in.
pub(crate) fn width() -> usize {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.or_else(columns).unwrap_or(NO_TERMINAL).clamp(NARROWEST, WIDEST)
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

/// Whether only warnings, errors and how it ended are told.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From here on only warnings, errors and how it ended are told.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
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
    let written = live::aside(|| {
        let mut out = anstream::stdout();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        line(&format!("{} failed to write to stdout: {error}", paint(RED, "error:")));
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

/// A line for people, to stderr, unless they want to hear little.
pub(crate) fn say(text: &str) {
    if !is_quiet() {
        line(text);
    }
}

/// A line for people that is never left out: what a question is about, what is wrong, how a run
/// ended.
pub(crate) fn line(text: &str) {
    live::aside(|| {
        let mut out = anstream::stderr();
        let _ = writeln!(out, "{text}");
    });
}

/// A question, to stderr; the answer follows on the same line.
pub(crate) fn ask(prompt: &str) {
    let mut out = anstream::stderr();
    let _ = write!(out, "{prompt}");
    let _ = out.flush();
}

/// Says why the process ends in the middle of something.
pub(crate) fn cut_short(why: CliError) {
    live::end();
    error(&why);
    events::cut_short(why);
}

/// Something to look at that stops nothing.
pub(crate) fn warn(text: &str) {
    line(&format!("{} {text}", paint(YELLOW, "warning:")));
}

/// What AWS lists beside what is declared or recorded, before anything waits for it.
pub(crate) fn orphans(left: &[Leftover]) {
    if left.is_empty() {
        return;
    }
    warn("orphaned resources (tagged for this environment, not in stack or state):");
    for Leftover { arn, address } in left {
        let address = address.as_ref().map_or_else(String::new, |address| format!("{address}  "));
        line(&format!("  {address}{arn}"));
    }
    let why = "it stays, and what it is in or uses cannot be deleted as long as it is there: run \
               this with the configuration or version that made it, or delete it by hand";
    line(&paint(DIM, text::wrapped("  ", 2, why, width())));
}

/// The outputs of a stack.
pub(crate) fn outputs(outputs: &BTreeMap<String, Value>) {
    let width = outputs.keys().map(String::len).max().unwrap_or_default();
    for (name, value) in outputs {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        say(&format!("  {name:<width$}  {value}"));
    }
}

/// How many calls were made, most frequent first.
pub(crate) fn calls(calls: &Calls) {
    let mut counts: Vec<_> = calls.counts().into_iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    say(&plural(usize::try_from(calls.total()).unwrap_or(usize::MAX), "AWS call"));
    for (name, count) in counts {
        say(&paint(DIM, format!("  {count:>4}  {name}")));
    }
}
