//! Alarms: what is to be known when a metric leaves its bounds.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{self, ComparisonOperator, Dimension, Statistic};

use super::tags;
use crate::leftovers::names;
use crate::prelude::*;

/// Tells when a metric leaves its bounds.
#[kind(
    "cloudwatch.alarm",
    outputs(name: AlarmName, arn: Arn),
    stable(name, arn),
    look = "cloudwatch:DescribeAlarms ListTagsForResource",
    create = "cloudwatch:PutMetricAlarm TagResource",
    change = "cloudwatch:PutMetricAlarm TagResource UntagResource",
    delete = "cloudwatch:DeleteAlarms",
    unscoped = "cloudwatch:DescribeAlarms",
    on = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
)]
pub struct Alarm {
    #[prop(replaces, unique, length(1..=255), source = "PutMetricAlarm.alarm_name")]
    pub name: String,
    #[prop(length(..=1024), source = "PutMetricAlarm.alarm_description")]
    pub description: String,
    #[prop(length(1..=255), pattern = r"[^:].*", source = "PutMetricAlarm.namespace")]
    pub namespace: String,
    #[prop(length(1..=255), source = "PutMetricAlarm.metric_name")]
    pub metric: String,
    pub dimensions: BTreeMap<String, Input<String>>,
    /// How the values of a period become one: `Sum`, or a percentile such as `p99`.
    pub statistic: String,
    #[prop(range(1..), source = "PutMetricAlarm.period")]
    pub period_s: u32,
    #[prop(range(1..), source = "PutMetricAlarm.evaluation_periods")]
    pub evaluation_periods: u32,
    pub threshold: f64,
    /// When it fires, such as `GreaterThanThreshold`.
    #[prop(
        one_of(
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "GreaterThanUpperThreshold"
        ),
        source = "PutMetricAlarm.comparison_operator"
    )]
    pub comparison: String,
    /// What a period without values is taken for, such as `notBreaching`.
    #[prop(
        one_of("breaching", "notBreaching", "ignore", "missing"),
        source = "CloudWatch PutMetricAlarm TreatMissingData"
    )]
    pub missing_data: String,
    /// Who is told.
    pub actions: Set<Input<Arn>>,
    pub tags: Tags,
}

id! {
    /// An alarm's name.
    AlarmName,
}

impl Resource for Alarm {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<AlarmOutputs>> {
        let names = names(cx, ":alarm:").await?.into_iter();
        Ok(names.map(|name| outputs(cx, &name)).collect())
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<AlarmOutputs>> {
        let seen = cx.cloud.alarms.load(&self.name).await?;
        Ok(seen.map(|_| outputs(cx, &self.name)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &AlarmOutputs) -> Result<Option<Self>> {
        let (seen, tags) =
            futures::try_join!(cx.cloud.alarms.load(&known.name), tags::all(cx, &known.arn))?;
        let Some(seen) = seen else { return Ok(None) };
        Ok(Some(Self { tags, ..Self::try_from(&seen)? }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<AlarmOutputs> {
        self.put(cx).await?;
        Ok(outputs(cx, &self.name))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &AlarmOutputs, changed: &Changed) -> Result<()> {
        // Each call replaces the alarm as a whole, save for its tags: those it sets but once.
        if changed.names().any(|name| name != "tags") {
            self.put(cx).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &AlarmOutputs) -> Result<()> {
        let request = cx.cloud.cloudwatch.delete_alarms().alarm_names(&known.name);
        request.send().await.unless_absent("ResourceNotFound")?;
        Ok(())
    }
}

impl Alarm {
    async fn put(&self, cx: &Cx<'_>) -> Result<()> {
        let dimensions = self
            .dimensions
            .iter()
            .map(|(name, value)| Ok(Dimension::builder().name(name).value(value.get()?).build()));
        let actions = self.actions.iter().map(|action| Ok(action.get()?.into()));
        let request = cx.cloud.cloudwatch.put_metric_alarm();
        let request = if Statistic::values().contains(&self.statistic.as_str()) {
            request.statistic(self.statistic.as_str().into())
        } else {
            request.extended_statistic(&self.statistic)
        };
        request
            .alarm_name(&self.name)
            .alarm_description(&self.description)
            .namespace(&self.namespace)
            .metric_name(&self.metric)
            .set_dimensions(Some(dimensions.collect::<Result<_>>()?))
            .period(self.period_s.cast_signed())
            .evaluation_periods(self.evaluation_periods.cast_signed())
            .threshold(self.threshold)
            .comparison_operator(self.comparison.as_str().into())
            .treat_missing_data(&self.missing_data)
            .set_alarm_actions(Some(actions.collect::<Result<_>>()?))
            .actions_enabled(true)
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, name: &str) -> AlarmOutputs {
    let arn = cx.cloud.facts.arn("cloudwatch", &format!("alarm:{name}"));
    AlarmOutputs { name: name.into(), arn }
}

impl TryFrom<&types::MetricAlarm> for Alarm {
    type Error = AwsError;

    fn try_from(seen: &types::MetricAlarm) -> Result<Self> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let statistic = seen.extended_statistic().or(seen.statistic().map(Statistic::as_str));
        let dimension =
            |dimension: &Dimension| (text(dimension.name()), text(dimension.value()).into());
        Ok(Self {
            name: seen.alarm_name().present("alarm_name")?.to_owned(),
            description: text(seen.alarm_description()),
            namespace: text(seen.namespace()),
            metric: text(seen.metric_name()),
            dimensions: seen.dimensions().iter().map(dimension).collect(),
            statistic: text(statistic),
            period_s: seen.period().unwrap_or_default().cast_unsigned(),
            evaluation_periods: seen.evaluation_periods().unwrap_or_default().cast_unsigned(),
            threshold: seen.threshold().unwrap_or_default(),
            comparison: text(seen.comparison_operator().map(ComparisonOperator::as_str)),
            missing_data: seen.treat_missing_data().unwrap_or("missing").to_owned(),
            // Switched off, it has none.
            actions: seen
                .alarm_actions()
                .iter()
                .filter(|_| seen.actions_enabled() != Some(false))
                .map(|arn| Arn::from(arn.as_str()).into())
                .collect(),
            tags: Tags::new(),
        })
    }
}
