//! What the zips' digests are, remembered by their binaries: zipping a handler takes a third of a
//! second, and a plan only compares digests.
//!
//! A file a binary, below the user's cache folder. Whoever uploads zips anew and holds the digest
//! against it, so that a wrong one is found before it does harm. A cache that cannot be read or
//! written is none.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use payctl_aws::{CodeSha256, ZIP_FORMAT};

/// What nobody has zipped for so long goes: every build of a handler leaves a file.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The digest of `binary`'s zip, where it was zipped before.
pub(super) fn digest_of(binary: &[u8]) -> Option<CodeSha256> {
    read(&folder()?, binary)
}

/// Keeps that `binary`'s zip has this digest.
pub(super) fn remember(binary: &[u8], digest: &CodeSha256) {
    if let Some(folder) = folder() {
        let _ = write(&folder, binary, digest);
    }
}

fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("payctl").join("zips"))
}

/// What the file of `binary` is called.
fn name(binary: &[u8]) -> String {
    // Of tens of megabytes with each plan: BLAKE3 is the faster one.
    let mut key = blake3::Hasher::new();
    key.update(ZIP_FORMAT.as_bytes()).update(blake3::hash(binary).as_bytes());
    key.finalize().to_hex().to_string()
}

fn read(folder: &Path, binary: &[u8]) -> Option<CodeSha256> {
    let text = fs::read_to_string(folder.join(name(binary))).ok()?;
    // 32 bytes in base64. Anything else was not written here.
    let whole =
        text.len() == 44 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    whole.then(|| text.into())
}

fn write(folder: &Path, binary: &[u8], digest: &CodeSha256) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for old in fs::read_dir(folder)?.flatten() {
        let age =
            old.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = fs::remove_file(old.path());
        }
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(digest.as_str().as_bytes())?;
    file.persist(folder.join(name(binary)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_remembered_for_the_very_binary() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("zips");
        let digest = CodeSha256::from("A".repeat(43) + "=");
        assert_eq!(read(&folder, b"one"), None);
        write(&folder, b"one", &digest).unwrap();
        assert_eq!(read(&folder, b"one"), Some(digest.clone()));
        assert_eq!(read(&folder, b"other"), None);
        fs::write(folder.join(name(b"one")), "torn").unwrap();
        assert_eq!(read(&folder, b"one"), None);
        write(&folder, b"one", &digest).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
