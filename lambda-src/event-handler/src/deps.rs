//! What the handler works with.

use std::time::{Duration, SystemTime};

use handler_kit::aws::{self, SdkConfig};

use crate::Config;

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where audit objects are written.
    pub s3: aws_sdk_s3::Client,
    /// Where payments are kept.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// What the environment says.
    pub config: Config,
    /// The clock.
    pub now: fn() -> SystemTime,
}

impl Deps {
    /// Makes clients from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        // The function has a minute for what takes three calls, or two more when uploads meet.
        let shared = aws::config(Duration::from_secs(3), Duration::from_secs(10)).await;
        Self::new(&shared, config)
    }

    /// Makes clients from what they share.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        Self {
            s3: aws::s3(shared),
            dynamodb: aws_sdk_dynamodb::Client::new(shared),
            config,
            now: SystemTime::now,
        }
    }
}
