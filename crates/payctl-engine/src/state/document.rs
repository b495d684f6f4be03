//! The state as bytes: `{"checksum": …, "state": {…}}`, with sorted keys.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FORMAT, State, StateError};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    checksum: String,
    state: Value,
}

/// How deep a state may be nested: its file adds one level, and 127 are read.
const DEEPEST: usize = 126;

/// As [`DEEPEST`], for an entry of the journal: what it holds is one level deeper in a state.
pub(super) const DEEPEST_ENTRY: usize = DEEPEST - 1;

pub(super) fn encode(state: &State) -> Result<String, StateError> {
    let state = sorted(state, DEEPEST)?;
    let envelope = Envelope { checksum: checksum(&state), state };
    let text = serde_json::to_string_pretty(&envelope).map_err(StateError::encode)?;
    Ok(text + "\n")
}

/// `path` is where the bytes are from, for the message.
pub(super) fn decode(bytes: &[u8], path: &Path) -> Result<State, StateError> {
    let damaged = |source: serde_json::Error| StateError::damaged(path, source.to_string());
    let mut envelope: Envelope = serde_json::from_slice(bytes).map_err(damaged)?;
    envelope.state.sort_all_objects();
    if envelope.checksum != checksum(&envelope.state) {
        return Err(StateError::damaged(path, "its checksum does not fit its contents"));
    }
    match envelope.state.get("format").and_then(Value::as_u64) {
        Some(found) if found > u64::from(FORMAT) => {
            Err(StateError::TooNew { path: path.to_owned(), found })
        }
        _ => serde_json::from_value(envelope.state).map_err(damaged),
    }
}

/// What is to be written, with sorted keys. What could not be read again is refused.
pub(super) fn sorted(what: &impl Serialize, deepest: usize) -> Result<Value, StateError> {
    let mut value = serde_json::to_value(what).map_err(StateError::encode)?;
    if !is_within(&value, deepest) {
        let why = format!("it is nested more than {deepest} levels deep");
        return Err(StateError::encode(serde::ser::Error::custom(why)));
    }
    value.sort_all_objects();
    Ok(value)
}

/// Whether `value` is nested no deeper than so many levels.
pub(super) fn is_within(value: &Value, levels: usize) -> bool {
    match (value, levels.checked_sub(1)) {
        (Value::Array(_) | Value::Object(_), None) => false,
        (Value::Array(within), Some(levels)) => within.iter().all(|value| is_within(value, levels)),
        (Value::Object(within), Some(levels)) => {
            within.values().all(|value| is_within(value, levels))
        }
        _ => true,
    }
}

pub(super) fn checksum(state: &Value) -> String {
    blake3::hash(state.to_string().as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(number in proptest::num::f64::NORMAL) {
            let mut state = State::empty("pci-core", "dev", "1", "us-east-1", "l");
            state.outputs.insert("number".to_owned(), number.into());
            let read = decode(encode(&state).unwrap().as_bytes(), Path::new("s"));
            assert_eq!(read.unwrap(), state);
        }
    }

    #[test]
    fn what_is_written_is_not_too_deep_to_be_read() {
        let mut state = State::empty("pci-core", "dev", "1", "us-east-1", "l");
        let mut deep = Value::Null;
        let mut written = 0;
        loop {
            state.outputs.insert("deep".to_owned(), deep.clone());
            let Ok(text) = encode(&state) else { break };
            assert_eq!(decode(text.as_bytes(), Path::new("s")).unwrap(), state);
            deep = Value::Array(vec![deep]);
            written += 1;
        }
        assert_eq!(written, 125);
    }
}
