//! What KMS says of a key, for the key itself, its aliases and who looks for it.

use aws_sdk_kms::types::KeyMetadata;

use crate::{Absent as _, Cx, Result};

/// The key of that id, ARN or alias.
pub(super) async fn describe(cx: &Cx<'_>, id: &str) -> Result<Option<KeyMetadata>> {
    let request = cx.cloud.kms.describe_key().key_id(id);
    let reply = request.send().await.unless_absent("NotFoundException")?;
    Ok(reply.and_then(|reply| reply.key_metadata))
}
