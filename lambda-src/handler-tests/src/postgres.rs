//! PostgreSQL, started by the tests: over TLS only, on a port of the loopback interface.
//!
//! Its programs are looked for in the folder that `PAYCTL_POSTGRES` names, where Debian puts them,
//! and where `scripts/tools.sh` does. They refuse to run as root: then they run as `nobody`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Client;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Runs the server until its standard input closes, so that none outlives its tests, not even tests
/// that are killed; then stops it by its process id.
const SERVE: &str = r#"
trap '' HUP INT TERM
folder=$1; shift
"$@" > "$folder/log" 2>&1 &
server=$!
echo "$server"
read -r _
kill -INT "$server"
wait "$server"
rm -rf "$folder"
"#;

/// The server, one for each test binary.
pub fn database() -> &'static Postgres {
    static DATABASE: OnceLock<Postgres> = OnceLock::new();
    DATABASE.get_or_init(Postgres::start)
}

/// One server with its data, gone when this is.
pub struct Postgres {
    /// The port of 127.0.0.1 it listens on.
    pub port: u16,
    /// The password of its superuser, `postgres`.
    pub password: String,
    folder: PathBuf,
    /// Holds the other end of the server's standard input.
    guard: Child,
}

impl Postgres {
    /// Starts a server of its own. Its certificate is for 127.0.0.1 and for no name.
    pub fn start() -> Self {
        let programs = programs();
        let folder = std::env::temp_dir().join(format!("payctl-postgres-{}", super::unique()));
        fs::create_dir(&folder).unwrap();
        let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let password = "superuser of the tests".to_owned();
        certify(&folder);
        fs::write(at("password"), &password).unwrap();
        fs::write(at("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n").unwrap();
        let user = as_whom();
        if user.is_some() {
            run(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(&folder));
        }
        run(Command::new("chmod").args(["0600", &at("server.key")]));
        let data = at("data");
        let mut initdb = command(user, &programs.join("initdb"));
        initdb.args(["--pgdata", &data, "--username", "postgres", "--pwfile", &at("password")]);
        initdb.args(["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]);
        run(initdb.args(["--no-sync", "--no-instructions"]));

        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = command(user, &programs.join("postgres"));
        let mut guard = Command::new("sh");
        guard.args(["-c", SERVE, "sh"]).arg(&folder).arg(server.get_program());
        guard.args(server.get_args()).args(["-D", &data, "-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            &format!("hba_file={}", at("pg_hba.conf")),
            "ssl=on",
            &format!("ssl_cert_file={}", at("server.pem")),
            &format!("ssl_key_file={}", at("server.key")),
            "password_encryption=scram-sha-256",
            // What a careless administrator would do: every statement in the log.
            "log_statement=all",
            "max_connections=50",
            "shared_buffers=16MB",
            "fsync=off",
        ] {
            guard.args(["-c", setting]);
        }
        let guard = guard.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut started = Self { port, password, folder, guard: guard.unwrap() };
        started.wait();
        started
    }

    /// The certificate, as PEM, that vouches for the server's.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// All the server has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Logs in over TLS.
    ///
    /// # Errors
    /// What the server or the client says.
    pub async fn connect(
        &self,
        user: &str,
        password: &str,
        dbname: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        let pem = fs::read(self.authority()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let tls = tls.with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).dbname(dbname);
        config.user(user).password(password).ssl_mode(SslMode::Require);
        let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Logs in as the superuser.
    pub async fn superuser(&self, dbname: &str) -> Client {
        self.connect("postgres", &self.password, dbname).await.unwrap()
    }

    /// Runs statements as the superuser.
    pub async fn sql(&self, statements: &str) {
        self.superuser("postgres").await.batch_execute(statements).await.unwrap();
    }

    fn wait(&mut self) {
        let mut id = String::new();
        BufReader::new(self.guard.stdout.take().unwrap()).read_line(&mut id).unwrap();
        let process = PathBuf::from("/proc").join(id.trim());
        let begun = Instant::now();
        while !self.log().contains("database system is ready to accept connections") {
            let alive = process.exists() && begun.elapsed() < Duration::from_secs(60);
            assert!(alive, "PostgreSQL did not start\n{}\n{HOW}", self.log());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// The folder of the newest `initdb` and `postgres` there are.
fn programs() -> PathBuf {
    if let Some(named) = std::env::var_os("PAYCTL_POSTGRES").filter(|it| !it.is_empty()) {
        let named = PathBuf::from(named);
        assert!(complete(&named), "no initdb and postgres in {}\n{HOW}", named.display());
        return named;
    }
    let version = |folder: &PathBuf| -> u32 {
        folder.file_name().unwrap().to_str().and_then(|it| it.parse().ok()).unwrap_or_default()
    };
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path()).collect();
    debian.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/postgresql");
    let folders = debian.iter().map(PathBuf::as_path).chain([Path::new(tools)]);
    let found = folders.map(|folder| folder.join("bin")).find(|folder| complete(folder));
    found.unwrap_or_else(|| panic!("no PostgreSQL was found\n{HOW}"))
}

fn complete(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file())
}

/// Whom root has to become.
fn as_whom() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    (id.stdout.trim_ascii() == b"0").then_some("nobody")
}

fn command(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), "--regid=nogroup", "--clear-groups", "--"]);
    command.arg(program);
    command
}

fn run(command: &mut Command) {
    // A folder that everybody may enter: a program may look at where it was started.
    let done = command.current_dir("/").env("LC_ALL", "C").output();
    let Output { status, stdout, stderr } =
        done.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}\n{HOW}"));
    let said = [stdout, stderr].concat();
    assert!(status.success(), "{command:?}\n{}\n{HOW}", String::from_utf8_lossy(&said));
}

/// Writes an authority's certificate, and a server's with its key that it vouches for.
fn certify(folder: &Path) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "the tests' authority");
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);

    // An address among the names becomes a name of that kind.
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let server = params.signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
    fs::write(folder.join("server.pem"), server.pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

const HOW: &str = "\
These tests need the programs of PostgreSQL. Either
  apt-get install postgresql
or let `make tools` fetch them, or name the folder with initdb and postgres: PAYCTL_POSTGRES=…
Root starts them as nobody, who must be able to reach that folder.";
