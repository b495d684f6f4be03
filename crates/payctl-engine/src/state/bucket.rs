//! A folder of a shared state: the same documents as objects in a bucket.
//!
//! What is replaced is replaced on the condition that it is as it was read, so that nobody's work is
//! written over; see [`super::held`] for the journal and [`super::lease`] for the lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _};

use super::disk::{Disk, Lock};
use super::held::{CLOSED, Clock, Held, Upkeep, encode, lock, parse, put};
use super::lease::{Document, LOCK, Verdict, Watch};
use super::objects::{Asked, Listed, Object, ObjectError, Objects, Tag, When};
use super::{Holder, StateError, process};

/// How many objects are asked for at once.
const AT_ONCE: usize = 16;
/// How often the journal is read anew where it is emptied meanwhile.
const READS: usize = 5;
/// How many of the last epochs that others closed stay closed. Our choice: one who comes back after
/// so many is held off by its lease alone.
const KEPT: u64 = 64;

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
        path.file_name().is_some_and(|name| name == "journal.jsonl")
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

    fn get(&self, path: &Path) -> Result<Option<Object>, StateError> {
        let key = self.key(path);
        let object = ask(self.objects.get(&key), "read", path)?;
        lock(&self.seen).insert(key, object.as_ref().map(|object| object.tag.clone()));
        Ok(object)
    }

    /// Writes an object that is as it was seen last, if it was.
    fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<(), StateError> {
        let key = self.key(path);
        let when = match lock(&self.seen).get(&key) {
            None => When::Always,
            Some(None) => When::Absent,
            Some(Some(tag)) => When::Is(tag.clone()),
        };
        let tag = block_on(put(&*self.objects, &key, bytes, when));
        let tag = tag.map_err(|error| failed("write", path, error))?;
        lock(&self.seen).insert(key, Some(tag));
        Ok(())
    }

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
    fn entries(&self, path: &Path) -> Result<Vec<(u64, u64, Listed)>, StateError> {
        let journal = self.journal();
        let listed = ask(self.objects.list(&journal), "list", path)?;
        let entries = listed.into_iter().filter(|one| one.size > CLOSED);
        Ok(entries
            .filter_map(|one| parse(&journal, &one.key).map(|(epoch, nth)| (epoch, nth, one)))
            .collect())
    }

    fn read_journal(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
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

    /// Removes the journal: the first object, which says what the others continue, last.
    fn remove_journal(&self, path: &Path) -> Result<(), StateError> {
        let held = lock(&self.held).clone();
        let (epoch, next) = held.map_or((u64::MAX, 0), |held| (held.epoch(), held.next_number()));
        let journal = self.journal();
        let listed = ask(self.objects.list(&journal), "list", path)?;
        let goes = |one: &Listed| {
            let Some((of, number)) = parse(&journal, &one.key) else { return false };
            match one.size > CLOSED {
                // Another's records are not ours to remove, should one have taken over.
                true => of <= epoch,
                // Who closed an epoch of another keeps that other from writing.
                false => (of == epoch && number < next) || of + KEPT < epoch,
            }
        };
        let mut keys: Vec<String> = listed.into_iter().filter(goes).map(|one| one.key).collect();
        if keys.is_empty() {
            if let Some(held) = lock(&self.held).as_ref() {
                held.emptied();
            }
            return Ok(());
        }
        let first = keys.remove(0);
        if !keys.is_empty() {
            ask(self.objects.delete(keys), "remove", path)?;
        }
        ask(self.objects.delete(vec![first]), "remove", path)?;
        if let Some(held) = lock(&self.held).as_ref() {
            held.emptied();
        }
        Ok(())
    }

    /// The lock's document, if it can be taken; else who holds it.
    fn look(&self, path: &Path) -> Result<Option<(Document, Tag)>, StateError> {
        let key = self.key(path);
        let Some(there) = ask(self.objects.get(&key), "read", path)? else { return Ok(None) };
        let document: Document = serde_json::from_slice(&there.bytes)
            .map_err(|error| StateError::damaged(path, error.to_string()))?;
        if document.format > super::lease::FORMAT {
            let found = u64::from(document.format);
            return Err(StateError::TooNew { path: path.to_owned(), found });
        }
        let ended = process::has_ended(&document.process);
        let now = self.clock.now();
        let undecided = match lock(&self.watch).look(&there.tag, &document, now, ended) {
            Verdict::Free => return Ok(Some((document, there.tag))),
            Verdict::Undecided(left) => Some(left),
            Verdict::Alive => None,
        };
        let holder = document.holder.map_or_else(String::new, |holder| holder.to_string());
        Err(StateError::Locked { path: path.to_owned(), holder, undecided })
    }

    /// The epochs that the journal knows of, for where the lock's document is gone.
    fn epochs(&self, path: &Path) -> Result<BTreeSet<u64>, StateError> {
        Ok(self.entries(path)?.into_iter().map(|(epoch, ..)| epoch).collect())
    }
}

/// The keys of the objects up to the first that is missing: what stands behind it was never answered,
/// or its holder was emptying the journal.
fn contiguous(entries: Vec<(u64, u64, Listed)>) -> Vec<String> {
    let mut before: Option<(u64, u64)> = None;
    let mut keys = Vec::new();
    for (epoch, number, one) in entries {
        let follows = match before {
            Some((of, nth)) => of != epoch || number == nth + 1,
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
        let bytes = self.read(path)?.unwrap_or_default();
        if bytes.len() as u64 == length {
            return Ok(());
        }
        if Self::is_journal(path) {
            // Objects are whole: there is no torn line, only a journal of an earlier state.
            return self.remove_journal(path);
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
            Ok(held) => held.sync().boxed(),
            Err(error) => std::future::ready(Err(error)).boxed(),
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
            return self.remove_journal(path);
        }
        let key = self.key(path);
        lock(&self.seen).insert(key.clone(), None);
        ask(self.objects.delete(vec![key]), "remove", path)
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, StateError> {
        let prefix = format!("{}/", self.key(folder));
        let listed = ask(self.objects.list(&prefix), "list", folder)?;
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

    fn lock(&self, path: &Path, holder: &Holder) -> Result<Lock, StateError> {
        let there = self.look(path)?;
        let previous = there.as_ref().map(|(document, _)| document);
        let (nonce, process) =
            (random_text(), if self.by_hand { String::new() } else { process::this() });
        let mut document = Document::taken(previous, holder.clone(), nonce, process);
        if previous.is_none() {
            document.unclosed = self.epochs(path)?;
            document.epoch = document.unclosed.last().unwrap_or(&0) + 1;
        }
        let took_over = !document.unclosed.is_empty();
        let when = there.map_or(When::Absent, |(_, tag)| When::Is(tag));
        let (began, key) = (self.clock.now(), self.key(path));
        let taken = block_on(put(&*self.objects, &key, encode(&document), when));
        let tag = taken.map_err(|error| match error {
            // Another was faster; who it is is told when it is asked again.
            ObjectError::Refused => StateError::Locked {
                path: path.to_owned(),
                holder: "it has just begun".to_owned(),
                undecided: None,
            },
            error => failed("write", path, error),
        })?;
        let places = (path.to_owned(), key, self.journal());
        let held =
            Held::new(self.objects.clone(), self.clock.clone(), places, (document, tag, began));
        let held = Arc::new(held);
        *lock(&self.held) = Some(held.clone());
        let upkeep = Upkeep::start(held.clone(), self.by_hand);
        if took_over {
            held.close_others()?;
        }
        Ok(Lock::kept(upkeep, took_over))
    }

    fn holder(&self, path: &Path) -> Option<Holder> {
        match block_on(self.objects.get(&self.key(path))) {
            Ok(Some(there)) => serde_json::from_slice::<Document>(&there.bytes).ok()?.holder,
            _ => None,
        }
    }
}

/// What tells a holder from all others.
fn random_text() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(32).collect()
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
