//! The one connection of a process: kept, and made anew.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use handler_kit::aws::SdkConfig;
use handler_kit::{VariableError, log, required};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use crate::connector::{Connector, Failed, Session, failed, too_slow};
use crate::credentials::Credentials;
use crate::login;

/// How long everything may take that one statement needs, of the 30 s that an API waits.
const LIMIT: Duration = Duration::from_secs(6);
/// How long a statement may take until the connection counts as broken.
const STATEMENT: Duration = Duration::from_millis(2_500);
/// The same for the server, which gives up first.
const STATEMENT_TIMEOUT_MS: u32 = 2_000;
/// How often a statement is sent.
const TRIES: usize = 2;
/// How often a login is tried, and how long to wait before the next: a server that starts again takes
/// seconds.
const LOGINS: usize = 8;
const PAUSE: Duration = Duration::from_millis(300);

/// What the environment says of the database.
#[derive(Clone, Debug)]
pub struct Config {
    /// `SECRET_ARN`: the secret with host and password.
    secret: String,
    connector: Connector,
}

impl Config {
    /// Reads the variables through `lookup`. The server knows the connections by the name of the
    /// `application`.
    ///
    /// # Errors
    /// The first [`VariableError`].
    pub fn read(
        lookup: impl Fn(&str) -> Option<String>,
        application: &'static str,
    ) -> Result<Self, VariableError> {
        let connector = Connector::read(&lookup, application, STATEMENT_TIMEOUT_MS);
        let wrong = |error| VariableError::wrong("SSL_CERT_FILE", error);
        Ok(Self { secret: required(&lookup, "SECRET_ARN")?, connector: connector.map_err(wrong)? })
    }
}

/// The database. Clones share their connection.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    secrets: Client,
    config: Config,
    kept: Mutex<Kept>,
}

/// What is kept from one request to the next.
#[derive(Default)]
struct Kept {
    session: Option<Arc<Session>>,
    /// What the database took last.
    known: Option<Credentials>,
}

/// A parameter of a statement.
pub(crate) type Parameter<'it> = (&'it (dyn ToSql + Sync), Type);

impl Database {
    /// The database that the environment names; nothing is connected yet.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        let kept = Mutex::default();
        Self(Arc::new(Inner { secrets: Client::new(shared), config, kept }))
    }

    /// Runs a statement that may be carried out twice, and returns its rows.
    pub(crate) async fn query(
        &self,
        what: &'static str,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failed> {
        let done = timeout(LIMIT, self.try_query(what, statement, parameters)).await;
        done.unwrap_or_else(|_| Err(too_slow(what)))
    }

    async fn try_query(
        &self,
        what: &'static str,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failed> {
        for attempt in 1.. {
            let session = self.session().await?;
            let sent = session.client.query_typed(statement, parameters);
            let failure = match timeout(STATEMENT, sent).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(error)) if lacks_schema(&error) && attempt < TRIES => {
                    log::warn("the database has no such schema yet", json!({"operation": what}));
                    self.migrate().await?;
                    continue;
                }
                Ok(Err(error)) if !is_broken(&error) => return Err(failed(what, &error)),
                Ok(Err(error)) => failed(what, &error),
                Err(_) => too_slow(what),
            };
            self.discard(&session).await;
            if attempt == TRIES {
                return Err(failure);
            }
            log::warn("connection to the database is made anew", json!({"operation": what}));
        }
        Err(Failed)
    }

    /// The connection that is kept, or a new one. Who comes meanwhile waits for it.
    async fn session(&self) -> Result<Arc<Session>, Failed> {
        let mut kept = self.0.kept.lock().await;
        if let Some(session) = kept.session.as_ref().filter(|it| !it.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        // What does not lead to a connection is not known any more.
        let Kept { known, .. } = std::mem::take(&mut *kept);
        let (session, known) = self.connect(known).await?;
        let session = Arc::new(session);
        *kept = Kept { session: Some(Arc::clone(&session)), known: Some(known) };
        Ok(session)
    }

    /// Makes a connection.
    pub(crate) async fn connect(
        &self,
        mut known: Option<Credentials>,
    ) -> Result<(Session, Credentials), Failed> {
        let Inner { secrets, config, .. } = &*self.0;
        for _ in 1..LOGINS {
            // A secret may say another host by now: it is read when the first try fails.
            let known = known.take();
            let done = login::log_in(secrets, &config.secret, &config.connector, known).await;
            if done.is_ok() {
                return done;
            }
            sleep(PAUSE).await;
        }
        login::log_in(secrets, &config.secret, &config.connector, None).await
    }

    /// Keeps a connection no longer; unless another one is kept by now.
    async fn discard(&self, broken: &Arc<Session>) {
        let mut kept = self.0.kept.lock().await;
        kept.session.take_if(|session| Arc::ptr_eq(session, broken));
    }
}

/// Whether nobody has brought the schema to what this function knows.
fn lacks_schema(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code.is_some_and(|code| {
        [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_FUNCTION].contains(code)
    })
}

/// Whether another connection may do what this one did not.
fn is_broken(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else { return true };
    // The class of connections; a server that ends or starts; one that was the writer before a
    // failover; and two transactions that met.
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ]
        .contains(code)
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.0.config).finish()
    }
}
