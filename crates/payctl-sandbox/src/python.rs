//! The private Python environment: found or made once, then used as it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::error::At as _;
use crate::{SandboxError, overlay};

/// Everything the server imports, each at one version (`pip freeze`).
const REQUIREMENTS: &str = include_str!("../overlay/requirements.txt");
/// Newest first; `PAYCTL_PYTHON` comes before them.
const PYTHONS: [&str; 6] =
    ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3"];
/// Prints `3.12` on an interpreter that is new enough, and fails on any other.
const VERSION: &str = "import sys; assert sys.version_info >= (3, 10); \
    print('%d.%d' % sys.version_info[:2])";
const COMPLETE: &str = "complete";

/// The environment's Python, making the environment first if there is none.
///
/// The caller holds the start lock.
pub(crate) async fn environment(
    home: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<PathBuf, SandboxError> {
    if let Some(given) = set("PAYCTL_SANDBOX_VENV") {
        return Ok(interpreter(Path::new(&given)));
    }
    if let Some(made) = existing(home) {
        return Ok(made);
    }
    let (python, version) = find().await?;
    let folder = home.join(name(&version));
    progress(&format!("installing the emulator into {} (once)", folder.display()));
    make(home, &folder, &python).await?;
    Ok(interpreter(&folder))
}

/// A complete environment for the pins of this binary, whatever Python it was made with.
fn existing(home: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(home).ok()?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(&prefix()) && path.join(COMPLETE).exists()
        })
        .filter(|path| interpreter(path).exists())
        .collect();
    folders.sort();
    folders.pop().map(|folder| interpreter(&folder))
}

fn prefix() -> String {
    format!("venv-{}-", overlay::short_digest(&[REQUIREMENTS]))
}

fn name(version: &str) -> String {
    format!("{}{version}", prefix())
}

async fn find() -> Result<(OsString, String), SandboxError> {
    let given = set("PAYCTL_PYTHON");
    let tried: Vec<OsString> = match given {
        Some(python) => vec![python],
        None => PYTHONS.iter().map(OsString::from).collect(),
    };
    for python in &tried {
        let answer = Command::new(python).args(["-c", VERSION]).stdin(Stdio::null()).output();
        if let Ok(Output { status, stdout, .. }) = answer.await
            && status.success()
        {
            return Ok((python.clone(), String::from_utf8_lossy(&stdout).trim().to_owned()));
        }
    }
    let names: Vec<_> = tried.iter().map(|python| python.to_string_lossy()).collect();
    Err(SandboxError::NoPython { tried: names.join(", ") })
}

/// Makes the environment under another name and renames it once it is whole: virtual
/// environments refer to themselves only in their scripts, which nothing here uses.
async fn make(home: &Path, folder: &Path, python: &OsString) -> Result<(), SandboxError> {
    let unfinished = home.join("venv-unfinished");
    let log = home.join("install.log");
    for leftover in [&unfinished, &folder.to_owned()] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover).at("remove", leftover)?;
        }
    }
    std::fs::write(&log, "").at("write", &log)?;

    let step = "make a Python environment (Debian and Ubuntu need the package python3-venv)";
    let mut venv = Command::new(python);
    venv.args(["-m", "venv"]).arg(&unfinished);
    run(&mut venv, step, &log).await?;

    let pins = unfinished.join("requirements.txt");
    std::fs::write(&pins, REQUIREMENTS).at("write", &pins)?;
    let mut pip = Command::new(interpreter(&unfinished));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]);
    pip.arg("--requirement").arg(&pins);
    run(&mut pip, "install the emulator", &log).await?;

    let complete = unfinished.join(COMPLETE);
    std::fs::write(&complete, "").at("write", &complete)?;
    std::fs::rename(&unfinished, folder).at("rename", &unfinished)
}

async fn run(command: &mut Command, step: &'static str, log: &Path) -> Result<(), SandboxError> {
    let open = || std::fs::OpenOptions::new().append(true).open(log);
    let (out, err) = (open().at("open", log)?, open().at("open", log)?);
    let program = command.as_std().get_program().into();
    // An interrupted payctl takes the installation with it; the next start begins anew.
    let status = command.stdin(Stdio::null()).stdout(out).stderr(err).kill_on_drop(true).status();
    let status = status.await.map_err(|source| SandboxError::Program { program, source })?;
    if status.success() {
        return Ok(());
    }
    Err(SandboxError::Environment { step, last_lines: last_lines(log), log: log.to_owned() })
}

/// The end of a log, for an error message.
pub(crate) fn last_lines(log: &Path) -> String {
    const LINES: usize = 8;
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

fn interpreter(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_and_the_installer_is_not() {
        for line in REQUIREMENTS.lines() {
            let (name, version) = line.split_once("==").unwrap();
            assert!(!["pip", "setuptools", "wheel"].contains(&name), "{line}");
            assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{line}");
        }
        assert!(REQUIREMENTS.lines().any(|line| line == "moto==5.2.5"));
    }

    #[test]
    fn an_unfinished_environment_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(name("3.12"));
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::write(interpreter(&folder), "").unwrap();
        assert_eq!(existing(home.path()), None);
        std::fs::write(folder.join(COMPLETE), "").unwrap();
        assert_eq!(existing(home.path()), Some(interpreter(&folder)));
    }

    #[test]
    fn last_lines_are_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, (1..20).map(|n| format!("{n}\n\n")).collect::<String>()).unwrap();
        assert_eq!(last_lines(&log), "12\n13\n14\n15\n16\n17\n18\n19");
    }
}
