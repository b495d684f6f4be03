//! Keys of minisign's: files that sign, which `minisign -G` makes.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{PublicKey, SecretKey, SecretKeyBox};

use crate::ask;
use crate::error::CliError;

/// Larger than any such file.
const LARGEST: u64 = 64 * 1024;
/// What a key's bytes begin with: Ed25519. What follows says by what it is encrypted, and has the length
/// that is left (<https://jedisct1.github.io/minisign/>, "Secret key format").
const SIGNS: &[u8] = b"Ed";
const OPEN: &[u8] = &[0, 0];
const BY_PASSWORD: &[u8] = b"Sc";
const LENGTH: usize = 158;

/// A key that signs.
pub(crate) struct MinisignKey {
    secret: SecretKey,
    public: PublicKey,
}

impl MinisignKey {
    /// Reads it; where it has a password, that is asked for.
    pub(crate) fn read(file: &Path) -> Result<Self, CliError> {
        let failed = || CliError::failed(format!("failed to read the key {}", file.display()));
        let is_none =
            || failed().hint("it is no secret key of minisign's: `minisign -G` makes one");
        let there = fs::metadata(file).map_err(|source| failed().because(&source))?;
        if !there.is_file() || there.len() > LARGEST {
            return Err(is_none());
        }
        let text = fs::read_to_string(file).map_err(|source| failed().because(&source))?;
        let bytes = bytes(&text).ok_or_else(is_none)?;
        let secret = match &bytes[2..4] {
            // minisign 0.11 leaves the checksum of such a key empty, and looks at none.
            OPEN => SecretKey::from_bytes(&bytes).map_err(|source| failed().because(&source))?,
            BY_PASSWORD => {
                let password = password(file, failed)?;
                let boxed = SecretKeyBox::from_string(&text);
                boxed
                    .and_then(|key| key.into_secret_key(Some(password)))
                    .map_err(|source| failed().because(&source))?
            }
            _ => return Err(is_none()),
        };
        let public =
            PublicKey::from_secret_key(&secret).map_err(|source| failed().because(&source))?;
        Ok(Self { secret, public })
    }

    /// Its public half, as `minisign -P` takes it.
    pub(crate) fn public(&self) -> String {
        self.public.to_base64()
    }

    /// Signs a message. `about` is signed along with it.
    pub(crate) fn sign(&self, message: &[u8], about: &str) -> Result<String, CliError> {
        let comment = Some("signature of evidence by payctl");
        minisign::sign(Some(&self.public), &self.secret, message, Some(about), comment)
            .map(minisign::SignatureBox::into_string)
            .map_err(|source| CliError::failed("failed to sign").because(&source))
    }
}

/// What is in the file, if that is a key: its first line is a comment.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.lines().nth(1)?.trim()).ok()?;
    (bytes.len() == LENGTH && bytes.starts_with(SIGNS)).then_some(bytes)
}

/// Asks for the password of a key; `failed` begins what is told where that cannot be.
fn password(file: &Path, failed: impl Fn() -> CliError) -> Result<String, CliError> {
    if !ask::is_possible() {
        return Err(failed()
            .hint("it has a password, and there is no terminal to ask for it")
            .hint("`minisign -C -W -s FILE` takes the password off a copy of it"));
    }
    let asked = rpassword::prompt_password(format!("Password of {}: ", file.display()));
    asked.map_err(|source| failed().because(&source))
}

#[cfg(test)]
mod tests {
    use minisign::{KeyPair, SignatureBox};

    use super::*;

    /// A key as `minisign -G -W` writes it, without a checksum.
    fn key_file(folder: &Path) -> std::path::PathBuf {
        let mut bytes = KeyPair::generate_unencrypted_keypair().unwrap().sk.to_bytes();
        let length = bytes.len();
        bytes[length - 32..].fill(0);
        let path = folder.join("key");
        fs::write(&path, format!("untrusted comment: a key\n{}\n", STANDARD.encode(bytes)))
            .unwrap();
        path
    }

    #[test]
    fn what_is_signed_is_checked_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let key = MinisignKey::read(&key_file(folder.path())).unwrap();
        let signed = key.sign(b"it", "about it").unwrap();
        let signed = SignatureBox::from_string(&signed).unwrap();
        let public = PublicKey::from_base64(&key.public()).unwrap();
        let check = |message: &'static [u8]| {
            minisign::verify(&public, &signed, std::io::Cursor::new(message), true, false, false)
        };
        check(b"it").unwrap();
        check(b"It").unwrap_err();
        assert_eq!(signed.trusted_comment().unwrap(), "about it");
    }

    #[test]
    fn what_is_no_key_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for text in ["", "one line", "untrusted comment\nRWQ=\n", "untrusted comment\n!\n"] {
            fs::write(&path, text).unwrap();
            let error = MinisignKey::read(&path).err().unwrap();
            assert!(error.hints[0].contains("minisign -G"), "{text:?}");
        }
        assert!(MinisignKey::read(folder.path()).is_err());
        assert!(MinisignKey::read(&folder.path().join("none")).is_err());
    }
}
