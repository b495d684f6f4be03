//! What the handler works with.

use std::time::{Duration, SystemTime};

use aws_sdk_lambda::config::timeout::TimeoutConfig;
use handler_kit::aws::{self, SdkConfig};
use payments_database::Database;

use crate::Config;

/// How long a request may take: less than the 30 s that API Gateway waits for an answer (default of an
/// HTTP API's `TimeoutInMillis`), so that it is us who says so.
const LIMIT: Duration = Duration::from_secs(25);

/// How long a score is waited for, of the 30 s that the API waits for all.
pub(crate) const SCORE_LIMIT: Duration = Duration::from_secs(4);
/// How long one try of it may take: a first call may find a connection that has died meanwhile, or a
/// function that has yet to start.
const SCORE_ATTEMPT: Duration = Duration::from_secs(2);

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where transactions are kept.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Where customers are kept.
    pub database: Database,
    /// Where transactions are scored.
    pub lambda: aws_sdk_lambda::Client,
    /// Where audit records are left.
    pub s3: aws_sdk_s3::Client,
    /// Where notices are published.
    pub sns: aws_sdk_sns::Client,
    /// What the environment says.
    pub config: Config,
    /// The clock.
    pub now: fn() -> SystemTime,
    /// How long a request may take.
    pub limit: Duration,
}

impl Deps {
    /// Makes clients from the SDK's default chain: in Lambda, the function's environment.
    pub async fn connect(config: Config) -> Self {
        let shared = aws::config(Duration::from_millis(1_500), Duration::from_secs(3)).await;
        Self::new(&shared, config)
    }

    /// Makes clients from what they share.
    #[must_use]
    pub fn new(shared: &SdkConfig, config: Config) -> Self {
        Self {
            database: Database::new(shared, config.database.clone()),
            dynamodb: aws_sdk_dynamodb::Client::new(shared),
            lambda: scoring(shared),
            s3: aws::s3(shared),
            sns: aws_sdk_sns::Client::new(shared),
            config,
            now: SystemTime::now,
            limit: LIMIT,
        }
    }
}

/// A client that gives a score up in time.
fn scoring(shared: &SdkConfig) -> aws_sdk_lambda::Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(SCORE_ATTEMPT);
    let timeouts = timeouts.operation_timeout(SCORE_LIMIT).build();
    let lambda = aws_sdk_lambda::config::Builder::from(shared).timeout_config(timeouts);
    aws_sdk_lambda::Client::from_conf(lambda.build())
}
