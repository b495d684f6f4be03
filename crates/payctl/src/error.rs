//! Errors as people read them: what failed, why, and what to do next.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::process::ExitCode;

use payctl_aws::AwsError;
use payctl_engine::{Failure, FailureKind, StateError};

use crate::report;

/// How payctl ends. Documented in `payctl --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Changes = 2,
    Locked = 3,
    StateError = 4,
    OverBudget = 5,
    Noncompliant = 6,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct CliError {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What failed.
    pub(crate) message: String,
    /// Why, outermost cause first.
    pub(crate) causes: Vec<String>,
    /// What to do.
    pub(crate) hints: Vec<String>,
    /// The mistakes in a document, as they are shown before all else.
    pub(crate) shown: Vec<String>,
}

impl CliError {
    /// `message` failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        let (exit, message) = (Exit::Failed, message.into());
        Self { exit, message, causes: Vec::new(), hints: Vec::new(), shown: Vec::new() }
    }

    /// Because of `source` and its own causes.
    pub(crate) fn because(mut self, source: &dyn Error) -> Self {
        let mut next = Some(source);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// Because of that.
    pub(crate) fn because_of(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Where in a document it is shown.
    pub(crate) fn showing(mut self, text: String) -> Self {
        self.shown.push(text);
        self
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What was `given` is none of what is `known`: the one that may have been meant, or all.
    pub(crate) fn unknown<'a>(self, given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match report::nearest(given, known.iter().copied()) {
            Some(near) => self.hint(format!("did you mean {near}?")),
            None => self.hint(format!("available: {}", known.join(", "))),
        }
    }

    /// An AWS call failed.
    pub(crate) fn aws(message: impl Into<String>, failure: &Failure) -> Self {
        let mut error = Self::failed(message);
        error.causes.push(failure.to_string());
        if let Some(id) = &failure.request_id {
            error.causes.push(format!("request id {id}"));
        }
        error.hints.extend(advice(failure).map(str::to_owned));
        error
    }
}

impl Display for CliError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl From<StateError> for CliError {
    fn from(source: StateError) -> Self {
        let hint = match &source {
            StateError::Locked { .. } => {
                let mut error = Self::failed(source.to_string());
                error.exit = Exit::Locked;
                return error.hint("wait until it has ended, or let `--lock-timeout SECONDS` wait");
            }
            StateError::Damaged { .. } | StateError::JournalDamaged { .. } => {
                "`payctl state check` says what can be read, `payctl state recover` uses it; `payctl \
                 up` then finds the rest by its ownership tags"
            }
            StateError::TooNew { .. } => "use that version of payctl, or a newer one",
            StateError::NotAFile { .. } => "put the file itself there",
            StateError::NotAFolder { .. } => {
                "put the folder itself there, or name the one it is in with --state-dir"
            }
            StateError::Io { what: "lock", source, .. } if has_no_locks(source) => {
                "its file system has no locks, as some network shares: name a folder of this machine \
                 with --state-dir"
            }
            StateError::Io { source, .. } if source.raw_os_error() == Some(TOO_MANY_FILES) => {
                "the system lets a process have too few files open: `ulimit -n 1024` allows more"
            }
            StateError::Io { .. } | StateError::JournalBroken { .. } => {
                "nothing is changed without a record of it: see to the folder and the space on its \
                 disk, or name another with --state-dir"
            }
            StateError::Bucket { source, .. } if is_of_credentials(&**source) => {
                "nothing is changed without a record of it: sign in again for the bucket of the state"
            }
            StateError::Bucket { .. } => {
                "nothing is changed without a record of it: see to the bucket of the state; `payctl \
                 state check` says what is wrong with it"
            }
            StateError::TakenOver { .. } | StateError::NotRenewed { .. } => {
                "`payctl history` and `payctl list` tell what the other run does; what this one began is \
                 on record"
            }
            StateError::Encode { .. } => "this is a fault of payctl",
        };
        let mut error = Self::failed(source.to_string()).hint(hint);
        if !matches!(source, StateError::Encode { .. }) {
            error.exit = Exit::StateError;
        }
        match source.source() {
            Some(cause) => error.because(cause),
            None => error,
        }
    }
}

/// Whether the bucket refused who asks, and would take somebody else.
fn is_of_credentials(source: &(dyn Error + 'static)) -> bool {
    let error = source.downcast_ref::<AwsError>();
    error.is_some_and(|error| error.kind() == FailureKind::Credentials)
}

/// EMFILE, on Linux and macOS alike.
const TOO_MANY_FILES: i32 = 24;

/// Whether a file system, or the server behind it, knows no locks (flock(2): ENOLCK, or none of its
/// operations).
fn has_no_locks(error: &io::Error) -> bool {
    let no_locks = if cfg!(target_os = "macos") { 77 } else { 37 };
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(no_locks)
}

/// What to do about a failed call.
pub(crate) fn advice(failure: &Failure) -> Option<&'static str> {
    if failure.operation.as_deref() == Some("PutFunctionConcurrency")
        && failure.kind == FailureKind::Quota
    {
        return Some(
            "set reserved_concurrency = 0 under the stack's name in payctl.toml (1 where the posture \
             is strict), or raise the account's quota of concurrent executions",
        );
    }
    match failure.operation.as_deref() {
        Some("CreateDBSubnetGroup" | "CreateDBCluster" | "CreateDBInstance")
            if failure.kind == FailureKind::NotYetVisible =>
        {
            return Some(
                "an account's first use of RDS needs its service-linked role: whoever may, runs \
                 `aws iam create-service-linked-role --aws-service-name rds.amazonaws.com` once",
            );
        }
        Some("PutLoggingConfiguration") if failure.kind == FailureKind::NotYetVisible => {
            return Some(
                "CloudWatch Logs has ten resource policies at most, of which one lets WAF in: \
                 `aws logs describe-resource-policies` shows them",
            );
        }
        Some("AssumeRole") if failure.kind == FailureKind::Denied => {
            return Some(
                "the role's trust policy has to let the caller in: look at it, and at --external-id",
            );
        }
        Some("DeleteObject" | "DeleteObjects") if failure.kind == FailureKind::Denied => {
            return Some(
                "an object may be locked: `aws s3api get-object-retention` and `get-object-legal-hold` \
                 say until when; else the credentials may not delete versions",
            );
        }
        Some("HeadBucket") if failure.kind == FailureKind::Denied => {
            return Some("buckets' names are one for all accounts: choose another suffix");
        }
        _ => {}
    }
    let message = failure.message.to_ascii_lowercase();
    if failure.kind == FailureKind::Denied && message.contains("explicit deny") {
        return Some(
            "a policy forbids it whatever else allows it, such as one of your organisation's: who \
             administers that can change it",
        );
    }
    match failure.kind {
        FailureKind::Credentials => Some(
            "sign in again, or set AWS_PROFILE or AWS_ACCESS_KEY_ID; `--sandbox` needs no account",
        ),
        FailureKind::Clock => Some("set this machine's clock, then run the same command again"),
        FailureKind::Denied => {
            Some("the credentials may not do this: `payctl policy` prints what payctl needs")
        }
        FailureKind::Lost => {
            Some("check the network, the region and the endpoint, then run the same command again")
        }
        FailureKind::Unavailable => Some("AWS has trouble of its own: run the same command again"),
        FailureKind::Throttled => Some("run it again, with a smaller --parallelism"),
        FailureKind::Quota => {
            Some("raise the account's quota in Service Quotas, then run it again")
        }
        FailureKind::NotYetVisible | FailureKind::Busy | FailureKind::Pending => {
            Some("run the same command again: it goes on from here")
        }
        _ => None,
    }
}
