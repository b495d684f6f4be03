//! EC2's tags: set at creation, replaced afterwards, and what resources are found by.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

use crate::{Cx, Result, Tags};

/// The tags a create call sets.
pub(crate) fn on_create(sort: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(sort).set_tags(Some(list(tags))).build()
}

/// One filter with one value.
pub(crate) fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// All tags but those that are others' to set.
pub(crate) fn all(tags: &[Tag]) -> Tags {
    tags.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .filter(|(key, _)| !crate::is_ignored(key))
        .collect()
}

/// Sets `tags` on the resource `id`, whatever others it has.
pub(crate) async fn put(cx: &Cx<'_>, id: &str, tags: &Tags) -> Result<()> {
    cx.cloud.ec2.create_tags().resources(id).set_tags(Some(list(tags))).send().await?;
    Ok(())
}

/// Makes `wanted` the tags of the resource `id`.
pub(crate) async fn replace(cx: &Cx<'_>, id: &str, wanted: &Tags) -> Result<()> {
    let ec2 = &cx.cloud.ec2;
    let reply = ec2.describe_tags().filters(filter("resource-id", id)).send().await?;
    let surplus: Vec<Tag> = reply
        .tags()
        .iter()
        .filter_map(aws_sdk_ec2::types::TagDescription::key)
        .filter(|key| !crate::is_ignored(key) && !wanted.contains_key(*key))
        .map(|key| Tag::builder().key(key).build())
        .collect();
    put(cx, id, wanted).await?;
    if !surplus.is_empty() {
        ec2.delete_tags().resources(id).set_tags(Some(surplus)).send().await?;
    }
    Ok(())
}

/// The tags as EC2 takes them.
pub(crate) fn list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
