//! The tags of databases, which are the same for all that RDS has.

use aws_sdk_rds::types::Tag;

use crate::{Absent as _, Arn, Cx, Result, Tags};

/// All of those tags but those that are others' to set.
pub(super) fn declared(tags: &[Tag]) -> Tags {
    let read =
        |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(read).filter(|(key, _)| !crate::is_ignored(key)).collect()
}

/// All tags of what has that ARN; none of what is gone.
pub(super) async fn all(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let request = cx.cloud.rds.list_tags_for_resource().resource_name(arn);
    // Absence has another code for each sort of thing.
    let reply = request.send().await.unless_absent("DBClusterNotFoundFault")?;
    Ok(reply.map(|reply| declared(reply.tag_list())).unwrap_or_default())
}

pub(super) async fn replace(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let rds = &cx.cloud.rds;
    let seen = all(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    let request = rds.add_tags_to_resource().resource_name(arn);
    request.set_tags(Some(list(wanted))).send().await?;
    if !surplus.is_empty() {
        let request = rds.remove_tags_from_resource().resource_name(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

/// The tags as RDS takes them.
pub(super) fn list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
