//! Tags of what version 2 has: set at the creation, and later by calls of their own.

use std::collections::HashMap;

use crate::{Arn, Cx, Result, Tags};

/// As AWS takes them.
pub(super) fn written(tags: &Tags) -> HashMap<String, String> {
    tags.clone().into_iter().collect()
}

/// All tags but those that are others' to set.
pub(super) fn all(seen: Option<HashMap<String, String>>) -> Tags {
    seen.into_iter().flatten().filter(|(key, _)| !crate::is_ignored(key)).collect()
}

/// Whether they are those of the resource that is looked for.
pub(super) fn ours(cx: &Cx<'_>, seen: Option<&HashMap<String, String>>) -> bool {
    let [stack, suffix] = cx.owner.search();
    let wanted = [stack, suffix, ("payctl:id", cx.address.as_str())];
    let carries = |(key, value): &(&str, &str)| {
        seen.and_then(|tags| tags.get(*key)).is_some_and(|tag| tag == value)
    };
    wanted.iter().all(carries)
}

/// Makes `wanted` the tags of `arn`, which carries `seen` now.
pub(super) async fn replace(cx: &Cx<'_>, arn: &Arn, seen: Tags, wanted: &Tags) -> Result<()> {
    let api = &cx.cloud.apigatewayv2;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    api.tag_resource().resource_arn(arn).set_tags(Some(written(wanted))).send().await?;
    if !surplus.is_empty() {
        let request = api.untag_resource().resource_arn(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}
