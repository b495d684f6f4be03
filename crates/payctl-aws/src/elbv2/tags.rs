//! Tags of load balancers, their listeners and target groups alike.

use aws_sdk_elasticloadbalancingv2::types::Tag;
use payctl_engine::{Failure, FailureKind};

use crate::{Arn, Cx, Result, Tags};

/// All tags but those that are others' to set.
pub(super) async fn all(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let tags = cx.cloud.balancing.tags.load(arn).await?.unwrap_or_default().into_iter();
    let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
    Ok(tags.filter(|(key, _)| !crate::is_ignored(key)).collect())
}

pub(super) async fn replace(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let elbv2 = &cx.cloud.elbv2;
    let seen = all(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    elbv2.add_tags().resource_arns(arn).set_tags(Some(list(wanted))).send().await?;
    if !surplus.is_empty() {
        elbv2.remove_tags().resource_arns(arn).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

/// The tags as Elastic Load Balancing takes them.
pub(super) fn list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Refuses what a creation was answered with, where it is not what was created: one that is there
/// under the name with the same settings is answered as if it was made just now, whosever it is.
pub(super) async fn must_have(cx: &Cx<'_>, arn: &Arn, tags: &Tags) -> Result<()> {
    let seen = all(cx, arn).await?;
    if tags.iter().all(|(key, value)| seen.get(key) == Some(value)) {
        return Ok(());
    }
    let message = format!("one with the same settings is there already: {arn}");
    Err(Failure::new(FailureKind::Conflict, message).into())
}
