//! How far a payment has come.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How far a payment that is queued has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Taken, and in the queue.
    Processing,
    /// Done.
    Completed,
}

/// The text is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("status must be one of processing, completed")]
pub struct PaymentStatusError;

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Processing, Self::Completed];

    /// The status as it is stored and answered.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Completed => "completed",
        }
    }
}

impl FromStr for PaymentStatus {
    type Err = PaymentStatusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(PaymentStatusError)
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_back_and_other_texts_are_refused() {
        for status in PaymentStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        for text in ["", "Completed", "complete", "failed"] {
            assert_eq!(text.parse::<PaymentStatus>(), Err(PaymentStatusError), "{text:?}");
        }
    }
}
