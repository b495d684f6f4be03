//! Emulators: one server per test, on a free port of the loopback interface.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use payctl_aws::Reach;

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

/// A running emulator; ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub endpoint: String,
    pub emulator: Emulator,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts one and waits until it listens.
    pub fn start(emulator: Emulator) -> Self {
        Self::start_with(emulator, &[])
    }

    /// Starts the sandbox as slow as AWS, `scale` times faster.
    pub fn start_slow(scale: u32) -> Self {
        Self::start_with(Emulator::Sandbox, &["--time-scale", &scale.to_string()])
    }

    /// The same with further arguments.
    pub fn start_with(emulator: Emulator, arguments: &[&str]) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut command = match emulator {
            Emulator::Moto => {
                let mut command = Command::new(python());
                command.args(["-m", "payctl_sandbox.plain", "--port", &port.to_string()]);
                command.env("PYTHONPATH", root().join("crates/payctl-sandbox/overlay"));
                command.env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true");
                command
            }
            Emulator::Ministack => {
                let mut command = Command::new(python().with_file_name("ministack"));
                command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
                command.env("LAMBDA_EXECUTOR", "local");
                command
            }
            Emulator::Sandbox => {
                let mut command = Command::new(python());
                command.args(["-m", "payctl_sandbox", "--port", &port.to_string()]);
                command.args(["--token", "tests", "--home"]).arg(folder.path());
                command.env("PYTHONPATH", root().join("crates/payctl-sandbox/overlay"));
                command
            }
        };
        let child = command
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(File::options().append(true).open(&log).unwrap())
            .spawn()
            .unwrap_or_else(|source| {
                panic!("{} cannot be started ({source}): run `make tools`", python().display())
            });
        let mut server =
            Self { child, endpoint: format!("http://127.0.0.1:{port}"), emulator, _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
            let ended = server.child.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_secs(60),
                "{emulator:?} did not start: {}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// How payctl reaches it.
    pub fn reach(&self) -> Reach {
        Reach {
            region: Some("us-east-1".to_owned()),
            profile: None,
            endpoint: Some(self.endpoint.clone()),
            credentials: Some(("test".to_owned(), "test".to_owned())),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
