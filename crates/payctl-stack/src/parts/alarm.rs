//! Alarms that fire when a metric is too high.

use std::collections::BTreeMap;

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::dynamodb::TableRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::{Arn, Set};
use payctl_engine::{Input, Stack};

use crate::Context;

/// What an alarm looks at.
pub(crate) struct Metric {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: BTreeMap<String, Input<String>>,
}

impl Metric {
    /// The metric `name` of `namespace` with these dimensions.
    pub(crate) fn new(
        namespace: &'static str,
        name: impl Into<String>,
        dimensions: impl IntoIterator<Item = (&'static str, Input<String>)>,
    ) -> Self {
        let dimensions = dimensions.into_iter();
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value)).collect();
        Self { namespace: namespace.to_owned(), name: name.into(), dimensions }
    }
}

/// A metric of the function.
pub(crate) fn of_function(name: &'static str, function: &FunctionRef) -> Metric {
    let function = function.name().when_created().cast();
    Metric::new("AWS/Lambda", name, [("FunctionName", function)])
}

/// Writes to the table that were throttled.
pub(crate) fn throttled_writes(table: &TableRef) -> Metric {
    // ThrottledRequests exists per operation only; this one is the table's as a whole.
    let table = table.name().when_created().cast();
    Metric::new("AWS/DynamoDB", "WriteThrottleEvents", [("TableName", table)])
}

/// The same for one of its indexes, which the table's own metric leaves out: what an index cannot
/// take is refused as a whole.
pub(crate) fn throttled_index_writes(table: &TableRef, index: &'static str) -> Metric {
    let Metric { namespace, name, mut dimensions } = throttled_writes(table);
    dimensions.insert("GlobalSecondaryIndexName".to_owned(), index.into());
    Metric { namespace, name, dimensions }
}

/// Fires when the sum of five minutes is above the threshold, and tells nobody yet.
pub(crate) fn above(
    context: &Context<'_>,
    name: &str,
    description: &str,
    metric: Metric,
    threshold: f64,
) -> Alarm {
    let name = context.name(name);
    Alarm {
        description: description.to_owned(),
        namespace: metric.namespace,
        metric: metric.name,
        dimensions: metric.dimensions,
        statistic: "Sum".to_owned(),
        period_s: 300,
        evaluation_periods: 1,
        threshold,
        comparison: "GreaterThanThreshold".to_owned(),
        missing_data: "notBreaching".to_owned(),
        actions: Set::new(),
        tags: context.tags(&name),
        name,
    }
}

/// Adds the alarms, each under its name without the suffix, which all do the same.
pub(crate) fn add_all(
    stack: &mut Stack,
    context: &Context<'_>,
    actions: &Set<Input<Arn>>,
    alarms: impl IntoIterator<Item = Alarm>,
) {
    for alarm in alarms {
        let logical = alarm.name.strip_suffix(&format!("-{}", context.suffix));
        let logical = logical.unwrap_or(&alarm.name).to_owned();
        stack.add(&logical, Alarm { actions: actions.clone(), ..alarm });
    }
}
