//! The function's configuration: its environment variables.

use handler_kit::object::Encryption;
use handler_kit::{MissingVariable, required};

/// The function's own environment variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE_NAME`: name of the table of payments.
    pub table: String,
    /// `BUCKET_NAME`: name of the bucket of audit objects.
    pub bucket: String,
    /// `KMS_KEY_ID`, if set: id or ARN of the key that audit objects are encrypted with. Without it
    /// they are encrypted as the bucket says.
    pub encryption: Encryption,
}

impl Config {
    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    /// The first [`MissingVariable`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, MissingVariable> {
        Ok(Self {
            table: required(&lookup, "TABLE_NAME")?,
            bucket: required(&lookup, "BUCKET_NAME")?,
            encryption: Encryption::with(required(&lookup, "KMS_KEY_ID").ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_key_are_required() {
        let config = Config::read(|name| Some(name.to_lowercase())).unwrap();
        assert_eq!((config.table.as_str(), config.bucket.as_str()), ("table_name", "bucket_name"));
        assert_eq!(config.encryption, Encryption::Kms(Some("kms_key_id".to_owned())));
        for missing in ["TABLE_NAME", "BUCKET_NAME"] {
            let value = |name: &str| Some(if name == missing { " " } else { "x" }.to_owned());
            assert_eq!(Config::read(value).unwrap_err(), MissingVariable(missing));
        }
        let two = |name: &str| (name != "KMS_KEY_ID").then(|| "x".to_owned());
        assert_eq!(Config::read(two).unwrap().encryption, Encryption::OfTheBucket);
    }
}
