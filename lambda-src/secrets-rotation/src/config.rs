//! The function's configuration: whose certificates it trusts.

use payments_database::{Connector, ConnectorError};

/// The server gives a statement up before we do, after 8 s.
const STATEMENT_TIMEOUT_MS: u32 = 5_000;

/// What the environment says.
#[derive(Clone)]
pub struct Config {
    pub(crate) connector: Connector,
}

impl Config {
    /// Reads the variables through `lookup`. A database is trusted when Amazon RDS vouches for it,
    /// or a certificate in the file that `SSL_CERT_FILE` names, if it is set.
    ///
    /// # Errors
    /// A [`ConnectorError`], which names the file.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConnectorError> {
        let connector = Connector::read(lookup, "secrets-rotation", STATEMENT_TIMEOUT_MS)?;
        Ok(Self { connector })
    }
}
