//! State and journal from bytes and back, without files: for fuzzing.

use std::path::Path;

use serde_json::{Value, json};

use super::{Entry, State, StateError, document, journal};

/// Reads a state.
///
/// # Errors
/// When it is damaged or of a newer format.
pub fn read_state(bytes: &[u8]) -> Result<State, StateError> {
    document::decode(bytes, Path::new("state.json"))
}

/// A state as it is written.
///
/// # Errors
/// When it could not be read again.
pub fn write_state(state: &State) -> Result<String, StateError> {
    document::encode(state)
}

/// A state whose checksum fits its contents. Mutated bytes never have one, and nothing behind the
/// check of it would be tried. What is no state is left as it is.
#[must_use]
pub fn seal_state(bytes: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(mut envelope)) = serde_json::from_slice(bytes) else {
        return bytes.to_owned();
    };
    if let Some(state) = envelope.get_mut("state") {
        state.sort_all_objects();
        let checksum = document::checksum(state);
        envelope.insert("checksum".to_owned(), checksum.into());
    }
    Value::Object(envelope).to_string().into_bytes()
}

/// Reads a journal.
///
/// # Errors
/// When it is damaged.
pub fn read_journal(bytes: &[u8]) -> Result<Vec<Entry>, StateError> {
    Ok(journal::read(bytes, Path::new("journal.jsonl"))?.entries)
}

/// A journal as it is written.
///
/// # Errors
/// When it could not be read again.
pub fn write_journal(entries: &[Entry]) -> Result<String, StateError> {
    (1..).zip(entries).map(|(seq, entry)| journal::line(seq, entry)).collect()
}

/// A journal whose checksums and numbers fit, as [`seal_state`].
#[must_use]
pub fn seal_journal(bytes: &[u8]) -> Vec<u8> {
    let seal = |(seq, text): (u64, &[u8])| {
        let Ok(Value::Object(mut line)) = serde_json::from_slice(text) else {
            return text.to_owned();
        };
        if let Some(entry) = line.get_mut("entry") {
            entry.sort_all_objects();
            let sum = journal::sum(seq, entry);
            line.extend([("seq".to_owned(), json!(seq)), ("sum".to_owned(), json!(sum))]);
        }
        Value::Object(line).to_string().into_bytes()
    };
    let lines: Vec<Vec<u8>> = (1..).zip(bytes.split(|byte| *byte == b'\n')).map(seal).collect();
    lines.join(&b'\n')
}
