//! A bundle of evidence: what a check found, by what it was judged and what shows it, in files that
//! somebody else can check without payctl.
//!
//! The list of the files' digests is signed, and so is all that it lists.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use payctl_aws::Aws;
use payctl_aws::kms::Signer;
use payctl_compliance::CONTROLS;
use payctl_engine::state::write_private;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::check::Check;
use crate::error::CliError;
use crate::minisign_key::MinisignKey;

/// The format of `docs/schema/bundle.json`.
const FORMAT: u32 = 1;
/// The digests of all other files, as `sha256sum` writes and reads them.
const DIGESTS: &str = "SHA256SUMS";

/// Where a bundle is written to, and what it is signed with.
#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// Write a signed bundle for auditors to DIR, which must not be there
    #[arg(long, value_name = "DIR", requires_all = ["live", "signs"], help_heading = HEADING)]
    pub(crate) evidence: Option<PathBuf>,
    /// Sign it with a key that minisign made
    #[arg(long, value_name = "FILE", requires = "evidence", group = "signs", help_heading = HEADING)]
    pub(crate) sign_key: Option<PathBuf>,
    /// Sign it with a key of AWS KMS: its id, ARN or alias
    #[arg(long, value_name = "KEY", requires = "evidence", group = "signs", value_parser = kms_key,
          help_heading = HEADING)]
    pub(crate) sign_kms: Option<String>,
}

const HEADING: &str = "Evidence";

/// A bundle that is to be written.
pub(crate) struct Bundle {
    folder: PathBuf,
    key: Key,
}

/// What it is signed with.
enum Key {
    Minisign(Box<MinisignKey>),
    Kms(String),
}

/// What it is signed with, where that is known to be able to.
enum Signs<'a> {
    Minisign(&'a MinisignKey),
    Kms(Signer),
}

/// The name of a key of AWS KMS, as far as that can be told without asking.
fn kms_key(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_/:".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err("a key's id, ARN or alias has letters, digits and - _ / : only".to_owned());
    }
    if text.starts_with("arn:") && text.split(':').nth(2) != Some("kms") {
        return Err("the ARN is of no key of AWS KMS".to_owned());
    }
    Ok(text.to_owned())
}

impl EvidenceArgs {
    /// The bundle that is asked for, if one is. Whatever can be wrong without asking AWS is found here.
    pub(crate) fn bundle(&self) -> Result<Option<Bundle>, CliError> {
        let Some(folder) = &self.evidence else { return Ok(None) };
        if folder.symlink_metadata().is_ok() {
            let message = format!("{} is there already", folder.display());
            return Err(CliError::failed(message)
                .hint("a bundle is written over nothing: name another folder"));
        }
        let parent = parent(folder);
        if !parent.is_dir() {
            return Err(CliError::failed(format!("there is no folder {}", parent.display())));
        }
        let key = match (&self.sign_key, &self.sign_kms) {
            (Some(file), _) => Key::Minisign(Box::new(MinisignKey::read(file)?)),
            (None, Some(key)) => Key::Kms(key.clone()),
            (None, None) => return Ok(None),
        };
        Ok(Some(Bundle { folder: folder.clone(), key }))
    }
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Bundle {
    /// Finds the key, before anything is read for nothing.
    pub(crate) async fn ready(&self, aws: &Aws) -> Result<Ready<'_>, CliError> {
        let signs = match &self.key {
            Key::Minisign(key) => Signs::Minisign(key),
            Key::Kms(key) => {
                let region = aws.facts.region.as_str();
                if key.starts_with("arn:") && key.split(':').nth(3) != Some(region) {
                    return Err(CliError::failed(format!("the key {key} is not of {region}"))
                        .hint("a bundle is signed in the region of what was judged"));
                }
                let signer = Signer::of(aws, key).await.map_err(|error| {
                    CliError::aws(format!("cannot sign with the key {key}"), &error.into())
                        .hint("it has to be made for signing: `aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256`")
                })?;
                Signs::Kms(signer)
            }
        };
        Ok(Ready { folder: &self.folder, signs })
    }
}

/// A bundle whose key is known.
pub(crate) struct Ready<'a> {
    folder: &'a Path,
    signs: Signs<'a>,
}

impl Ready<'_> {
    /// Writes it: all of it, or nothing.
    pub(crate) async fn write(self, check: &Check, aws: &Aws) -> Result<(), CliError> {
        let failed = |source: &dyn std::error::Error| {
            let message = format!("failed to write the bundle {}", self.folder.display());
            CliError::failed(message).because(source)
        };
        let made = tempfile::tempdir_in(parent(self.folder)).map_err(|source| failed(&source))?;
        let files = self.files(check).map_err(|source| failed(&source))?;
        let digests: String =
            files.iter().map(|(name, bytes)| format!("{}  {name}\n", digest(bytes))).collect();
        let signature = self.sign(check, aws, digests.as_bytes()).await?;
        for (name, bytes) in files.into_iter().chain([(DIGESTS, digests.into_bytes()), signature]) {
            let written = write_private(&made.path().join(name), &bytes);
            written.map_err(|source| failed(&source))?;
        }
        fs::rename(made.path(), self.folder).map_err(|source| failed(&source))
    }

    /// What is signed, file by file.
    fn files(&self, check: &Check) -> Result<Vec<(&'static str, Vec<u8>)>, serde_json::Error> {
        let mut files = vec![
            ("bundle.json", canonical(&self.about(check))?),
            ("check.json", canonical(&check.json())?),
            ("controls.json", canonical(&*CONTROLS)?),
        ];
        if let Signs::Kms(signer) = &self.signs {
            let key = pem::Pem::new("PUBLIC KEY", signer.public_key.clone());
            let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            files.push(("public-key.pem", pem::encode_config(&key, config).into_bytes()));
        }
        Ok(files)
    }

    /// What it is about, and who signed it.
    fn about(&self, check: &Check) -> Value {
        let signature = match &self.signs {
            Signs::Minisign(key) => json!({ "by": "minisign", "public_key": key.public() }),
            Signs::Kms(signer) => {
                json!({ "by": "kms", "key": signer.key, "algorithm": signer.algorithm() })
            }
        };
        json!({
            "format": FORMAT,
            "made_by": format!("payctl {}", env!("CARGO_PKG_VERSION")),
            "at": check.time(),
            "account": check.account,
            "region": check.region,
            "stack": check.stack,
            "suffix": check.suffix,
            "posture": check.posture,
            "signature": signature,
        })
    }

    async fn sign(
        &self,
        check: &Check,
        aws: &Aws,
        digests: &[u8],
    ) -> Result<(&'static str, Vec<u8>), CliError> {
        match &self.signs {
            Signs::Minisign(key) => {
                let Check { stack, suffix, .. } = check;
                let about = format!("payctl check of {stack} {suffix} at {}", check.time());
                Ok(("SHA256SUMS.minisig", key.sign(digests, &about)?.into_bytes()))
            }
            Signs::Kms(signer) => {
                let signature = signer.sign(aws, digests).await.map_err(|error| {
                    CliError::aws(
                        format!("failed to sign with the key {}", signer.key),
                        &error.into(),
                    )
                })?;
                Ok(("SHA256SUMS.sig", signature))
            }
        }
    }
}

/// JSON whose bytes are the same wherever it is written (RFC 8785).
fn canonical(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_canonical_does_not_depend_on_the_order_of_keys() {
        let written =
            canonical(&json!({ "b": [1.0, 1e21, "\u{20ac}"], "a": { "z": null, "y": true } }));
        let wanted = "{\"a\":{\"y\":true,\"z\":null},\"b\":[1,1e+21,\"\u{20ac}\"]}";
        assert_eq!(String::from_utf8(written.unwrap()).unwrap(), wanted);
    }

    #[test]
    fn digests_are_those_of_sha256sum() {
        // FIPS 180-4's example.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc"), known);
    }

    #[test]
    fn keys_are_told_from_what_is_none() {
        for good in [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "alias/audit",
            "arn:aws:kms:us-east-1:123456789012:key/mrk-1",
        ] {
            assert!(kms_key(good).is_ok(), "{good}");
        }
        for bad in ["", "a key", "arn:aws:s3:::bucket", "alias/\u{fc}"] {
            assert!(kms_key(bad).is_err(), "{bad}");
        }
    }
}
