//! Notifications: whom a bucket tells when something happens to its objects.

use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, FilterRule, FilterRuleName, LambdaFunctionConfiguration,
    NotificationConfiguration, NotificationConfigurationFilter, S3KeyFilter,
};

use super::BucketName;
use crate::prelude::*;

/// All whom a bucket tells when something happens to its objects.
#[kind(
    "s3.notification",
    outputs(bucket: BucketName),
    stable(bucket),
    look = "s3:GetBucketNotification",
    create = "s3:PutBucketNotification",
    change = "s3:PutBucketNotification",
    delete = "s3:PutBucketNotification",
)]
pub struct Notification {
    #[prop(replaces, unique, parent)]
    pub bucket: Input<BucketName>,
    pub functions: Vec<FunctionTarget>,
    /// Whether EventBridge is told of everything, where rules choose what they want.
    pub event_bridge: bool,
}

/// A function that is called for the objects of a prefix and suffix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionTarget {
    pub id: String,
    pub function: Input<Arn>,
    /// What it is called for, such as `s3:ObjectCreated:*`.
    pub events: Set<String>,
    pub prefix: String,
    pub suffix: String,
}

impl Resource for Notification {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<NotificationOutputs>> {
        let Ok(bucket) = self.bucket.get() else { return Ok(Vec::new()) };
        let known = NotificationOutputs { bucket: bucket.clone() };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &NotificationOutputs) -> Result<Option<Self>> {
        let request = own!(cx, get_bucket_notification_configuration, &known.bucket);
        let Some(seen) = request.send().await.unless_absent("NoSuchBucket")? else {
            return Ok(None);
        };
        // Queues and topics that someone added by hand show as targets too many.
        let functions = seen
            .lambda_function_configurations()
            .iter()
            .map(|to| target(to.id(), &to.lambda_function_arn, &to.events, to.filter()))
            .chain(
                seen.queue_configurations()
                    .iter()
                    .map(|to| target(to.id(), &to.queue_arn, &to.events, to.filter())),
            )
            .chain(
                seen.topic_configurations()
                    .iter()
                    .map(|to| target(to.id(), &to.topic_arn, &to.events, to.filter())),
            );
        let functions: Vec<_> = functions.collect();
        let bucket = known.bucket.clone().into();
        let event_bridge = seen.event_bridge_configuration().is_some();
        let told = event_bridge || !functions.is_empty();
        Ok(told.then_some(Self { bucket, functions, event_bridge }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<NotificationOutputs> {
        let bucket = self.bucket.get()?.clone();
        self.put(cx, &bucket).await?;
        Ok(NotificationOutputs { bucket })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &NotificationOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["functions", "event_bridge"]) {
            self.put(cx, &known.bucket).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &NotificationOutputs) -> Result<()> {
        let nobody = NotificationConfiguration::builder().build();
        let request = own!(cx, put_bucket_notification_configuration, &known.bucket);
        let request = request.notification_configuration(nobody);
        request.send().await.unless_absent("NoSuchBucket")?;
        Ok(())
    }
}

impl Notification {
    /// Sets the whole configuration: S3 knows no smaller change.
    async fn put(&self, cx: &Cx<'_>, bucket: &BucketName) -> Result<()> {
        let bus = self.event_bridge.then(|| EventBridgeConfiguration::builder().build());
        let mut all = NotificationConfiguration::builder().set_event_bridge_configuration(bus);
        for to in &self.functions {
            let (prefix, suffix) = (FilterRuleName::Prefix, FilterRuleName::Suffix);
            let rules: Vec<FilterRule> = [(prefix, &to.prefix), (suffix, &to.suffix)]
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| FilterRule::builder().name(name).value(value).build())
                .collect();
            let filter = (!rules.is_empty()).then(|| {
                let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
                NotificationConfigurationFilter::builder().key(key).build()
            });
            let events = to.events.iter().map(|event| Event::from(event.as_str())).collect();
            all = all.lambda_function_configurations(
                LambdaFunctionConfiguration::builder()
                    .id(&to.id)
                    .lambda_function_arn(to.function.get()?)
                    .set_events(Some(events))
                    .set_filter(filter)
                    .build()?,
            );
        }
        let request = own!(cx, put_bucket_notification_configuration, bucket);
        request.notification_configuration(all.build()).send().await?;
        Ok(())
    }
}

fn target(
    id: Option<&str>,
    arn: &str,
    events: &[Event],
    filter: Option<&NotificationConfigurationFilter>,
) -> FunctionTarget {
    let rules = filter.and_then(|filter| filter.key()).map(S3KeyFilter::filter_rules);
    // AWS answers `Prefix` where `prefix` was put.
    let rule = |wanted: FilterRuleName| {
        let mut rules = rules.unwrap_or_default().iter();
        let same = |name: &FilterRuleName| name.as_str().eq_ignore_ascii_case(wanted.as_str());
        let found = rules.find(|rule| rule.name().is_some_and(same));
        found.and_then(FilterRule::value).unwrap_or_default().to_owned()
    };
    FunctionTarget {
        id: id.unwrap_or_default().to_owned(),
        function: Arn::from(arn).into(),
        events: events.iter().map(|event| event.as_str().to_owned()).collect(),
        prefix: rule(FilterRuleName::Prefix),
        suffix: rule(FilterRuleName::Suffix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_whatever_its_capitals() {
        let rule = |name: &str, value| FilterRule::builder().name(name.into()).value(value).build();
        let rules = vec![rule("Prefix", "payments/"), rule("suffix", ".json")];
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        let filter = NotificationConfigurationFilter::builder().key(key).build();
        let seen = target(Some("new"), "arn:function", &[Event::S3ObjectCreated], Some(&filter));
        assert_eq!((seen.prefix.as_str(), seen.suffix.as_str()), ("payments/", ".json"));
    }
}
