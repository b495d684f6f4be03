//! Looking for the keys that carry a resource's ownership tags.

use aws_sdk_kms::types::KeyState;

use super::bulk::id;
use super::look::describe;
use crate::load::Mark;
use crate::{Arn, Cx, Result};

/// The keys that carry the resource's tags. One that is pending deletion counts only where no
/// other does.
pub(super) async fn ours(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let found =
        cx.cloud.marked_keys.get(&Mark::of(cx.owner, cx.address)).await?.unwrap_or_default();
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
