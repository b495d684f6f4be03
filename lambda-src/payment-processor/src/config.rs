//! The function's configuration: its environment variables.

use handler_kit::{MissingVariable, required};

/// The function's own environment variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DYNAMODB_TABLE`: name of the table of transactions.
    pub table: String,
    /// `S3_BUCKET`: name of the only bucket files are taken from.
    pub bucket: String,
    /// `KMS_KEY_ID`: id or ARN of the key the files should be encrypted with.
    pub key: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets: whose count it is.
    pub function: Option<String>,
}

impl Config {
    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    /// The first [`MissingVariable`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, MissingVariable> {
        let required = |name| required(&lookup, name);
        Ok(Self {
            table: required("DYNAMODB_TABLE")?,
            bucket: required("S3_BUCKET")?,
            key: required("KMS_KEY_ID")?,
            function: lookup("AWS_LAMBDA_FUNCTION_NAME"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_required() {
        let config = Config::read(|name| Some(name.to_lowercase())).unwrap();
        assert_eq!(config.table, "dynamodb_table");
        for missing in ["DYNAMODB_TABLE", "S3_BUCKET", "KMS_KEY_ID"] {
            let value = |name: &str| Some(if name == missing { " " } else { "x" }.to_owned());
            assert_eq!(Config::read(value).unwrap_err(), MissingVariable(missing));
        }
    }
}
