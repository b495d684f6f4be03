//! Everything that prints. stdout carries data; everything for people goes to stderr.

pub(crate) mod check;
pub(crate) mod checked;
mod error;
pub(crate) mod events;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod kind;
mod live;
pub(crate) mod outcome;
pub(crate) mod part;
pub(crate) mod plan;
mod print;
pub(crate) mod progress;
mod reading;
mod snippet;
mod style;
mod text;
pub(crate) mod timeline;
mod value;

use std::collections::BTreeMap;

use payctl_aws::{Calls, Leftover};
use serde_json::Value;

pub(crate) use self::error::{error, quoted, repeat_briefly};
pub(crate) use self::print::{ask, data, json, line, log_to_stderr, lost_data, say, warn};
pub(crate) use self::reading::{Seen, begin, reading};
pub(crate) use self::snippet::snippet;
pub(crate) use self::style::{
    BOLD, CYAN, Color, DIM, GREEN, RED, YELLOW, be_quiet, paint, set_color, width,
};
pub(crate) use self::text::{doing, done, minutes, nearest, plural, seconds, table};
use crate::error::CliError;

/// Says why the process ends in the middle of something.
pub(crate) fn cut_short(why: CliError) {
    live::end();
    error(&why);
    events::cut_short(why);
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
