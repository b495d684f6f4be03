//! The function's configuration: its environment variables.

use handler_kit::{MissingVariable, required};

/// The function's own environment variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DYNAMODB_TABLE`: name of the table of transactions.
    pub table: String,
    /// `S3_BUCKET`: name of the bucket of receipts.
    pub bucket: String,
    /// `KMS_KEY_ID`, if set: id or ARN of the key receipts are encrypted with. Without it S3 takes
    /// the account's own key `aws/s3`, not the bucket's default key; see the crate's documentation.
    pub key: Option<String>,
}

impl Config {
    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    /// The first [`MissingVariable`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, MissingVariable> {
        Ok(Self {
            table: required(&lookup, "DYNAMODB_TABLE")?,
            bucket: required(&lookup, "S3_BUCKET")?,
            key: required(&lookup, "KMS_KEY_ID").ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_and_bucket_are_required_and_the_key_is_not() {
        let config = Config::read(|name| Some(name.to_lowercase())).unwrap();
        assert_eq!(
            (config.table.as_str(), config.bucket.as_str()),
            ("dynamodb_table", "s3_bucket")
        );
        assert_eq!(config.key.as_deref(), Some("kms_key_id"));
        for missing in ["DYNAMODB_TABLE", "S3_BUCKET"] {
            let value = |name: &str| Some(if name == missing { " " } else { "x" }.to_owned());
            assert_eq!(Config::read(value).unwrap_err(), MissingVariable(missing));
        }
        let two = |name: &str| (name != "KMS_KEY_ID").then(|| "x".to_owned());
        assert_eq!(Config::read(two).unwrap().key, None);
    }
}
