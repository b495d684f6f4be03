//! Errors: what failed, why, and what to do, each said once.

use clap::error::{ContextKind, ContextValue};

use super::text::{cut, wrapped};
use super::{CYAN, DIM, RED, line, paint, width};
use crate::error::CliError;

/// An error with its causes and hints.
pub(crate) fn error(error: &CliError) {
    for text in lines(error, width()) {
        line(&text);
    }
}

fn lines(error: &CliError, width: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in &error.shown {
        out.extend(text.trim_end().lines().map(str::to_owned));
        out.push(String::new());
    }
    out.push(format!("{} {}", paint(RED, "error:"), error.message));
    for cause in told_once(error) {
        if let Some(id) = cause.strip_prefix("request id ") {
            out.push(paint(DIM, format!("  request id {id}")));
            continue;
        }
        out.push(because(cause, width));
    }
    for hint in &error.hints {
        out.push(hinted(hint, width));
    }
    out
}

/// The causes that say something which has not been said by what they are a cause of. Libraries
/// put a cause into the message and hand it out as the source as well.
fn told_once(error: &CliError) -> Vec<&str> {
    let mut told = vec![error.message.as_str()];
    for cause in error.causes.iter().map(|cause| cause.trim()) {
        if cause.is_empty() || told.iter().any(|told| told.contains(cause)) {
            continue;
        }
        // One that goes further than what led to it takes its place.
        if told.len() > 1 && told.last().is_some_and(|last| cause.contains(last)) {
            told.pop();
        }
        told.push(cause);
    }
    told.split_off(1)
}

/// A cause. One of several lines is laid out already, as what shows a place in a file.
pub(super) fn because(cause: &str, width: usize) -> String {
    let begin = "  because: ";
    match cause.trim_end().split_once('\n') {
        None => wrapped(begin, begin.len(), cause, width),
        Some(_) => begin.to_owned() + &cause.trim_end().replace('\n', "\n           "),
    }
}

/// What to do. A command in it is never broken, as it is there to be copied.
pub(super) fn hinted(hint: &str, width: usize) -> String {
    let word = paint(CYAN, "hint:");
    match hint.contains('`') {
        true => format!("  {word} {hint}"),
        false => wrapped("  hint: ", 8, hint, width).replacen("hint:", &word, 1),
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
    cut(&text.escape_debug().collect::<String>(), LONGEST)
}

/// A URL without who signs in there and with what.
fn without_password(text: &str) -> String {
    match text.split_once("://").zip(text.rsplit_once('@')) {
        Some(((scheme, _), (_, rest))) => format!("{scheme}://…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str, causes: &[&str], hints: &[&str]) -> String {
        let mut error = CliError::failed(message);
        error.causes = causes.iter().map(|cause| (*cause).to_owned()).collect();
        error.hints = hints.iter().map(|hint| (*hint).to_owned()).collect();
        let lines = lines(&error, 60).join("\n");
        anstream::adapter::strip_str(&lines).to_string()
    }

    #[test]
    fn a_cause_is_told_once() {
        // As libraries have it: the message with its cause, and the cause once more.
        let causes = ["io error: refused", "refused", "refused"];
        assert_eq!(
            told("cannot connect", &causes, &[]),
            "error: cannot connect\n  because: io error: refused"
        );
        // The message says it already.
        assert_eq!(
            told("cannot connect: refused", &["refused"], &[]),
            "error: cannot connect: refused"
        );
        // One that only leads to the next says nothing of its own.
        let causes = ["refused", "refused by 10.0.0.1"];
        assert_eq!(told("no", &causes, &[]), "error: no\n  because: refused by 10.0.0.1");
        assert_eq!(told("no", &["", "b"], &[]), "error: no\n  because: b");
    }

    #[test]
    fn causes_keep_their_lines_and_a_request_id_is_none() {
        let causes = ["line 1\nline 2\n", "request id 1-2"];
        assert_eq!(
            told("no", &causes, &["do it"]),
            "error: no\n  because: line 1\n           line 2\n  request id 1-2\n  hint: do it"
        );
    }

    #[test]
    fn a_command_is_not_broken_and_words_are() {
        let command = "run `payctl up --suffix a-long-suffix --stack cost-optimized --sandbox`";
        assert_eq!(told("no", &[], &[command]), format!("error: no\n  hint: {command}"));
        let hint = "choose another suffix, or remove or rename that resource there";
        assert_eq!(
            told("no", &[], &[hint]),
            "error: no\n  hint: choose another suffix, or remove or rename that\n        resource there"
        );
    }
}
