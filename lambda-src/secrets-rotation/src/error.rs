//! Why a step failed.

use std::time::Duration;

use handler_kit::aws::Unavailable;
use payments_database::{CredentialsError, Failed};
use thiserror::Error;

use crate::EventError;

/// How long a step may take: less than the function's 30 s, so that it is us who says so.
pub(crate) const LIMIT: Duration = Duration::from_secs(25);

/// Why a step failed. Safe to return and to log: no value and no part of one is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RotationError {
    /// It was not a step.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The secret does not rotate.
    #[error("rotation is not enabled for the secret")]
    NotEnabled,
    /// The token is the id of no version that has a label.
    #[error("the token is not the id of a version that is in use")]
    NotAVersion,
    /// Another rotation has begun.
    #[error("the version of the token is not AWSPENDING")]
    NotPending,
    /// A version that should have a value has none.
    #[error("the secret has no value {0}")]
    NoValue(&'static str),
    /// A version is no way to log in.
    #[error("the value {0} cannot be used: {1}")]
    Value(&'static str, CredentialsError),
    /// The new password is meant for somebody else.
    #[error("AWSPENDING is for another user or another database than AWSCURRENT")]
    OtherLogin,
    /// No version has the password.
    #[error("no version of the secret can log in")]
    LockedOut,
    /// The new password is not the database's.
    #[error("the AWSPENDING version cannot log in")]
    DoesNotLogIn,
    /// Secrets Manager made up no password.
    #[error("Secrets Manager returned no random password")]
    NoPassword,
    /// Secrets Manager did not do it; it may later.
    #[error("Secrets Manager could not complete the call")]
    Secrets,
    /// The database did not do it; it may later.
    #[error("the database could not complete the statement")]
    Database,
    /// It took too long.
    #[error("the step took longer than {} s", LIMIT.as_secs())]
    Timeout,
}

impl From<Unavailable> for RotationError {
    fn from(_: Unavailable) -> Self {
        Self::Secrets
    }
}

impl From<Failed> for RotationError {
    fn from(_: Failed) -> Self {
        Self::Database
    }
}
