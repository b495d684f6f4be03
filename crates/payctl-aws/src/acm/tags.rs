//! The tags of certificates.

use crate::{Absent as _, Arn, Cx, Result, Tags};

pub(super) const GONE: &str = "ResourceNotFoundException";

/// All tags but those that are others' to set; `None` where the certificate is gone.
pub(super) async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Option<Tags>> {
    let request = cx.cloud.acm.list_tags_for_certificate().certificate_arn(arn);
    let Some(reply) = request.send().await.unless_absent(GONE)? else { return Ok(None) };
    let tags = reply.tags.unwrap_or_default().into_iter();
    let tags = tags.map(|tag| (tag.key, tag.value.unwrap_or_default()));
    Ok(Some(tags.filter(|(key, _)| !crate::is_ignored(key)).collect()))
}
