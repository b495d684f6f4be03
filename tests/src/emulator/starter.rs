//! The processes of which servers are forks: `tests/emulators.py`, one for each emulator and test
//! program. They end with the program, as their input does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{python, root};

/// Starts servers of one emulator, from a process that it starts when the first is asked for.
#[derive(Debug)]
pub(super) struct Starter {
    module: &'static str,
    running: Mutex<Option<Running>>,
}

/// A server; ends with this value.
#[derive(Debug)]
pub(super) struct Fork {
    id: u32,
    starter: &'static Starter,
}

#[derive(Debug)]
struct Running {
    /// It ends after this process, when nobody is left to wait for it.
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

pub(super) static MOTO: Starter = Starter::of("payctl_sandbox.plain");
pub(super) static SANDBOX: Starter = Starter::of("payctl_sandbox");

impl Starter {
    const fn of(module: &'static str) -> Self {
        Self { module, running: Mutex::new(None) }
    }

    /// Starts a server with these arguments, which writes its `log` into the folder.
    pub(super) fn start(&'static self, folder: &Path, arguments: &[&str]) -> Fork {
        let mut line = vec![json!("start"), json!(folder)];
        line.extend(arguments.iter().map(|argument| json!(argument)));
        Fork { id: self.ask(&line.into()), starter: self }
    }

    fn ask(&self, line: &Value) -> u32 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.get_or_insert_with(|| Running::of(self.module));
        let mut answer = String::new();
        writeln!(running.input, "{line}").unwrap();
        running.output.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap_or_else(|_| panic!("{} ended; see above", self.module))
    }
}

impl Fork {
    pub(super) fn runs(&self) -> bool {
        // Of one that is gone and was not waited for yet, there is no command line.
        std::fs::read(format!("/proc/{}/cmdline", self.id)).is_ok_and(|words| !words.is_empty())
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        self.starter.ask(&json!(["stop", self.id]));
    }
}

impl Running {
    fn of(module: &str) -> Self {
        let mut child = Command::new(python())
            .arg(root().join("tests/emulators.py"))
            .arg(module)
            .env("PYTHONPATH", root().join("crates/payctl-sandbox/overlay"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|source| {
                panic!("{} cannot be started ({source}): run `make tools`", python().display())
            });
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take().unwrap(), output, _child: child }
    }
}
