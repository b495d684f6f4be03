//! The handlers' binaries: found and checked before anything is changed.

mod zips;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use payctl_aws::{Architecture, Artifacts, CodeSha256, check_machine};
use payctl_stack::System;

use crate::error::CliError;

/// What Lambda takes in a request, zipped (its guide, "Lambda quotas", deployment package).
const MOST_ZIPPED: usize = 50 * 1024 * 1024;

/// What a command needs of the handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handlers {
    /// Their code, to compare and upload.
    Needed,
    /// Nothing: what they run does not matter to a deletion.
    Ignored,
}

/// The processors of this machine, so far as Lambda has them.
pub(crate) fn of_this_machine() -> Option<Architecture> {
    match std::env::consts::ARCH {
        "x86_64" => Some(Architecture::X86_64),
        "aarch64" => Some(Architecture::Arm64),
        _ => None,
    }
}

/// Where the handler `name` is: builds for several processors stand side by side in folders named
/// after them, those for this machine in `folder` itself.
fn find(folder: &Path, name: &str, architecture: Architecture) -> PathBuf {
    let own = folder.join(architecture.to_string()).join(name).join("bootstrap");
    if own.exists() { own } else { folder.join(name).join("bootstrap") }
}

/// A zip that somebody made.
fn read_zip(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = || CliError::failed(format!("cannot use the zip {}", path.display()));
    let zip = std::fs::read(path).map_err(|source| {
        failed().because(&source).hint("a document names zips by their paths from its own folder")
    })?;
    if !zip.starts_with(b"PK") {
        return Err(failed().because_of("it is not a zip"));
    }
    if zip.len() > MOST_ZIPPED {
        let megabytes = |bytes: usize| bytes.div_ceil(1024 * 1024);
        let (is, most) = (megabytes(zip.len()), megabytes(MOST_ZIPPED));
        return Err(failed().because_of(format!("it has {is} MB, and Lambda takes {most} MB")));
    }
    Ok(zip)
}

/// Loads the handlers of `system` from `folder`.
pub(crate) fn load(
    system: &System,
    folder: &Path,
    architecture: Architecture,
) -> Result<(Artifacts, BTreeMap<String, CodeSha256>), CliError> {
    let mut artifacts = Artifacts::default();
    let mut digests = BTreeMap::new();
    for name in system.handlers {
        if let Some(path) = name.strip_prefix(payctl_document::ZIP) {
            let digest = artifacts.add_zip(read_zip(&Path::new(system.folder).join(path))?);
            digests.insert((*name).to_owned(), digest);
            continue;
        }
        let path = find(folder, name, architecture);
        let failed = |what: &str| CliError::failed(format!("{what} {}", path.display()));
        let build = match architecture {
            Architecture::Arm64 => "build it with `lambda-src/build.sh --arm64`",
            Architecture::X86_64 => "build it with `lambda-src/build.sh`",
        };
        let is_ours = payctl_stack::SYSTEMS.iter().any(|system| system.handlers.contains(name));
        let build = match is_ours {
            true => build,
            false => "put your function's binary there, built for Lambda's Linux",
        };
        let binary = std::fs::read(&path).map_err(|source| {
            failed("failed to read the handler")
                .because(&source)
                .hint(build)
                .hint("or name the folder that has it with --handlers")
        })?;
        check_machine(&binary, architecture).map_err(|source| {
            let other = match architecture {
                Architecture::Arm64 => "x86_64",
                Architecture::X86_64 => "arm64",
            };
            let set =
                format!("`architecture = \"{other}\"` under [{}] in payctl.toml", system.name);
            failed("cannot use the handler")
                .because(&source)
                .hint(build)
                .hint(format!("or, if it is built for that, set {set}"))
        })?;
        // No zip is notably larger than what is in it, so that only a larger one is looked at.
        let may_be_too_large = binary.len() > MOST_ZIPPED;
        let digest = match zips::digest_of(&binary) {
            Some(digest) if !may_be_too_large => {
                artifacts.add_known(binary, digest.clone());
                digest
            }
            _ => {
                let unzipped = |source| failed("failed to zip the handler").because(&source);
                let digest = artifacts.add(&binary).map_err(unzipped)?;
                let zipped = artifacts.get(&digest).map_err(unzipped)?.len();
                if zipped > MOST_ZIPPED {
                    let megabytes = |bytes: usize| bytes.div_ceil(1024 * 1024);
                    let (is, most) = (megabytes(zipped), megabytes(MOST_ZIPPED));
                    let mut error = failed("cannot use the handler");
                    error.causes.push(format!("it is {is} MB zipped, and Lambda takes {most} MB"));
                    return Err(error
                        .hint("build it for release and strip it, as `lambda-src/build.sh` does"));
                }
                zips::remember(&binary, &digest);
                digest
            }
        };
        digests.insert((*name).to_owned(), digest);
    }
    Ok((artifacts, digests))
}
