//! The database: logging in over TLS, and giving the user who did another password.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use handler_kit::log;
use postgres_protocol::password::scram_sha_256;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::credentials::Credentials;

/// The database did not do it; it may later. Already logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the database could not complete the statement")]
pub(crate) struct Failed;

/// How long each address of the host may take to answer.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a login, or a statement, may take in all.
const TIMEOUT: Duration = Duration::from_secs(8);
/// How long a connection may take to end.
const FAREWELL: Duration = Duration::from_secs(1);
/// The server gives a statement up before we do, so that none is carried out that nobody waits for
/// any more; and what it says is done survives its crash, whatever its default.
const OPTIONS: &str = "-c statement_timeout=5000 -c synchronous_commit=on";

/// Makes connections whose certificate and host name are always verified.
#[derive(Clone)]
pub(crate) struct Connector(MakeRustlsConnect);

impl Connector {
    pub(crate) fn new(roots: RootCertStore) -> Result<Self, rustls::Error> {
        // Named, since another crate may bring a second one along.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(MakeRustlsConnect::new(tls)))
    }

    /// Logs in where `place` says, and there with `password`. None: the password is a wrong one.
    pub(crate) async fn log_in(
        &self,
        place: &Credentials,
        password: &str,
    ) -> Result<Option<Session>, Failed> {
        let mut config = Config::new();
        config
            .host(&place.host)
            .port(place.port)
            .dbname(&place.dbname)
            .user(&place.username)
            .password(password)
            .application_name("secrets-rotation")
            .options(OPTIONS)
            .ssl_mode(SslMode::Require)
            .connect_timeout(CONNECT);
        match timeout(TIMEOUT, config.connect(self.0.clone())).await {
            Ok(Ok((client, connection))) => {
                let connection = tokio::spawn(async move { drop(connection.await) });
                Ok(Some(Session { client, connection }))
            }
            // No other code: a server that is full, or that knows no such database, says nothing of
            // the password.
            Ok(Err(error)) if error.code() == Some(&SqlState::INVALID_PASSWORD) => Ok(None),
            Ok(Err(error)) => Err(failed("log in", &error)),
            Err(_) => Err(too_slow("log in")),
        }
    }
}

/// A connection that is logged in.
pub(crate) struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

impl Session {
    /// Gives the user who is logged in another password.
    ///
    /// The server gets what it stores of a password and never the password itself, which could end
    /// in its log. `SESSION_USER` spares quoting the name.
    pub(crate) async fn set_password(&self, password: &str) -> Result<(), Failed> {
        let stored = scram_sha_256(password.as_bytes());
        let statement = format!("ALTER ROLE SESSION_USER PASSWORD '{stored}'");
        self.run("change the password", &statement).await
    }

    /// Runs a query.
    pub(crate) async fn query(&self) -> Result<(), Failed> {
        self.run("run a query", "SELECT now()").await
    }

    /// Ends the connection, before Lambda freezes the process and leaves it open.
    pub(crate) async fn close(self) {
        let Self { client, connection } = self;
        drop(client);
        let _ = timeout(FAREWELL, connection).await;
    }

    async fn run(&self, what: &'static str, statement: &str) -> Result<(), Failed> {
        match timeout(TIMEOUT, self.client.batch_execute(statement)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(what, &error)),
            Err(_) => Err(too_slow(what)),
        }
    }
}

fn failed(what: &'static str, error: &tokio_postgres::Error) -> Failed {
    log::error("call to the database failed", json!({"operation": what, "code": code(error)}));
    Failed
}

fn too_slow(what: &'static str) -> Failed {
    log::error("call to the database failed", json!({"operation": what, "code": "(timeout)"}));
    Failed
}

/// The server's code, or what kept it from answering. Its message may repeat a statement.
fn code(error: &tokio_postgres::Error) -> String {
    if let Some(code) = error.code() {
        return code.code().to_owned();
    }
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let tls = cause.and_then(|cause| cause.get_ref()?.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(_)) => "(certificate not trusted)".to_owned(),
        // Fixed texts, without the cause.
        _ => format!("({error})"),
    }
}
