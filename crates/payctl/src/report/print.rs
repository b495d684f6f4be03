//! What is printed: data to stdout, everything for people to stderr.

use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use super::live;
use super::style::{RED, YELLOW, is_quiet, paint};
use crate::error::CliError;

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

/// Something to look at that stops nothing.
pub(crate) fn warn(text: &str) {
    line(&format!("{} {text}", paint(YELLOW, "warning:")));
}
