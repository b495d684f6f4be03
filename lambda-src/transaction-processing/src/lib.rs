//! The handler `transaction-processing` of system `migration`: writes, scores and decides
//! transactions, each at most once, leaves an audit record of every decision, and gives notice of
//! those that were declined or failed. It keeps the record of each customer in the database, and makes
//! the schema of that.
//!
//! # The request
//!
//! `POST /process` with the header `Idempotency-Key`, as the integration of an HTTP API (payload
//! 2.0) or of a REST API (1.0) hands it over. The body is the one that `payment-validation` takes,
//! and keeps the same rules and limits.
//!
//! | answer | when |
//! |---|---|
//! | 200 | `transactionId`, `status`, `score`, `timestamp`, `customerId`, `amount`, `currency`; `score` is null where it was decided without one |
//! | 400 | the request is none, or has no key; `error` says which |
//! | 404, 405 | another path; another method |
//! | 409 | the `Idempotency-Key` was used with other content |
//! | 422 | the transaction breaks rules; `reasons` has all of them |
//! | 500 | anything else; the same request may be sent again |
//! | 503 | the database is away, or it took longer than 25 s; the same request is to be sent again, after `Retry-After` seconds |
//!
//! The key is required: a request without one could not be told from a second transaction, and what
//! it left half done would stay so. `transactionId` is derived from it, as in `payments-api`.
//!
//! # The row
//!
//! | attribute | |
//! |---|---|
//! | `transaction_id` (S) | the table's key |
//! | `customer_id` (S), `status` (S), each with `timestamp` (N) | the keys of the indexes |
//! | `timestamp` (N) | when the row was written, in milliseconds |
//! | `status` (S) | `pending`; then `approved`, `review` or `declined` |
//! | `amount` (N), `currency` (S) | |
//! | `card_last4` (S), `metadata` (M) | if the request has them |
//! | `digest` (S) | SHA-256 over the content |
//! | `expires_at` (N) | in seconds; the table's time to live |
//! | `reasons` (L), `decided_at` (N) | once it is decided |
//! | `score` (N) | once it is decided, unless that was without a score |
//! | `notified_at` (N) | once the notice of a declined one is published |
//!
//! When the row has expired and DynamoDB has deleted it, its key may be used again.
//!
//! # The steps
//!
//! In this order, and each is harmless to do again:
//!
//! 1. write: the row with status `pending`, if there is none; another digest is a conflict;
//! 2. score: the function `fraud-detection` is invoked, for the history up to the row's `timestamp`.
//!    When no score comes within 4 s, or the function fails, or its answer is no score, the
//!    transaction is held for review, and its `reasons` say why: a payment does not fail because
//!    its scoring does, and none goes through without a score;
//! 3. decide: in one transaction of the database, which keeps the customer's record as well: the
//!    decision is made if there is none, and counted only then. Of several requests at once the first
//!    decides, and all answer what it decided. The payment of a blocked customer is declined;
//! 4. follow: status, score and reasons of the decision go to the row, on the condition that it is
//!    `pending`;
//! 5. audit: the object `audit/<date>/<transactionId>.json` is written, if there is none. It says
//!    what was decided about which amount of which customer, when and why, and nothing of a card; it
//!    is made of the row, so it is the same whoever writes it;
//! 6. notify: a declined transaction is published to the topic, unless that is noted;
//! 7. note: `notified_at`, if there is none.
//!
//! The answer comes after the last. Whoever got none sends the request again, and it goes on where
//! the first stopped. One that dies between the sixth step and the seventh publishes its notice
//! again, and so may requests at the same time: a notice comes at least once, and its
//! `transactionId` tells whether it is known. Nothing else is done twice.
//!
//! When a step before `notify` fails, that is published too, with status `failed` and the step, if the
//! topic can be reached. The row is not changed by it: `failed` is no state of a transaction, and the
//! same request may still end as any other. Each request that fails gives such a notice, but for one
//! whose 25 s have run out: that is in the log alone.
//!
//! # The schema
//!
//! `{"migrate": true}` as the whole event, which no request to an API is, brings the schema of the
//! database to the version of this function, and answers `{"schema": <version>, "applied": [...]}`, or
//! is the function error `MigrationError`. It may be asked for at any time, also by two at once; a
//! function that is older than the schema changes nothing. Where nobody asked for it, the first payment
//! has it made. [`payments_database`] has the rest.
//!
//! The role needs `dynamodb:PutItem`, `GetItem` and `UpdateItem` on the table, `lambda:InvokeFunction`
//! on `fraud-detection`, `s3:PutObject` on `audit/*` of the bucket, `sns:Publish` on the topic,
//! `secretsmanager:GetSecretValue` on the secret, and
//! `kms:GenerateDataKey` and `kms:Decrypt` on the keys of table, bucket, topic and secret where they are not
//! AWS's own; what Lambda needs for a network interface, and a security group that reaches the database
//! and Secrets Manager.

mod audit;
mod config;
mod deps;
mod handler;
mod notice;
mod request;
mod row;
mod score;
mod step;
mod store;

pub use config::{Config, Days, DaysError, Topic, TopicError};
pub use deps::Deps;
pub use handler::{Answer, MigrationError, handle, invoke};
pub use handler_kit::api::Reply;
