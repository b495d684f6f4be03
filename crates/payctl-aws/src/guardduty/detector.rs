//! Detectors: GuardDuty's watch over a region, of which an account has one at most.
//!
//! What a detector looks at besides the foundations (its features, such as the contents of
//! buckets) is not declared here: it is left as AWS or others set it.

use std::collections::HashMap;

use aws_sdk_guardduty::types::{DetectorStatus, FindingPublishingFrequency};

use crate::prelude::*;

/// GuardDuty's watch over a region.
#[kind(
    "guardduty.detector",
    outputs(id: DetectorId, arn: Arn),
    repeat = Token,
    typical(2.0, 0.0, 1.0),
    look = "guardduty:GetDetector ListDetectors",
    // The first detector of an account brings GuardDuty's own role with it.
    create = "guardduty:CreateDetector TagResource iam:CreateServiceLinkedRole",
    change = "guardduty:TagResource UntagResource UpdateDetector",
    delete = "guardduty:DeleteDetector",
    unscoped = "guardduty:CreateDetector ListDetectors",
    on = [
        "arn:{partition}:guardduty:{region}:{account}:detector/*",
        "arn:{partition}:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/*",
    ],
)]
pub struct Detector {
    /// The region it watches over: there is one in each, whoever made it.
    #[prop(replaces, unique)]
    pub region: String,
    pub enabled: bool,
    /// How long it gathers what it finds again before it tells of it: `FIFTEEN_MINUTES`,
    /// `ONE_HOUR` or `SIX_HOURS`.
    #[prop(
        one_of("FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS"),
        source = "CreateDetector.finding_publishing_frequency"
    )]
    pub publishing_frequency: String,
    pub tags: Tags,
}

id! {
    /// A detector's id.
    DetectorId,
}

/// GuardDuty's code for it is that of every bad request: `error.rs` knows them by the message.
const GONE: &str = "ResourceNotFoundException";

impl Resource for Detector {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<DetectorOutputs>> {
        let ids = list(&cx.cloud.guardduty).await?;
        Ok(ids.into_iter().map(|id| outputs(cx, id)).collect())
    }

    async fn read(cx: &Cx<'_>, known: &DetectorOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.guardduty.get_detector().detector_id(&known.id);
        let Some(seen) = request.send().await.unless_absent(GONE)? else { return Ok(None) };
        let frequency = seen.finding_publishing_frequency();
        Ok(Some(Self {
            region: cx.cloud.facts.region.clone(),
            enabled: seen.status() == Some(&DetectorStatus::Enabled),
            publishing_frequency: frequency
                .map_or("", FindingPublishingFrequency::as_str)
                .to_owned(),
            tags: declared(seen.tags),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<DetectorOutputs> {
        let region = &cx.cloud.facts.region;
        if self.region != *region {
            let message = format!("a detector of {} cannot be made in {region}", self.region);
            return Err(AwsError::invalid(message));
        }
        // The SDK fills in no token of its own here.
        let request = cx.cloud.guardduty.create_detector().client_token(cx.token);
        let reply = request
            .enable(self.enabled)
            .finding_publishing_frequency(self.publishing_frequency.as_str().into())
            .set_tags(Some(self.tags.clone().into_iter().collect()))
            .send()
            .await?;
        Ok(outputs(cx, reply.detector_id.present("detector_id")?))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &DetectorOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["enabled", "publishing_frequency"]) {
            let request = cx.cloud.guardduty.update_detector().detector_id(&known.id);
            let request = request.enable(self.enabled);
            let frequency = self.publishing_frequency.as_str().into();
            request.finding_publishing_frequency(frequency).send().await?;
        }
        if changed.has("tags") {
            self.tag(cx, known).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &DetectorOutputs) -> Result<()> {
        let request = cx.cloud.guardduty.delete_detector().detector_id(&known.id);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Detector {
    async fn tag(&self, cx: &Cx<'_>, known: &DetectorOutputs) -> Result<()> {
        let guardduty = &cx.cloud.guardduty;
        let seen = guardduty.get_detector().detector_id(&known.id).send().await?;
        let seen = declared(seen.tags);
        let surplus: Vec<String> =
            seen.into_keys().filter(|key| !self.tags.contains_key(key)).collect();
        let wanted = self.tags.clone().into_iter().collect();
        let request = guardduty.tag_resource().resource_arn(&known.arn);
        request.set_tags(Some(wanted)).send().await?;
        if !surplus.is_empty() {
            let request = guardduty.untag_resource().resource_arn(&known.arn);
            request.set_tag_keys(Some(surplus)).send().await?;
        }
        Ok(())
    }
}

/// The ids of the region's detectors: one, or none.
pub(crate) async fn list(guardduty: &aws_sdk_guardduty::Client) -> Result<Vec<String>> {
    let pages = guardduty.list_detectors().into_paginator().items().send();
    Ok(pages.collect::<std::result::Result<_, _>>().await?)
}

fn outputs(cx: &Cx<'_>, id: String) -> DetectorOutputs {
    let arn = cx.cloud.facts.arn("guardduty", &format!("detector/{id}"));
    DetectorOutputs { id: id.into(), arn }
}

/// All tags but those that are others' to set.
pub(crate) fn declared(tags: Option<HashMap<String, String>>) -> Tags {
    let tags = tags.unwrap_or_default().into_iter();
    tags.filter(|(key, _)| !crate::is_ignored(key)).collect()
}
