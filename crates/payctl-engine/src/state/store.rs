//! Where state lives: `state.json`, `journal.jsonl` and `lock` in one folder per environment.
//!
//! On a disk the state file is replaced whole (temporary file, sync, rename, folder sync), the
//! journal is appended to and synced, the lock is the operating system's and is never unlinked. In a
//! bucket they are objects: see [`super::bucket`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::bucket::Bucket;
use super::disk::{Disk, FileSystem, Lock, sync_folder_of};
use super::document::{decode, encode};
use super::journal::{self, Entry, Journal};
use super::names::{BACKUP_FOLDER, HISTORY, JOURNAL, LOCK, STATE};
use super::objects::Objects;
use super::{Clock, Holder, State, StateError};

/// How many copies are kept: of the state and of the five before it. Our choice.
const BACKUPS: usize = 6;

/// The folder that holds one environment's state.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) folder: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    shared: bool,
}

/// What a store holds.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The state, with the journal applied; `None` where there is none.
    pub state: Option<State>,
    /// How many journal entries were applied: not 0 after a run that did not end well.
    pub replayed: usize,
    length: u64,
    entries: u64,
}

/// A locked store.
#[derive(Debug)]
pub struct Session {
    pub(super) store: Store,
    lock: Lock,
}

impl Loaded {
    /// Whether nothing was written between the two.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let written = |loaded: &Self| {
            let state = loaded.state.as_ref();
            let state = state.map(|state| (state.lineage.clone(), state.serial));
            (state, loaded.length, loaded.entries)
        };
        written(self) == written(other)
    }
}

impl Store {
    /// The store in `folder`, which need not exist.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), disk: Arc::new(FileSystem), shared: false }
    }

    /// The store in a bucket, under `prefix`; `bucket` is what messages call it, such as
    /// `s3://payments-state`.
    pub fn in_bucket(objects: Arc<dyn Objects>, bucket: &str, prefix: &str) -> Self {
        Self::of_bucket(objects, bucket, prefix, Clock::of_machine(), false)
    }

    /// The same, whose lock nobody renews, by a clock of its own.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn in_bucket_by_hand(
        objects: Arc<dyn Objects>,
        bucket: &str,
        prefix: &str,
        clock: Clock,
    ) -> Self {
        Self::of_bucket(objects, bucket, prefix, clock, true)
    }

    fn of_bucket(
        objects: Arc<dyn Objects>,
        bucket: &str,
        prefix: &str,
        clock: Clock,
        by_hand: bool,
    ) -> Self {
        let prefix = prefix.trim_matches('/');
        let folder = PathBuf::from(format!("{bucket}/{prefix}"));
        let places = (folder.clone(), format!("{prefix}/"));
        Self { folder, disk: Arc::new(Bucket::new(objects, clock, places, by_hand)), shared: true }
    }

    /// The store on another disk than this machine's.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn on(disk: Arc<dyn Disk>) -> Self {
        Self { folder: PathBuf::from("state"), disk, shared: false }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn state_path(&self) -> PathBuf {
        self.folder.join(STATE)
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    pub(super) fn history_path(&self) -> PathBuf {
        self.folder.join(HISTORY)
    }

    fn lock_path(&self) -> PathBuf {
        self.folder.join(LOCK)
    }

    pub(super) fn backup_folder(&self) -> PathBuf {
        self.folder.join(BACKUP_FOLDER)
    }

    /// Whether it is in a bucket, where others of other machines use it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Reads the state. Writes nothing and takes no lock: the state file is replaced whole, so
    /// a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn load(&self) -> Result<Loaded, StateError> {
        // The journal first: a run that ends between the two leaves a state that is later than
        // the journal, never a journal of a state that was not read.
        self.disk.check_folder(&self.folder)?;
        let (path, journal) = (self.state_path(), self.journal_path());
        let lines = self.disk.read(&journal)?;
        let state = self.disk.read(&path)?.map(|bytes| decode(&bytes, &path)).transpose()?;
        let replay = lines.map(|bytes| journal::read(&bytes, &journal)).transpose()?;
        take_up(state, replay.unwrap_or_default(), &journal)
    }

    /// Begins to read what taking the lock takes.
    pub fn expect_lock(&self) {
        self.disk.expect_lock(&self.lock_path());
    }

    /// Takes the lock, making the folder where it is missing.
    ///
    /// # Errors
    /// When another run holds it, or the folder cannot be written.
    pub fn lock(&self, holder: &Holder) -> Result<Session, StateError> {
        self.disk.make_folder(&self.folder)?;
        let lock = self.disk.lock(&self.lock_path(), holder)?;
        let session = Session { store: self.clone(), lock };
        session.take_up()?;
        Ok(session)
    }

    /// Who is said to hold the lock, as far as can be told without taking it.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        self.disk.holder(&self.lock_path())
    }
}

impl Store {
    /// The serials and paths of the copies that are kept, oldest first.
    pub(super) fn backups(&self) -> Result<Vec<(u64, PathBuf)>, StateError> {
        let paths = self.disk.list(&self.backup_folder())?;
        let serial = |path: &Path| {
            let name = path.file_name()?.to_str()?;
            name.strip_prefix("state-")?.strip_suffix(".json")?.parse().ok()
        };
        let mut all: Vec<(u64, PathBuf)> =
            paths.into_iter().filter_map(|path| Some((serial(&path)?, path))).collect();
        all.sort();
        Ok(all)
    }

    /// The latest serial of which a copy is kept, be it of a state that was lost since.
    pub(super) fn latest_backup(&self) -> Result<u64, StateError> {
        Ok(self.backups()?.last().map_or(0, |(serial, _)| *serial))
    }
}

/// How a journal stands to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Continues {
    /// There is no line in it.
    Nothing,
    /// It goes on from the state, or from none.
    TheState,
    /// The state holds already what it says.
    AnEarlierOne,
    /// It goes on from a state that is not there.
    AMissingOne,
    /// It goes on from another state than the one that is there.
    Another,
}

/// How a journal that begins with `first` stands to `state`.
pub(super) fn continues(state: Option<&State>, first: Option<&Entry>) -> Continues {
    let Some(Entry::Begin { lineage, serial, state: begun }) = first else {
        return Continues::Nothing;
    };
    match state {
        Some(state) if state.lineage != *lineage => Continues::Another,
        Some(state) if state.serial > *serial => Continues::AnEarlierOne,
        Some(state) if state.serial == *serial => Continues::TheState,
        Some(_) => Continues::Another,
        None if begun.is_some() => Continues::TheState,
        None => Continues::AMissingOne,
    }
}

/// The state with what the journal at `path` says.
fn take_up(
    state: Option<State>,
    replay: journal::Replay,
    path: &Path,
) -> Result<Loaded, StateError> {
    let mut loaded = Loaded { state, replayed: 0, length: 0, entries: 0 };
    match continues(loaded.state.as_ref(), replay.entries.first()) {
        Continues::Nothing | Continues::AnEarlierOne => return Ok(loaded),
        Continues::AMissingOne => {
            return Err(StateError::damaged(path, "the state it continues is missing"));
        }
        Continues::Another => {
            let why = "it continues another state than the one beside it";
            return Err(StateError::damaged(path, why));
        }
        Continues::TheState => {}
    }
    loaded.replayed = replay.entries.len().saturating_sub(1);
    loaded.length = replay.length;
    loaded.entries = replay.entries.len() as u64;
    loaded.state = apply(loaded.state, &replay.entries);
    Ok(loaded)
}

/// The state with what `entries` say; the first may hold it whole.
pub(super) fn apply(state: Option<State>, entries: &[Entry]) -> Option<State> {
    let mut state = match (state, entries.first()) {
        (None, Some(Entry::Begin { state: Some(begun), .. })) => (**begun).clone(),
        (state, _) => state?,
    };
    entries.iter().for_each(|entry| state.apply(entry));
    // What a run that was killed made may not be visible everywhere yet.
    if entries.len() > 1 {
        state.touch();
    }
    Some(state)
}

impl Session {
    /// The store that is locked.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Says of each call, just before it leaves, whether it may: not where another run may have taken
    /// over.
    pub fn permit(&self) -> impl Fn() -> Result<(), StateError> + Send + Sync + use<> {
        let disk = self.store.disk.clone();
        move || disk.may_change()
    }

    /// Puts what a holder left that did not give the lock back into the state, so that it can write
    /// neither journal nor state any more, should it be alive. What is damaged stays as it is: nothing
    /// is written over it, by neither.
    fn take_up(&self) -> Result<(), StateError> {
        if !self.lock.took_over() {
            return Ok(());
        }
        let put = || -> Result<bool, StateError> {
            let Ok(Loaded { state, .. }) = self.store.load() else { return Ok(false) };
            state.map_or(Ok(()), |mut state| self.save(&mut state)).map(|()| true)
        };
        let put = match put() {
            // It wrote its own in between, the last thing it could.
            Err(StateError::TakenOver { .. }) => put(),
            put => put,
        };
        if put? { self.lock.taken_up() } else { Ok(()) }
    }

    /// Starts, or goes on with, the journal that continues `state`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn journal(&self, loaded: &Loaded, state: &State) -> Result<Journal, StateError> {
        let path = self.store.journal_path();
        let disk = &self.store.disk;
        // A run that died may have left the names of state and journal to be lost with the power,
        // and a journal must not outlive what it continues.
        sync_folder_of(&**disk, &path)?;
        let mut journal = Journal::open(disk, &path, loaded.length, loaded.entries + 1)?;
        if journal.is_empty() {
            let whole = loaded.state.is_none().then(|| Box::new(state.clone()));
            journal.append(&Entry::Begin {
                lineage: state.lineage.clone(),
                serial: state.serial,
                state: whole,
            })?;
            sync_folder_of(&**disk, &path)?;
        }
        Ok(journal)
    }

    /// Writes the state whole and empties the journal.
    ///
    /// # Errors
    /// When it cannot be written; the old state or the new one is there, and the journal.
    pub fn save(&self, state: &mut State) -> Result<(), StateError> {
        self.save_beside(state, || Ok(())).map(drop)
    }

    /// As [`Self::save`], and writes the history beside it; answers what keeps that from being written.
    pub(super) fn save_beside(
        &self,
        state: &mut State,
        history: impl FnOnce() -> Result<(), StateError>,
    ) -> Result<Option<StateError>, StateError> {
        let (disk, path) = (&*self.store.disk, self.store.state_path());
        disk.close_journal(&self.store.journal_path())?;
        let mut next = state.clone();
        let backups = self.store.backups()?;
        let latest = backups.last().map_or(0, |(serial, _)| *serial);
        next.serial = latest.max(state.serial).saturating_add(1);
        let text = encode(&next)?;
        disk.replace(&path, text.as_bytes())?;
        self.copy(next.serial, text.as_bytes(), backups)?;
        *state = next;
        disk.remove_later(&self.store.journal_path())?;
        let mut unnoted = history().err();
        let history = self.store.history_path();
        for (path, error) in disk.settle() {
            match path == history {
                true => unnoted = Some(error),
                false => return Err(error),
            }
        }
        sync_folder_of(disk, &path)?;
        Ok(unnoted)
    }

    /// Keeps a copy of the state just written, for when that is damaged.
    pub(super) fn back_up(&self, serial: u64, bytes: &[u8]) -> Result<(), StateError> {
        self.copy(serial, bytes, self.store.backups()?)?;
        self.store.disk.settle().into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The same beside the copies that are there; it may go on meanwhile.
    fn copy(
        &self,
        serial: u64,
        bytes: &[u8],
        mut backups: Vec<(u64, PathBuf)>,
    ) -> Result<(), StateError> {
        let (disk, folder) = (&*self.store.disk, self.store.backup_folder());
        disk.make_folder(&folder)?;
        let path = folder.join(format!("state-{serial:08}.json"));
        disk.replace_later(&path, bytes)?;
        backups.retain(|(_, there)| *there != path);
        backups.push((serial, path));
        backups.sort();
        let surplus = backups.len().saturating_sub(BACKUPS);
        backups[..surplus].iter().try_for_each(|(_, old)| disk.remove_later(old))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::super::{Record, Status};
    use super::*;
    use crate::Address;

    fn holder() -> Holder {
        Holder { pid: 1, host: "h".into(), command: "up".into(), since: "now".into() }
    }

    fn wrote(name: &str) -> Entry {
        let record = Record {
            status: Status::Complete,
            outputs: json!({ "id": name }),
            properties: json!({}),
            depends_on: [].into(),
            deposed: Vec::new(),
        };
        let address = Address::new("ec2.vpc", name);
        Entry::Wrote { address, record: Some(Box::new(record)), settled: true }
    }

    #[test]
    fn a_journal_left_behind_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("pci-core/dev"));
        let session = store.lock(&holder()).unwrap();
        let loaded = store.load().unwrap();
        let mut state = State::empty("pci-core", "dev", "1", "us-east-1", "l");
        let mut journal = session.journal(&loaded, &state).unwrap();
        journal.append(&wrote("a")).unwrap();

        // Nothing was saved: the process died here, twice.
        let loaded = store.load().unwrap();
        assert_eq!((loaded.replayed, loaded.state.as_ref().unwrap().resources.len()), (1, 1));
        let mut journal = session.journal(&loaded, loaded.state.as_ref().unwrap()).unwrap();
        journal.append(&wrote("b")).unwrap();
        let loaded = store.load().unwrap();
        state = loaded.state.clone().unwrap();
        assert_eq!((loaded.replayed, state.resources.len()), (2, 2));

        session.save(&mut state).unwrap();
        let saved = store.load().unwrap();
        assert_eq!((saved.replayed, saved.state), (0, Some(state)));
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let session = store.lock(&holder()).unwrap();
        let error = store.lock(&holder()).unwrap_err().to_string();
        assert!(error.contains("`payctl up`, process 1 on h"), "{error}");
        drop(session);
        store.lock(&holder()).unwrap();
    }

    #[test]
    fn damage_is_told_from_absence() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert!(store.load().unwrap().state.is_none());
        let session = store.lock(&holder()).unwrap();
        session.save(&mut State::empty("pci-core", "dev", "1", "us-east-1", "l")).unwrap();
        let path = folder.path().join("state.json");
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() - 1 {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(store.load().is_err(), "cut at {length}");
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_serial_is_too_great() {
        let disk = crate::testing::MemoryDisk::new();
        disk.set(&format!("backups/state-{}.json", u64::MAX), Some(Vec::new()));
        let session = Store::in_memory(&disk).lock(&holder()).unwrap();
        let mut state = State::empty("pci-core", "dev", "1", "us-east-1", "l");
        session.save(&mut state).unwrap();
        assert_eq!(session.store().load().unwrap().state, Some(state));
        assert_eq!(session.recover().unwrap().state.unwrap().serial, u64::MAX);
    }

    #[test]
    fn a_linked_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("state.json")).unwrap();
        assert!(matches!(Store::at(folder.path()).load(), Err(StateError::NotAFile { .. })));
        let linked = folder.path().join("linked");
        std::os::unix::fs::symlink(folder.path(), &linked).unwrap();
        assert!(matches!(Store::at(linked).load(), Err(StateError::NotAFolder { .. })));
    }
}
