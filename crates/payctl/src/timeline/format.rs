//! The file of a timeline, `runs/RUN.jsonl` beside the state: what was to be done, then a line for
//! each thing that happened. No value of any property is in it, and so no secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use payctl_engine::state::history::Ended;
use payctl_engine::{Action, Address, Phase};
use serde::{Deserialize, Serialize};

use crate::prediction::Clock;

/// The format this version writes.
pub(super) const FORMAT: u32 = 1;
/// So many runs are kept; the oldest go first. One of 120 operations takes about 35 kB.
pub(super) const KEPT: usize = 20;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(super) format: u32,
    /// The run's id, as in the history.
    pub(crate) run: String,
    pub(crate) command: String,
    /// When it began, in RFC 3339, to the millisecond.
    pub(crate) began: String,
    pub(crate) payctl: String,
    /// How long it was predicted to take.
    pub(crate) predicted_seconds: f64,
    /// Whose times that are.
    pub(crate) clock: Clock,
    pub(crate) operations: Vec<Planned>,
}

/// An operation as it was planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Planned {
    pub(crate) address: Address,
    pub(crate) phase: Phase,
    pub(crate) action: Action,
    /// How long it was predicted to take.
    pub(crate) predicted_seconds: f64,
    /// In how many runs that was measured; 0 where it is typical of its kind.
    pub(crate) measured_runs: usize,
    /// The operations whose ids it needs, by their places in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) after_created: Vec<usize>,
    /// Those that have to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) after_done: Vec<usize>,
}

/// Each further line; seconds since the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Line {
    Began {
        operation: usize,
        at: f64,
    },
    Created {
        operation: usize,
        at: f64,
    },
    Done {
        operation: usize,
        at: f64,
        /// How often a call was made again, by the service's code.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        retries: BTreeMap<String, usize>,
    },
    Failed {
        operation: usize,
        at: f64,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        retries: BTreeMap<String, usize>,
    },
    Skipped {
        operation: usize,
    },
    Ended {
        at: f64,
        outcome: Ended,
    },
}

/// The folder of the timelines of an environment.
pub(crate) fn folder(environment: &Path) -> PathBuf {
    environment.join("runs")
}

/// The file of a run's.
pub(crate) fn path(environment: &Path, run: &str) -> PathBuf {
    folder(environment).join(format!("{run}.jsonl"))
}

/// The ids of the runs that have one, oldest first: an id begins with its moment.
pub(crate) fn runs(environment: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder(environment)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut runs: Vec<String> =
        names.filter_map(|name| Some(name.strip_suffix(".jsonl")?.to_owned())).collect();
    runs.sort_unstable();
    runs
}
