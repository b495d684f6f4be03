//! The function's configuration: its environment variables.

use std::str::FromStr;

use handler_kit::object::Encryption;
use handler_kit::{VariableError, parsed, required};
use payments_domain::Limits;
use thiserror::Error;

/// The function's own environment variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// The limits, by the variables of `payment-validation`.
    pub limits: Limits,
    /// `SECRET_ARN` and `SSL_CERT_FILE`: the database with the customers.
    pub database: payments_database::Config,
    /// `TABLE_NAME`: name of the table of transactions.
    pub table: String,
    /// `SCORING_FUNCTION`: name or ARN of the function that scores transactions.
    pub scoring: String,
    /// `AUDIT_BUCKET`: name of the bucket of audit records.
    pub bucket: String,
    /// `KMS_KEY_ID`, if set: id or ARN of the key that audit records are encrypted with. Without it
    /// they are encrypted as the bucket says.
    pub encryption: Encryption,
    /// `TOPIC_ARN`: the topic of transactions that were declined or failed.
    pub topic: Topic,
    /// `RETENTION_DAYS`: how long a row is kept, from 1 day to 100 years.
    pub retention: Days,
}

/// The ARN of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic(String);

/// A number of days, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u64);

/// The text is no ARN of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it must be an ARN such as arn:aws:sns:us-east-1:123456789012:failed-transactions")]
pub struct TopicError;

/// The text is not a number of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it must be a whole number of days from 1 to {MOST_DAYS}")]
pub struct DaysError;

const MOST_DAYS: u64 = 36_500;

impl Config {
    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    /// The first [`VariableError`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        Ok(Self {
            limits: payment_validation::limits(&lookup)?,
            database: payments_database::Config::read(&lookup, "transaction-processing")?,
            table: required(&lookup, "TABLE_NAME")?,
            scoring: required(&lookup, "SCORING_FUNCTION")?,
            bucket: required(&lookup, "AUDIT_BUCKET")?,
            encryption: Encryption::with(required(&lookup, "KMS_KEY_ID").ok()),
            topic: parsed(&lookup, "TOPIC_ARN")?,
            retention: parsed(&lookup, "RETENTION_DAYS")?,
        })
    }
}

impl Topic {
    /// The ARN as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Days {
    /// The same in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 * 86_400
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let named = matches!(parts[..], ["arn", _, "sns", _, _, name] if !name.is_empty());
        if named { Ok(Self(text.to_owned())) } else { Err(TopicError) }
    }
}

impl FromStr for Days {
    type Err = DaysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = text.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
        days.map(Self).ok_or(DaysError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_an_arn_and_days_are_some() {
        let topic = "arn:aws-cn:sns:cn-north-1:123456789012:failed-transactions-prod";
        assert_eq!(topic.parse::<Topic>().unwrap().as_str(), topic);
        for text in ["", "failed", "arn:aws:sqs:r:1:x", "arn:aws:sns:r:1:", "arn:aws:sns:r:1:x:y"] {
            assert_eq!(text.parse::<Topic>(), Err(TopicError), "{text:?}");
        }
        assert_eq!("365".parse::<Days>().unwrap().seconds(), 31_536_000);
        for text in ["", "0", "-1", "1.5", "36501", "99999999999999999999"] {
            assert_eq!(text.parse::<Days>(), Err(DaysError), "{text:?}");
        }
    }
}
