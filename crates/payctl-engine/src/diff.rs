//! The difference between what is declared and what exists, property by property.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::references;
use crate::{Address, KindInfo};

/// What stands for a property where a resource has attachments that nobody declared.
pub const UNDECLARED: &str = "undeclared";

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

/// What of these changes are attachments that go, in words.
#[must_use]
pub fn removed(changes: &[Change]) -> Vec<String> {
    let change = changes.iter().find(|change| change.property == UNDECLARED);
    let all = change.and_then(|change| change.before.as_array()).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What others attached, as a change: it goes.
#[must_use]
pub fn undeclared(attachments: &BTreeSet<String>) -> Option<Change> {
    (!attachments.is_empty()).then(|| Change {
        property: UNDECLARED.to_owned(),
        before: attachments.iter().cloned().collect(),
        after: Value::Array(Vec::new()),
        known_after: BTreeSet::new(),
        origin: Origin::Drift,
        replaces: false,
    })
}

/// Every declared property as a change from nothing.
#[must_use]
pub fn from_nothing(kind: &KindInfo, declared: &Value) -> Vec<Change> {
    diff(kind, declared, &Value::Null, None)
        .into_iter()
        .map(|change| Change { replaces: false, ..change })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{at, change, to};

    fn zone() -> KindInfo {
        crate::testing::synthetic()["net.zone"].clone()
    }

    /// The difference, as `property: before → after (origin)`.
    fn differences(declared: Value, observed: Value, recorded: Option<Value>) -> Vec<String> {
        diff(&zone(), &declared, &observed, recorded.as_ref()).iter().map(change).collect()
    }

    #[test]
    fn what_is_equal_is_no_change() {
        let all = json!({ "name": "a", "size": 1, "parents": ["z-1"], "tags": {} });
        assert_eq!(differences(all.clone(), all, None), [""; 0]);
    }

    #[test]
    fn what_differs_is_told_in_the_kinds_own_order() {
        let declared = json!({ "tags": { "a": "b" }, "size": 2, "name": "new" });
        let observed = json!({ "name": "old", "size": 1, "tags": {} });
        assert_eq!(
            differences(declared, observed, None),
            [
                r#"name: "old" → "new" (Declared, replaces)"#,
                "size: 1 → 2 (Declared)",
                r#"tags: {} → {"a":"b"} (Declared)"#,
            ]
        );
    }

    #[test]
    fn what_is_not_written_down_is_null() {
        assert_eq!(differences(json!({}), json!({ "size": null }), None), [""; 0]);
        let (declared, observed) = (json!({ "size": 1 }), json!({}));
        assert_eq!(differences(declared, observed, None), ["size: null → 1 (Declared)"]);
    }

    #[test]
    fn what_the_kind_does_not_name_is_not_compared() {
        assert_eq!(differences(json!({ "other": 1 }), json!({ "other": 2 }), None), [""; 0]);
    }

    #[test]
    fn what_is_still_as_applied_last_but_for_the_cloud_is_drift() {
        let (declared, observed) = (json!({ "size": 1 }), json!({ "size": 7 }));
        let told = |recorded| differences(declared.clone(), observed.clone(), recorded);
        assert_eq!(told(Some(json!({ "size": 1 }))), ["size: 7 → 1 (Drift)"]);
        assert_eq!(told(Some(json!({ "size": 7 }))), ["size: 7 → 1 (Declared)"]);
        // Both changed: what is declared anew is what counts.
        assert_eq!(told(Some(json!({ "size": 3 }))), ["size: 7 → 1 (Declared)"]);
        assert_eq!(told(Some(json!({}))), ["size: 7 → 1 (Declared)"]);
        assert_eq!(told(None), ["size: 7 → 1 (Declared)"]);
    }

    #[test]
    fn what_refers_to_something_unmade_is_unknown() {
        let declared = json!({ "parents": ["z-1", to("net.zone:b"), to("net.zone:a")] });
        let recorded = Some(declared.clone());
        let all = diff(&zone(), &declared, &json!({ "parents": ["z-1"] }), recorded.as_ref());
        let [change] = &all[..] else { panic!("{all:?}") };
        assert_eq!(change.known_after, [at("net.zone:a"), at("net.zone:b")].into());
        assert_eq!(change.origin, Origin::Unknown);
        // Even where what is seen looks just like the reference.
        assert_eq!(diff(&zone(), &declared, &declared, None).len(), 1);
    }

    #[test]
    fn from_nothing_everything_declared_changes_and_nothing_is_replaced() {
        let changes = from_nothing(&zone(), &json!({ "name": "a", "size": 1 }));
        let all: Vec<String> = changes.iter().map(change).collect();
        assert_eq!(all, [r#"name: null → "a" (Declared)"#, "size: null → 1 (Declared)"]);
    }
}
