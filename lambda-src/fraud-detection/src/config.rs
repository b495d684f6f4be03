//! The function's configuration: its environment variables.

use handler_kit::{VariableError, parsed, required};
use payments_domain::{FraudRules, FraudRulesError, Weights};

/// The function's own environment variables.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE_NAME`: name of the table of transactions.
    pub table: String,
    /// `VELOCITY_WEIGHT`, `AMOUNT_WEIGHT` and `HISTORY_WEIGHT`, in per cent; `VELOCITY_LIMIT`, how
    /// many transactions in an hour are as bad as can be; `REVIEW_SCORE` and `DECLINE_SCORE`, from
    /// which score on a transaction is held or declined.
    pub rules: FraudRules,
}

impl Config {
    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    /// The first [`VariableError`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        let weights = Weights {
            velocity: parsed(&lookup, "VELOCITY_WEIGHT")?,
            amount: parsed(&lookup, "AMOUNT_WEIGHT")?,
            history: parsed(&lookup, "HISTORY_WEIGHT")?,
        };
        let limit = parsed(&lookup, "VELOCITY_LIMIT")?;
        let review = parsed(&lookup, "REVIEW_SCORE")?;
        let rules = FraudRules::new(weights, limit, review, parsed(&lookup, "DECLINE_SCORE")?);
        Ok(Self { table: required(&lookup, "TABLE_NAME")?, rules: rules.map_err(wrong)? })
    }
}

fn wrong(error: FraudRulesError) -> VariableError {
    let names = match error {
        FraudRulesError::Weights => "VELOCITY_WEIGHT, AMOUNT_WEIGHT or HISTORY_WEIGHT",
        FraudRulesError::Velocity => "VELOCITY_LIMIT",
        FraudRulesError::Scores => "REVIEW_SCORE or DECLINE_SCORE",
    };
    VariableError::wrong(names, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 7] = [
        ("TABLE_NAME", "transactions"),
        ("VELOCITY_WEIGHT", "40"),
        ("AMOUNT_WEIGHT", "30"),
        ("HISTORY_WEIGHT", "30"),
        ("VELOCITY_LIMIT", "10"),
        ("REVIEW_SCORE", "50"),
        ("DECLINE_SCORE", "80"),
    ];

    fn with(name: &str, value: &str) -> Result<Config, String> {
        let found = |asked: &str| ALL.iter().find(|(it, _)| *it == asked).map(|(_, value)| *value);
        let lookup = |asked: &str| if asked == name { Some(value) } else { found(asked) };
        Config::read(|asked| lookup(asked).map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_variable_is_required() {
        assert_eq!(with("", "").unwrap().table, "transactions");
        for (name, _) in ALL {
            let error = with(name, " ").unwrap_err();
            assert_eq!(error, format!("environment variable {name} is missing"));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_name() {
        for (name, value, fault) in [
            ("VELOCITY_WEIGHT", "41", "HISTORY_WEIGHT is invalid: the weights must sum up to 100"),
            ("AMOUNT_WEIGHT", "-30", "AMOUNT_WEIGHT is invalid: invalid digit"),
            ("HISTORY_WEIGHT", "30.0", "HISTORY_WEIGHT is invalid: invalid digit"),
            ("HISTORY_WEIGHT", "300", "HISTORY_WEIGHT is invalid: number too large"),
            ("VELOCITY_LIMIT", "0", "VELOCITY_LIMIT is invalid: the velocity limit must be"),
            ("VELOCITY_LIMIT", "501", "must be a whole number from 1 to 500"),
            ("REVIEW_SCORE", "81", "REVIEW_SCORE or DECLINE_SCORE is invalid: the scores must be"),
            (
                "DECLINE_SCORE",
                "101",
                "REVIEW_SCORE or DECLINE_SCORE is invalid: the scores must be",
            ),
        ] {
            let error = with(name, value).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
    }
}
