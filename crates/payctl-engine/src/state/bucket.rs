//! A folder of a shared state: the same documents as objects in a bucket.
//!
//! What is replaced is replaced on the condition that it is as it was read, so that nobody's work is
//! written over; see [`super::held`] for what its holder writes and [`super::lease`] for the lock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use futures::future::{self, BoxFuture, FutureExt as _};

use super::disk::{Disk, Lock};
use super::held::{Clock, Held, lock, put};
use super::known::Known;
use super::lease::{Document, Watch};
use super::names::{JOURNAL, LOCK};
use super::objects::{Asked, Listed, Object, ObjectError, Objects, Tag, When};
use super::{Holder, StateError};

mod journal;
mod taking;
#[cfg(test)]
mod tests;

/// A folder in a bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    objects: Arc<dyn Objects>,
    clock: Clock,
    /// The folder, for messages: what stands before each path.
    folder: PathBuf,
    /// The same within the bucket, with the slash behind it.
    prefix: String,
    /// What was last seen of each object that is replaced.
    seen: Mutex<BTreeMap<String, Option<Tag>>>,
    /// What taking the lock takes, where that was asked ahead.
    ahead: Mutex<Known>,
    watch: Mutex<Watch>,
    held: Mutex<Option<Arc<Held>>>,
    /// Whether the lock is renewed by who tests it.
    by_hand: bool,
}

impl Bucket {
    pub(super) fn new(
        objects: Arc<dyn Objects>,
        clock: Clock,
        (folder, prefix): (PathBuf, String),
        by_hand: bool,
    ) -> Self {
        Self {
            objects,
            clock,
            folder,
            prefix,
            seen: Mutex::default(),
            ahead: Mutex::default(),
            watch: Mutex::default(),
            held: Mutex::default(),
            by_hand,
        }
    }

    fn key(&self, path: &Path) -> String {
        let within = path.strip_prefix(&self.folder).unwrap_or(path);
        format!("{}{}", self.prefix, within.display())
    }

    fn is_journal(path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == JOURNAL)
    }

    fn lock_key(&self) -> String {
        self.key(&self.folder.join(LOCK))
    }

    /// Where the journal's objects are, with the slash behind it.
    fn journal(&self) -> String {
        format!("{}journal/", self.prefix)
    }

    fn holding(&self, path: &Path) -> Result<Arc<Held>, StateError> {
        let held = lock(&self.held).clone();
        held.ok_or_else(|| StateError::JournalBroken { path: path.to_owned() })
    }

    /// The lock, while it is held.
    fn held(&self) -> Option<Arc<Held>> {
        lock(&self.held).clone().filter(|held| held.is_held())
    }

    fn get(&self, path: &Path) -> Result<Option<Object>, StateError> {
        let key = self.key(path);
        self.end_write(&key, path)?;
        let held = self.held();
        let mut expected = None;
        if let Some(held) = &held {
            let mut known = lock(&held.known);
            if let Some(known) = known.object(&key) {
                return Ok(known);
            }
            expected = known.expected(&key);
        }
        let object = match expected.map(block_on) {
            Some(Ok(object)) => object,
            Some(Err(_)) | None => ask(self.objects.get(&key), "read", path)?,
        };
        lock(&self.seen).insert(key.clone(), object.as_ref().map(|object| object.tag.clone()));
        if let Some(held) = held {
            lock(&held.known).note(&key, object.clone());
        }
        Ok(object)
    }

    /// What stands below a prefix.
    fn below(&self, prefix: &str, path: &Path) -> Result<Vec<Listed>, StateError> {
        let held = self.held();
        let expected = match &held {
            Some(held) => {
                let mut known = lock(&held.known);
                if let Some(known) = known.listed(prefix) {
                    return Ok(known);
                }
                known.expected_list(prefix)
            }
            None => lock(&self.ahead).expected_list(prefix),
        };
        let listed = match expected.map(block_on) {
            Some(Ok(listed)) => listed,
            Some(Err(_)) | None => ask(self.objects.list(prefix), "list", path)?,
        };
        if let Some(held) = held {
            lock(&held.known).note_list(prefix, &listed);
        }
        Ok(listed)
    }

    /// On what condition an object is replaced: that it is as it was seen last, if it was.
    fn as_seen(&self, key: &str) -> When {
        match lock(&self.seen).get(key) {
            None => When::Always,
            Some(None) => When::Absent,
            Some(Some(tag)) => When::Is(tag.clone()),
        }
    }

    /// Writes an object that is as it was seen last, if it was.
    fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<(), StateError> {
        let key = self.key(path);
        self.end_write(&key, path)?;
        let written = block_on(put(&self.objects, &key, bytes.clone(), self.as_seen(&key)));
        self.note_write(&key, bytes, written.as_ref().ok());
        written.map(drop).map_err(|error| failed("write", path, error))
    }

    /// Notes something of what is known while the lock is held.
    fn know(&self, note: impl FnOnce(&mut Known)) {
        if let Some(held) = self.held() {
            note(&mut lock(&held.known));
        }
    }

    /// Notes what came of a write.
    fn note_write(&self, key: &str, bytes: Vec<u8>, tag: Option<&Tag>) {
        match tag {
            Some(tag) => {
                lock(&self.seen).insert(key.to_owned(), Some(tag.clone()));
                self.know(|known| known.note(key, Some(Object { bytes, tag: tag.clone() })));
            }
            None => self.know(|known| known.doubt(key)),
        }
    }

    /// As [`Self::put`], and goes on meanwhile.
    fn put_later(&self, path: &Path, bytes: Vec<u8>) -> Result<(), StateError> {
        let Some(held) = self.held() else { return self.put(path, bytes) };
        let key = self.key(path);
        self.end_write(&key, path)?;
        let put = put(&self.objects, &key, bytes.clone(), self.as_seen(&key));
        lock(&held.later).write(&key, (path.to_owned(), bytes), put);
        Ok(())
    }

    /// Waits for a write of an object that goes on, if there is one.
    fn end_write(&self, key: &str, path: &Path) -> Result<(), StateError> {
        let Some(held) = lock(&self.held).clone() else { return Ok(()) };
        let Some((bytes, writing)) = lock(&held.later).take(key) else { return Ok(()) };
        let written = block_on(writing);
        self.note_write(key, bytes, written.as_ref().ok());
        written.map(drop).map_err(|error| match Arc::try_unwrap(error) {
            Ok(error) => failed("write", path, error),
            Err(error) => failed("write", path, ObjectError::Failed(error.into())),
        })
    }
}

impl Disk for Bucket {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        match Self::is_journal(path) {
            true => self.read_journal(path),
            false => Ok(self.get(path)?.map(|object| object.bytes)),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.put(path, bytes.to_vec())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.put(path, bytes.to_vec())
    }

    fn truncate(&self, path: &Path, length: u64) -> Result<(), StateError> {
        if Self::is_journal(path) {
            self.end_loose(path, &*self.holding(path)?)?;
        }
        let bytes = self.read(path)?.unwrap_or_default();
        if bytes.len() as u64 == length {
            return Ok(());
        }
        if Self::is_journal(path) {
            // Objects are whole: there is no torn line, only a journal of an earlier state.
            return self.remove(path);
        }
        let kept = bytes.into_iter().take(usize::try_from(length).unwrap_or(usize::MAX));
        self.put(path, kept.collect())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let before = self.get(path)?.map(|object| object.bytes).unwrap_or_default();
        self.put(path, [&before, bytes].concat())
    }

    fn append_soon(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.holding(path)?.queue(bytes)
    }

    fn appended(&self, path: &Path) -> BoxFuture<'static, Result<(), StateError>> {
        match self.holding(path) {
            Ok(held) => {
                // What comes of those is told when they are settled.
                let others = future::join_all(lock(&held.later).writes());
                future::join(held.sync(), others).map(|(synced, _)| synced).boxed()
            }
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }

    fn may_change(&self) -> Result<(), StateError> {
        lock(&self.held).as_ref().map_or(Ok(()), |held| held.check())
    }

    fn close_journal(&self, path: &Path) -> Result<(), StateError> {
        self.holding(path)?.close()
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StateError> {
        let Some(bytes) = self.read(from)? else { return Ok(()) };
        self.put(to, bytes)?;
        self.remove(from)
    }

    fn remove(&self, path: &Path) -> Result<(), StateError> {
        if Self::is_journal(path) {
            let held = self.holding(path)?;
            self.begin_to_remove_journal(path, &held)?;
            let mut wrong = self.settle().into_iter();
            return match wrong.next() {
                Some((_, error)) => Err(error),
                None => self.end_loose(path, &held),
            };
        }
        let key = self.key(path);
        lock(&self.seen).insert(key.clone(), None);
        self.know(|known| known.note(&key, None));
        ask(self.objects.delete(vec![key]), "remove", path)
    }

    fn append_later(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let before = self.get(path)?.map(|object| object.bytes).unwrap_or_default();
        self.put_later(path, [&before, bytes].concat())
    }

    fn replace_later(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.put_later(path, bytes.to_vec())
    }

    fn remove_later(&self, path: &Path) -> Result<(), StateError> {
        let Some(held) = self.held() else { return self.remove(path) };
        if Self::is_journal(path) {
            return self.begin_to_remove_journal(path, &held);
        }
        let key = self.key(path);
        lock(&self.seen).insert(key.clone(), None);
        self.know(|known| known.note(&key, None));
        lock(&held.later).remove(path.to_owned(), self.objects.delete(vec![key]));
        Ok(())
    }

    fn settle(&self) -> Vec<(PathBuf, StateError)> {
        let Some(held) = lock(&self.held).clone() else { return Vec::new() };
        let mut wrong = Vec::new();
        let writes = lock(&held.later).written();
        for (key, path) in writes {
            wrong.extend(self.end_write(&key, &path).err().map(|error| (path, error)));
        }
        let removals = lock(&held.later).take_removals();
        let mut all = true;
        for (path, removed) in removals {
            if let Err(error) = ask(removed, "remove", &path) {
                all = false;
                wrong.push((path, error));
            }
        }
        let last = lock(&held.later).take_last().filter(|_| all);
        if let Some(last) = last {
            // The journal says nothing any more: the state is later than what this continues.
            held.emptied();
            lock(&held.later).let_loose(self.objects.delete(vec![last]));
        }
        wrong
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, StateError> {
        let prefix = format!("{}/", self.key(folder));
        let listed = self.below(&prefix, folder)?;
        let names = listed.iter().filter_map(|one| one.key.strip_prefix(&prefix));
        Ok(names.map(|name| folder.join(name)).collect())
    }

    fn check_folder(&self, _: &Path) -> Result<(), StateError> {
        Ok(())
    }

    fn make_folder(&self, _: &Path) -> Result<(), StateError> {
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> Result<(), StateError> {
        Ok(())
    }

    fn expect_lock(&self, path: &Path) {
        let mut known = lock(&self.ahead);
        known.expect(&*self.objects, &self.key(path));
        known.expect_list(&*self.objects, &self.journal());
    }

    fn lock(&self, path: &Path, holder: &Holder) -> Result<Lock, StateError> {
        let mut is_old = lock(&self.ahead).expects(&self.key(path));
        loop {
            match self.take(path, holder) {
                Ok(Some(lock)) => return Ok(lock),
                // Another was faster; since when is not known where the document was read long ago.
                Ok(None) if std::mem::take(&mut is_old) => {}
                // Who it is is told when it is asked again.
                Ok(None) => {
                    let holder = "it has just begun".to_owned();
                    return Err(StateError::Locked {
                        path: path.to_owned(),
                        holder,
                        undecided: None,
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn holder(&self, path: &Path) -> Option<Holder> {
        match block_on(self.objects.get(&self.key(path))) {
            Ok(Some(there)) => serde_json::from_slice::<Document>(&there.bytes).ok()?.holder,
            _ => None,
        }
    }
}

/// Waits for a request's answer.
fn ask<T>(asked: Asked<T>, what: &'static str, path: &Path) -> Result<T, StateError> {
    block_on(asked).map_err(|error| failed(what, path, error))
}

fn failed(what: &'static str, path: &Path, error: ObjectError) -> StateError {
    match error {
        ObjectError::Refused => StateError::TakenOver { path: path.to_owned() },
        ObjectError::Failed(source) => StateError::Bucket { what, path: path.to_owned(), source },
    }
}
