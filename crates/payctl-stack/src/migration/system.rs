//! What the files of this system declare with, and pass on to each other.

use payctl_aws::dynamodb::TableRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::s3::BucketRef;
use payctl_aws::sns::TopicRef;

use super::parameters::Parameters;
use crate::Context;

/// The index that transactions are listed by.
pub(super) const STATUS_INDEX: &str = "status-timestamp-index";
/// The handlers of its functions.
pub const HANDLERS: &[&str] =
    &["payment-validation", "fraud-detection", PROCESSING, "secrets-rotation"];
/// The one that keeps payments, and knows the database's schema.
pub(super) const PROCESSING: &str = "transaction-processing";

/// The one that changes the database's password.
pub(super) const ROTATION: &str = "secrets-rotation";

/// Where PostgreSQL listens.
pub(super) const POSTGRESQL: u16 = 5432;
/// Where what the load balancer leads to listens.
pub(super) const APPLICATION: u16 = 8080;
/// Where the load balancer listens for the API that cannot check its certificate.
pub(super) const HTTP: u16 = 80;

pub(super) struct System<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) parameters: &'a Parameters,
}

/// One key for each purpose.
pub(super) struct Keys {
    pub(super) database: KeyRef,
    pub(super) table: KeyRef,
    pub(super) objects: KeyRef,
    pub(super) secrets: KeyRef,
    /// The functions' environments.
    pub(super) functions: KeyRef,
    /// Logs, and what topics tell.
    pub(super) logs: KeyRef,
}

/// Where what is paid and what was done are kept.
pub(super) struct Stores {
    pub(super) transactions: TableRef,
    pub(super) audit: BucketRef,
    pub(super) access_logs: BucketRef,
}

/// Who is told of what.
pub(super) struct Topics {
    pub(super) errors: TopicRef,
    pub(super) failed: TopicRef,
}
