//! Invoking a function, as a user of the environment would.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Aws, Result};

/// What calls a function has to be allowed, by kind.
pub(crate) const INVOKE: [(&str, &[&str]); 1] = [("lambda.function", &["lambda:InvokeFunction"])];

/// What a function answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its answer.
    pub payload: String,
    /// The end of its log.
    pub log: String,
    /// How it failed, if it did.
    pub error: Option<String>,
}

/// Invokes the function `name` and waits for its answer.
///
/// # Errors
/// When it cannot be invoked.
pub async fn invoke(aws: &Aws, name: &str, payload: Vec<u8>) -> Result<Reply> {
    let request = aws.lambda.invoke().function_name(name).log_type(LogType::Tail);
    // A function may take 15 minutes, and is not to be started a second time.
    let long = Duration::from_secs(910);
    let timeouts =
        TimeoutConfig::builder().read_timeout(long).operation_attempt_timeout(long).build();
    let patient = aws_sdk_lambda::config::Builder::new()
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    let request = request.payload(Blob::new(payload)).customize();
    let reply = request.config_override(patient).send().await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let log = reply.log_result().and_then(|log| STANDARD.decode(log).ok()).unwrap_or_default();
    Ok(Reply {
        payload: reply.payload().map(|blob| text(blob.as_ref())).unwrap_or_default(),
        log: text(&log),
        error: reply.function_error().map(str::to_owned),
    })
}
