//! The server's life: started detached, recognised by its token, ended gently.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::error::At as _;
use crate::{Running, SandboxError, StartOptions, http, overlay, python};

/// Loading large contents on a busy machine takes its time.
const START: Duration = Duration::from_secs(60);
/// Saving the contents takes well under a second; after this it is killed.
const STOP: Duration = Duration::from_secs(15);
const KILL: Duration = Duration::from_secs(5);
/// For a server that is just starting, or busy saving.
const ANSWER: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// `sandbox.json`: the server that was started last.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Server {
    pid: u32,
    port: u16,
    token: String,
    time_scale: Option<f64>,
    #[serde(default)]
    strictness: Vec<String>,
}

/// What the server says of itself.
#[derive(Deserialize)]
struct Health {
    pid: u32,
    token: String,
    since: String,
}

impl Server {
    /// What it says of itself, if this very server answers at its port, not another program.
    async fn health(&self) -> Option<Health> {
        let body = http::call(self.port, "GET", "/_payctl/health").await.ok()?;
        let health: Health = serde_json::from_slice(&body).ok()?;
        (health.pid == self.pid && health.token == self.token).then_some(health)
    }

    /// What the public sees of it.
    fn running(&self, home: &Path, health: Health) -> Running {
        Running {
            endpoint: format!("http://127.0.0.1:{}", self.port),
            pid: self.pid,
            port: self.port,
            time_scale: self.time_scale,
            strictness: self.strictness.clone(),
            since: health.since,
            log: log_path(home),
        }
    }
}

pub(crate) fn log_path(home: &Path) -> PathBuf {
    home.join("sandbox.log")
}

/// The server, if it runs; waits for one that is just starting.
pub(crate) async fn running(home: &Path) -> Result<Option<Running>, SandboxError> {
    let deadline = Instant::now() + ANSWER;
    while let Some(pid) = alive(home)? {
        if let Some(running) = answering(home).await {
            return Ok(Some(running));
        }
        if Instant::now() > deadline {
            return Err(SandboxError::Unresponsive { action: "ask", pid, expected: "answer" });
        }
        sleep(POLL).await;
    }
    Ok(None)
}

async fn answering(home: &Path) -> Option<Running> {
    let server = recorded(home)?;
    let health = server.health().await?;
    Some(server.running(home, health))
}

/// See [`crate::Sandbox::start`].
pub(crate) async fn start(
    home: &Path,
    options: &StartOptions,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Running, SandboxError> {
    std::fs::create_dir_all(home).at("create", home)?;
    let _starting = lock(home.join("start.lock"), progress).await?;
    if let Some(running) = running(home).await? {
        fits(&running, options)?;
        return Ok(running);
    }
    let python = python::environment(home, progress).await?;
    let overlay = overlay::write(home)?;
    progress("starting the sandbox");
    spawn(home, &python, &overlay, options).await
}

async fn spawn(
    home: &Path,
    python: &Path,
    overlay: &Path,
    options: &StartOptions,
) -> Result<Running, SandboxError> {
    let log = log_path(home);
    // What the last one logged is kept until here.
    let out = File::create(&log).at("write", &log)?;
    let err = out.try_clone().at("write", &log)?;
    let token = token();
    let port = options.port.or_else(|| remembered_port(home)).map_or_else(free_port, Ok);
    let port = port.at("find a free port for", home)?;
    let mut command = Command::new(python);
    command.args(["-m", "payctl_sandbox", "--home"]).arg(home);
    command.args(["--port", &port.to_string(), "--token", &token]);
    command.args(["--version", env!("CARGO_PKG_VERSION")]);
    if let Some(scale) = options.time_scale {
        command.args(["--time-scale", &scale.to_string()]);
    }
    let strictness = options.strictness();
    command.args(&strictness);
    command.env_remove("PYTHONHOME").env("PYTHONPATH", overlay).env("PYTHONUNBUFFERED", "1");
    // A group of its own: Ctrl-C at payctl is not meant for it.
    command.current_dir(home).stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
    let mut child = command
        .spawn()
        .map_err(|source| SandboxError::Program { program: python.to_owned(), source })?;

    let pid = child.id().unwrap_or_default();
    let server = Server { pid, port, token, time_scale: options.time_scale, strictness };
    record(home, &server)?;
    let deadline = Instant::now() + START;
    let reason = loop {
        // Something else at its port may take the call and never answer.
        tokio::select! {
            _ = child.wait() => break "it ended",
            health = server.health() => if let Some(health) = health {
                return Ok(server.running(home, health));
            },
        }
        if Instant::now() > deadline {
            // It may have ended by itself.
            let _ = child.kill().await;
            break "it does not answer";
        }
        sleep(POLL).await;
    };
    Err(SandboxError::NotUp { reason, last_lines: python::last_lines(&log), log })
}

/// See [`crate::Sandbox::stop`].
pub(crate) async fn stop(home: &Path) -> Result<bool, SandboxError> {
    let Some(pid) = alive(home)? else { return Ok(false) };
    for (name, timeout) in [("-TERM", STOP), ("-KILL", KILL)] {
        signal(pid, name).await?;
        let deadline = Instant::now() + timeout;
        while Instant::now() < deadline {
            if alive(home)? != Some(pid) {
                return Ok(true);
            }
            sleep(POLL).await;
        }
    }
    Err(SandboxError::Unresponsive { action: "stop", pid, expected: "end" })
}

/// Sends the signal; a process that is gone already is fine.
async fn signal(pid: u32, signal: &str) -> Result<(), SandboxError> {
    let mut kill = Command::new("kill");
    kill.args([signal, &pid.to_string()]).stderr(Stdio::null());
    let status = kill.status().await;
    status.map_err(|source| SandboxError::Program { program: "kill".into(), source })?;
    Ok(())
}

/// See [`crate::Sandbox::reset`].
pub(crate) async fn reset(home: &Path) -> Result<(), SandboxError> {
    if let Some(running) = running(home).await? {
        let path = "/_payctl/reset";
        let answer = http::call(running.port, "POST", path).await;
        return answer.map(drop).map_err(|error| SandboxError::Control {
            path,
            port: running.port,
            reason: error.to_string(),
            log: log_path(home),
        });
    }
    for (name, is_folder) in [("contents.pickle", false), ("code", true), ("databases", true)] {
        let path = home.join(name);
        let removed =
            if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.at("remove", &path)?,
        }
    }
    Ok(())
}

/// A running sandbox is only used when it runs as asked for.
fn fits(running: &Running, options: &StartOptions) -> Result<(), SandboxError> {
    let found = match running.time_scale {
        Some(scale) => format!("time scale {scale} on port {}", running.port),
        None => format!("no time scale on port {}", running.port),
    };
    if let Some(port) = options.port
        && port != running.port
    {
        return Err(SandboxError::RunsOtherwise { wanted: format!("port {port}"), found });
    }
    if let Some(scale) = options.time_scale
        && running.time_scale != Some(scale)
    {
        return Err(SandboxError::RunsOtherwise { wanted: format!("time scale {scale}"), found });
    }
    let strictness = options.strictness();
    if !strictness.is_empty() && strictness != running.strictness {
        let found = match running.strictness.as_slice() {
            [] => "none of these options".to_owned(),
            other => other.join(" "),
        };
        return Err(SandboxError::RunsOtherwise { wanted: strictness.join(" "), found });
    }
    Ok(())
}

/// The process of the server, if one lives: it holds the lock on the file that names it until
/// its last moment, however it ends. So this is never somebody else's process.
fn alive(home: &Path) -> Result<Option<u32>, SandboxError> {
    let path = home.join("server.lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).at("open", &path),
    };
    // Shared, so that two who only look do not see each other.
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let pid = std::fs::read_to_string(&path).at("read", &path)?;
            // Empty for the moment between its lock and its first words.
            Ok(pid.trim().parse().ok())
        }
        Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
    }
}

/// Waits for the exclusive lock on the file, which is never removed.
async fn lock(path: PathBuf, progress: &(dyn Fn(&str) + Sync)) -> Result<File, SandboxError> {
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.at("open", &path)?;
    let mut announced = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                if !announced {
                    progress("waiting for another start of the sandbox");
                    announced = true;
                }
                sleep(POLL).await;
            }
            Err(TryLockError::Error(error)) => return Err(error).at("lock", &path),
        }
    }
}

const RECORD: &str = "sandbox.json";

fn recorded(home: &Path) -> Option<Server> {
    serde_json::from_slice(&std::fs::read(home.join(RECORD)).ok()?).ok()
}

fn record(home: &Path, server: &Server) -> Result<(), SandboxError> {
    let path = home.join(RECORD);
    let text = serde_json::to_vec_pretty(server).map_err(Into::into).at("write", &path)?;
    let mut file = tempfile::NamedTempFile::new_in(home).at("write", &path)?;
    file.write_all(&text).at("write", &path)?;
    file.persist(&path).map_err(|error| error.error).at("write", &path)?;
    Ok(())
}

/// The port used before, if nobody has taken it since.
fn remembered_port(home: &Path) -> Option<u16> {
    let port = recorded(home)?.port;
    std::net::TcpListener::bind(("127.0.0.1", port)).ok().map(|_| port)
}

fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Tells this server from whatever else may answer at its port: it guards no secret.
fn token() -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = format!("{} {}", time.as_nanos(), std::process::id());
    blake3::hash(seed.as_bytes()).to_hex()[..32].to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_runs_in_an_empty_home() {
        let home = tempfile::tempdir().unwrap();
        assert!(running(home.path()).await.unwrap().is_none());
        assert!(!stop(home.path()).await.unwrap());
        assert!(!stop(&home.path().join("missing")).await.unwrap());
        reset(home.path()).await.unwrap();
    }

    #[test]
    fn another_scale_than_the_running_one_is_refused() {
        let running = Running {
            endpoint: String::new(),
            pid: 1,
            port: 2,
            time_scale: Some(100.0),
            strictness: vec!["--lax".to_owned(), "shapes".to_owned()],
            since: String::new(),
            log: PathBuf::new(),
        };
        let asked = |time_scale, port| StartOptions { time_scale, port, ..StartOptions::default() };
        assert!(fits(&running, &asked(None, None)).is_ok());
        assert!(fits(&running, &asked(Some(100.0), Some(2))).is_ok());
        assert!(fits(&running, &asked(Some(10.0), None)).is_err());
        let error = fits(&running, &asked(None, Some(3))).unwrap_err();
        assert!(error.to_string().contains("time scale 100 on port 2"), "{error}");
        let lax = |part: &str| StartOptions { lax: vec![part.to_owned()], ..asked(None, None) };
        assert!(fits(&running, &lax("shapes")).is_ok());
        let error = fits(&running, &lax("behaviour")).unwrap_err();
        assert!(error.to_string().contains("--lax shapes"), "{error}");
    }
}
