//! What the files of this system declare with, and pass on to each other.

use payctl_aws::dynamodb::TableRef;
use payctl_aws::s3::BucketRef;
use payctl_aws::sns::TopicRef;
use payctl_aws::sqs::QueueRef;

use super::parameters::Parameters;
use crate::Context;

/// The handler of the function behind the API.
pub const API_HANDLER: &str = "payments-api";
/// The handler of the function that the queue feeds.
pub const EVENT_HANDLER: &str = "event-handler";

/// The index that payments are listed by.
pub(super) const STATUS_INDEX: &str = "status-index";
/// What the API is called, as metrics name it, too.
pub(super) const API: &str = "payment-api";

pub(super) struct System<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) parameters: &'a Parameters,
}

/// Who is told of what.
pub(super) struct Topics {
    pub(super) cost: TopicRef,
    pub(super) security: TopicRef,
    pub(super) ops: TopicRef,
}

/// Where payments are, and what was done with them.
pub(super) struct Stores {
    pub(super) payments: TableRef,
    pub(super) audit: BucketRef,
    pub(super) queue: QueueRef,
}
