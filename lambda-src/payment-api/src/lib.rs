//! The handler `payment-api` of system `secure-api`: payments posted to a REST API, each processed
//! at most once.
//!
//! # The request
//!
//! `POST /process-payment`, as a REST API's proxy integration (payload 1.0) hands it over; the body
//! as text or in base64, at most 16 KiB:
//!
//! ```json
//! {"transactionId": "tx-1", "customerId": "c-1", "amount": 12.50}
//! ```
//!
//! | answer | when |
//! |---|---|
//! | 200 | processed, now or before, with the first result byte for byte |
//! | 400 | the request breaks a rule; `error` says which |
//! | 404, 405 | another path; another method |
//! | 409 | the `transactionId` was used with other content |
//! | 500 | anything else; the same request may be sent again |
//!
//! Other fields are refused, card data among them, and so is anything that looks like a full card
//! number. Content is what a request means: the order of its fields, blanks, and the spelling of
//! the amount (`12.5`, `12.50`, `"12.50"`) are not part of it. The content type is not looked at:
//! API Gateway applies a request model to one content type only, so every body is checked here.
//!
//! # The item
//!
//! One item per payment, put on the condition that there is none; of any number of requests at once
//! one wins, and the others find its item and compare.
//!
//! | attribute | |
//! |---|---|
//! | `transactionId` (S) | the table's key |
//! | `customerId` (S) | the key of `CustomerIndex` |
//! | `amount` (N), `currency` (S) | dollars; always `USD` |
//! | `status` (S) | `processed` |
//! | `timestamp` (N) | milliseconds |
//! | `digest` (S) | SHA-256 over the content |
//! | `result` (S) | the answer's body |
//!
//! A call whose reply is lost is repeated by the SDK and finds its own item. That is no matter here:
//! the answer to the first request and to every repeat is the same text.
//!
//! # The receipt
//!
//! `receipts/<transactionId>.json` in the bucket holds the answer's body. It is written after the
//! item and on the condition that there is none (`If-None-Match: *`). A request that fails between
//! the two writes is answered 500, or not at all, and the next one of the same content writes the
//! receipt. Whoever reads the table sees a payment a moment before its receipt.
//!
//! The role may put objects only with `aws:kms`, so the request asks for that. S3 then takes the
//! key that the request names, and without one the account's key `aws/s3`; the bucket's default key
//! counts only for requests that ask for nothing (API reference of PutObject,
//! `x-amz-server-side-encryption-aws-kms-key-id`). `KMS_KEY_ID` names the key.
//!
//! The role needs `dynamodb:PutItem` and `dynamodb:GetItem` on the table, `s3:PutObject` on
//! `receipts/*`, and `kms:GenerateDataKey` and `kms:Decrypt` on the keys of both.

mod config;
mod deps;
mod handler;
mod receipt;
mod request;
mod store;

pub use config::Config;
pub use deps::Deps;
pub use handler::handle;
pub use handler_kit::api::Reply;
