//! The journal of a shared state, as objects.

use std::collections::BTreeSet;
use std::path::Path;

use futures::executor::block_on;
use futures::stream::{self, StreamExt as _};

use super::super::StateError;
use super::super::held::{CLOSED, Held, lock, parse};
use super::super::lease::Document;
use super::super::objects::{Listed, Object, ObjectError};
use super::{Bucket, ask, failed};

/// How many objects are asked for at once.
const AT_ONCE: usize = 16;
/// How often the journal is read anew where it is emptied meanwhile.
const READS: usize = 5;
/// How many of the last epochs that others closed stay closed. Our choice: one who comes back after
/// so many is held off by its lease alone.
const KEPT: u64 = 64;

impl Bucket {
    /// The epochs whose journal may say what the state does not; `None` where nobody knows. What is
    /// there of others came late: a request that was sent twice, or was long on its way, arrived when
    /// the journal had been emptied.
    fn open_epochs(&self, path: &Path) -> Result<Option<BTreeSet<u64>>, StateError> {
        let held = lock(&self.held).clone();
        if let Some(open) = held.and_then(|held| held.open_epochs()) {
            return Ok(Some(open));
        }
        let there = ask(self.objects.get(&self.lock_key()), "read", path)?;
        let document =
            there.and_then(|there| serde_json::from_slice::<Document>(&there.bytes).ok());
        Ok(document.map(|document| document.open_epochs()))
    }

    /// The journal's objects by epoch and number; without those that close an epoch.
    pub(super) fn entries(&self, path: &Path) -> Result<Vec<(u64, u64, Listed)>, StateError> {
        let journal = self.journal();
        // What was written since is not on a list that is known.
        let listed = match self.held().is_some_and(|held| !held.own_keys().is_empty()) {
            true => ask(self.objects.list(&journal), "list", path)?,
            false => self.below(&journal, path)?,
        };
        let entries = listed.into_iter().filter(|one| one.size > CLOSED);
        Ok(entries
            .filter_map(|one| parse(&journal, &one.key).map(|(epoch, nth)| (epoch, nth, one)))
            .collect())
    }

    pub(super) fn read_journal(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        for _ in 0..READS {
            let mut entries = self.entries(path)?;
            if entries.is_empty() {
                return Ok(None);
            }
            if let Some(open) = self.open_epochs(path)? {
                entries.retain(|(epoch, ..)| open.contains(epoch));
            }
            if entries.is_empty() {
                return Ok(None);
            }
            let asked = contiguous(entries).into_iter().map(|key| self.objects.get(&key));
            let read = stream::iter(asked).buffered(AT_ONCE).collect::<Vec<_>>();
            let read: Result<Vec<Option<Object>>, ObjectError> =
                block_on(read).into_iter().collect();
            let read = read.map_err(|error| failed("read", path, error))?;
            // Where one is gone, its holder has just written the state and empties the journal.
            if let Some(all) = read.into_iter().collect::<Option<Vec<Object>>>() {
                return Ok(Some(all.into_iter().flat_map(|object| object.bytes).collect()));
            }
        }
        Ok(None)
    }

    /// Begins to remove the journal. Its first object, which says what the others continue, goes last.
    pub(super) fn begin_to_remove_journal(
        &self,
        path: &Path,
        held: &Held,
    ) -> Result<(), StateError> {
        self.end_loose(path, held)?;
        let (journal, epoch, own) = (self.journal(), held.epoch(), held.own_keys());
        let listed = self.below(&journal, path)?;
        let goes = |one: &Listed| {
            let Some((of, _)) = parse(&journal, &one.key) else { return false };
            match one.size > CLOSED {
                // Another's records are not ours to remove, should one have taken over.
                true => of < epoch,
                // Who closed an epoch of another keeps that other from writing.
                false => of + KEPT < epoch,
            }
        };
        let others = listed.into_iter().filter(goes).map(|one| one.key);
        let mut keys: Vec<String> = others.chain(own).collect();
        self.know(|known| keys.iter().for_each(|key| known.note(key, None)));
        if keys.is_empty() {
            return Ok(());
        }
        let mut later = lock(&held.later);
        later.remove_last(keys.remove(0));
        if !keys.is_empty() {
            later.remove(path.to_owned(), self.objects.delete(keys));
        }
        Ok(())
    }

    /// Waits until what is left of a journal's first object is gone: another must not be written
    /// behind it.
    pub(super) fn end_loose(&self, path: &Path, held: &Held) -> Result<(), StateError> {
        let loose = lock(&held.later).take_loose();
        loose.map_or(Ok(()), |loose| ask(loose, "remove", path))
    }
}

/// The keys of the objects up to the first that is missing: what stands behind it was never answered,
/// or its holder was emptying the journal.
fn contiguous(entries: Vec<(u64, u64, Listed)>) -> Vec<String> {
    let mut before: Option<(u64, u64)> = None;
    let mut keys = Vec::new();
    for (epoch, number, one) in entries {
        let follows = match before {
            Some((of, nth)) if of == epoch => number == nth + 1,
            Some(_) => number == 1,
            None => true,
        };
        if !follows {
            break;
        }
        before = Some((epoch, number));
        keys.push(one.key);
    }
    keys
}
