//! The API handler of system `cost-optimized`: takes payments, queues them, and shows them.
//!
//! # The requests
//!
//! They come as a REST API's proxy integration (payload 1.0) hands them over.
//!
//! | request | answer |
//! |---|---|
//! | `POST /payments` | 202 with `paymentId`, `status`, `timestamp`, `customerId`, `amount`, `currency` |
//! | `GET /payments?status=&limit=&next=` | 200 with `payments` and, if there are more, `next` |
//! | `GET /payments/{id}` | 200 with the payment, or 404 |
//! | another path, another method | 404, 405 |
//!
//! A payment is posted as `{"customerId": "c-1", "amount": 12.50, "currency": "EUR"}`, at most
//! 16 KiB, as text or in base64. Other fields are refused, card data among them, and so is anything
//! that looks like a full card number. 202 and not 201, because the payment is only on its way: the
//! queue's handler makes it `completed`.
//!
//! 400 is a request that breaks a rule, with the reason; 409 an `Idempotency-Key` that was used with
//! other content; 500 anything else: the same request may be sent again.
//!
//! # At most once
//!
//! With the header `Idempotency-Key`, a request is done once however often it is sent, and every
//! repeat gets the first answer byte for byte. A request without it is a new payment every time.
//!
//! `payment_id` is derived from the key. The table's range key is the time, so a condition on the
//! row alone would let two requests pass that come a millisecond apart. Hence a guard: an item under
//! the same `payment_id` and a fixed `timestamp`, put first and on the condition that there is none.
//! Of any number of requests at once one puts it. The others read in it when the payment was taken,
//! and whether its content is theirs.
//!
//! | item | `timestamp` (S) | other attributes |
//! |---|---|---|
//! | guard | `0000-00-00T00:00:00.000Z` | `taken` (the row's `timestamp`), `digest` (of the content) |
//! | row | when taken | `status`, `customer_id`, `amount` (N), `currency`, `completed_at` |
//!
//! A guard has no `status`, so `status-index` has none of them, and the list of all leaves them out.
//!
//! # Nothing is lost
//!
//! A request with a key does four things, in this order, and each is harmless to do again:
//!
//! 1. the guard, if there is none;
//! 2. the row with status `processing`, at the time that the guard says, if there is none;
//! 3. the audit object `audit/<date>/<payment_id>/processing.json`, if there is none;
//! 4. the message, unless the row is `completed` by now. Sent twice it does no harm: the queue's
//!    handler completes a payment once.
//!
//! The answer comes after the last. Whoever got none sends the request again, and it finishes what
//! the first began. The order lets no payment be completed that has no row and no audit object. A
//! transaction over guard and row would cost twice as much, conflict with its like, and leave the
//! same gap before the message.
//!
//! # Lists
//!
//! With a `status`, a page is read from `status-index`, the newest first. The list of all is a
//! bounded scan of the table, in no order. The index could give that list as well, but a payment
//! whose status changes meanwhile moves in it, and could be missed; in the table it stays.
//!
//! The role needs `dynamodb:PutItem`, `GetItem`, `Query` and `Scan` on the table, `Query` on its
//! index, `sqs:SendMessage` on the queue, `s3:PutObject` on `audit/*`, and `kms:GenerateDataKey` and
//! `kms:Decrypt` on the keys of the three where they are not AWS's own.

mod config;
mod deps;
mod handler;
mod place;
mod request;
mod row;
mod store;

pub use config::Config;
pub use deps::Deps;
pub use handler::handle;
pub use handler_kit::api::Reply;
