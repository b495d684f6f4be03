//! A disk in memory that forgets what was not synced when the power goes, and that can be told to
//! fail or to die at any operation.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::state::disk::{Disk, Lock};
use crate::state::error::io;
use crate::state::{Holder, StateError, Store};

/// A disk in memory; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    inner: Arc<Mutex<Inner>>,
    death: Arc<Notify>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    /// What each file holds, by number.
    files: Vec<Contents>,
    names: BTreeMap<PathBuf, usize>,
    /// The names as they are on disk.
    kept: BTreeMap<PathBuf, usize>,
    /// What happened to names since their folder was synced, in order. Of one operation the
    /// second part does not survive without the first: no file is lost in being renamed.
    renamed: Vec<Vec<(PathBuf, Option<usize>)>>,
    operations: u64,
    trouble: Option<(u64, Trouble)>,
    log: Vec<String>,
    dead: bool,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    now: Vec<u8>,
    synced: Vec<u8>,
}

/// What goes wrong at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It fails with this error, after this many quarters of its work, and is not synced.
    Fails(ErrorKind, u8),
    /// It and all after it fail so.
    Keeps(ErrorKind, u8),
    /// The process dies before it is synced: it is to be dropped there.
    Dies,
}

impl Store {
    /// The store on a disk in memory.
    #[must_use]
    pub fn in_memory(disk: &MemoryDisk) -> Self {
        Self::on(Arc::new(disk.clone()))
    }
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the `nth` operation from now go wrong; those that only read count as well.
    pub fn trouble_at(&self, nth: u64, trouble: Trouble) {
        let mut inner = self.inner();
        inner.trouble = Some((inner.operations + nth, trouble));
    }

    /// Lets nothing go wrong any more, and lets a new process begin.
    pub fn no_trouble(&self) {
        let mut inner = self.inner();
        (inner.trouble, inner.dead) = (None, false);
    }

    /// How many operations there were.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.inner().operations
    }

    /// The operations so far, such as `append journal.jsonl`.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    /// Whether the trouble asked for has come.
    #[must_use]
    pub fn troubled(&self) -> bool {
        let inner = self.inner();
        inner.trouble.is_some_and(|(at, _)| inner.operations >= at)
    }

    /// Whether the process has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inner().dead
    }

    /// Returns when the operation has come at which the process dies.
    pub async fn death(&self) {
        while !self.is_dead() {
            self.death.notified().await;
        }
    }

    /// Takes the power away. Of what was not synced `choose` says what survives: it is given how
    /// many possibilities there are and answers which. The last one is always that it survives,
    /// as it does when only the process dies.
    pub fn lose_power(&self, choose: &mut dyn FnMut(usize) -> usize) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        for parts in std::mem::take(&mut inner.renamed) {
            let survive = choose(parts.len() + 1);
            for (path, file) in &parts[..survive] {
                name(&mut inner.kept, path, *file);
            }
        }
        inner.names.clone_from(&inner.kept);
        for Contents { now, synced } in &mut inner.files {
            if now == synced {
                continue;
            }
            let common = now.iter().zip(&*synced).take_while(|(a, b)| a == b).count();
            // Cut off and not yet written over: the old bytes may be there still.
            let old = usize::from(common < synced.len());
            let chosen = choose(now.len() - common + 1 + old);
            match chosen.checked_sub(old) {
                Some(more) => now.truncate(common + more),
                None => now.clone_from(synced),
            }
            synced.clone_from(now);
        }
    }

    /// Another disk that holds what this one would without power, when nothing that was not synced
    /// survives.
    #[must_use]
    pub fn synced(&self) -> Self {
        let mut inner = self.inner().clone();
        (inner.trouble, inner.dead) = (None, false);
        let disk = Self { inner: Arc::new(Mutex::new(inner)), death: Arc::default() };
        disk.lose_power(&mut |_| 0);
        disk
    }

    /// What the file `name` in the store's folder holds.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let inner = self.inner();
        let file = inner.names.get(&Path::new("state").join(name))?;
        Some(inner.files[*file].now.clone())
    }

    /// Lets the file `name` in the store's folder hold these bytes, or be gone: done by hand.
    pub fn set(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let path = Path::new("state").join(name);
        // Whoever does that comes after what happened before it, which has lasted then.
        for (path, file) in std::mem::take(&mut inner.renamed).into_iter().flatten() {
            self::name(&mut inner.kept, &path, file);
        }
        let file = bytes.map(|now| {
            inner.files.push(Contents { synced: now.clone(), now });
            inner.files.len() - 1
        });
        self::name(&mut inner.names, &path, file);
        self::name(&mut inner.kept, &path, file);
    }

    /// The names of all files, within the store's folder.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let inner = self.inner();
        let names = inner.names.keys().map(|path| path.strip_prefix("state").unwrap_or(path));
        names.map(|path| path.display().to_string()).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an operation; says how many quarters of it happen, and the error it ends with.
    fn begin(
        &self,
        what: &'static str,
        path: &Path,
    ) -> (MutexGuard<'_, Inner>, u8, Result<(), StateError>) {
        let mut inner = self.inner();
        if inner.dead {
            return (inner, 0, Err(io(what, path)(ErrorKind::Interrupted.into())));
        }
        inner.operations += 1;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        inner.log.push(format!("{what} {name}"));
        let nth = inner.operations;
        let (quarters, error) = match inner.trouble {
            Some((at, Trouble::Fails(error, quarters))) if at == nth => (quarters, error),
            Some((at, Trouble::Keeps(error, quarters))) if at <= nth => (quarters, error),
            Some((at, Trouble::Dies)) if at == nth => {
                inner.dead = true;
                self.death.notify_one();
                (4, ErrorKind::Interrupted)
            }
            _ => return (inner, 4, Ok(())),
        };
        (inner, quarters, Err(io(what, path)(error.into())))
    }

    /// An operation on names, which happens as a whole or not at all.
    fn on_names(
        &self,
        what: &'static str,
        path: &Path,
        change: impl FnOnce(&mut Inner) -> Vec<(PathBuf, Option<usize>)>,
    ) -> Result<(), StateError> {
        let (mut inner, quarters, ended) = self.begin(what, path);
        if quarters == 4 {
            let parts = change(&mut inner);
            for (path, file) in &parts {
                name(&mut inner.names, path, *file);
            }
            inner.renamed.push(parts);
        }
        ended
    }
}

fn name(names: &mut BTreeMap<PathBuf, usize>, path: &Path, file: Option<usize>) {
    match file {
        Some(file) => names.insert(path.to_owned(), file),
        None => names.remove(path),
    };
}

/// So many quarters of `bytes`.
fn part(bytes: &[u8], quarters: u8) -> &[u8] {
    &bytes[..bytes.len() * usize::from(quarters.min(4)) / 4]
}

impl Disk for MemoryDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let (inner, _, ended) = self.begin("read", path);
        ended?;
        Ok(inner.names.get(path).map(|file| inner.files[*file].now.clone()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let (mut inner, quarters, ended) = self.begin("write", path);
        if quarters > 0 || ended.is_ok() {
            let now = part(bytes, quarters).to_owned();
            let synced = if ended.is_ok() { now.clone() } else { Vec::new() };
            inner.files.push(Contents { now, synced });
            let file = Some(inner.files.len() - 1);
            name(&mut inner.names, path, file);
            inner.renamed.push(vec![(path.to_owned(), file)]);
        }
        ended
    }

    fn truncate(&self, path: &Path, length: u64) -> Result<(), StateError> {
        let (mut inner, quarters, ended) = self.begin("cut", path);
        if quarters == 4 {
            let file = inner.names.get(path).copied();
            let file = file.unwrap_or_else(|| {
                inner.files.push(Contents::default());
                let file = inner.files.len() - 1;
                name(&mut inner.names, path, Some(file));
                inner.renamed.push(vec![(path.to_owned(), Some(file))]);
                file
            });
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            inner.files[file].now.resize(length, 0);
        }
        ended
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let (mut inner, quarters, ended) = self.begin("append", path);
        let Some(file) = inner.names.get(path).copied() else {
            return Err(io("write", path)(ErrorKind::NotFound.into()));
        };
        let contents = &mut inner.files[file];
        contents.now.extend(part(bytes, quarters));
        if ended.is_ok() {
            contents.synced.clone_from(&contents.now);
        }
        ended
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StateError> {
        self.on_names("rename", to, |inner| {
            let file = inner.names.get(from).copied();
            vec![(to.to_owned(), file), (from.to_owned(), None)]
        })
    }

    fn remove(&self, path: &Path) -> Result<(), StateError> {
        self.on_names("remove", path, |inner| match inner.names.contains_key(path) {
            true => vec![(path.to_owned(), None)],
            false => Vec::new(),
        })
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, StateError> {
        let (inner, _, ended) = self.begin("list", folder);
        ended?;
        let within = inner.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(within.cloned().collect())
    }

    fn check_folder(&self, _: &Path) -> Result<(), StateError> {
        Ok(())
    }

    fn make_folder(&self, folder: &Path) -> Result<(), StateError> {
        self.begin("make", folder).2
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), StateError> {
        let (mut inner, _, ended) = self.begin("sync", folder);
        ended?;
        let inner = &mut *inner;
        inner.renamed.retain(|parts| {
            let here = parts.iter().any(|(path, _)| path.parent() == Some(folder));
            if here {
                parts.iter().for_each(|(path, file)| name(&mut inner.kept, path, *file));
            }
            !here
        });
        Ok(())
    }

    fn lock(&self, path: &Path, _: &Holder) -> Result<Lock, StateError> {
        self.begin("lock", path).2?;
        Ok(Lock::default())
    }

    fn holder(&self, _: &Path) -> Option<Holder> {
        None
    }
}
