//! Calling AWS, and saying what went wrong.

use std::time::Duration;

use aws_config::BehaviorVersion;
pub use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use serde_json::json;
use thiserror::Error;

use crate::log;

/// AWS did not do it; it may later. Already logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("AWS could not complete the call")]
pub struct Unavailable;

/// The SDK's default chain: in Lambda, the function's environment, with `AWS_ENDPOINT_URL`. A call
/// is tried four times, each for at most `attempt`, all together for at most `operation`.
pub async fn config(attempt: Duration, operation: Duration) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .timeout_config(timeouts)
        .load()
        .await
}

/// A client of S3.
#[must_use]
pub fn s3(shared: &SdkConfig) -> aws_sdk_s3::Client {
    // Path style works on every endpoint; a bucket in the host name needs a wildcard DNS entry.
    let s3 = aws_sdk_s3::config::Builder::from(shared).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(s3)
}

/// Logs a failed call by its code; AWS's message may repeat an item and is left out.
pub fn failed<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E>) -> Unavailable
where
    SdkError<E>: RequestId,
{
    let fields = json!({
        "operation": operation,
        "code": error.code().unwrap_or(transport(error)),
        "awsRequestId": error.request_id(),
    });
    log::error("call to AWS failed", fields);
    Unavailable
}

/// What kept a call from getting an answer of AWS at all.
fn transport<E, R>(error: &SdkError<E, R>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "(request not built)",
        SdkError::TimeoutError(_) => "(timeout)",
        SdkError::DispatchFailure(_) => "(not sent)",
        SdkError::ResponseError(_) => "(answer not understood)",
        _ => "(no code)",
    }
}
