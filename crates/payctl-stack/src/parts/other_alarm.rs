//! An alarm of any metric.

use std::collections::BTreeMap;

use payctl_aws::dynamodb::TableRef;
use payctl_aws::lambda::FunctionRef;
use payctl_engine::Input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An alarm of any metric: it fires when the sum of five minutes is above a threshold, where nothing else
/// is said.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OtherAlarm {
    /// What it is called in the stack, behind the part's name.
    pub called: String,
    /// What it is called in AWS, without the suffix; as in the stack where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
    /// What is wrong when it fires.
    pub description: String,
    /// Whose metric it is, such as `AWS/Lambda`.
    pub namespace: String,
    /// The metric, such as `Errors`.
    pub metric: String,
    /// What of it, such as `{ FunctionName = "${lambda.function:pay.name}" }`.
    #[serde(default)]
    pub dimensions: BTreeMap<String, Input<String>>,
    /// What the sum has to be above.
    pub above: f64,
    /// What becomes of the values of a period in place of their sum, such as `Average`, `Maximum` or
    /// `p99`.
    #[serde(default)]
    pub statistic: Option<String>,
    /// How long a period is: 10 or 30 seconds, or minutes.
    #[serde(default)]
    pub period_s: Option<u32>,
    /// For how many periods in a row it has to be above.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub periods: Option<u32>,
}

impl OtherAlarm {
    /// One that fires when the sum of `metric`, a namespace and a name, is `above` that in five minutes.
    #[must_use]
    pub fn new(
        called: &str,
        description: &str,
        metric: (&str, &str),
        dimensions: &[(&str, Input<String>)],
        above: f64,
    ) -> Self {
        let dimensions = dimensions.iter().cloned();
        Self {
            called: called.to_owned(),
            name: None,
            description: description.to_owned(),
            namespace: metric.0.to_owned(),
            metric: metric.1.to_owned(),
            dimensions: dimensions.map(|(name, value)| (name.to_owned(), value)).collect(),
            above,
            statistic: None,
            period_s: None,
            periods: None,
        }
    }

    /// The same of another statistic, such as `Maximum`.
    #[must_use]
    pub fn of(self, statistic: &str) -> Self {
        Self { statistic: Some(statistic.to_owned()), ..self }
    }

    /// The same over so many periods in a row.
    #[must_use]
    pub fn for_periods(self, periods: u32) -> Self {
        Self { periods: Some(periods), ..self }
    }

    /// The same over periods of a minute.
    #[must_use]
    pub fn by_the_minute(self) -> Self {
        Self { period_s: Some(60), ..self }
    }

    /// Writes to the table that were throttled; or to one of its indexes, which the table's own metric
    /// leaves out: what an index cannot take is refused as a whole.
    #[must_use]
    pub fn throttled_writes(
        called: &str,
        description: &str,
        table: &TableRef,
        index: Option<&str>,
        above: f64,
    ) -> Self {
        // ThrottledRequests exists per operation only; this one is the table's as a whole.
        let metric = ("AWS/DynamoDB", "WriteThrottleEvents");
        let table = [("TableName", table.name().when_created().cast())];
        let index = index.map(|index| ("GlobalSecondaryIndexName", Input::from(index)));
        let of: Vec<_> = table.into_iter().chain(index).collect();
        Self::new(called, description, metric, &of, above)
    }

    /// Calls of the function that failed.
    #[must_use]
    pub fn errors(called: &str, description: &str, function: &FunctionRef, above: f64) -> Self {
        let function = [("FunctionName", function.name().when_created().cast())];
        Self::new(called, description, ("AWS/Lambda", "Errors"), &function, above)
    }
}
