//! What was decided about a transaction.

use crate::TransactionStatus;

/// What was decided about a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Approved, review or declined; never pending.
    pub status: TransactionStatus,
    /// The score; none, where it was decided without.
    pub score: Option<u8>,
    /// What made it so, in our own words.
    pub reasons: Vec<String>,
    /// When, in milliseconds since 1970.
    pub at: u64,
}
