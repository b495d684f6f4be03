//! payctl as its users have it: the real binary, in a folder of its own, against one emulator.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use payctl_aws::Architecture;
use payctl_engine::{Action, Plan};
use payctl_stack::SYSTEMS;
use payctl_stack::config::Config;

use crate::emulator::{Server, root};

/// Nothing that is tested takes longer.
const TIMEOUT: Duration = Duration::from_secs(240);

/// What payctl deploys when it is told nothing else.
const DEFAULT_STACK: &str = "pci-core";

/// A folder that payctl is run in, and where it is to go.
#[derive(Debug)]
pub struct Payctl {
    folder: tempfile::TempDir,
    endpoint: String,
    handlers: PathBuf,
    stack: String,
    /// The document of a stack of one's own.
    document: Option<PathBuf>,
    suffix: String,
    key: String,
}

/// The access key id of whoever may do anything: the sandbox holds no other to a policy by itself.
const ADMINISTRATOR: &str = "test";
/// That of whoever is held to a policy.
const OPERATOR: &str = "operator";

/// A run that is under way.
#[derive(Debug)]
pub struct Run {
    child: Child,
    words: String,
    began: Instant,
    output: tempfile::TempDir,
}

/// A run that is over.
#[derive(Debug)]
pub struct Ended {
    pub words: String,
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Payctl {
    /// An environment `dev` on `server`, with handlers that are never run, or do nothing.
    pub fn new(server: &Server) -> Self {
        Self::at(&server.endpoint, "dev")
    }

    /// An environment at an endpoint, where nothing need be.
    pub fn at(endpoint: &str, suffix: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let handlers = folder.path().join("handlers");
        put_handlers(&handlers);
        let (stack, suffix) = (DEFAULT_STACK.to_owned(), suffix.to_owned());
        let key = ADMINISTRATOR.to_owned();
        let endpoint = endpoint.to_owned();
        Self { folder, endpoint, handlers, stack, document: None, suffix, key }
    }

    /// Of another system than the default one.
    pub fn of(mut self, stack: &str) -> Self {
        stack.clone_into(&mut self.stack);
        self
    }

    /// Of the document `examples/NAME.stack.toml`, or of one that is written here.
    pub fn of_document(mut self, name: &str, text: Option<&str>) -> Self {
        name.clone_into(&mut self.stack);
        let file = format!("{name}.stack.toml");
        let example = || fs::read_to_string(root().join("examples").join(&file)).unwrap();
        let text = text.map_or_else(example, str::to_owned);
        let path = self.folder.path().join(&file);
        fs::write(&path, text).unwrap();
        self.document = Some(path);
        // What the examples' own function is built to.
        fs::create_dir_all(self.handlers.join("worker")).unwrap();
        put_answering_handler(&self.handlers, "worker");
        let lambda = self.folder.path().join("worker/target/lambda");
        fs::create_dir_all(&lambda).unwrap();
        let mut zip = payctl_aws::Artifacts::default();
        let digest = zip.add(&answering_handler()).unwrap();
        fs::write(lambda.join("worker.zip"), zip.get(&digest).unwrap()).unwrap();
        self
    }

    /// With the handlers as they are built.
    pub fn with_real_handlers(mut self) -> Self {
        let given = std::env::var_os("PAYCTL_HANDLERS").map(PathBuf::from);
        self.handlers = given.unwrap_or_else(|| root().join("lambda-src/target/lambda"));
        let bootstrap = self.handlers.join("payment-processor/bootstrap");
        assert!(bootstrap.exists(), "{} is missing: run `make handlers`", bootstrap.display());
        self
    }

    /// With an access key that may do what payctl itself says it needs, as it is configured now, and
    /// nothing else.
    #[must_use]
    pub fn under_its_own_policy(self, server: &Server) -> Self {
        let printed = self.run(&["policy"]);
        printed.exits(0);
        self.under_policy(server, &printed.stdout)
    }

    /// With an access key that may do what the policy allows, and nothing else.
    #[must_use]
    pub fn under_policy(mut self, server: &Server, policy: &str) -> Self {
        OPERATOR.clone_into(&mut self.key);
        ask(server, "POST", &format!("/_payctl/operator?key={OPERATOR}"), policy);
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Where the state is.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join(".payctl").join(&self.stack).join(&self.suffix)
    }

    /// Writes `payctl.toml`.
    pub fn configure(&self, text: &str) {
        fs::write(self.folder.path().join("payctl.toml"), text).unwrap();
    }

    /// Takes away everything payctl remembers.
    pub fn lose_state(&self) {
        let removed = fs::remove_dir_all(self.folder.path().join(".payctl"));
        assert!(removed.is_ok() || !self.folder.path().join(".payctl").exists());
    }

    /// The command, before it is run.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let given = std::env::var_os("PAYCTL_BIN").map(PathBuf::from);
        let binary = given.unwrap_or_else(|| root().join("target/debug/payctl"));
        assert!(binary.exists(), "{} is missing: run `cargo build`", binary.display());
        let mut command = Command::new(binary);
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        // Nothing of whoever runs the tests.
        command.env_clear().env("HOME", self.folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_REGION", "us-east-1").env("AWS_ENDPOINT_URL", &self.endpoint);
        command.env("PAYCTL_SUFFIX", &self.suffix).env("PAYCTL_HANDLERS", &self.handlers);
        // The default one is left to be the default.
        if let Some(document) = &self.document {
            command.env("PAYCTL_STACK_FILE", document);
        } else if self.stack != DEFAULT_STACK {
            command.env("PAYCTL_STACK", &self.stack);
        }
        command
    }

    /// Starts it.
    pub fn start<S: AsRef<OsStr>>(&self, args: &[S]) -> Run {
        Run::start(self.command(args))
    }

    /// Starts it as if on another machine: in a process namespace of its own, so that nobody here can
    /// look at its process by its number, nor it at ours.
    pub fn start_elsewhere(&self, args: &[&str]) -> Run {
        let usual = self.command(args);
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--pid", "--fork", "--kill-child"]);
        command.arg(usual.get_program()).args(args).current_dir(self.folder()).env_clear();
        command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Run::start(command)
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ended {
        self.start(args).end()
    }

    /// Makes everything as declared, which has to work.
    #[track_caller]
    pub fn up(&self) -> Ended {
        let ended = self.run(&["up", "--yes"]);
        ended.exits(0);
        ended
    }

    /// Deletes everything, which has to work.
    #[track_caller]
    pub fn destroy(&self) -> Ended {
        let ended = self.run(&["destroy", "--yes"]);
        ended.exits(0);
        ended
    }

    /// The plan; the exit code has to say the same.
    #[track_caller]
    pub fn plan(&self) -> Plan {
        let ended = self.run(&["plan", "--json", "--detailed-exitcode"]);
        let plan = printed(&ended.stdout)
            .unwrap_or_else(|error| panic!("the plan is no plan: {error}\n{ended}"));
        let code = match (plan.refusals.is_empty(), plan.is_up_to_date()) {
            (false, _) => 1,
            (true, true) => 0,
            (true, false) => 2,
        };
        ended.exits(code);
        plan
    }

    /// There is nothing to do.
    #[track_caller]
    pub fn is_as_declared(&self) {
        let plan = self.plan();
        assert!(plan.is_empty() && plan.refusals.is_empty(), "{:#?}", differences(&plan));
    }
}

impl Run {
    pub fn start(mut command: Command) -> Self {
        let output = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(output.path().join(name)).unwrap();
        command.stdout(file("stdout")).stderr(file("stderr"));
        let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        let words: String = args.join(" ").chars().take(200).collect();
        let child = command.spawn().unwrap();
        Self { child, words, began: Instant::now(), output }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn stderr(&self) -> String {
        self.said("stderr")
    }

    /// What it has written to stdout so far.
    pub fn stdout(&self) -> String {
        self.said("stdout")
    }

    /// Waits until it has said `text`.
    #[track_caller]
    pub fn says(&mut self, text: &str) {
        while !self.stderr().contains(text) {
            let over = self.child.try_wait().unwrap().is_some();
            let late = self.began.elapsed() > TIMEOUT;
            assert!(
                !over && !late,
                "payctl {} never says {text:?}:\n{}",
                self.words,
                self.stderr()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends it a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status();
        assert!(sent.unwrap().success(), "{name} could not be sent");
    }

    /// Sends it to what was started by [`Payctl::start_elsewhere`], and not to what started that.
    pub fn signal_inner(&self, name: &str) {
        let pid = self.pid();
        let inner = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let sent = Command::new("kill").args(["-s", name, inner.trim()]).status();
        assert!(sent.unwrap().success(), "{name} could not be sent to {inner:?}");
    }

    /// The same, unless it has ended.
    pub fn signal_if_alive(&self, name: &str) {
        let pid = self.pid().to_string();
        let _ = Command::new("kill").args(["-s", name, &pid]).stderr(Stdio::null()).status();
    }

    /// Whether it has not ended: what has and is not waited for is a zombie.
    pub fn is_alive(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    }

    /// Kills it after `delay`, unless it has ended by then.
    pub fn killed_after(mut self, delay: Duration) -> Ended {
        std::thread::sleep(delay);
        let _ = self.child.kill();
        self.end()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.began.elapsed() > TIMEOUT {
                let _ = self.child.kill();
                panic!("payctl {} does not end:\n{}", self.words, self.stderr());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.over(status)
    }

    fn over(self, status: ExitStatus) -> Ended {
        Ended {
            code: status.code(),
            stdout: self.said("stdout"),
            stderr: self.stderr(),
            took: self.began.elapsed(),
            words: self.words,
        }
    }

    fn said(&self, name: &str) -> String {
        let bytes = fs::read(self.output.path().join(name)).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Ended {
    /// It ended with `code`.
    #[track_caller]
    pub fn exits(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
    }

    /// It told people `text`, however the lines were broken.
    #[track_caller]
    pub fn says(&self, text: &str) {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&self.stderr).contains(&words(text)), "{text:?} is not said\n{self}");
    }
}

impl Ended {
    /// On stdout, whatever the line breaks.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&self.stdout).contains(&words(text)), "{text:?} is not shown\n{self}");
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { words, code, stdout, stderr, took } = self;
        write!(f, "payctl {words}\nexit {code:?} after {took:.1?}\n{stdout}\n{stderr}")
    }
}

/// A plan as `plan --json` prints it, without what it costs and how long it takes.
///
/// # Errors
/// When it is none.
pub fn printed(text: &str) -> serde_json::Result<Plan> {
    let mut value: serde_json::Value = serde_json::from_str(text)?;
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !["cost", "time"].contains(&name.as_str()));
    }
    serde_json::from_value(value)
}

/// What the plan does, one line each: `address: action property, property`.
pub fn differences(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.action != Action::Keep);
    let steps = steps.map(|step| {
        let names: Vec<&str> = step.changes.iter().map(|c| c.property.as_str()).collect();
        format!("{}: {:?} {}", step.address, step.action, names.join(", "))
    });
    let refusals = plan.refusals.iter().map(|r| format!("{}: refused, {}", r.address, r.why));
    steps.chain(refusals).collect()
}

/// The number of an ELF binary's machine.
pub const X86_64: u8 = 62;
pub const AARCH64: u8 = 183;

/// Those that `up` itself has invoked.
const INVOKED: [&str; 1] = ["transaction-processing"];

/// Puts handlers of all systems into `folder` that look like some and cannot run, for the
/// processors that each system has where nothing else is said. What `up` invokes does run, and
/// answers what it is asked.
pub fn put_handlers(folder: &Path) {
    for system in SYSTEMS {
        let machine = match system.architecture(&Config::default()) {
            Architecture::X86_64 => X86_64,
            Architecture::Arm64 => AARCH64,
        };
        for handler in system.handlers {
            put_handler(folder, handler, machine);
        }
    }
    for handler in INVOKED {
        put_answering_handler(folder, handler);
    }
}

/// A handler that answers what it is asked, for this machine's processors.
pub fn answering_handler() -> Vec<u8> {
    let path = root().join("target/debug/answering-handler");
    fs::read(&path).unwrap_or_else(|_| panic!("{} is missing: run `cargo build`", path.display()))
}

/// Puts that one.
pub fn put_answering_handler(folder: &Path, handler: &str) {
    fs::write(folder.join(handler).join("bootstrap"), answering_handler()).unwrap();
}

/// Puts one for the processors `machine`.
pub fn put_handler(folder: &Path, handler: &str, machine: u8) {
    let mut binary = vec![0; 64];
    binary[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    binary[18] = machine;
    let folder = folder.join(handler);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("bootstrap"), &binary).unwrap();
}

/// The calls that the sandbox took since it was last asked, by `service.Operation`.
pub fn calls(server: &Server) -> BTreeMap<String, u64> {
    let calls = ask(server, "GET", "/_payctl/calls", "");
    ask(server, "POST", "/_payctl/calls/reset", "");
    serde_json::from_str(&calls).unwrap()
}

/// Those of them that change something.
pub fn changing_calls(server: &Server) -> BTreeMap<String, u64> {
    const READ: [&str; 7] = ["Get", "List", "Describe", "Head", "Query", "Scan", "Simulate"];
    let mut calls = calls(server);
    calls.retain(|name, _| {
        let (_, operation) = name.split_once('.').unwrap_or(("", name));
        !READ.iter().any(|verb| operation.starts_with(verb))
    });
    calls
}

/// Empties the sandbox.
pub fn reset(server: &Server) {
    ask(server, "POST", "/_payctl/reset", "");
}

/// A call to the sandbox itself; answers the body.
pub(crate) fn ask(server: &Server, method: &str, path: &str, body: &str) -> String {
    let host = server.endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
    assert!(head.contains(" 200 "), "{method} {path}: {head}");
    body.to_owned()
}
