//! WAF's tags, which all its resources are asked for alike.

use aws_sdk_wafv2::types::{self, Tag};

use super::GONE;
use crate::{Absent as _, Arn, Cx, Result, Tags};

pub(super) async fn all(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let request = cx.cloud.wafv2.list_tags_for_resource().resource_arn(arn);
    let reply = request.send().await.unless_absent(GONE)?;
    let seen = reply.and_then(|reply| reply.tag_info_for_resource);
    let seen = seen.iter().flat_map(types::TagInfoForResource::tag_list);
    let seen = seen.map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
    Ok(seen.filter(|(key, _)| !crate::is_ignored(key)).collect())
}

pub(super) async fn replace(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let wafv2 = &cx.cloud.wafv2;
    let seen = all(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    wafv2.tag_resource().resource_arn(arn).set_tags(Some(list(wanted)?)).send().await?;
    if !surplus.is_empty() {
        wafv2.untag_resource().resource_arn(arn).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

/// The tags as WAF takes them.
pub(super) fn list(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}
