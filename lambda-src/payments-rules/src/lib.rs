//! The rules of money that more than handlers keep: what an amount is, what a business takes, and what
//! follows from a score.
//!
//! payctl reads the configuration by them, so that what it deploys is what the functions start with.
//! JSON is left to `payments-domain`: the handlers read numbers as they are written, which is a setting
//! of `serde_json` for a whole program, and would change how payctl reads its state.

mod amount;
mod currency;
mod fraud;
mod limits;
mod transaction_status;

pub use amount::{Amount, AmountError};
pub use currency::{Currency, CurrencyError};
pub use fraud::{Assessment, FraudReason, FraudRules, FraudRulesError, Past, Weights};
pub use limits::{Bound, Currencies, CurrenciesError, LimitError, Limits, LimitsError};
pub use transaction_status::{Decision, DecisionError, TransactionStatus, TransactionStatusError};
