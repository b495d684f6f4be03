//! Object storage: buckets and whom they notify.

/// A call on a bucket of this account: a name that went to another account meanwhile is refused.
macro_rules! own {
    ($cx:expr, $call:ident, $bucket:expr) => {
        $cx.cloud.s3.$call().bucket($bucket).expected_bucket_owner(&$cx.cloud.facts.account)
    };
}

mod attachments;
mod bucket;
mod empty;
mod lifecycle;
mod lock;
mod notification;

pub use bucket::{AccessLog, Bucket, BucketName, BucketOutputs, BucketRef};
pub use lifecycle::{LifecycleRule, Transition};
pub(crate) use lock::BYPASS;
pub use lock::ObjectLock;
pub use notification::{FunctionTarget, Notification, NotificationOutputs, NotificationRef};
