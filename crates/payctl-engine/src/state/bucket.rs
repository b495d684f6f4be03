//! A folder of a shared state: the same documents as objects in a bucket.
//!
//! What is replaced is replaced on the condition that it is as it was read, so that nobody's work is
//! written over; see [`super::held`] for the journal and [`super::lease`] for the lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use futures::future::{self, BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _};

use super::disk::{Disk, Lock};
use super::held::{CLOSED, Clock, Held, Upkeep, encode, lock, parse, put};
use super::known::Known;
use super::lease::{Document, LOCK, Verdict, Watch};
use super::objects::{Asked, Listed, Object, ObjectError, Objects, Tag, When};
use super::store::{BACKUP_FOLDER, HISTORY, STATE};
use super::{Holder, StateError, process};

/// How many objects are asked for at once.
const AT_ONCE: usize = 16;
/// How often the journal is read anew where it is emptied meanwhile.
const READS: usize = 5;
/// What is read as soon as the lock is held.
const READ_FIRST: [&str; 2] = [STATE, HISTORY];
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

    /// Begins to remove the journal. Its first object, which says what the others continue, goes last.
    fn begin_to_remove_journal(&self, path: &Path, held: &Held) -> Result<(), StateError> {
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
    fn end_loose(&self, path: &Path, held: &Held) -> Result<(), StateError> {
        let loose = lock(&held.later).take_loose();
        loose.map_or(Ok(()), |loose| ask(loose, "remove", path))
    }

    /// The lock's document, if it can be taken; else who holds it.
    fn look(&self, path: &Path) -> Result<Option<(Document, Tag)>, StateError> {
        let key = self.key(path);
        // It is taken on the condition that it is so still.
        let expected = lock(&self.ahead).expected(&key);
        match expected.map(block_on) {
            Some(Ok(None)) => return Ok(None),
            Some(Ok(Some(there))) => {
                if let Ok(document) = serde_json::from_slice::<Document>(&there.bytes)
                    && document.format <= super::lease::FORMAT
                    && document.holder.is_none()
                {
                    return Ok(Some((document, there.tag)));
                }
            }
            // It is asked once more, and who holds it is told as it is now.
            Some(Err(_)) | None => {}
        }
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

    /// Takes the lock; `None` where another was faster.
    fn take(&self, path: &Path, holder: &Holder) -> Result<Option<Lock>, StateError> {
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
        let taken = put(&self.objects, &key, encode(&document), when);
        // If the lock is ours, nobody has held it since its document was read: what is there is what
        // was there when it became ours.
        let mut known = Known::default();
        if !took_over {
            for name in READ_FIRST {
                known.expect(&*self.objects, &self.key(&self.folder.join(name)));
            }
            let backups = format!("{}/", self.key(&self.folder.join(BACKUP_FOLDER)));
            for prefix in [self.journal(), backups] {
                known.expect_list(&*self.objects, &prefix);
            }
        }
        let tag = match block_on(taken) {
            Err(ObjectError::Refused) => return Ok(None),
            taken => taken.map_err(|error| failed("write", path, error))?,
        };
        let places = (path.to_owned(), key, self.journal());
        let held = Held::new(
            self.objects.clone(),
            self.clock.clone(),
            places,
            (document, tag, began),
            known,
        );
        let held = Arc::new(held);
        *lock(&self.held) = Some(held.clone());
        let upkeep = Upkeep::start(held.clone(), self.by_hand);
        if took_over {
            held.close_others()?;
        }
        Ok(Some(Lock::kept(upkeep, took_over)))
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
