//! What the handler works with.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use handler_kit::aws::{self, SdkConfig};

use crate::Config;

/// What the handler works with.
#[derive(Clone)]
pub struct Deps {
    /// Where secrets are kept.
    pub secrets: Client,
    /// What the environment says.
    pub config: Config,
}

impl Deps {
    /// Makes clients from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        let shared = aws::config(Duration::from_secs(3), Duration::from_secs(8)).await;
        Self::new(&shared, config)
    }

    /// Makes clients from what they share.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        Self { secrets: Client::new(shared), config }
    }
}
