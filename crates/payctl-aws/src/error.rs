//! AWS errors, sorted by code into what the engine can do about them.

use std::time::SystemTime;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::types::UnsuccessfulItem;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use payctl_engine::{Failure, FailureKind, Unresolved};
use serde_json::Value;

use self::codes::{CODES, SPECIAL};
use crate::http::trouble;

mod answer;
mod codes;

/// A failed AWS call, or an answer that cannot be understood.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct AwsError(Failure);

/// The outcome of an AWS call.
pub type Result<T, E = AwsError> = std::result::Result<T, E>;

impl AwsError {
    /// An answer whose `field` cannot be understood.
    pub fn unexpected(field: &str, source: impl std::fmt::Display) -> Self {
        let message = format!("AWS answered a {field} that payctl does not understand: {source}");
        Self(Failure::new(FailureKind::Unexpected, message))
    }

    /// What was asked for is under way: `what` is being waited for.
    pub fn pending(what: impl Into<String>) -> Self {
        Self(Failure::pending(what))
    }

    /// What was just made cannot be seen yet: `what` is being waited for.
    pub(crate) fn not_visible(what: &str) -> Self {
        Self(Failure::new(FailureKind::NotYetVisible, format!("{what} is not visible yet")))
    }

    /// The first of the items that failed in a bulk call of EC2 whose answer is otherwise fine.
    pub(crate) fn of_items(operation: &str, failed: &[UnsuccessfulItem]) -> Result<()> {
        let Some(error) = failed.iter().find_map(UnsuccessfulItem::error) else { return Ok(()) };
        Err(Self::of_part(operation, error.code(), error.message()))
    }

    /// A part of a call that failed where the answer is otherwise fine.
    pub(crate) fn of_part(operation: &str, code: Option<&str>, message: Option<&str>) -> Self {
        let message = message.unwrap_or("AWS gives no reason");
        let failure = Failure::new(classify(operation, code, message, 400), message);
        let operation = Some(operation.to_owned());
        Self(Failure { code: code.map(str::to_owned), operation, ..failure })
    }

    /// The same failure without `secret`, should AWS's words repeat it: they are written down.
    pub(crate) fn without(self, secret: &str) -> Self {
        let escaped = Value::from(secret).to_string();
        let told = [secret, escaped.trim_matches('"')];
        if !told.iter().any(|told| self.0.message.contains(told)) {
            return self;
        }
        let message = "AWS's reason is left out, as it repeats the value".to_owned();
        Self(Failure { message, ..self.0 })
    }

    /// The request cannot be made.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self(Failure::new(FailureKind::Invalid, why))
    }

    /// Why there are no credentials, unless there is nothing to have them from.
    pub(crate) fn of_credentials(error: &CredentialsError) -> Option<Self> {
        if let Some(known) = find::<Self>(error) {
            return Some(known.clone());
        }
        if let Some(trouble) = trouble::find(error) {
            return Some(Self(lost(trouble)));
        }
        let text = answer::chain(error);
        Some(Self(match error {
            CredentialsError::CredentialsNotLoaded(_) => return None,
            CredentialsError::InvalidConfiguration(_) => Failure::new(
                FailureKind::Invalid,
                format!("the AWS configuration is wrong: {text}"),
            ),
            _ => Failure::new(FailureKind::Credentials, text),
        }))
    }

    /// Whether credentials are missing because nobody signed in lately.
    pub(crate) fn is_about_a_session(&self) -> bool {
        // What IAM Identity Center says to who is signed in and may not, or is too fast.
        const OTHERWISE: [&str; 3] =
            ["ForbiddenException", "ResourceNotFoundException", "TooManyRequestsException"];
        let said = |code: &&str| self.0.message.contains(*code);
        self.0.kind == FailureKind::Credentials && !OTHERWISE.iter().any(said)
    }

    /// AWS's error code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What can be done about it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// What AWS said.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

/// What stands in the way of something, the first three by name.
pub(crate) fn few(names: &[String]) -> String {
    const NAMED: usize = 3;
    let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        error.0
    }
}

impl From<Failure> for AwsError {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<Unresolved> for AwsError {
    fn from(source: Unresolved) -> Self {
        Self(source.into())
    }
}

impl From<aws_smithy_types::error::operation::BuildError> for AwsError {
    fn from(source: aws_smithy_types::error::operation::BuildError) -> Self {
        Self(Failure::new(FailureKind::Unexpected, source.to_string()))
    }
}

/// How far this machine's clock is from AWS's, where that is why a request was refused: AWS takes
/// signatures of up to five minutes before and after its own time.
fn clock(code: Option<&str>, answer: &HttpResponse) -> Option<String> {
    // What is answered to HEAD has no code.
    let refused = code.map_or(answer.status().as_u16() == 403, |code| SIGNATURE.contains(&code));
    if !refused {
        return None;
    }
    let theirs = DateTime::from_str(answer.headers().get("date")?, Format::HttpDate).ok()?;
    let ahead = (DateTime::from(SystemTime::now()).secs() - theirs.secs()) / 60;
    let how = if ahead < 0 { "behind" } else { "ahead of" };
    (ahead.abs() >= 4)
        .then(|| format!("this machine's clock is {} minutes {how} AWS's", ahead.abs()))
}

/// How services refuse a signature, be it for its key or its time.
const SIGNATURE: [&str; 6] = [
    "AuthFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

impl<E> From<SdkError<E, HttpResponse>> for AwsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let operation = operation::<E>();
        let failure = match &error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                let status = service.raw().status().as_u16();
                let code = meta.code().map(str::to_owned);
                let kind_of =
                    |message: &str| classify(&operation, code.as_deref(), message, status);
                let (kind, message) = match meta.message() {
                    Some(message) => (kind_of(message), message.to_owned()),
                    None if code.is_some() => (kind_of(""), format!("HTTP status {status}")),
                    // It may have done what was asked.
                    None if status < 300 => {
                        (FailureKind::Lost, answer::wrong(service.raw(), service.err()))
                    }
                    None => (kind_of(""), answer::refusal(service.raw())),
                };
                let (kind, message) = match clock(code.as_deref(), service.raw()) {
                    Some(wrong) => (FailureKind::Clock, format!("{message} ({wrong})")),
                    None => (kind, message),
                };
                let request_id = request_id(service.raw());
                Failure { kind, message, code, request_id, operation: None }
            }
            SdkError::ResponseError(response) => Failure {
                kind: FailureKind::Lost,
                message: answer::wrong(response.raw(), &error),
                code: None,
                request_id: request_id(response.raw()),
                operation: None,
            },
            _ => unanswered(&error),
        };
        Self(Failure { operation: Some(operation), ..failure })
    }
}

/// A call that came to no answer: for want of credentials, or of a server.
fn unanswered<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: std::error::Error + 'static,
{
    if let Some(trouble) = trouble::find(error) {
        return lost(trouble);
    }
    if let Some(credentials) = find::<CredentialsError>(error) {
        return match AwsError::of_credentials(credentials) {
            Some(known) => known.0,
            None => Failure::new(FailureKind::Credentials, "the credentials are gone"),
        };
    }
    let text = answer::chain(error);
    match error {
        SdkError::ConstructionFailure(_) => Failure::new(FailureKind::Invalid, text),
        SdkError::TimeoutError(_) => {
            Failure::new(FailureKind::Lost, format!("no answer in time: {text}"))
        }
        _ => Failure::new(FailureKind::Lost, text),
    }
}

/// What the trouble on the way means: whether to try again is another question for a server that
/// is away than for one that nobody can vouch for, to which nothing was sent.
fn lost(trouble: &trouble::Trouble) -> Failure {
    let kind = match trouble.is_settled() {
        true => FailureKind::Invalid,
        false => FailureKind::Lost,
    };
    Failure::new(kind, trouble.to_string())
}

/// The first cause of the type `T`.
fn find<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref::<T>())
}

/// The operation an SDK error type belongs to: `…::CreateSubnetError` is `CreateSubnet`'s.
fn operation<E>() -> String {
    let name = std::any::type_name::<E>();
    let name = name.rsplit("::").next().unwrap_or(name);
    name.strip_suffix("Error").unwrap_or(name).to_owned()
}

/// The id of the request that was answered: support asks for it.
pub(crate) fn request_id(response: &HttpResponse) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"]
        .iter()
        .find_map(|name| response.headers().get(*name))
        .map(str::to_owned)
}

fn classify(operation: &str, code: Option<&str>, message: &str, status: u16) -> FailureKind {
    let Some(code) = code else {
        return match status {
            404 => FailureKind::Absent,
            403 => FailureKind::Denied,
            429 => FailureKind::Throttled,
            500.. => FailureKind::Unavailable,
            _ => FailureKind::Invalid,
        };
    };
    for (special, its_code, part, kind) in SPECIAL {
        if *special == operation && *its_code == code && message.contains(part) {
            return *kind;
        }
    }
    for (kind, codes) in CODES {
        if codes.contains(&code) {
            return *kind;
        }
    }
    // EC2's codes have a form: `InvalidSubnetID.NotFound`, `InvalidPermission.Duplicate`.
    match code.rsplit_once('.').map(|(_, end)| end) {
        Some("NotFound") => FailureKind::Absent,
        Some("Duplicate") => FailureKind::Conflict,
        Some("InUse") => FailureKind::Busy,
        _ if status >= 500 => FailureKind::Unavailable,
        _ => FailureKind::Invalid,
    }
}

/// For answers of calls about a thing that may be gone.
pub trait Absent<T> {
    /// `None` when AWS says with `code`, or any code that means absence, that it does not exist.
    ///
    /// # Errors
    /// Every other failure.
    fn unless_absent(self, code: &str) -> Result<Option<T>>;
}

impl<T, E: Into<AwsError>> Absent<T> for std::result::Result<T, E> {
    fn unless_absent(self, code: &str) -> Result<Option<T>> {
        match self.map_err(Into::into) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.code() == Some(code) || error.kind() == FailureKind::Absent => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// For fields that AWS always fills and the SDK declares optional.
pub trait Present<T> {
    /// The field's value.
    ///
    /// # Errors
    /// When AWS left it out.
    fn present(self, field: &str) -> Result<T>;
}

impl<T> Present<T> for Option<T> {
    fn present(self, field: &str) -> Result<T> {
        self.ok_or_else(|| {
            let message = format!("AWS left out {field}, which payctl needs");
            AwsError(Failure::new(FailureKind::Unexpected, message))
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::operation::create_subnet::CreateSubnetError;

    use super::*;

    #[test]
    fn an_operation_is_read_off_its_error_type() {
        assert_eq!(operation::<CreateSubnetError>(), "CreateSubnet");
    }

    #[test]
    fn codes_decide() {
        let kind = |operation, code, message| classify(operation, Some(code), message, 400);
        assert_eq!(kind("CreateSubnet", "InvalidVpcID.NotFound", ""), FailureKind::Absent);
        assert_eq!(kind("CreateFunction", "ResourceConflictException", ""), FailureKind::Conflict);
        assert_eq!(kind("DeleteFunction", "ResourceConflictException", ""), FailureKind::Busy);
        let lock = kind("UpdateWebACL", "WAFOptimisticLockException", "");
        assert_eq!(lock, FailureKind::Busy, "the next try reads the token again");
        let missing = "AutoScalingGroup name not found - null";
        assert_eq!(kind("DeletePolicy", "ValidationError", missing), FailureKind::Absent);
        let fresh = "Value (arn) for parameter iamInstanceProfile.arn is invalid. Invalid IAM \
                     Instance Profile ARN";
        let fresh = kind("CreateAutoScalingGroup", "ValidationError", fresh);
        assert_eq!(fresh, FailureKind::NotYetVisible);
        let early = kind(
            "CreateEventSourceMapping",
            "InvalidParameterValueException",
            "Function does not exist",
        );
        assert_eq!(early, FailureKind::NotYetVisible);
        let watching = "IAM role ARN value is invalid or does not include the required permissions \
                        for: ENHANCED_MONITORING";
        for operation in ["CreateDBInstance", "ModifyDBInstance"] {
            let early = kind(operation, "InvalidParameterValue", watching);
            assert_eq!(early, FailureKind::NotYetVisible, "{operation}");
        }
        let wrong = kind("CreateAutoScalingGroup", "ValidationError", "Min is over max");
        assert_eq!(wrong, FailureKind::Invalid);
        let foreign = "Invalid parameter: Tags Reason: Topic already exists with different tags";
        assert_eq!(kind("CreateTopic", "InvalidParameter", foreign), FailureKind::Conflict);
        assert_eq!(
            kind("CreateSubnet", "InvalidParameterValue", "NotFound"),
            FailureKind::Invalid,
            "a name that looks like a code decides nothing"
        );
    }
}
