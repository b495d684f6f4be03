//! What the last plan saw that had been changed outside payctl: kept beside what else this machine
//! knows of an environment, so that `status` can tell without looking.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use payctl_engine::state::write_private;
use payctl_engine::{Action, Address, Origin, Plan, State, Status, Step};
use serde::{Deserialize, Serialize};

use crate::local::Local;

/// The format this version writes, and the only one it reads: what cannot be read was not looked at.
const FORMAT: u32 = 1;

/// What was seen, and when.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Looked {
    format: u32,
    pub(crate) at: Timestamp,
    /// What had been changed or deleted, or had something attached.
    pub(crate) drifted: BTreeSet<Address>,
}

fn path(local: &Local) -> PathBuf {
    local.records().join("looked.json")
}

/// Notes what a plan saw. Where this machine keeps nothing of the environment, neither is this.
pub(crate) fn note(local: &Local, state: &State, plan: &Plan) {
    let drifted = plan.steps.iter().filter(|step| has_drifted(step, state));
    keep(local, drifted.map(|step| step.address.clone()).collect());
}

/// Notes that all was made as declared.
pub(crate) fn note_none(local: &Local) {
    keep(local, BTreeSet::new());
}

fn keep(local: &Local, drifted: BTreeSet<Address>) {
    let path = path(local);
    if !path.parent().is_some_and(|folder| folder.is_dir()) {
        return;
    }
    let looked = Looked { format: FORMAT, at: Timestamp::now(), drifted };
    // Without it `status` says that nobody looked.
    let text = serde_json::to_string(&looked).unwrap_or_default();
    let _ = write_private(&path, text.as_bytes());
}

/// What was last seen, unless the environment was changed since.
pub(crate) fn last(local: &Local, changed_at: Option<Timestamp>) -> Option<Looked> {
    let text = std::fs::read_to_string(path(local)).ok()?;
    let looked: Looked = serde_json::from_str(&text).ok()?;
    let second = looked.at.as_second();
    let is_of_now = changed_at.is_none_or(|changed| changed.as_second() <= second);
    (looked.format == FORMAT && is_of_now).then_some(looked)
}

/// Whether somebody else changed it, or deleted what was complete.
fn has_drifted(step: &Step, state: &State) -> bool {
    let was_complete =
        state.resources.get(&step.address).is_some_and(|record| record.status == Status::Complete);
    let is_gone = step.action == Action::Create && was_complete;
    is_gone || step.changes.iter().any(|change| change.origin == Origin::Drift)
}
