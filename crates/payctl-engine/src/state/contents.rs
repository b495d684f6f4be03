//! What a state holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Address;

/// The format this version writes.
pub const FORMAT: u32 = 1;

/// How long something new may stay invisible in places. EC2 documents eventual consistency without a
/// bound; a minute is beyond what was reported (docs/aws-facts.md).
const PROPAGATION_TIMEOUT_S: u64 = 60;

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map(|since| since.as_secs()).unwrap_or_default()
}

/// An idempotency token that was never used before.
pub(crate) fn new_token(state: &State, address: &Address, entries: u64) -> String {
    // The time, as a lost state begins to count anew: a token of its first life would be answered
    // with what was made then.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (State { lineage, serial, .. }, nanos) = (state, since.as_nanos());
    let source = format!("{lineage} {serial} {address} {entries} {nanos}");
    blake3::hash(source.as_bytes()).to_hex()[..32].to_owned()
}

/// Everything payctl remembers about one stack and suffix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The format's version.
    pub format: u32,
    /// The stack's name.
    pub stack: String,
    /// The environment's suffix.
    pub suffix: String,
    /// The account it lives in.
    pub account: String,
    /// The region it lives in.
    pub region: String,
    /// Names this environment for all its life; part of the ownership tags.
    pub lineage: String,
    /// Grows by one with every write.
    pub serial: u64,
    /// When something was last made or changed, in seconds since 1970.
    #[serde(default)]
    pub changed_at: u64,
    /// What exists.
    pub resources: BTreeMap<Address, Record>,
    /// What may exist: steps whose outcome is not known.
    pub pending: BTreeMap<Address, Intent>,
    /// The stack's outputs.
    pub outputs: BTreeMap<String, Value>,
    /// What was chosen once and is kept, such as the zones.
    #[serde(default)]
    pub choices: BTreeMap<String, Value>,
}

/// One resource that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// How far it has come.
    pub status: Status,
    /// What the cloud assigned.
    pub outputs: Value,
    /// The properties last applied.
    pub properties: Value,
    /// What it refers to.
    pub depends_on: BTreeSet<Address>,
    /// What it replaced and what has still to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposed: Vec<Deposed>,
}

/// How far a resource has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It exists; what comes after its creation is not done.
    Created,
    /// It is as declared and ready.
    Complete,
    /// It is gone; only what it replaced is left.
    Gone,
}

/// A replaced resource that has still to be deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposed {
    /// What the cloud assigned.
    pub outputs: Value,
    /// The properties last applied.
    pub properties: Value,
    /// What it refers to.
    pub depends_on: BTreeSet<Address>,
}

/// A step that is about to be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// What is about to be done.
    pub action: IntentAction,
    /// The idempotency token of the call.
    pub token: String,
    /// The properties it is done with.
    pub properties: Value,
    /// What they refer to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub depends_on: BTreeSet<Address>,
}

/// What is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentAction {
    /// The create call.
    Create,
    /// A change in place.
    Update,
    /// The deletion.
    Delete,
}

impl State {
    /// The state of an environment of which nothing is known yet.
    #[must_use]
    pub fn empty(stack: &str, suffix: &str, account: &str, region: &str, lineage: &str) -> Self {
        Self {
            format: FORMAT,
            stack: stack.to_owned(),
            suffix: suffix.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            lineage: lineage.to_owned(),
            serial: 0,
            changed_at: 0,
            resources: BTreeMap::new(),
            pending: BTreeMap::new(),
            outputs: BTreeMap::new(),
            choices: BTreeMap::new(),
        }
    }

    /// Whether nothing exists and nothing may exist.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.pending.is_empty()
    }

    /// Whether something was made so lately that AWS may not show it everywhere yet.
    #[must_use]
    pub fn changed_lately(&self) -> bool {
        now().saturating_sub(self.changed_at) < PROPAGATION_TIMEOUT_S
    }

    /// Notes that something is being changed now.
    pub fn touch(&mut self) {
        self.changed_at = now();
    }
}
