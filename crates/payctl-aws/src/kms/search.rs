//! Looking for the keys that carry a resource's ownership tags.
//!
//! KMS itself finds nothing by tag. The tagging API does, in one call, but from an index that a
//! key made a moment ago is not in for seconds to minutes; a second key made for want of the
//! first costs money for a week at least. So where the index knows none, or may not be asked,
//! every key is asked for its tags: once per key that the state does not know, and never in a
//! plan of what exists.

use aws_sdk_kms::types::{KeyListEntry, KeyState};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use payctl_engine::FailureKind;

use super::look::{describe, id, tags};
use crate::{Arn, Cx, Present as _, Result};

/// How many keys are asked at once; AWS allows 2000 such calls per second
/// (KMS request quotas, docs/aws-facts.md).
const AT_ONCE: usize = 16;

/// The keys that carry the resource's tags. One that is pending deletion counts only where no
/// other does.
pub(super) async fn ours(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let found = match indexed(cx).await {
        Ok(found) if !found.is_empty() => found,
        _ => listed(cx).await?,
    };
    if found.len() < 2 {
        return Ok(found);
    }
    let mut alive = Vec::new();
    for key in &found {
        let seen = match id(key.as_str()) {
            Some(id) => describe(cx, id).await?,
            None => None,
        };
        if seen.is_some_and(|seen| seen.key_state != Some(KeyState::PendingDeletion)) {
            alive.push(key.clone());
        }
    }
    Ok(if alive.is_empty() { found } else { alive })
}

/// The tags that tell whose a key is.
fn marks<'a>(cx: &Cx<'a>) -> [(&'static str, &'a str); 3] {
    let [stack, suffix] = cx.owner.search();
    [stack, suffix, ("payctl:id", cx.address.as_str())]
}

/// What the index of tags knows.
async fn indexed(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let filters = marks(cx).map(|(key, value)| TagFilter::builder().key(key).values(value).build());
    let request = cx.cloud.tagging.get_resources().set_tag_filters(Some(filters.to_vec()));
    let mut pages = request.resource_type_filters("kms:key").into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        let arns = page.resource_tag_mapping_list().iter().filter_map(|item| item.resource_arn());
        found.extend(arns.filter(|arn| id(arn).is_some()).map(Arn::from));
    }
    Ok(found)
}

/// What the keys themselves say.
async fn listed(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let keys = cx.cloud.kms.list_keys().into_paginator().items().send();
    let keys: Vec<KeyListEntry> = keys.collect::<std::result::Result<_, _>>().await?;
    let mut found = Vec::new();
    for some in keys.chunks(AT_ONCE) {
        let some = futures::future::try_join_all(some.iter().map(|key| marked(cx, key))).await?;
        found.extend(some.into_iter().flatten());
    }
    Ok(found)
}

/// The key, if it carries the resource's tags.
async fn marked(cx: &Cx<'_>, key: &KeyListEntry) -> Result<Option<Arn>> {
    let arn = key.key_arn().present("key_arn")?;
    let tags = match tags(cx, arn).await {
        Ok(tags) => tags.unwrap_or_default(),
        // A key that keeps us out is another's.
        Err(error) if error.kind() == FailureKind::Denied => return Ok(None),
        Err(error) => return Err(error),
    };
    let ours =
        marks(cx).iter().all(|(name, value)| tags.get(*name).map(String::as_str) == Some(value));
    Ok((ours && id(arn).is_some()).then(|| arn.into()))
}
