//! Alarms that fire when a metric is too high.

use std::collections::BTreeMap;

use payctl_aws::Set;
use payctl_aws::cloudwatch::Alarm;
use payctl_engine::Input;

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
