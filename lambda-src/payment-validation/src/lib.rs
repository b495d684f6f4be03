//! The handler `payment-validation` of system `migration`: says whether a payment would be taken,
//! and if not, everything that is wrong with it. It keeps nothing and calls nobody.
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
//! | 422 | `{"valid": false, "reasons": [...]}`, with all that the payment breaks |
//! | 400 | the request is none, or its body is not valid JSON; `error` says which |
//! | 404, 405 | another path; another method |
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
//! The role needs nothing but its log.

mod config;
mod handler;
mod request;

pub use config::Config;
pub use handler::handle;
pub use handler_kit::api::Reply;
