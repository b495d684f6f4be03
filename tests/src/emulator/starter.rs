//! The processes of which servers are forks: `tests/emulators.py`, one for each emulator and test
//! program. They end with the program, as their input does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{Emulator, python, root};

struct Starter {
    /// It ends after this process, when nobody is left to wait for it.
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

static MOTO: Mutex<Option<Starter>> = Mutex::new(None);
static SANDBOX: Mutex<Option<Starter>> = Mutex::new(None);

/// Starts a server with these arguments, which writes its `log` into the folder.
pub(super) fn start(emulator: Emulator, folder: &Path, arguments: &[&str]) -> u32 {
    let mut line = vec![json!("start"), json!(folder)];
    line.extend(arguments.iter().map(|argument| json!(argument)));
    ask(emulator, &line.into())
}

/// Stops a server; it is gone afterwards.
pub(super) fn stop(emulator: Emulator, server: u32) {
    ask(emulator, &json!(["stop", server]));
}

fn ask(emulator: Emulator, line: &Value) -> u32 {
    let (starter, module) = match emulator {
        Emulator::Moto => (&MOTO, "payctl_sandbox.plain"),
        Emulator::Sandbox => (&SANDBOX, "payctl_sandbox"),
        Emulator::Ministack => unreachable!("it starts by itself"),
    };
    let mut starter = starter.lock().unwrap_or_else(PoisonError::into_inner);
    let starter = starter.get_or_insert_with(|| Starter::of(module));
    let mut answer = String::new();
    writeln!(starter.input, "{line}").unwrap();
    starter.output.read_line(&mut answer).unwrap();
    answer.trim().parse().unwrap_or_else(|_| panic!("{module} ended; see above"))
}

impl Starter {
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
