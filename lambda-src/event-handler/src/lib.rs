//! The queue handler of system `cost-optimized`: completes queued payments, each by itself.
//!
//! # The event
//!
//! A batch of messages, as Lambda's event source mapping takes them from the queue:
//! `{"Records": [{"messageId": …, "body": …}, …]}`. The body of each is what `payments-api` sent,
//! [`payments_domain::PaymentKey::message`]. The answer names the messages that failed, for a
//! mapping with `ReportBatchItemFailures`:
//!
//! ```json
//! {"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}]}
//! ```
//!
//! The others are deleted from the queue. A failed one comes again when its visibility ends, and
//! after three receives the queue hands it to the dead-letter queue. That is where a message ends
//! that is not a message of ours, or that names a payment that does not exist: by itself, its batch
//! is not kept.
//!
//! An event that is no such batch, or a record without a `messageId` in it, is a function error
//! before anything is done: a failure that cannot be named would count as none.
//!
//! # Repeats
//!
//! A queue delivers at least once, and `payments-api` may send twice. For each message two things
//! are done, and each is harmless to do again:
//!
//! 1. the row becomes `completed`, with `completed_at`, on the condition that it is `processing`; one
//!    that is `completed` by now stays as it is;
//! 2. the audit object `audit/<date>/<payment_id>/completed.json` is written, if there is none. Its
//!    text is made of the row, so it is the same whoever writes it.
//!
//! A message that fails between the two comes again and finds the first done.
//!
//! The messages of a batch are handled at once: they wait for AWS, and waiting is paid for.
//!
//! The role needs `dynamodb:UpdateItem` and `GetItem` on the table, `s3:PutObject` on `audit/*`,
//! `kms:GenerateDataKey` and `kms:Decrypt` on the keys of both where they are not AWS's own, and what
//! the mapping needs on the queue and its key.

mod batch;
mod config;
mod deps;
mod handler;
mod store;

pub use batch::{BatchError, Failures};
pub use config::Config;
pub use deps::Deps;
pub use handler::handle;
