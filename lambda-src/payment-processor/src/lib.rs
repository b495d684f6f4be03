//! The handler `payment-processor` of system `pci-core`: files of payments that reach the bucket,
//! and payments handed over directly, each recorded at most once.
//!
//! | event | answer |
//! |---|---|
//! | `{"payment_data": {…}}` | 200 processed or duplicate, 400 with the reason, 500 |
//! | `{"Records": […]}` from S3 | 200 all files, 207 some, 400 none; or a function error |
//! | anything else | 400 |
//!
//! # When delivery is repeated
//!
//! S3 invokes the function asynchronously: Lambda drops the answer and repeats the delivery only
//! after a function error. What the sender got wrong (a bad payment, a file without encryption, a
//! file that is gone) stays wrong, so it is answered, logged and done with. What may pass (AWS
//! throttles, fails or denies) becomes [`Redeliver`], a function error, once all files of the event
//! had their turn; what was recorded by then is found as a duplicate on the next delivery. A direct
//! caller waits for the answer and gets 500 instead.
//!
//! # Rows
//!
//! The table's key is `transactionId` (S) with `timestamp` (N, milliseconds), so a condition on a
//! new row never fires: every retry comes with a new range key. Two items are therefore written in
//! one transaction.
//!
//! | item | `transactionId` | `timestamp` | other attributes |
//! |---|---|---|---|
//! | claim | `claim#` and the payment's | 0 | `kind` = `claim`, `digest` (of the content), `processedAt` (the row's `timestamp`) |
//! | row | the payment's | when processed | `kind` = `payment`, `status`, `amount` (N), `currency`, `cardLast4`, `source`, `metadata` (M, if any) |
//!
//! The claim is put on the condition that it does not exist. Of any number of deliveries one wins;
//! the others read the claim: the same digest is a duplicate, another digest is refused. Whoever
//! asks for a `transactionId` gets the row alone. Claims were kept under the payment's own id once: the
//! transaction asks that there is no such one either, and where there is, it decides.
//!
//! A transaction that meets another one on the same claim is cancelled by DynamoDB and tried anew,
//! with a new client token. A call whose reply is lost is repeated by the SDK with the same token
//! and the same items, so that it finds itself and not a duplicate. The role needs `PutItem` and
//! `ConditionCheckItem` (which authorise the parts of the transaction) and `GetItem` on the table.
//!
//! # Files
//!
//! A file is one payment or an array of at most 1,000, in at most 1 MiB. It is checked whole before
//! anything of it is recorded: one bad payment refuses the file. Only what the table alone can tell,
//! an id used before with other content, refuses a single payment, and then the file is reported as
//! failed while its other payments are recorded.
//!
//! A file that is refused, whole or in part, leaves a record of why at
//! `rejected/<its key>/<its version>.json`, without anything of a payment, written once, and counts in
//! the metric `rejected` of the namespace `Payments`, by `FunctionName`. Where the record cannot be
//! written the event is delivered again. The role needs `s3:PutObject` on `rejected/*`.

mod config;
mod deps;
mod event;
mod file;
mod handler;
mod rejected;
mod reply;
mod store;

pub use config::Config;
pub use deps::Deps;
pub use handler::{Redeliver, handle};
pub use reply::Reply;
