//! What stays through a replacement.

use serde_json::Value;

use crate::KindInfo;
use crate::diff::Change;
use crate::state::Record;

/// What the recorded resource will be known by again when it is made anew under the same name:
/// what refers to it stays as it is.
pub(super) fn stable_outputs(kind: &KindInfo, record: &Record, resolved: &Value) -> Option<Value> {
    let same = |name: &&str| record.properties.get(*name) == resolved.get(*name);
    if kind.unique_by.is_empty() || !kind.unique_by.iter().all(same) {
        return None;
    }
    let mut outputs = record.outputs.as_object()?.clone();
    outputs.retain(|name, _| kind.stable_outputs.contains(&name.as_str()));
    Some(Value::Object(outputs))
}

/// Whether none of the properties that make it unique changes.
pub(super) fn unique_properties_stay(kind: &KindInfo, changes: &[Change]) -> bool {
    !kind.unique_by.iter().any(|name| changes.iter().any(|change| change.property == *name))
}
