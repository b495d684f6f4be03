//! Metric filters: what a log group's lines are counted by.

use aws_sdk_cloudwatchlogs::types::{self, MetricTransformation};

use super::LogGroupName;
use crate::prelude::*;

/// Lines of a log group that fit a pattern, as a metric.
#[kind(
    "logs.metric_filter",
    outputs(log_group: LogGroupName, name: String),
    stable(log_group, name),
    look = "logs:DescribeMetricFilters",
    create = "logs:PutMetricFilter",
    change = "logs:PutMetricFilter",
    delete = "logs:DeleteMetricFilter",
)]
pub struct MetricFilter {
    // Those of one group get in each other's way (terraform-provider-aws, logs/metric_filter.go).
    #[prop(replaces, unique, parent, serial)]
    pub log_group: Input<LogGroupName>,
    /// Unique within the group.
    #[prop(
        replaces, unique,
        length(1..=512), pattern = r"[^:*]*",
        source = "PutMetricFilter.filter_name"
    )]
    pub name: String,
    /// In CloudWatch Logs' own language, such as `{ $.errorCode = "AccessDenied*" }`.
    #[prop(length(..=1024), source = "PutMetricFilter.filter_pattern")]
    pub pattern: String,
    /// The metric's namespace, such as `Payments`.
    pub namespace: String,
    pub metric: String,
    /// What a line adds to it: a number, or the field that holds it.
    pub value: String,
}

impl Resource for MetricFilter {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<MetricFilterOutputs>> {
        let Ok(log_group) = self.log_group.get() else { return Ok(Vec::new()) };
        let known = MetricFilterOutputs { log_group: log_group.clone(), name: self.name.clone() };
        let there = describe(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &MetricFilterOutputs) -> Result<Option<Self>> {
        let Some(seen) = describe(cx, known).await? else { return Ok(None) };
        let metric = seen.metric_transformations().first().present("a filter's metric")?;
        Ok(Some(Self {
            log_group: known.log_group.clone().into(),
            name: known.name.clone(),
            pattern: seen.filter_pattern().unwrap_or_default().to_owned(),
            namespace: metric.metric_namespace().to_owned(),
            metric: metric.metric_name().to_owned(),
            value: metric.metric_value().to_owned(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<MetricFilterOutputs> {
        let log_group = self.log_group.get()?.clone();
        self.put(cx, &log_group).await?;
        Ok(MetricFilterOutputs { log_group, name: self.name.clone() })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &MetricFilterOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if !changed.is_empty() {
            self.put(cx, &known.log_group).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &MetricFilterOutputs) -> Result<()> {
        let request = cx.cloud.logs.delete_metric_filter().log_group_name(&known.log_group);
        let request = request.filter_name(&known.name);
        request.send().await.unless_absent("ResourceNotFoundException")?;
        Ok(())
    }
}

impl MetricFilter {
    async fn put(&self, cx: &Cx<'_>, log_group: &LogGroupName) -> Result<()> {
        let metric = MetricTransformation::builder()
            .metric_namespace(&self.namespace)
            .metric_name(&self.metric)
            .metric_value(&self.value)
            .build()?;
        let request = cx.cloud.logs.put_metric_filter().log_group_name(log_group);
        let request = request.filter_name(&self.name).filter_pattern(&self.pattern);
        request.metric_transformations(metric).send().await?;
        Ok(())
    }
}

/// The filter of exactly that name. The answer is sorted by name, so that it comes first of all
/// whose names begin with it (DescribeMetricFilters).
async fn describe(cx: &Cx<'_>, known: &MetricFilterOutputs) -> Result<Option<types::MetricFilter>> {
    let request = cx.cloud.logs.describe_metric_filters().log_group_name(&known.log_group);
    let request = request.filter_name_prefix(&known.name);
    let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
    let filters = reply.and_then(|reply| reply.metric_filters).unwrap_or_default();
    Ok(filters.into_iter().find(|filter| filter.filter_name() == Some(&known.name)))
}
