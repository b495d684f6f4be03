//! The shim that stands between the real binary and the C library: `tests/shim/shim.c`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::Rack;
use crate::binary::{Ended, Run};
use crate::emulator::root;
use crate::proxy::Rule;

/// What happens to one operation on the files of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The run ends before it.
    Kill,
    /// What is written is written by half, then the run ends.
    Tear,
    /// It fails, once.
    Fail,
    /// The disk is full from then on.
    Full,
}

/// A shim that is built; goes with this value.
#[derive(Debug)]
pub struct Shim {
    folder: tempfile::TempDir,
}

/// What a run under the shim did to the files of its state.
#[derive(Debug)]
pub struct Files {
    /// The operations in their order, those that met the mishap with a `!` and the time.
    pub operations: Vec<String>,
}

impl Files {
    /// When the mishap was met, if it was.
    pub fn met(&self) -> Option<SystemTime> {
        let seconds = self.operations.iter().find_map(|line| line.split_once('!'))?.1;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds.parse().unwrap()))
    }
}

impl Shim {
    pub fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(folder.path().join("shim.so"))
            .arg(root().join("tests/shim/shim.c"))
            .arg("-ldl")
            .status();
        assert!(built.unwrap().success(), "the shim does not build");
        Self { folder }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Runs `verb`, the first of `words`, with the shim between.
    pub fn run(&self, rack: &Rack, words: &[&str], settings: &[(&str, String)]) -> (Ended, Files) {
        let _ = fs::remove_file(self.log());
        rack.proxy.set(&Rule::Nothing);
        // The shim knows the files of the state by the beginning of their paths.
        let state = rack.payctl.folder().join(".payctl");
        let mut command = rack.payctl.command(&[words, &["--yes"]].concat());
        command.env("PAYCTL_STATE_DIR", &state).env("SHIM_FOLDER", &state);
        command.env("LD_PRELOAD", self.folder.path().join("shim.so"));
        command.env("SHIM_LOG", self.log()).envs(settings.iter().cloned());
        let ended = Run::start(command).end();
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        (ended, Files { operations: log.lines().map(str::to_owned).collect() })
    }

    /// Runs it with a mishap at the `nth` operation on its files.
    pub fn meet(&self, rack: &Rack, words: &[&str], nth: usize, mishap: Mishap) -> (Ended, Files) {
        let how = format!("{mishap:?}").to_lowercase();
        self.run(rack, words, &[("SHIM_AT", nth.to_string()), ("SHIM_HOW", how)])
    }
}
