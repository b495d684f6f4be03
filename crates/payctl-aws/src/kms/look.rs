//! What KMS says of a key, for the key itself, its aliases and who looks for it.

use aws_sdk_kms::types::{KeyMetadata, Tag};

use crate::{Absent as _, Cx, Result, Tags};

/// The id in a key's ARN.
pub(super) fn id(arn: &str) -> Option<&str> {
    arn.split_once(":key/").map(|(_, id)| id)
}

/// The key of that id, ARN or alias.
pub(super) async fn describe(cx: &Cx<'_>, id: &str) -> Result<Option<KeyMetadata>> {
    let request = cx.cloud.kms.describe_key().key_id(id);
    let reply = request.send().await.unless_absent("NotFoundException")?;
    Ok(reply.and_then(|reply| reply.key_metadata))
}

/// All tags of the key; it has 50 at most, which is one page.
pub(super) async fn tags(cx: &Cx<'_>, id: &str) -> Result<Option<Tags>> {
    let request = cx.cloud.kms.list_resource_tags().key_id(id);
    let reply = request.send().await.unless_absent("NotFoundException")?;
    let read = |tag: Tag| (tag.tag_key, tag.tag_value);
    Ok(reply.map(|reply| {
        let tags = reply.tags.unwrap_or_default().into_iter().map(read);
        tags.filter(|(key, _)| !crate::is_ignored(key)).collect()
    }))
}
