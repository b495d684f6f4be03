//! Where state lives: `state.json`, `journal.jsonl` and `lock` in one folder per environment.
//!
//! The state file is replaced whole (temporary file, sync, rename, folder sync), the journal is
//! appended to and synced, the lock is the operating system's and is never unlinked.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::{self, Entry, Journal};
use super::{FORMAT, State};

/// How many earlier states are kept.
const BACKUPS: usize = 5;

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StateError {
    #[error("failed to {what} {path}", path = path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{path} is not a regular file; payctl follows no links to its state", path = path.display())]
    NotAFile { path: PathBuf },
    #[error("{path} is damaged: {why}", path = path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{path} is damaged at line {line}", path = path.display())]
    JournalDamaged { path: PathBuf, line: u64 },
    #[error("an earlier write to {path} failed, so nothing further is changed", path = path.display())]
    JournalBroken { path: PathBuf },
    #[error("{path} was written by a newer payctl (format {found}; this one knows {FORMAT})", path = path.display())]
    TooNew { path: PathBuf, found: u64 },
    #[error("another run holds {path}: {holder}", path = path.display())]
    Locked { path: PathBuf, holder: String },
    #[error("failed to encode the state")]
    Encode { source: serde_json::Error },
}

impl StateError {
    pub(super) fn encode(source: serde_json::Error) -> Self {
        Self::Encode { source }
    }
}

pub(super) fn io<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StateError + 'a {
    move |source| StateError::Io { what, path: path.to_owned(), source }
}

/// Who holds the lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The host's name.
    pub host: String,
    /// What it does, such as `up`.
    pub command: String,
    /// Since when.
    pub since: String,
}

/// The folder that holds one environment's state.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// What a store holds.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The state, with the journal taken up; `None` where there is none.
    pub state: Option<State>,
    /// How many journal entries were taken up: not 0 after a run that did not end well.
    pub replayed: usize,
    length: u64,
    entries: u64,
}

/// A locked store.
#[derive(Debug)]
pub struct Session {
    store: Store,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    checksum: String,
    state: Value,
}

impl Store {
    /// The store in `folder`, which need not exist.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn state_path(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    fn journal_path(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// Reads the state. Writes nothing and takes no lock: the state file is replaced whole, so
    /// a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn load(&self) -> Result<Loaded, StateError> {
        let path = self.state_path();
        let state = read_file(&path)?.map(|bytes| decode(&bytes, &path)).transpose()?;
        let journal = self.journal_path();
        let replay = match read_file(&journal)? {
            Some(bytes) => journal::read(&bytes, &journal)?,
            None => journal::Replay::default(),
        };
        let mut loaded = Loaded { state, replayed: 0, length: 0, entries: 0 };
        let mut entries = replay.entries.iter();
        if let Some(Entry::Begin { lineage, serial, state: begun }) = entries.next() {
            let continues = match &loaded.state {
                // The state file already holds what a finished run's journal says.
                Some(state) if state.serial > *serial && state.lineage == *lineage => false,
                Some(state) if state.serial == *serial && state.lineage == *lineage => true,
                Some(_) => {
                    let why = "it continues another state than the one beside it".to_owned();
                    return Err(StateError::Damaged { path: journal, why });
                }
                None => begun.is_some(),
            };
            if !continues && loaded.state.is_none() {
                let why = "the state it continues is missing".to_owned();
                return Err(StateError::Damaged { path: journal, why });
            }
            if continues {
                let state = loaded.state.get_or_insert_with(|| {
                    begun.as_deref().cloned().unwrap_or_else(|| State::empty("", "", "", "", ""))
                });
                for entry in entries {
                    state.apply(entry);
                    loaded.replayed += 1;
                }
                // What a run that was killed made may not be visible everywhere yet.
                if loaded.replayed > 0 {
                    state.touch();
                }
                loaded.length = replay.length;
                loaded.entries = replay.entries.len() as u64;
            }
        } else if !replay.entries.is_empty() {
            return Err(StateError::JournalDamaged { path: journal, line: 1 });
        }
        Ok(loaded)
    }

    /// Takes the lock, making the folder where it is missing.
    ///
    /// # Errors
    /// When another run holds it, or the folder cannot be written.
    pub fn lock(&self, holder: &Holder) -> Result<Session, StateError> {
        make_folder(&self.folder)?;
        let path = self.folder.join("lock");
        let mut options = OpenOptions::new();
        let mut file = open_private(&path, options.read(true).write(true).create(true))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                let holder = serde_json::from_str::<Holder>(&text).map_or_else(
                    |_| "it has not said who it is".to_owned(),
                    |h| {
                        let Holder { pid, host, command, since } = h;
                        format!("`payctl {command}`, process {pid} on {host}, since {since}")
                    },
                );
                return Err(StateError::Locked { path, holder });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock", &path)(source)),
        }
        let text = serde_json::to_string(holder).map_err(StateError::encode)?;
        file.set_len(0).map_err(io("write", &path))?;
        file.write_all(text.as_bytes()).map_err(io("write", &path))?;
        Ok(Session { store: self.clone(), _lock: file })
    }
}

impl Session {
    /// The store that is locked.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Starts, or goes on with, the journal that continues `state`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn journal(&self, loaded: &Loaded, state: &State) -> Result<Journal, StateError> {
        let path = self.store.journal_path();
        let mut journal = Journal::open(&path, loaded.length, loaded.entries + 1)?;
        if journal.is_empty() {
            let whole = loaded.state.is_none().then(|| Box::new(state.clone()));
            journal.append(&Entry::Begin {
                lineage: state.lineage.clone(),
                serial: state.serial,
                state: whole,
            })?;
            sync_folder(&self.store.folder)?;
        }
        Ok(journal)
    }

    /// Writes the state whole and empties the journal.
    ///
    /// # Errors
    /// When it cannot be written; the old state and the journal are then still there.
    pub fn save(&self, state: &mut State) -> Result<(), StateError> {
        let path = self.store.state_path();
        let mut next = state.clone();
        next.serial += 1;
        let text = encode(&next)?;
        self.back_up(&path)?;
        write_whole(&path, text.as_bytes())?;
        *state = next;
        let journal = self.store.journal_path();
        match fs::remove_file(&journal) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(io("remove", &journal)(source));
            }
            _ => {}
        }
        sync_folder(&self.store.folder)
    }

    fn back_up(&self, path: &Path) -> Result<(), StateError> {
        let Some(bytes) = read_file(path)? else { return Ok(()) };
        let serial = decode(&bytes, path).map(|state| state.serial).unwrap_or_default();
        let folder = self.store.folder.join("backups");
        make_folder(&folder)?;
        write_whole(&folder.join(format!("state-{serial:08}.json")), &bytes)?;
        let entries = fs::read_dir(&folder).map_err(io("read", &folder))?;
        let mut names: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        names.sort();
        let surplus = names.len().saturating_sub(BACKUPS);
        for old in &names[..surplus] {
            fs::remove_file(old).map_err(io("remove", old))?;
        }
        Ok(())
    }
}

/// The bytes of a regular file, or `None` where there is none.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    match fs::symlink_metadata(path) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io("read", path)(source)),
        Ok(metadata) if !metadata.is_file() => Err(StateError::NotAFile { path: path.to_owned() }),
        Ok(_) => fs::read(path).map(Some).map_err(io("read", path)),
    }
}

/// Opens a file only we may read, and no link.
pub(super) fn open_private(path: &Path, options: &mut OpenOptions) -> Result<File, StateError> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(StateError::NotAFile { path: path.to_owned() });
    }
    options.mode(0o600).open(path).map_err(io("open", path))
}

fn make_folder(folder: &Path) -> Result<(), StateError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(io("make the folder", folder))
}

fn sync_folder(folder: &Path) -> Result<(), StateError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(io("sync", folder))
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(io("write", path))?;
    file.write_all(bytes).map_err(io("write", path))?;
    file.as_file().sync_all().map_err(io("sync", path))?;
    file.persist(path).map_err(|error| io("replace", path)(error.error))?;
    sync_folder(folder)
}

fn encode(state: &State) -> Result<String, StateError> {
    let mut state = serde_json::to_value(state).map_err(StateError::encode)?;
    state.sort_all_objects();
    let envelope = Envelope { checksum: checksum(&state), state };
    let text = serde_json::to_string_pretty(&envelope).map_err(StateError::encode)?;
    Ok(text + "\n")
}

fn decode(bytes: &[u8], path: &Path) -> Result<State, StateError> {
    let damaged = |why: String| StateError::Damaged { path: path.to_owned(), why };
    let mut envelope: Envelope =
        serde_json::from_slice(bytes).map_err(|source| damaged(source.to_string()))?;
    envelope.state.sort_all_objects();
    if envelope.checksum != checksum(&envelope.state) {
        return Err(damaged("its checksum does not fit its contents".to_owned()));
    }
    match envelope.state.get("format").and_then(Value::as_u64) {
        Some(format) if format > u64::from(FORMAT) => {
            Err(StateError::TooNew { path: path.to_owned(), found: format })
        }
        _ => serde_json::from_value(envelope.state).map_err(|source| damaged(source.to_string())),
    }
}

fn checksum(state: &Value) -> String {
    blake3::hash(state.to_string().as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
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
    fn a_linked_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("state.json")).unwrap();
        assert!(matches!(Store::at(folder.path()).load(), Err(StateError::NotAFile { .. })));
    }
}
