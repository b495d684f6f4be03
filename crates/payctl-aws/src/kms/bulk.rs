//! KMS's bulk reads: keys by the ownership tags that they carry.
//!
//! KMS itself finds nothing by tag. The tagging API does, in one call, but from an index that a
//! key made a moment ago is not in for seconds to minutes; a second key made for want of the
//! first costs money for a week at least. So where the index knows none, or may not be asked,
//! every key is asked for its tags: once for all keys that the state does not know, and never in a
//! plan of what exists.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyListEntry, Tag};
use payctl_engine::FailureKind;

use crate::load::{Loader, Mark};
use crate::marked::indexed;
use crate::{Absent as _, Arn, Present as _, Result, Tags};

/// How many keys are asked at once; AWS allows 2000 such calls per second
/// (KMS request quotas, docs/aws-facts.md).
const AT_ONCE: usize = 16;

type Found = HashMap<Mark, Vec<Arn>>;

/// The keys by the tags that they carry.
pub(crate) fn marked_keys(
    kms: &Client,
    tagging: &aws_sdk_resourcegroupstagging::Client,
) -> Loader<Vec<Arn>, Mark> {
    let (kms, tagging) = (kms.clone(), tagging.clone());
    Loader::new(move |marks: Vec<Mark>| {
        let (kms, tagging) = (kms.clone(), tagging.clone());
        async move {
            let mut found = indexed(&tagging, "kms:key", &marks).await.unwrap_or_default();
            found.values_mut().for_each(|keys| keys.retain(|key| id(key.as_str()).is_some()));
            found.retain(|_, keys| !keys.is_empty());
            let missing = marks.into_iter().filter(|mark| !found.contains_key(mark));
            let missing: Vec<Mark> = missing.collect();
            if !missing.is_empty() {
                found.extend(listed(&kms, &missing).await?);
            }
            Ok(found)
        }
    })
}

/// What the keys themselves say.
async fn listed(kms: &Client, marks: &[Mark]) -> Result<Found> {
    let keys = kms.list_keys().into_paginator().items().send();
    let keys: Vec<KeyListEntry> = keys.collect::<std::result::Result<_, _>>().await?;
    let mut found = Found::new();
    for some in keys.chunks(AT_ONCE) {
        let some = some.iter().map(|key| marked(kms, key, marks));
        for (mark, key) in futures::future::try_join_all(some).await?.into_iter().flatten() {
            found.entry(mark).or_default().push(key);
        }
    }
    Ok(found)
}

/// The key, if it carries the tags of one of `marks`, and of which.
async fn marked(kms: &Client, key: &KeyListEntry, marks: &[Mark]) -> Result<Option<(Mark, Arn)>> {
    let arn = key.key_arn().present("key_arn")?;
    let tags = match tags(kms, arn).await {
        Ok(tags) => tags.unwrap_or_default(),
        // A key that keeps us out is another's.
        Err(error) if error.kind() == FailureKind::Denied => return Ok(None),
        Err(error) => return Err(error),
    };
    let mark = Mark::told(marks, |name| tags.get(name).map(String::as_str));
    Ok(mark.filter(|_| id(arn).is_some()).map(|mark| (mark.clone(), arn.into())))
}

/// The id in a key's ARN.
pub(super) fn id(arn: &str) -> Option<&str> {
    arn.split_once(":key/").map(|(_, id)| id)
}

/// All tags of the key; it has 50 at most, which is one page.
pub(super) async fn tags(kms: &Client, id: &str) -> Result<Option<Tags>> {
    let request = kms.list_resource_tags().key_id(id);
    let reply = request.send().await.unless_absent("NotFoundException")?;
    let read = |tag: Tag| (tag.tag_key, tag.tag_value);
    Ok(reply.map(|reply| {
        let tags = reply.tags.unwrap_or_default().into_iter().map(read);
        tags.filter(|(key, _)| !crate::is_ignored(key)).collect()
    }))
}
