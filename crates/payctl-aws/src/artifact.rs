//! Artifacts: the handlers' code, as Lambda takes it and as it is compared.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::{AwsError, Result, id};

id! {
    /// The digest of a function's code: base64 of SHA-256, as Lambda reports it.
    CodeSha256,
}

/// What a binary's zip depends on besides the binary: whoever remembers the digest of a zip does so
/// for this. A test holds the versions against Cargo.lock.
pub const ZIP_FORMAT: &str = "deflate 9, zip 9.4.1, zlib-rs 0.6.8";

/// The handlers of this run, by the digest of their zips.
#[derive(Debug, Default)]
pub struct Artifacts(BTreeMap<CodeSha256, Artifact>);

/// A binary, and its zip once that was asked for.
#[derive(Debug)]
struct Artifact {
    bootstrap: Vec<u8>,
    zip: OnceLock<Vec<u8>>,
}

/// The processors Lambda runs on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM (Graviton).
    #[serde(rename = "arm64")]
    Arm64,
}

/// Why a handler's binary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotRunnable {
    /// No Linux binary at all.
    #[error("it is not an ELF binary")]
    NotElf,
    /// A binary for other processors.
    #[error("it is built for {found}, and the function runs on {wanted}")]
    WrongMachine {
        /// What it is built for.
        found: String,
        /// What it must be built for.
        wanted: Architecture,
    },
}

impl std::fmt::Display for Architecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

impl Artifacts {
    /// Zips a handler's `bootstrap` binary, keeps the zip and answers its digest. The same binary
    /// gives the same bytes.
    ///
    /// # Errors
    /// When it cannot be zipped.
    pub fn add(&mut self, bootstrap: &[u8]) -> Result<CodeSha256> {
        let zip = zipped(bootstrap)?;
        let digest = digest(&zip);
        let artifact = Artifact { bootstrap: bootstrap.to_vec(), zip: zip.into() };
        self.0.insert(digest.clone(), artifact);
        Ok(digest)
    }

    /// Keeps a zip that somebody made, and answers its digest.
    pub fn add_zip(&mut self, zip: Vec<u8>) -> CodeSha256 {
        let digest = digest(&zip);
        self.0.insert(digest.clone(), Artifact { bootstrap: Vec::new(), zip: zip.into() });
        digest
    }

    /// Keeps a binary whose zip is known to have this digest: it is zipped only where it is
    /// uploaded.
    pub fn add_known(&mut self, bootstrap: Vec<u8>, digest: CodeSha256) {
        self.0.insert(digest, Artifact { bootstrap, zip: OnceLock::new() });
    }

    /// The zip of that digest.
    ///
    /// # Errors
    /// When this run has no such zip, or what was remembered of it is not true.
    pub fn get(&self, wanted: &CodeSha256) -> Result<&[u8]> {
        let artifact = self.0.get(wanted).ok_or_else(|| {
            AwsError::invalid(format!("no handler with the digest {wanted} was loaded"))
        })?;
        if let Some(zip) = artifact.zip.get() {
            return Ok(zip);
        }
        let zip = zipped(&artifact.bootstrap)?;
        if digest(&zip) != *wanted {
            return Err(AwsError::invalid(format!(
                "the handler's zip has not the digest {wanted} that was remembered of it: empty \
                 the folder `zips` of payctl's cache"
            )));
        }
        Ok(artifact.zip.get_or_init(|| zip))
    }
}

fn digest(zip: &[u8]) -> CodeSha256 {
    STANDARD.encode(Sha256::digest(zip)).into()
}

fn zipped(bootstrap: &[u8]) -> Result<Vec<u8>> {
    zip(bootstrap)
        .map_err(|source| AwsError::invalid(format!("the handler cannot be zipped: {source}")))
}

fn zip(bootstrap: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    // Everything that would differ from build to build is set by hand.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("bootstrap", options)?;
    writer.write_all(bootstrap)?;
    Ok(writer.finish()?.into_inner())
}

/// Checks that a binary runs on `wanted` processors, by its ELF header.
///
/// # Errors
/// When it does not.
pub fn check_machine(binary: &[u8], wanted: Architecture) -> std::result::Result<(), NotRunnable> {
    let (Some(b"\x7fELF"), Some(machine)) = (binary.get(..4), binary.get(18..20)) else {
        return Err(NotRunnable::NotElf);
    };
    let found = match u16::from_le_bytes([machine[0], machine[1]]) {
        62 => Architecture::X86_64,
        183 => Architecture::Arm64,
        other => {
            return Err(NotRunnable::WrongMachine {
                found: format!("ELF machine {other}"),
                wanted,
            });
        }
    };
    if found == wanted {
        Ok(())
    } else {
        Err(NotRunnable::WrongMachine { found: found.to_string(), wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_binary_gives_the_same_zip() {
        let mut artifacts = Artifacts::default();
        let digest = artifacts.add(b"\x7fELF code").unwrap();
        assert_eq!(artifacts.add(b"\x7fELF code").unwrap(), digest);
        assert_ne!(artifacts.add(b"\x7fELF other").unwrap(), digest);
        assert_eq!(&artifacts.get(&digest).unwrap()[..2], b"PK");
    }

    #[test]
    fn a_zip_whose_digest_is_known_is_made_when_it_is_asked_for() {
        let digest = Artifacts::default().add(b"\x7fELF code").unwrap();
        let mut artifacts = Artifacts::default();
        artifacts.add_known(b"\x7fELF code".to_vec(), digest.clone());
        assert_eq!(&artifacts.get(&digest).unwrap()[..2], b"PK");
        // What was remembered wrongly is never uploaded.
        artifacts.add_known(b"\x7fELF other".to_vec(), digest.clone());
        let error = artifacts.get(&digest).unwrap_err().to_string();
        assert!(error.contains("empty the folder `zips`"), "{error}");
    }

    #[test]
    fn a_zip_of_somebody_elses_is_taken_as_it_is() {
        let mut artifacts = Artifacts::default();
        let digest = artifacts.add_zip(b"PK whatever".to_vec());
        assert_eq!(artifacts.get(&digest).unwrap(), b"PK whatever");
    }

    #[test]
    fn the_zips_format_names_what_makes_them() {
        let lock = include_str!("../../../Cargo.lock");
        for name in ["zip", "zlib-rs"] {
            let entry = format!("name = \"{name}\"\nversion = \"");
            let version = lock.split_once(&entry).unwrap().1.split('"').next().unwrap();
            assert!(ZIP_FORMAT.contains(&format!("{name} {version}")), "{name} {version}");
        }
    }

    #[test]
    fn a_binary_for_other_processors_is_refused() {
        let mut binary = b"\x7fELF\x02\x01\x01".to_vec();
        binary.resize(18, 0);
        binary.extend([183, 0]);
        assert!(check_machine(&binary, Architecture::Arm64).is_ok());
        let error = check_machine(&binary, Architecture::X86_64).unwrap_err().to_string();
        assert_eq!(error, "it is built for arm64, and the function runs on x86_64");
        assert!(matches!(
            check_machine(b"#!/bin/sh\n and more text", Architecture::X86_64),
            Err(NotRunnable::NotElf)
        ));
    }
}
