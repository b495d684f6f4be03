//! Logging in over TLS.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use handler_kit::log;
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
use crate::roots::{RootsError, roots};

/// The database did not do it; it may later. Already logged. The message is for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the database is not available now; send the same request again")]
pub struct Failed;

/// How long each address of the host may take to answer.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a login, or a statement, may take in all.
const TIMEOUT: Duration = Duration::from_secs(8);
/// How long a connection may take to end.
const FAREWELL: Duration = Duration::from_secs(1);
/// What the server says is done survives its crash, and a statement sees what others have committed
/// before it, whatever its defaults. It gives a statement up before we do, so that none is carried out
/// that nobody waits for any more.
const OPTIONS: &str = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed \
                       -c statement_timeout=";

/// Makes connections whose certificate and host name are always verified.
#[derive(Clone)]
pub struct Connector {
    tls: MakeRustlsConnect,
    application: &'static str,
    options: String,
}

/// Certificates that are not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectorError {
    /// They cannot be read.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// Never, with the cryptography that is built in.
    #[error("TLS cannot be set up")]
    Tls,
}

impl Connector {
    /// Reads through `lookup` whom to trust: a database is trusted when Amazon RDS vouches for it, or
    /// a certificate in the file that `SSL_CERT_FILE` names, if it is set. The server knows the
    /// connections by the name of the `application`, and gives up statements of theirs that take
    /// longer than `statement_timeout_ms`.
    ///
    /// # Errors
    /// A [`ConnectorError`], which names the file.
    pub fn read(
        lookup: impl Fn(&str) -> Option<String>,
        application: &'static str,
        statement_timeout_ms: u32,
    ) -> Result<Self, ConnectorError> {
        let tls = tls(roots(lookup)?).map_err(|_| ConnectorError::Tls)?;
        let options = format!("{OPTIONS}{statement_timeout_ms}");
        Ok(Self { tls: MakeRustlsConnect::new(tls), application, options })
    }

    /// Logs in where `place` says, and there with `password`. None: the password is a wrong one.
    ///
    /// # Errors
    /// [`Failed`], for any other reason.
    pub async fn log_in(
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
            .application_name(self.application)
            .options(&self.options)
            .ssl_mode(SslMode::Require)
            .connect_timeout(CONNECT)
            // A server that has vanished is noticed, where it only failed to say so.
            .tcp_user_timeout(CONNECT);
        match timeout(TIMEOUT, config.connect(self.tls.clone())).await {
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

fn tls(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    // Named, since another crate may bring a second one along.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider);
    let versions = versions.with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("application", &self.application).finish_non_exhaustive()
    }
}

/// A connection that is logged in.
pub struct Session {
    pub(crate) client: Client,
    connection: JoinHandle<()>,
}

impl Session {
    /// Ends the connection, before Lambda freezes the process and leaves it open.
    pub async fn close(self) {
        let Self { client, connection } = self;
        drop(client);
        let _ = timeout(FAREWELL, connection).await;
    }

    /// Runs statements, one after the other; `what` they do is for the log.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn run(&self, what: &'static str, statement: &str) -> Result<(), Failed> {
        match timeout(TIMEOUT, self.client.batch_execute(statement)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(what, &error)),
            Err(_) => Err(too_slow(what)),
        }
    }
}

/// Logs what failed, by its code.
pub(crate) fn failed(what: &'static str, error: &tokio_postgres::Error) -> Failed {
    log::error("call to the database failed", json!({"operation": what, "code": code(error)}));
    Failed
}

/// Logs what took too long.
pub(crate) fn too_slow(what: &'static str) -> Failed {
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
