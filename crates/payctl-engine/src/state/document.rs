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

pub(super) fn encode(state: &State) -> Result<String, StateError> {
    let mut state = serde_json::to_value(state).map_err(StateError::encode)?;
    state.sort_all_objects();
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

fn checksum(state: &Value) -> String {
    blake3::hash(state.to_string().as_bytes()).to_hex().to_string()
}
