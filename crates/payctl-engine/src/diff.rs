//! The difference between what is declared and what exists, property by property.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::references;
use crate::{Address, KindInfo};

/// One property that is not as declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The property's name.
    pub property: String,
    /// How it is; null where nothing exists.
    pub before: Value,
    /// How it is declared; references are left where the value is not known yet.
    pub after: Value,
    /// What it becomes known after; empty when it is known.
    pub known_after: BTreeSet<Address>,
    /// Why it differs.
    pub origin: Origin,
    /// Whether it can only be set by making the resource anew.
    pub replaces: bool,
}

/// Why a property differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The declaration changed since it was last applied.
    Declared,
    /// It was changed outside payctl.
    Drift,
    /// What it refers to is not known yet.
    Unknown,
}

/// Compares what is declared (known references resolved) with what exists.
///
/// Three-valued: a property is equal, different, or unknown until something else exists.
#[must_use]
pub fn diff(
    kind: &KindInfo,
    declared: &Value,
    observed: &Value,
    recorded: Option<&Value>,
) -> Vec<Change> {
    kind.properties
        .iter()
        .filter_map(|property| {
            let after = declared.get(property).unwrap_or(&Value::Null);
            let before = observed.get(property).unwrap_or(&Value::Null);
            let known_after: BTreeSet<Address> =
                references(after).into_iter().map(|reference| reference.address).collect();
            if known_after.is_empty() && after == before {
                return None;
            }
            let recorded = recorded.and_then(|recorded| recorded.get(property));
            let origin = match recorded {
                _ if !known_after.is_empty() => Origin::Unknown,
                Some(recorded) if recorded == after => Origin::Drift,
                _ => Origin::Declared,
            };
            Some(Change {
                property: (*property).to_owned(),
                before: before.clone(),
                after: after.clone(),
                known_after,
                origin,
                replaces: kind.replaced_by.contains(property),
            })
        })
        .collect()
}

/// Every declared property as a change from nothing.
#[must_use]
pub fn from_nothing(kind: &KindInfo, declared: &Value) -> Vec<Change> {
    diff(kind, declared, &Value::Null, None)
        .into_iter()
        .map(|change| Change { replaces: false, ..change })
        .collect()
}
