//! The journal: what is about to happen and what has happened, synced before and after each
//! changing call. One JSON text per line: `{"seq":1,"sum":"…","entry":{…}}`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::disk::Disk;
use super::document::{DEEPEST_ENTRY, is_within, sorted};
use super::{FORMAT, Intent, Record, State, StateError};
use crate::Address;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum Entry {
    /// The state this journal continues.
    Begin {
        /// The state's lineage.
        lineage: String,
        /// The state's serial.
        serial: u64,
        /// The whole state where there is no state file yet.
        state: Option<Box<State>>,
    },
    /// A changing call is about to be made.
    Intent {
        /// For which resource.
        address: Address,
        /// What is about to be done.
        intent: Intent,
    },
    /// A resource is now so, or gone.
    Wrote {
        /// Which resource.
        address: Address,
        /// How it is now.
        record: Option<Box<Record>>,
        /// Whether the intent is done with.
        settled: bool,
    },
    /// A call failed.
    Failed {
        /// For which resource.
        address: Address,
        /// Why.
        why: String,
        /// Whether it is certain that the call changed nothing.
        settled: bool,
    },
    /// The stack's outputs.
    Outputs {
        /// By name.
        outputs: BTreeMap<String, Value>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: u64,
    sum: String,
    entry: Value,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    next: u64,
    broken: bool,
}

impl Journal {
    /// Opens the journal at `path` behind its last whole line, which `length` is the end of.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        path: &Path,
        length: u64,
        next: u64,
    ) -> Result<Self, StateError> {
        disk.truncate(path, length)?;
        Ok(Self { disk: disk.clone(), path: path.to_owned(), next, broken: false })
    }

    /// Adds an entry; it is on disk when this returns, or when [`Self::written`] does.
    ///
    /// # Errors
    /// When it could not be written or synced. The journal then takes no further entry, so that
    /// no changing call follows.
    pub fn append(&mut self, entry: &Entry) -> Result<(), StateError> {
        if self.broken {
            return Err(StateError::JournalBroken { path: self.path.clone() });
        }
        let line = line(self.next, entry)?;
        // What a failed write left behind would stand before whatever came after it.
        self.broken = true;
        self.disk.append_soon(&self.path, line.as_bytes())?;
        self.broken = false;
        self.next += 1;
        Ok(())
    }

    /// Returns when all entries that were added so far are on disk.
    ///
    /// # Errors
    /// When they could not be written. The journal then takes no further entry.
    pub fn written(&self) -> impl Future<Output = Result<(), StateError>> + 'static {
        self.disk.appended(&self.path)
    }

    /// Whether a changing call may begin.
    ///
    /// # Errors
    /// When another run may have taken over.
    pub fn may_change(&self) -> Result<(), StateError> {
        self.disk.may_change()
    }

    /// How many entries it holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.next - 1
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

pub(super) fn line(seq: u64, entry: &Entry) -> Result<String, StateError> {
    let entry = sorted(entry, DEEPEST_ENTRY)?;
    let sum = sum(seq, &entry);
    let mut line = serde_json::to_string(&Line { seq, sum, entry }).map_err(StateError::encode)?;
    line.push('\n');
    Ok(line)
}

pub(super) fn sum(seq: u64, entry: &Value) -> String {
    blake3::hash(format!("{seq} {entry}").as_bytes()).to_hex()[..32].to_owned()
}

/// What a journal's bytes say: its entries, and where its last whole line ends.
#[derive(Debug, Default)]
pub(super) struct Replay {
    pub(super) entries: Vec<Entry>,
    pub(super) length: u64,
    /// The line that does not fit, by number. What stands behind it says nothing.
    pub(super) damaged: Option<u64>,
    /// Whether it ends in the middle of a line, as a crash leaves it.
    pub(super) torn: bool,
}

/// Reads a journal. A torn last line is what a crash leaves, and is passed over; anything else
/// that does not fit is damage.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Replay, StateError> {
    let replay = scan(bytes, path)?;
    match replay.damaged {
        Some(line) => Err(StateError::JournalDamaged { path: path.to_owned(), line }),
        None => Ok(replay),
    }
}

/// Reads a journal up to its first damage. What begins with a state of a newer format is no damage,
/// and not ours to go on with.
pub(super) fn scan(bytes: &[u8], path: &Path) -> Result<Replay, StateError> {
    let mut replay = Replay::default();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (text, tail) = (&rest[..end], &rest[end + 1..]);
        let seq = replay.entries.len() as u64 + 1;
        let value = read_line(text, seq);
        let format = value.as_ref().and_then(|entry| entry.get("state")?.get("format")?.as_u64());
        if let Some(found) = format.filter(|found| seq == 1 && *found > u64::from(FORMAT)) {
            return Err(StateError::TooNew { path: path.to_owned(), found });
        }
        // The first line tells what all others continue.
        let fits = |entry: &Entry| (seq == 1) == matches!(entry, Entry::Begin { .. });
        let entry = value.and_then(|entry| serde_json::from_value(entry).ok());
        let Some(entry) = entry.filter(fits) else {
            replay.damaged = Some(seq);
            return Ok(replay);
        };
        replay.entries.push(entry);
        replay.length += end as u64 + 1;
        rest = tail;
    }
    replay.torn = !rest.is_empty();
    // A torn line lacks its end; where only the last byte does not fit, that was hurt later.
    let next = replay.entries.len() as u64 + 1;
    if rest.split_last().is_some_and(|(_, text)| read_line(text, next).is_some()) {
        replay.damaged = Some(next);
    }
    Ok(replay)
}

/// The entry on a line whose number and checksum fit.
fn read_line(text: &[u8], seq: u64) -> Option<Value> {
    let mut line: Line = serde_json::from_slice(text).ok()?;
    line.entry.sort_all_objects();
    let fits = line.seq == seq && line.sum == sum(seq, &line.entry);
    (fits && is_within(&line.entry, DEEPEST_ENTRY)).then_some(line.entry)
}

impl State {
    /// Takes up what the journal says.
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Begin { .. } => {}
            Entry::Intent { address, intent } => {
                self.pending.insert(address.clone(), intent.clone());
            }
            Entry::Wrote { address, record, settled } => {
                match record {
                    Some(record) => self.resources.insert(address.clone(), (**record).clone()),
                    None => self.resources.remove(address),
                };
                if *settled {
                    self.pending.remove(address);
                }
            }
            Entry::Failed { address, settled, .. } => {
                if *settled {
                    self.pending.remove(address);
                }
            }
            Entry::Outputs { outputs } => self.outputs.clone_from(outputs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_lines() -> String {
        let outputs = |name: &str| Entry::Outputs {
            outputs: [(name.to_owned(), Value::String("ü\n".to_owned()))].into(),
        };
        let begin = Entry::Begin { lineage: "l".to_owned(), serial: 1, state: None };
        line(1, &begin).unwrap() + &line(2, &outputs("b")).unwrap()
    }

    #[test]
    fn a_journal_cut_at_any_length_keeps_its_whole_lines() {
        let bytes = two_lines().into_bytes();
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for length in 0..=bytes.len() {
            let replay = read(&bytes[..length], Path::new("j")).unwrap();
            let whole = usize::from(length >= first) + usize::from(length == bytes.len());
            assert_eq!(replay.entries.len(), whole, "cut at {length}");
        }
    }

    #[test]
    fn a_journal_that_holds_a_newer_state_is_no_damage() {
        let mut state = State::empty("pci-core", "dev", "1", "us-east-1", "l");
        state.format = FORMAT + 1;
        let state = Some(Box::new(state));
        let begin = line(1, &Entry::Begin { lineage: "l".to_owned(), serial: 0, state }).unwrap();
        let error = scan(begin.as_bytes(), Path::new("j")).unwrap_err();
        assert!(matches!(error, StateError::TooNew { found: 2, .. }), "{error}");
    }

    #[test]
    fn a_flipped_bit_is_seen() {
        let bytes = two_lines().into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut hurt = bytes.clone();
                hurt[at] ^= 1 << bit;
                assert!(read(&hurt, Path::new("j")).is_err(), "byte {at} bit {bit}");
            }
        }
    }
}
