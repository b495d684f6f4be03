//! Failures: what went wrong with a call, sorted by what can be done about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What can be done about a failed call. Decided by error code, by the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Too many calls: slow down and repeat.
    Throttled,
    /// The service answered with an internal error or could not be reached.
    Unavailable,
    /// The call was sent and the answer never came: it may have been applied.
    Lost,
    /// Something the call names is not visible yet, or not usable yet.
    NotYetVisible,
    /// Something still uses the resource.
    Busy,
    /// The call was taken and its effect is under way; look again later.
    Pending,
    /// The resource does not exist.
    Absent,
    /// Something of that name exists already.
    Conflict,
    /// The caller may not do this.
    Denied,
    /// The credentials are missing, wrong or expired.
    Credentials,
    /// This machine's clock is wrong, so that what it signs is refused.
    Clock,
    /// The request itself is wrong.
    Invalid,
    /// An account limit is reached.
    Quota,
    /// Something payctl did not expect, such as an answer without a field it needs.
    Unexpected,
}

/// A failed call, with everything a person needs to act on it.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
pub struct Failure {
    /// What can be done about it.
    pub kind: FailureKind,
    /// What the service said, or what was being waited for.
    pub message: String,
    /// The service's error code.
    pub code: Option<String>,
    /// The request's id, for a support case.
    pub request_id: Option<String>,
    /// The operation, such as `CreateSubnet`.
    pub operation: Option<String>,
}

impl Failure {
    /// A failure of `kind` that no service answered.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), code: None, request_id: None, operation: None }
    }

    /// What was asked for is under way: `what` is being waited for.
    #[must_use]
    pub fn pending(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Pending, what)
    }

    /// The same failure with the service's error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.operation, &self.code) {
            (Some(operation), Some(code)) => write!(f, "{operation}: {code}: {}", self.message),
            (Some(operation), None) => write!(f, "{operation}: {}", self.message),
            (None, Some(code)) => write!(f, "{code}: {}", self.message),
            (None, None) => f.write_str(&self.message),
        }
    }
}

impl From<crate::Unresolved> for Failure {
    fn from(source: crate::Unresolved) -> Self {
        Self::new(FailureKind::Unexpected, source.to_string())
    }
}
