//! From an event to a transaction and its name.

use handler_kit::api::{Request, RequestError};
use payments_domain::{
    IdempotencyKey, IdempotencyKeyError, Limits, RefusalReason, TransactionRequest,
};
use serde_json::Value;
use thiserror::Error;

const PATH: &str = "/process";

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("not found; transactions are posted to {PATH}")]
    Path,
    #[error("the method must be POST")]
    Method,
    #[error(
        "the Idempotency-Key header is required: without it, the request cannot be retried safely"
    )]
    NoKey,
    #[error(transparent)]
    Key(#[from] IdempotencyKeyError),
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The transaction itself, for all these reasons.
    #[error("the transaction is not valid")]
    Invalid(Vec<RefusalReason>),
}

impl Refused {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Path => 404,
            Self::Method => 405,
            Self::Invalid(_) => 422,
            Self::NoKey | Self::Key(_) | Self::Request(_) => 400,
        }
    }
}

/// Reads the transaction of a request.
pub(crate) fn read(
    event: &Value,
    limits: &Limits,
) -> Result<(IdempotencyKey, TransactionRequest), Refused> {
    let request = Request::read(event)?;
    if !request.is_for(PATH) {
        return Err(Refused::Path);
    }
    if request.method != "POST" {
        return Err(Refused::Method);
    }
    let key = request.header("Idempotency-Key").ok_or(Refused::NoKey)?.parse()?;
    let transaction = TransactionRequest::read(&request.json()?, limits);
    Ok((key, transaction.map_err(Refused::Invalid)?))
}
