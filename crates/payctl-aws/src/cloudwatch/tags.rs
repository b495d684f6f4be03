//! CloudWatch's tags, of alarms and dashboards alike.

use aws_sdk_cloudwatch::types::Tag;

use crate::{Absent as _, Arn, Cx, Result, Tags};

/// All tags but those that are others' to set.
pub(super) async fn all(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let request = cx.cloud.cloudwatch.list_tags_for_resource().resource_arn(arn);
    let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
    let tags = reply.and_then(|reply| reply.tags).unwrap_or_default();
    let read = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    let tags = tags.into_iter().filter_map(read);
    Ok(tags.filter(|(key, _)| !crate::is_ignored(key)).collect())
}

pub(super) async fn replace(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let cloudwatch = &cx.cloud.cloudwatch;
    let seen = all(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    cloudwatch.tag_resource().resource_arn(arn).set_tags(Some(list(wanted))).send().await?;
    if !surplus.is_empty() {
        let request = cloudwatch.untag_resource().resource_arn(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

/// The tags as CloudWatch takes them.
pub(super) fn list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
