//! A state as text, and its way from one place to another.

use std::path::Path;

use super::disk::sync_folder_of;
use super::document::{decode, encode};
use super::{Session, State, StateError};

/// Why a state does not take the place of the one that is there.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum NotPushed {
    #[error("its serial is {serial}, and the state that is there has {there} already")]
    Older { serial: u64, there: u64 },
    #[error("it is of another lineage than the state that is there: {lineage}, not {there}")]
    Another { lineage: String, there: String },
    #[error("a run to the state that is there did not end well: what it did is not in yours")]
    Unfinished,
    #[error(transparent)]
    State(#[from] StateError),
}

impl State {
    /// The state as its file holds it.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn to_text(&self) -> Result<String, StateError> {
        encode(self)
    }

    /// Reads what [`Self::to_text`] wrote; `path` is where it is from, for messages.
    ///
    /// # Errors
    /// When it is damaged, or of a newer format.
    pub fn from_text(bytes: &[u8], path: &Path) -> Result<Self, StateError> {
        decode(bytes, path)
    }
}

impl Session {
    /// Puts `state` in place of the state that is there, which it has to continue.
    ///
    /// # Errors
    /// When it is older than that or of another lineage, or cannot be written.
    pub fn push(&self, mut state: State) -> Result<(), NotPushed> {
        let loaded = self.store.load()?;
        if let Some(there) = loaded.state.filter(|there| !there.is_empty()) {
            let (lineage, serial) = (state.lineage.clone(), state.serial);
            if lineage != there.lineage {
                return Err(NotPushed::Another { lineage, there: there.lineage });
            }
            if there == state && loaded.replayed == 0 {
                return Ok(());
            }
            if serial <= there.serial {
                return Err(NotPushed::Older { serial, there: there.serial });
            }
            if loaded.replayed > 0 {
                return Err(NotPushed::Unfinished);
            }
        }
        Ok(self.save(&mut state)?)
    }

    /// Brings state, journal and history to `target`, and leaves nothing that a run would take for a
    /// state. Interrupted anywhere, it can be run again. Answers how many resources are recorded, or
    /// nothing where no state is there.
    ///
    /// # Errors
    /// When another state is there, or something cannot be read or written.
    pub fn move_to(&self, target: &Self) -> Result<Option<usize>, NotPushed> {
        let Some(mut state) = self.store.load()?.state else { return Ok(None) };
        let count = state.resources.len();
        let there = target.store.load()?.state;
        // What was brought there before this was interrupted is later by its serial.
        let brought = there
            .as_ref()
            .is_some_and(|there| there.lineage == state.lineage && there.serial > state.serial);
        if !brought {
            if let Some(there) = there.filter(|there| !there.is_empty()) {
                let (lineage, serial) = (state.lineage, state.serial);
                return Err(match lineage == there.lineage {
                    true => NotPushed::Older { serial, there: there.serial },
                    false => NotPushed::Another { lineage, there: there.lineage },
                });
            }
            target.take_history(&self.store)?;
            target.save(&mut state)?;
        }
        self.retire()?;
        Ok(Some(count))
    }

    /// Moves aside what a run would take for a state.
    fn retire(&self) -> Result<(), StateError> {
        let (disk, path) = (&*self.store.disk, self.store.state_path());
        // What the journal says is in the state then: without one it would be taken for damage.
        let loaded = self.store.load()?;
        if let (Some(mut state), true) = (loaded.state, loaded.replayed > 0) {
            self.save(&mut state)?;
        }
        disk.rename(&path, &path.with_file_name("moved-state.json"))?;
        sync_folder_of(disk, &path)?;
        // A copy is what a lost state is recovered from: there is none to recover here.
        for (_, path) in self.store.backups()? {
            disk.remove(&path)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::{Entry, Holder, Record, Status, Store};
    use super::*;
    use crate::Address;
    use crate::testing::{MemoryObjects, Mishap};

    fn holder() -> Holder {
        Holder { pid: 1, host: "h".into(), command: "up".into(), since: "now".into() }
    }

    fn lock(store: &Store, objects: &MemoryObjects) -> Session {
        match store.lock(&holder()) {
            Err(StateError::Locked { undecided: Some(left), .. }) => {
                objects.pass(left);
                store.lock(&holder()).unwrap()
            }
            locked => locked.unwrap(),
        }
    }

    fn state(names: &[&str]) -> State {
        let mut state = State::empty("pci-core", "dev", "1", "us-east-1", "l");
        for name in names {
            let record = Record {
                status: Status::Complete,
                outputs: json!({ "id": name }),
                properties: json!({}),
                depends_on: [].into(),
                deposed: Vec::new(),
            };
            state.resources.insert(Address::new("ec2.vpc", name), record);
        }
        state
    }

    #[test]
    fn an_older_state_and_one_of_another_lineage_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let session = store.lock(&holder()).unwrap();
        session.push(state(&["a"])).unwrap();
        let first = store.load().unwrap().state.unwrap();
        session.push(State { serial: first.serial + 1, ..state(&["a", "b"]) }).unwrap();
        let second = store.load().unwrap().state.unwrap();
        assert_eq!(second.resources.len(), 2);
        assert!(matches!(session.push(first), Err(NotPushed::Older { .. })));
        let other = State { lineage: "other".into(), serial: 99, ..state(&["a"]) };
        assert!(matches!(session.push(other), Err(NotPushed::Another { .. })));
        // What was pulled can be pushed again, and changes nothing.
        let text = second.to_text().unwrap();
        session.push(State::from_text(text.as_bytes(), Path::new("s")).unwrap()).unwrap();
        assert_eq!(store.load().unwrap().state.unwrap(), second);
    }

    /// A folder with a state and a journal that goes on from it, and a bucket; and back.
    #[test]
    fn a_state_that_is_moved_is_in_one_place_wherever_that_is_interrupted() {
        for nth in 1.. {
            for mishap in [Mishap::Keeps, Mishap::Dies(true)] {
                let folder = tempfile::tempdir().unwrap();
                let (store, objects) = (Store::at(folder.path()), MemoryObjects::new());
                let bucket = Store::in_memory_bucket(&objects, objects.clock());
                let session = store.lock(&holder()).unwrap();
                session.save(&mut state(&["a"])).unwrap();
                let loaded = store.load().unwrap();
                let begun = loaded.state.clone().unwrap();
                let mut journal = session.journal(&loaded, &begun).unwrap();
                let record = state(&["b"]).resources.into_values().next().map(Box::new);
                let address = Address::new("ec2.vpc", "b");
                journal.append(&Entry::Wrote { address, record, settled: true }).unwrap();
                drop(session);

                objects.mishap_at(nth, mishap);
                let moved = bucket
                    .lock(&holder())
                    .map_err(NotPushed::from)
                    .and_then(|to| store.lock(&holder())?.move_to(&to));
                objects.no_mishap();
                let fresh = Store::in_memory_bucket(&objects, objects.clock());
                let names = |store: &Store| {
                    let state = store.load().unwrap().state;
                    state.map(|state| state.resources.len())
                };
                // Nothing is lost: one of the two knows all.
                assert!([names(&store), names(&fresh)].contains(&Some(2)), "{nth} {mishap:?}");
                let to = lock(&fresh, &objects);
                store.lock(&holder()).unwrap().move_to(&to).unwrap();
                assert_eq!((names(&store), names(&fresh)), (None, Some(2)), "{nth} {mishap:?}");
                // And back again.
                let back = tempfile::tempdir().unwrap();
                let back = Store::at(back.path().join("b"));
                to.move_to(&back.lock(&holder()).unwrap()).unwrap();
                assert_eq!((names(&fresh), names(&back)), (None, Some(2)));
                drop(to);
                objects.pass(Duration::from_secs(1));
                if moved.is_ok() && mishap != Mishap::Keeps {
                    return;
                }
            }
        }
    }
}
