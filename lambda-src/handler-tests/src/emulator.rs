//! moto, started once per test binary, or given.
//!
//! `PAYCTL_TEST_ENDPOINT` names a server that runs already. Otherwise one is started with the
//! Python that `PAYCTL_TEST_PYTHON` names (default `python3`), which must have `moto[server]`.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Serves until its standard input closes, so that no server outlives its tests.
///
/// moto checks a transaction's conditions and writes its items without any lock, and undoes a
/// failed one by putting the whole table back: of two at once both may win, or one's items vanish.
/// DynamoDB isolates transactions, and cancels one that meets another: so does the layer here. A
/// put or an update on a condition is two steps in moto and one in DynamoDB and S3: here, too,
/// others wait.
///
/// moto's RotateSecret calls a function, which needs Docker, or makes a version without a value the
/// current one. Secrets Manager makes one that is pending, and the tests are who calls the steps. A
/// pending version takes one value, where moto would take another, and versions are listed with
/// the times of their creation, where moto says now.
///
/// A server named by `PAYCTL_TEST_ENDPOINT` must do as much.
const SERVE: &str = r#"
import collections, functools, json, logging, os, sys, threading, time
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from moto.dynamodb.exceptions import TransactionCanceledException
from moto.dynamodb.models import DynamoDBBackend as Backend
from moto.s3.responses import S3Response
locks = collections.defaultdict(threading.RLock)
def transact(call):
    @functools.wraps(call)
    def isolated(self, items):
        table = next(iter(items[0].values()))["TableName"]
        if not locks[table].acquire(blocking=False):
            raise TransactionCanceledException([("TransactionConflict", "met another", None)] * len(items))
        try:
            time.sleep(0.005)
            return call(self, items)
        finally:
            locks[table].release()
    return isolated
def alone(call):
    @functools.wraps(call)
    def isolated(self, table_name, *arguments, **named):
        with locks[table_name]:
            return call(self, table_name, *arguments, **named)
    return isolated
def upload(call):
    @functools.wraps(call)
    def isolated(self):
        with locks["an upload"]:
            return call(self)
    return isolated
Backend.transact_write_items = transact(Backend.transact_write_items)
for name in ["get_item", "put_item", "query", "scan", "update_item"]:
    setattr(Backend, name, alone(getattr(Backend, name)))
S3Response.put_object = upload(S3Response.put_object)
from moto.secretsmanager.exceptions import ResourceExistsException
from moto.secretsmanager.models import SecretsManagerBackend as Secrets
def rotate(self, secret_id, client_request_token=None, **others):
    secret = self.secrets[secret_id]
    secret.rotation_requested = secret.rotation_enabled = True
    if secret.versions:
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        pending = {"version_id": client_request_token, "version_stages": ["AWSPENDING"], "createdate": time.time()}
        secret.versions[client_request_token] = pending
    return secret.to_short_dict()
def once(call):
    @functools.wraps(call)
    def put(self, secret_id, secret_string, secret_binary, client_request_token, version_stages):
        versions = self.secrets[secret_id].versions
        version = versions.get(client_request_token, {})
        if version.get("secret_string", secret_string) != secret_string:
            raise ResourceExistsException("the version has another value")
        reply = call(self, secret_id, secret_string, secret_binary, client_request_token, version_stages)
        versions[json.loads(reply)["VersionId"]]["createdate"] = time.time()
        return reply
    return put
def versions(call):
    @functools.wraps(call)
    def dated(self, secret_id):
        reply = json.loads(call(self, secret_id))
        for version in reply["Versions"]:
            version["CreatedDate"] = self.secrets[secret_id].versions[version["VersionId"]]["createdate"]
        return json.dumps(reply)
    return dated
Secrets.rotate_secret = rotate
Secrets.put_secret_value = once(Secrets.put_secret_value)
Secrets.list_secret_version_ids = versions(Secrets.list_secret_version_ids)
from moto.server import main
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
"#;

struct Emulator {
    endpoint: String,
    /// Holds the other end of the server's standard input.
    _server: Option<Child>,
}

/// The endpoint of the emulated AWS.
pub fn endpoint() -> &'static str {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    &EMULATOR.get_or_init(start).endpoint
}

fn start() -> Emulator {
    if let Ok(endpoint) = std::env::var("PAYCTL_TEST_ENDPOINT") {
        return Emulator { endpoint, _server: None };
    }
    let python = std::env::var("PAYCTL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new(&python)
        .args(["-c", SERVE, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {python}: {error}\n{HOW}"));
    let deadline = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = server.try_wait().unwrap() {
            let mut said = String::new();
            let _ = server.stderr.take().unwrap().read_to_string(&mut said);
            panic!("moto ended at once ({status}) with {python}\n{said}\n{HOW}");
        }
        assert!(Instant::now() < deadline, "moto did not listen within a minute\n{HOW}");
        sleep(Duration::from_millis(50));
    }
    // Nobody reads on: a full pipe would stop the server.
    let mut stderr = server.stderr.take().unwrap();
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    Emulator { endpoint: format!("http://127.0.0.1:{port}"), _server: Some(server) }
}

const HOW: &str = "\
These tests need the emulator moto. Either
  python3 -m venv venv && venv/bin/pip install 'moto[server]==5.2.5'
  PAYCTL_TEST_PYTHON=$PWD/venv/bin/python cargo test
or name a server that runs: PAYCTL_TEST_ENDPOINT=http://127.0.0.1:5000 cargo test";
