//! The tags of groups. Each says of itself whether new instances get it too.

use aws_sdk_autoscaling::types::builders::TagBuilder;
use aws_sdk_autoscaling::types::{Tag, TagDescription};

use crate::{Cx, Result, Tags};

/// All tags but those that are others' to set.
pub(super) fn all(tags: &[TagDescription]) -> Tags {
    tags.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .filter(|(key, _)| !crate::is_ignored(key))
        .collect()
}

/// Whether new instances get all of them but those that are others' to set.
pub(super) fn at_launch(tags: &[TagDescription]) -> bool {
    let mut ours = tags.iter().filter(|tag| tag.key().is_some_and(|key| !crate::is_ignored(key)));
    ours.all(|tag| tag.propagate_at_launch() == Some(true))
}

/// The tags of `group` as AWS takes them, which new instances get `at_launch` or not at all.
pub(super) fn list(group: &str, tags: &Tags, at_launch: bool) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| named(group, key).value(value).propagate_at_launch(at_launch).build())
        .collect()
}

/// Makes `wanted` the tags of `group`, which has those of `seen`. Instances that are there keep
/// what they were started with.
pub(super) async fn replace(
    cx: &Cx<'_>,
    group: &str,
    seen: &Tags,
    wanted: &Tags,
    at_launch: bool,
) -> Result<()> {
    let autoscaling = &cx.cloud.autoscaling;
    let surplus: Vec<Tag> = seen
        .keys()
        .filter(|key| !wanted.contains_key(*key))
        .map(|key| named(group, key).build())
        .collect();
    let request = autoscaling.create_or_update_tags();
    request.set_tags(Some(list(group, wanted, at_launch))).send().await?;
    if !surplus.is_empty() {
        autoscaling.delete_tags().set_tags(Some(surplus)).send().await?;
    }
    Ok(())
}

fn named(group: &str, key: &str) -> TagBuilder {
    Tag::builder().resource_type("auto-scaling-group").resource_id(group).key(key)
}
