//! The handler `payment-validation` of system `migration`: says whether a payment would be taken,
//! and if not, everything that is wrong with it. It keeps nothing.
//!
//! # The request
//!
//! `POST /validate`, as the integration of an HTTP API (payload 2.0) or a REST API (1.0) hands it
//! over; the body as text or in base64, at most 16 KiB:
//!
//! ```json
//! {"customerId": "c-1", "amount": 12.50, "currency": "EUR", "cardLast4": "4242", "metadata": {}}
//! ```
//!
//! `cardLast4` and `metadata` may be left out. They keep the rules of `payment-processor`: four
//! digits, and a flat object without card data. `{"payment_data": …}` with the same content is a
//! direct payment, and gets the same answer.
//!
//! | answer | when |
//! |---|---|
//! | 200 | `{"valid": true, "customerId": …, "amount": …, "currency": …}` |
//! | 422 | `{"valid": false, "reasons": [...]}`, with all that the payment breaks, or that its customer is blocked |
//! | 400 | the request is none, or its body is not valid JSON; `error` says which |
//! | 404, 405 | another path; another method |
//! | 503 | the database is away: the same request is to be sent again, after `Retry-After` seconds |
//!
//! A full card number anywhere, an unknown field, and a body that is not an object are the only
//! reason then: nothing else is looked at. No reason repeats anything of the request.
//!
//! # The limits
//!
//! Beside the rules that hold for every payment there are those of the business: a minimum and a
//! maximum, and the currencies. The amounts are units of whatever currency; there is one pair of
//! limits, not one per currency.
//!
//! # The customer
//!
//! A payment that breaks no rule is refused when its customer is blocked; [`payments_database`] says
//! where that is written, and how its password may change meanwhile. A payment that breaks one is
//! refused without a look at the customer.
//!
//! The role needs `secretsmanager:GetSecretValue` on the secret, `kms:Decrypt` on its key, what Lambda
//! needs for a network interface, and a security group that reaches the database and Secrets Manager.

mod config;
mod handler;
mod request;

pub use config::{Config, limits};
pub use handler::{Deps, handle};
pub use handler_kit::api::Reply;
