//! IAM's tags, of roles and policies alike.

use aws_sdk_iam::types::Tag;

use crate::{Result, Tags};

/// All tags but those that are others' to set.
pub(super) fn all(tags: &[Tag]) -> Tags {
    let tags = tags.iter().filter(|tag| !crate::is_ignored(tag.key()));
    tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// The tags as IAM takes them.
pub(super) fn list(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}
