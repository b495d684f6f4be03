//! The disk: the few operations on files that state is made of. Each of them may fail, and each
//! may be the last one before the power goes.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use futures::future::{BoxFuture, FutureExt as _};

use super::error::io;
use super::held::Upkeep;
use super::{Holder, StateError};

/// What state needs of a file system.
pub(crate) trait Disk: Debug + Send + Sync {
    /// The bytes of a regular file, or `None` where there is none.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError>;

    /// Writes a new file in place of one of that name. Its contents are durable, its name is with
    /// the next sync of the folder.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError>;

    /// Cuts a file to `length`, making it where it is missing. Durable with the next append.
    fn truncate(&self, path: &Path, length: u64) -> Result<(), StateError>;

    /// Adds to a file; durable when it returns.
    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError>;

    /// Gives a file another name, in place of any of that name. Durable with the next sync of
    /// the folder.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), StateError>;

    /// Removes a file, which may be gone already. Durable with the next sync of the folder.
    fn remove(&self, path: &Path) -> Result<(), StateError>;

    /// The paths of what a folder holds, sorted; nothing where there is no folder.
    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, StateError>;

    /// Refuses what stands in a folder's place and is none, or is a link to one.
    fn check_folder(&self, folder: &Path) -> Result<(), StateError>;

    /// Makes a folder and those above it, where they are missing; durable when it returns.
    fn make_folder(&self, folder: &Path) -> Result<(), StateError>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> Result<(), StateError>;

    /// Takes the lock that the file at `path` stands for.
    fn lock(&self, path: &Path, holder: &Holder) -> Result<Lock, StateError>;

    /// Who is said to hold that lock, as far as can be told without taking it.
    fn holder(&self, path: &Path) -> Option<Holder>;

    /// Replaces a file whole, durably: after a crash there is the old one or the new one.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let new = unfinished(path);
        self.write(&new, bytes)?;
        self.rename(&new, path)?;
        sync_folder_of(self, path)
    }

    /// Adds to the journal; durable when it returns, or later, as [`Self::appended`] tells.
    fn append_soon(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.append(path, bytes)
    }

    /// Returns when all that was added to the journal so far is durable.
    fn appended(&self, _path: &Path) -> BoxFuture<'static, Result<(), StateError>> {
        std::future::ready(Ok(())).boxed()
    }

    /// Adds to a file, or lets that go on: it is durable before what is added to the journal
    /// behind it.
    fn append_later(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.append(path, bytes)
    }

    /// Replaces a file, or lets that go on.
    fn replace_later(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.replace(path, bytes)
    }

    /// Removes a file, or lets that go on.
    fn remove_later(&self, path: &Path) -> Result<(), StateError> {
        self.remove(path)
    }

    /// Waits for all that goes on; answers what went wrong, and with which file.
    fn settle(&self) -> Vec<(PathBuf, StateError)> {
        Vec::new()
    }

    /// The lock will be taken: what that takes may be read now.
    fn expect_lock(&self, _path: &Path) {}

    /// Whether a changing call may begin: refused where another may hold the lock by now.
    fn may_change(&self) -> Result<(), StateError> {
        Ok(())
    }

    /// Makes sure that nobody else has taken over, before the state is written that ends the journal.
    fn close_journal(&self, _path: &Path) -> Result<(), StateError> {
        Ok(())
    }
}

/// A lock, held until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    _file: Option<File>,
    upkeep: Option<Upkeep>,
    took_over: bool,
}

impl Lock {
    /// One that somebody has to keep up; and whether it was taken from a holder that had not given it
    /// back.
    pub(super) fn kept(upkeep: Upkeep, took_over: bool) -> Self {
        Self { _file: None, upkeep: Some(upkeep), took_over }
    }

    /// Whether what an earlier holder left is to be put into the state first.
    pub(super) fn took_over(&self) -> bool {
        self.took_over
    }

    /// Notes that it is there.
    pub(super) fn taken_up(&self) -> Result<(), StateError> {
        self.upkeep.as_ref().map_or(Ok(()), |upkeep| upkeep.held().note_closed())
    }
}

/// Writes a file that is ours alone to read, from its first byte on and whatever the umask: after a
/// crash there is the old one or the new one. For what holds as much as a state, such as a plan.
///
/// # Errors
/// When it cannot be written, or something else than a regular file has that name: no link is
/// followed.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    match look_at(path)? {
        Some(there) if !there.is_file() => Err(StateError::NotAFile { path: path.to_owned() }),
        _ => FileSystem.replace(path, bytes),
    }
}

pub(super) fn sync_folder_of<D: Disk + ?Sized>(disk: &D, path: &Path) -> Result<(), StateError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => disk.sync_folder(folder),
        _ => disk.sync_folder(Path::new(".")),
    }
}

/// Where a file is written before it gets its name. One that a crash leaves is written over.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// The disk of the operating system. Files are ours alone to read, whatever the umask, and no
/// link is followed to one.
#[derive(Debug)]
pub(crate) struct FileSystem;

impl Disk for FileSystem {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let Some(mut file) = open(path, OpenOptions::new().read(true))? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read", path))?;
        Ok(Some(bytes))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        self.remove(path)?;
        let mut file = create(path)?;
        file.write_all(bytes).map_err(io("write", path))?;
        file.sync_all().map_err(io("sync", path))
    }

    fn truncate(&self, path: &Path, length: u64) -> Result<(), StateError> {
        let file = open_or_create(path)?;
        file.set_len(length).map_err(io("cut", path))
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), StateError> {
        let gone = || io("write", path)(io::ErrorKind::NotFound.into());
        let mut file = open(path, OpenOptions::new().append(true))?.ok_or_else(gone)?;
        file.write_all(bytes).map_err(io("write", path))?;
        file.sync_data().map_err(io("sync", path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StateError> {
        fs::rename(from, to).map_err(io("replace", to))
    }

    fn remove(&self, path: &Path) -> Result<(), StateError> {
        match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(io("remove", path)(source))
            }
            _ => Ok(()),
        }
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, StateError> {
        if look_at(folder)?.is_none() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(folder).map_err(io("read", folder))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths: Vec<PathBuf> =
            paths.collect::<Result<_, _>>().map_err(io("read", folder))?;
        paths.sort();
        Ok(paths)
    }

    fn check_folder(&self, folder: &Path) -> Result<(), StateError> {
        match look_at(folder)?.is_some_and(|there| !there.is_dir()) {
            true => Err(StateError::NotAFolder { path: folder.to_owned() }),
            false => Ok(()),
        }
    }

    fn make_folder(&self, folder: &Path) -> Result<(), StateError> {
        self.check_folder(folder)?;
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .collect();
        // The umask can only take from the mode.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(io("make the folder", folder))?;
        missing.iter().try_for_each(|made| sync_folder_of(self, made))
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), StateError> {
        File::open(folder).and_then(|file| file.sync_all()).map_err(io("sync", folder))
    }

    fn lock(&self, path: &Path, holder: &Holder) -> Result<Lock, StateError> {
        let mut file = open_or_create(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                let holder = serde_json::from_str::<Holder>(&text).map_or_else(
                    |_| "it has not said who it is".to_owned(),
                    |holder| holder.to_string(),
                );
                let path = path.to_owned();
                return Err(StateError::Locked { path, holder, undecided: None });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock", path)(source)),
        }
        let text = serde_json::to_string(holder).map_err(StateError::encode)?;
        file.set_len(0).map_err(io("write", path))?;
        file.write_all(text.as_bytes()).map_err(io("write", path))?;
        Ok(Lock { _file: Some(file), ..Lock::default() })
    }

    fn holder(&self, path: &Path) -> Option<Holder> {
        let text = fs::read_to_string(path).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// What stands at `path` itself, be it a link.
fn look_at(path: &Path) -> Result<Option<Metadata>, StateError> {
    match fs::symlink_metadata(path) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        metadata => metadata.map(Some).map_err(io("read", path)),
    }
}

/// Opens a regular file, and nothing a link at `path` points to.
fn open(path: &Path, options: &OpenOptions) -> Result<Option<File>, StateError> {
    loop {
        // To open a FIFO would wait for its other end.
        match look_at(path)? {
            None => return Ok(None),
            Some(metadata) if !metadata.is_file() => {
                return Err(StateError::NotAFile { path: path.to_owned() });
            }
            Some(_) => {}
        }
        let file = match options.open(path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => continue,
            file => file.map_err(io("open", path))?,
        };
        // Another may have been put in its place meanwhile, or a link.
        let opened = file.metadata().map_err(io("open", path))?;
        let same = |there: Metadata| {
            there.is_file() && (there.dev(), there.ino()) == (opened.dev(), opened.ino())
        };
        if look_at(path)?.is_some_and(same) {
            return Ok(Some(file));
        }
    }
}

/// Makes a file where there is nothing, not even a link.
fn create(path: &Path) -> Result<File, StateError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    options.open(path).map_err(io("make", path))
}

fn open_or_create(path: &Path) -> Result<File, StateError> {
    match open(path, OpenOptions::new().read(true).write(true))? {
        Some(file) => Ok(file),
        // Of two at once the second finds the first one's.
        None => match create(path) {
            Err(StateError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                let gone = || io("open", path)(io::ErrorKind::NotFound.into());
                open(path, OpenOptions::new().read(true).write(true))?.ok_or_else(gone)
            }
            made => made,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_ours_alone() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a/b");
        FileSystem.make_folder(&folder).unwrap();
        assert_eq!((mode(&outer.path().join("a")), mode(&folder)), (0o700, 0o700));
        let path = folder.join("f");
        FileSystem.write(&path, b"one").unwrap();
        assert_eq!(mode(&path), 0o600);
        // What was there may have been open to others.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        FileSystem.write(&path, b"two").unwrap();
        assert_eq!(mode(&path), 0o600);
        let journal = folder.join("j");
        FileSystem.truncate(&journal, 0).unwrap();
        FileSystem.append(&journal, b"line").unwrap();
        assert_eq!((mode(&journal), fs::read(&journal).unwrap()), (0o600, b"line".to_vec()));
    }

    #[test]
    fn links_pipes_and_folders_are_refused() {
        let outer = tempfile::tempdir().unwrap();
        let target = outer.path().join("target");
        fs::write(&target, "theirs").unwrap();
        let [link, dangling, pipe, folder] =
            ["link", "dangling", "pipe", "folder"].map(|name| outer.path().join(name));
        symlink(&target, &link).unwrap();
        symlink(outer.path().join("nothing"), &dangling).unwrap();
        fs::create_dir(&folder).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let holder =
            Holder { pid: 1, host: String::new(), command: String::new(), since: String::new() };
        for path in [&link, &dangling, &pipe, &folder] {
            let refused = |error| assert!(matches!(error, StateError::NotAFile { .. }), "{path:?}");
            refused(FileSystem.read(path).unwrap_err());
            refused(FileSystem.truncate(path, 0).unwrap_err());
            refused(FileSystem.append(path, b"x").unwrap_err());
            refused(FileSystem.lock(path, &holder).unwrap_err());
        }
        let linked = outer.path().join("linked");
        symlink(&folder, &linked).unwrap();
        let error = FileSystem.make_folder(&linked).unwrap_err();
        assert!(matches!(error, StateError::NotAFolder { .. }), "a linked folder");
        // What is written anew takes the link's place and leaves alone what it points to.
        FileSystem.replace(&link, b"ours").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        assert!(!outer.path().join("nothing").exists());
    }

    #[test]
    fn a_private_file_takes_the_place_of_a_regular_one_only() {
        let outer = tempfile::tempdir().unwrap();
        let (path, twin) = (outer.path().join("plan"), outer.path().join("twin"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::hard_link(&path, &twin).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!((mode(&path), fs::read_to_string(&path).unwrap()), (0o600, "new".to_owned()));
        // It was replaced, not written over.
        assert_eq!(fs::read_to_string(&twin).unwrap(), "old");
        let (link, folder) = (outer.path().join("link"), outer.path().join("folder"));
        symlink(&twin, &link).unwrap();
        fs::create_dir(&folder).unwrap();
        for path in [&link, &folder] {
            let refused = write_private(path, b"new");
            assert!(matches!(refused, Err(StateError::NotAFile { .. })), "{path:?}");
        }
        assert_eq!(fs::read_to_string(&twin).unwrap(), "old");
    }

    #[test]
    fn a_link_in_place_of_an_unfinished_file_is_not_followed() {
        let outer = tempfile::tempdir().unwrap();
        let (target, path) = (outer.path().join("target"), outer.path().join("state.json"));
        fs::write(&target, "theirs").unwrap();
        symlink(&target, unfinished(&path)).unwrap();
        FileSystem.replace(&path, b"ours").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
    }
}
