//! The tags of groups. Each says of itself whether new instances get it too.

use aws_sdk_autoscaling::types::builders::TagBuilder;
use aws_sdk_autoscaling::types::{Tag, TagDescription};

use super::GroupName;
use crate::{Cx, Result, Tags};

/// All tags but those that are others' to set.
pub(super) fn all(tags: &[TagDescription]) -> Tags {
    tags.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .filter(|(key, _)| !crate::is_ignored(key))
        .collect()
}

/// The tags of `group` as AWS takes them. The instances are as much ours as the group is, so they
/// carry the same: what is left of them after it can be found.
pub(super) fn list(group: &str, tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| named(group, key).value(value).propagate_at_launch(true).build())
        .collect()
}

/// Makes `wanted` the tags of `group`, which has those of `seen`. Instances that are there keep
/// what they were started with.
pub(super) async fn replace(
    cx: &Cx<'_>,
    group: &GroupName,
    seen: &Tags,
    wanted: &Tags,
) -> Result<()> {
    let autoscaling = &cx.cloud.autoscaling;
    let group = group.as_str();
    let surplus: Vec<Tag> = seen
        .keys()
        .filter(|key| !wanted.contains_key(*key))
        .map(|key| named(group, key).build())
        .collect();
    let request = autoscaling.create_or_update_tags();
    request.set_tags(Some(list(group, wanted))).send().await?;
    if !surplus.is_empty() {
        autoscaling.delete_tags().set_tags(Some(surplus)).send().await?;
    }
    Ok(())
}

fn named(group: &str, key: &str) -> TagBuilder {
    Tag::builder().resource_type("auto-scaling-group").resource_id(group).key(key)
}
