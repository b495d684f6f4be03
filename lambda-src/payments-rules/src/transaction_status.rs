//! What becomes of a transaction.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a score means for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decision {
    /// It goes through.
    Approve,
    /// Somebody looks at it.
    Review,
    /// It does not go through.
    Decline,
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// Written, and not decided yet.
    Pending,
    /// Gone through.
    Approved,
    /// Held until somebody has looked at it.
    Review,
    /// Not gone through.
    Declined,
}

/// The text is not a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("decision must be one of approve, review, decline")]
pub struct DecisionError;

/// The text is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("status must be one of pending, approved, review, declined")]
pub struct TransactionStatusError;

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Review, Self::Decline];

    /// The decision as it is answered.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Decline => "decline",
        }
    }
}

impl TransactionStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Review, Self::Declined];

    /// The status as it is stored and answered.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Review => "review",
            Self::Declined => "declined",
        }
    }
}

impl From<Decision> for TransactionStatus {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approve => Self::Approved,
            Decision::Review => Self::Review,
            Decision::Decline => Self::Declined,
        }
    }
}

impl FromStr for Decision {
    type Err = DecisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == text).ok_or(DecisionError)
    }
}

impl FromStr for TransactionStatus {
    type Err = TransactionStatusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(TransactionStatusError)
    }
}

impl fmt::Display for TransactionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_reads_back_and_other_texts_are_refused() {
        for decision in Decision::ALL {
            assert_eq!(decision.as_str().parse(), Ok(decision));
        }
        for text in ["", "Approve", "approved", "held"] {
            assert_eq!(text.parse::<Decision>(), Err(DecisionError), "{text:?}");
        }
    }

    #[test]
    fn a_decision_becomes_a_status_that_stays() {
        let all = Decision::ALL.map(TransactionStatus::from);
        let statuses =
            [TransactionStatus::Approved, TransactionStatus::Review, TransactionStatus::Declined];
        assert_eq!(all, statuses);
    }

    #[test]
    fn a_status_reads_back_and_other_texts_are_refused() {
        for status in TransactionStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        for text in ["", "Approved", "approve", "failed"] {
            assert_eq!(text.parse::<TransactionStatus>(), Err(TransactionStatusError), "{text:?}");
        }
    }
}
