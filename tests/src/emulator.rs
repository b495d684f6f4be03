//! Emulators: one server per test, on a free port of the loopback interface.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use payctl_aws::ClientOptions;

mod starter;

use starter::Fork;

/// Which emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// moto as it comes, with nothing but the CBOR layer its CloudWatch needs.
    Moto,
    /// ministack as it comes.
    Ministack,
    /// moto with our overlay, as `--sandbox` runs it.
    Sandbox,
}

/// What the sandbox is recognised by.
const TOKEN: &str = "tests";

/// A running emulator; ends with this value.
#[derive(Debug)]
pub struct Server {
    process: Process,
    pub endpoint: String,
    pub emulator: Emulator,
    folder: tempfile::TempDir,
}

#[derive(Debug)]
enum Process {
    /// One of ours.
    Child(Child),
    Fork(Fork),
}

impl Server {
    /// Starts one and waits until it listens.
    pub fn start(emulator: Emulator) -> Self {
        Self::start_with(emulator, &[])
    }

    /// Starts the sandbox, simulating AWS delays at `scale`x speed.
    pub fn start_slow(scale: u32) -> Self {
        Self::start_with(Emulator::Sandbox, &["--time-scale", &scale.to_string()])
    }

    /// The same with further arguments, of which ministack takes none.
    pub fn start_with(emulator: Emulator, arguments: &[&str]) -> Self {
        let port = free_port();
        let number = port.to_string();
        let folder = tempfile::tempdir().unwrap();
        let mut own = vec!["--port", &number];
        let process = match emulator {
            Emulator::Moto => {
                Process::Fork(starter::MOTO.start(folder.path(), &[&own, arguments].concat()))
            }
            Emulator::Ministack => Process::Child(ministack(folder.path(), &number)),
            Emulator::Sandbox => {
                own.extend(["--token", TOKEN, "--home", folder.path().to_str().unwrap()]);
                Process::Fork(starter::SANDBOX.start(folder.path(), &[&own, arguments].concat()))
            }
        };
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut server = Self { process, endpoint, emulator, folder };
        let began = Instant::now();
        while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
            assert!(
                server.runs() && began.elapsed() < Duration::from_secs(60),
                "{emulator:?} did not start: {}",
                std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn runs(&mut self) -> bool {
        match &mut self.process {
            Process::Child(child) => child.try_wait().unwrap().is_none(),
            Process::Fork(fork) => fork.runs(),
        }
    }

    /// The folder in which `--sandbox` finds it running, named in `PAYCTL_SANDBOX_HOME`: as if it had
    /// been started there.
    pub fn sandbox_home(&self) -> &Path {
        let home = self.folder.path();
        let pid = std::fs::read_to_string(home.join("server.lock")).unwrap();
        let pid: u32 = pid.trim().parse().unwrap();
        let (_, port) = self.endpoint.rsplit_once(':').unwrap();
        let port: u16 = port.parse().unwrap();
        let record = serde_json::json!({ "pid": pid, "port": port, "token": TOKEN });
        std::fs::write(home.join("sandbox.json"), record.to_string()).unwrap();
        home
    }

    /// How payctl reaches it.
    pub fn reach(&self) -> ClientOptions {
        ClientOptions {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(self.endpoint.clone()),
            credentials: Some(("test".to_owned(), "test".to_owned())),
            ..ClientOptions::default()
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Process::Child(child) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ministack(folder: &Path, port: &str) -> Child {
    let log = File::create(folder.join("log")).unwrap();
    Command::new(python().with_file_name("ministack"))
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port)
        .env("LAMBDA_EXECUTOR", "local")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|source| panic!("ministack cannot be started ({source}): run `make tools`"))
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The Python that has the emulators: `make tools` sets it up.
pub fn python() -> PathBuf {
    std::env::var_os("PAYCTL_TEST_PYTHON")
        .map_or_else(|| root().join("target/tools/venv/bin/python"), PathBuf::from)
}

/// A port nobody listens on, and that no other test of this process was given: until a server
/// listens, the system may give the same one again, and two tests would share what answers there.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if given.insert(port) {
            return port;
        }
    }
}
