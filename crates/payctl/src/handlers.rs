//! The handlers' binaries: found, checked and zipped before anything is changed.

use std::collections::BTreeMap;
use std::path::Path;

use payctl_aws::{Architecture, Artifacts, CodeSha256, check_machine};
use payctl_stack::System;

use crate::error::CliError;

/// Loads the handlers of `system` from `folder`.
pub(crate) fn load(
    system: &System,
    folder: &Path,
    architecture: Architecture,
) -> Result<(Artifacts, BTreeMap<String, CodeSha256>), CliError> {
    let mut artifacts = Artifacts::default();
    let mut digests = BTreeMap::new();
    for name in system.handlers {
        let path = folder.join(name).join("bootstrap");
        let failed = |what: &str| CliError::failed(format!("{what} {}", path.display()));
        let build = match architecture {
            Architecture::Arm64 => "build it with `lambda-src/build.sh --arm64`",
            Architecture::X86_64 => "build it with `lambda-src/build.sh`",
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
        let digest = artifacts
            .add(&binary)
            .map_err(|source| failed("failed to zip the handler").because(&source))?;
        digests.insert((*name).to_owned(), digest);
    }
    Ok((artifacts, digests))
}
