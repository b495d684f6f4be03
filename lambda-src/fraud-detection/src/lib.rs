//! The handler `fraud-detection` of system `migration`: scores a transaction by what its customer
//! did before. It writes nothing, so any event may come again.
//!
//! # The event
//!
//! It is invoked directly:
//!
//! ```json
//! {"transactionId": "tx-1", "customerId": "c-1", "amount": 12.50, "currency": "EUR",
//!  "timestamp": 1795311498250}
//! ```
//!
//! Without `timestamp` it is now. The answer:
//!
//! ```json
//! {"score": 55, "decision": "review", "reasons": ["..."]}
//! ```
//!
//! An event that is no such transaction, or holds a full card number, is the function error
//! `TransactionError`, and one whose history could not be read `Unavailable`: the same event may be
//! sent again.
//!
//! # The score
//!
//! [`payments_domain::FraudRules`] says how velocity, amount and history make it; the weights, the
//! limit and the scores that decide are variables. `transaction-processing` invokes the function.
//!
//! # The history
//!
//! Read from `customer-id-timestamp-index`, the newest first, at most four pages of 250. What came
//! after the transaction is left out, and so is the transaction itself, if it is in the table.
//!
//! The role needs `dynamodb:Query` on the index, and `kms:Decrypt` on the table's key.

mod config;
mod handler;
mod history;

pub use config::Config;
pub use handler::{Deps, ScoreError, Scored, handle};
