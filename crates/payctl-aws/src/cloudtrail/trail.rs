//! Trails: the record of who did what in the account, written to a bucket.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::types::{
    self, DataResource, EventSelector, InsightSelector, InsightType, ReadWriteType, Tag,
};
use payctl_engine::Unresolved;

use crate::prelude::*;
use crate::s3::BucketName;

/// What UpdateTrail sets.
const WRITTEN: &[&str] =
    &["bucket", "kms_key", "multi_region", "global_events", "log_file_validation", "log_delivery"];

/// The record of who did what in the account, written to a bucket.
#[kind(
    "cloudtrail.trail",
    outputs(name: TrailName, arn: Arn),
    stable(name, arn),
    typical(4.0, 0.0, 1.0),
    look = "cloudtrail:GetEventSelectors GetInsightSelectors GetTrail GetTrailStatus ListTags",
    create = "cloudtrail:AddTags CreateTrail",
    change = "cloudtrail:AddTags PutEventSelectors PutInsightSelectors RemoveTags StartLogging \
        StopLogging UpdateTrail",
    delete = "cloudtrail:DeleteTrail StopLogging",
    on = "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",
    delegated = [("iam:PassRole", "log_delivery", "cloudtrail")],
)]
pub struct Trail {
    #[prop(replaces, unique)]
    pub name: String,
    pub bucket: Input<BucketName>,
    /// The key that its files are encrypted with; the bucket's own when unset.
    pub kms_key: Option<Input<Arn>>,
    /// Whether it records all regions.
    pub multi_region: bool,
    /// Whether it records services that have no region, such as IAM.
    pub global_events: bool,
    /// Whether digests tell when a file was changed or deleted.
    pub log_file_validation: bool,
    #[prop(later)]
    pub logging: bool,
    /// Whether it records what is done to resources.
    // A new trail records management events, and nothing before it is told to start.
    #[prop(later)]
    pub management_events: bool,
    /// Of which resources it records what is done to their data.
    #[prop(later)]
    pub data_events: Set<DataEvents>,
    /// Where it also goes, within minutes.
    pub log_delivery: Option<LogDelivery>,
    /// What of management events is compared with what is usual, such as `ApiErrorRateInsight`.
    #[prop(later)]
    pub insights: Set<String>,
    pub tags: Tags,
}

/// Resources of one type of which all data events are recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DataEvents {
    /// Such as `AWS::S3::Object`.
    pub kind: String,
    /// Such as `arn:aws:s3:::bucket/` for all objects of a bucket.
    pub arns: Set<Input<Arn>>,
}

/// A log group that a trail writes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogDelivery {
    /// The group's streams: its ARN and `:*`.
    pub group: Input<Arn>,
    /// What CloudTrail writes as.
    pub role: Input<Arn>,
}

id! {
    /// A trail's name.
    TrailName,
}

impl Resource for Trail {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<TrailOutputs>> {
        let seen = look(cx, &self.name).await?;
        seen.iter().map(TrailOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &TrailOutputs) -> Result<Option<Self>> {
        let cloudtrail = &cx.cloud.cloudtrail;
        let absent = "TrailNotFoundException";
        let (trail, status, selectors, tags) = futures::try_join!(
            look(cx, known.name.as_str()),
            async {
                let request = cloudtrail.get_trail_status().name(&known.name);
                request.send().await.unless_absent(absent)
            },
            async {
                let request = cloudtrail.get_event_selectors().trail_name(&known.name);
                request.send().await.unless_absent(absent)
            },
            tags(cx, known),
        )?;
        let Some(trail) = trail else { return Ok(None) };
        let insights = match trail.has_insight_selectors() {
            Some(true) => insights(cx, known).await?,
            _ => Set::new(),
        };
        let selectors = selectors.and_then(|reply| reply.event_selectors).unwrap_or_default();
        // One that records reads or writes only, or leaves a service out, is not what we declare.
        let whole: Vec<&EventSelector> = selectors.iter().filter(|one| records_all(one)).collect();
        let bucket = trail.s3_bucket_name().present("s3_bucket_name")?;
        let key = trail.kms_key_id().filter(|key| !key.is_empty());
        Ok(Some(Self {
            name: known.name.to_string(),
            bucket: BucketName::from(bucket).into(),
            kms_key: key.map(|key| Arn::from(key).into()),
            multi_region: trail.is_multi_region_trail().unwrap_or_default(),
            global_events: trail.include_global_service_events().unwrap_or_default(),
            log_file_validation: trail.log_file_validation_enabled().unwrap_or_default(),
            logging: status.and_then(|status| status.is_logging).unwrap_or_default(),
            management_events: whole
                .iter()
                .any(|selector| selector.include_management_events() == Some(true)),
            data_events: data_events(&whole),
            log_delivery: log_delivery(&trail),
            insights,
            tags: tags.unwrap_or_default(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<TrailOutputs> {
        let key = self.kms_key.as_ref().map(Input::get).transpose()?;
        let (group, role) = self.delivers_to()?;
        let request = cx.cloud.cloudtrail.create_trail().name(&self.name);
        let reply = request
            .s3_bucket_name(self.bucket.get()?)
            .set_kms_key_id(key.map(String::from))
            .is_multi_region_trail(self.multi_region)
            .include_global_service_events(self.global_events)
            .enable_log_file_validation(self.log_file_validation)
            .set_cloud_watch_logs_log_group_arn(group.map(String::from))
            .set_cloud_watch_logs_role_arn(role.map(String::from))
            .set_tags_list(Some(tag_list(&self.tags)?))
            .send()
            .await?;
        let arn = reply.trail_arn().present("trail_arn")?.into();
        Ok(TrailOutputs { name: self.name.as_str().into(), arn })
    }

    async fn converge(&self, cx: &Cx<'_>, known: &TrailOutputs, changed: &Changed) -> Result<()> {
        let cloudtrail = &cx.cloud.cloudtrail;
        if changed.any(WRITTEN) {
            // An empty name goes back to the bucket's own key.
            let key = self.kms_key.as_ref().map(Input::get).transpose()?;
            let key = key.map(String::from).unwrap_or_default();
            // Both at once, and both empty to end it (terraform-provider-aws, cloudtrail).
            let moved = changed.has("log_delivery");
            let (group, role) = self.delivers_to()?;
            let or_none = |arn: Option<&Arn>| arn.map(String::from).unwrap_or_default();
            let request = cloudtrail.update_trail().name(&known.name);
            request
                .s3_bucket_name(self.bucket.get()?)
                .set_kms_key_id(changed.has("kms_key").then_some(key))
                .set_cloud_watch_logs_log_group_arn(moved.then(|| or_none(group)))
                .set_cloud_watch_logs_role_arn(moved.then(|| or_none(role)))
                .is_multi_region_trail(self.multi_region)
                .include_global_service_events(self.global_events)
                .enable_log_file_validation(self.log_file_validation)
                .send()
                .await?;
        }
        if changed.any(&["management_events", "data_events"]) {
            let request = cloudtrail.put_event_selectors().trail_name(&known.name);
            request.event_selectors(self.selector()?).send().await?;
        }
        if changed.has("insights") && !(self.insights.is_empty() && is_calm(cx, known).await?) {
            let request = cloudtrail.put_insight_selectors().trail_name(&known.name);
            let selectors = self.insights.iter().map(|kind| {
                let kind = InsightType::from(kind.as_str());
                InsightSelector::builder().insight_type(kind).build()
            });
            request.set_insight_selectors(Some(selectors.collect())).send().await?;
        }
        if changed.has("logging") {
            if self.logging {
                cloudtrail.start_logging().name(&known.name).send().await?;
            } else {
                cloudtrail.stop_logging().name(&known.name).send().await?;
            }
        }
        if changed.has("tags") {
            self.tag(cx, known).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &TrailOutputs) -> Result<()> {
        let cloudtrail = &cx.cloud.cloudtrail;
        let request = cloudtrail.stop_logging().name(&known.name);
        request.send().await.unless_absent("TrailNotFoundException")?;
        let request = cloudtrail.delete_trail().name(&known.name);
        request.send().await.unless_absent("TrailNotFoundException")?;
        Ok(())
    }
}

impl Trail {
    /// The log group that it writes to, and as what.
    fn delivers_to(&self) -> Result<(Option<&Arn>, Option<&Arn>), Unresolved> {
        let Some(LogDelivery { group, role }) = &self.log_delivery else { return Ok((None, None)) };
        Ok((Some(group.get()?), Some(role.get()?)))
    }

    fn selector(&self) -> Result<EventSelector> {
        let mut selector = EventSelector::builder()
            .read_write_type(ReadWriteType::All)
            .include_management_events(self.management_events);
        for events in &self.data_events {
            let arns = events.arns.iter().map(|arn| arn.get().map(String::from));
            let arns = arns.collect::<Result<Vec<_>, Unresolved>>()?;
            let data = DataResource::builder().r#type(&events.kind).set_values(Some(arns));
            selector = selector.data_resources(data.build());
        }
        Ok(selector.build())
    }

    async fn tag(&self, cx: &Cx<'_>, known: &TrailOutputs) -> Result<()> {
        let cloudtrail = &cx.cloud.cloudtrail;
        let present = tags(cx, known).await?.unwrap_or_default();
        let surplus = present.into_iter().filter(|(key, _)| !self.tags.contains_key(key));
        let surplus: Tags = surplus.collect();
        if !surplus.is_empty() {
            let request = cloudtrail.remove_tags().resource_id(&known.arn);
            request.set_tags_list(Some(tag_list(&surplus)?)).send().await?;
        }
        if !self.tags.is_empty() {
            let request = cloudtrail.add_tags().resource_id(&known.arn);
            request.set_tags_list(Some(tag_list(&self.tags)?)).send().await?;
        }
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<types::Trail>> {
    let request = cx.cloud.cloudtrail.get_trail().name(name);
    let reply = request.send().await.unless_absent("TrailNotFoundException")?;
    // A trail of all regions shows in each of them, and is changed only where it was made.
    let here = cx.cloud.facts.region.as_str();
    let seen = reply.and_then(|reply| reply.trail);
    Ok(seen.filter(|trail| trail.home_region().is_none_or(|home| home == here)))
}

async fn insights(cx: &Cx<'_>, known: &TrailOutputs) -> Result<Set<String>> {
    let request = cx.cloud.cloudtrail.get_insight_selectors().trail_name(&known.name);
    let reply = request.send().await.unless_absent("InsightNotEnabledException")?;
    let selectors = reply.and_then(|reply| reply.insight_selectors).unwrap_or_default();
    let kinds = selectors.into_iter().filter_map(|selector| selector.insight_type);
    Ok(kinds.map(|kind| kind.as_str().to_owned()).collect())
}

/// Whether nothing is compared with what is usual.
async fn is_calm(cx: &Cx<'_>, known: &TrailOutputs) -> Result<bool> {
    let trail = look(cx, known.name.as_str()).await?;
    Ok(trail.is_none_or(|trail| trail.has_insight_selectors() != Some(true)))
}

fn log_delivery(trail: &types::Trail) -> Option<LogDelivery> {
    let named = |arn: Option<&str>| {
        arn.filter(|arn| !arn.is_empty()).map(|arn| Input::Known(Arn::from(arn)))
    };
    let group = named(trail.cloud_watch_logs_log_group_arn())?;
    let role = named(trail.cloud_watch_logs_role_arn())?;
    Some(LogDelivery { group, role })
}

async fn tags(cx: &Cx<'_>, known: &TrailOutputs) -> Result<Option<Tags>> {
    let request = cx.cloud.cloudtrail.list_tags().resource_id_list(&known.arn);
    let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
    let lists = reply.and_then(|reply| reply.resource_tag_list);
    let list = lists.and_then(|lists| lists.into_iter().next()).and_then(|list| list.tags_list);
    Ok(list.map(|tags| {
        tags.into_iter()
            .map(|tag| (tag.key, tag.value.unwrap_or_default()))
            .filter(|(key, _)| !crate::is_ignored(key))
            .collect()
    }))
}

fn tag_list(tags: &Tags) -> Result<Vec<Tag>> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    Ok(tags.collect::<Result<_, _>>()?)
}

fn records_all(selector: &EventSelector) -> bool {
    let all = selector.read_write_type().is_none_or(|which| *which == ReadWriteType::All);
    all && selector.exclude_management_event_sources().is_empty()
}

fn data_events(selectors: &[&EventSelector]) -> Set<DataEvents> {
    let mut all: BTreeMap<String, Vec<Input<Arn>>> = BTreeMap::new();
    for data in selectors.iter().flat_map(|selector| selector.data_resources()) {
        let arns = data.values().iter().map(|arn| Input::Known(Arn::from(arn.as_str())));
        all.entry(data.r#type().unwrap_or_default().to_owned()).or_default().extend(arns);
    }
    let all = all.into_iter();
    all.map(|(kind, arns)| DataEvents { kind, arns: arns.into_iter().collect() }).collect()
}

impl TryFrom<&types::Trail> for TrailOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::Trail) -> Result<Self> {
        let name = seen.name().present("name")?.into();
        let arn = seen.trail_arn().present("trail_arn")?.into();
        Ok(Self { name, arn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_that_leaves_something_out_does_not_count() {
        let all = EventSelector::builder().read_write_type(ReadWriteType::All);
        assert!(records_all(&all.clone().build()));
        assert!(!records_all(&all.exclude_management_event_sources("kms.amazonaws.com").build()));
        let writes = EventSelector::builder().read_write_type(ReadWriteType::WriteOnly);
        assert!(!records_all(&writes.build()));
    }
}
