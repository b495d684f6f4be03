//! What a payment is, and the rules it keeps. No IO: bytes or JSON in, a [`Payment`], a
//! [`CustomerPayment`], a [`PaymentRequest`] or a [`TransactionRequest`] out, or a reason.
//!
//! Three promises hold for everything in this crate:
//!
//! - **An amount is never a float.** It is read from the text of the JSON number (or string) into
//!   whole minor units.
//! - **A full card number goes no further.** Whatever looks like one, in any field name or value,
//!   is refused before anything else is looked at; see [`card_number`].
//! - **An error is safe to return and to log.** Its message is made of our own words, positions and
//!   limits; it repeats nothing the caller sent.

mod card;
pub mod card_number;
mod customer_id;
mod customer_payment;
mod decided;
mod digest;
mod fields;
mod id;
mod idempotency_key;
pub mod json;
mod metadata;
mod payment;
mod payment_file;
mod payment_id;
mod payment_key;
mod payment_request;
mod payment_status;
mod timestamp;
mod transaction;
mod transaction_id;
mod transaction_request;

pub use card::{CardLast4, CardLast4Error};
pub use customer_id::{CustomerId, CustomerIdError};
pub use customer_payment::CustomerPayment;
pub use decided::Decided;
pub use digest::Digest;
pub use fields::PaymentError;
pub use idempotency_key::{IdempotencyKey, IdempotencyKeyError};
pub use metadata::{Metadata, MetadataError, MetadataValue};
pub use payment::Payment;
pub use payment_file::{MAX_FILE_BYTES, MAX_PAYMENTS, PaymentFileError, parse_file};
pub use payment_id::{PaymentId, PaymentIdError};
pub use payment_key::{MessageError, PaymentKey};
pub use payment_request::PaymentRequest;
pub use payment_status::{PaymentStatus, PaymentStatusError};
pub use timestamp::{Timestamp, TimestampError};
pub use transaction::Transaction;
pub use transaction_id::{TransactionId, TransactionIdError};
pub use transaction_request::{RefusalReason, TransactionRequest};
// What payctl's configuration is held to as well.
pub use payments_rules::*;
