//! Leftovers: what still carries an environment's ownership tags, by AWS's own account.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{InstanceStateName, NatGatewayState, VolumeState};
use aws_sdk_kms::types::KeyState;
use aws_sdk_resourcegroupstagging::types::TagFilter;
use futures::future::try_join_all;
use payctl_engine::{Address, Owner, owner};

use crate::{Absent as _, Arn, Aws, Cx, Result, Tags};

/// The tag that says which resource it is.
const ID: &str = "payctl:id";

/// One resource that carries an environment's ownership tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Leftover {
    /// What it is.
    pub arn: Arn,
    /// Which resource of the stack it was, where its tags say so.
    pub address: Option<Address>,
}

impl Leftover {
    /// Whether it is what `outputs` tell of: by its ARN, or by the id that ends it.
    #[must_use]
    pub fn is(&self, outputs: &serde_json::Value) -> bool {
        let text = |name| outputs.get(name).and_then(serde_json::Value::as_str);
        let arn = self.arn.as_str();
        let ends = |id: &str| arn.strip_suffix(id).is_some_and(|rest| rest.ends_with('/'));
        text("arn") == Some(arn) || text("id").is_some_and(ends)
    }
}

/// What carries `owner`'s tags, is `asked` for and exists. AWS's list of tags lags by seconds to
/// minutes, so of what was deleted a moment ago some may still be in it.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn leftovers(
    aws: &Aws,
    owner: &Owner,
    asked: impl Fn(&Leftover) -> bool,
) -> Result<Vec<Leftover>> {
    let found = tagged(aws, &owner.search().map(|(name, value)| (name, Some(value)))).await?;
    existing(aws, found.into_iter().map(|(left, _)| left).filter(asked).collect()).await
}

/// The same, and how many resources other stacks have under `owner`'s suffix, by stack: of those
/// whose VPC is there.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn leftovers_and_others(
    aws: &Aws,
    owner: &Owner,
    asked: impl Fn(&Leftover) -> bool,
) -> Result<(Vec<Leftover>, BTreeMap<String, usize>)> {
    let (mut ours, mut theirs) = (Vec::new(), BTreeMap::<String, Vec<Leftover>>::new());
    for (left, tags) in tagged(aws, &[(owner::SUFFIX, Some(&owner.suffix))]).await? {
        match owner::stack(&tags) {
            Some(stack) if stack == owner.stack => ours.push(left),
            Some(stack) => theirs.entry(stack.to_owned()).or_default().push(left),
            None => {}
        }
    }
    let mut others = BTreeMap::new();
    for (stack, found) in theirs {
        // AWS's list lags, and what is only in it must not keep a suffix from being used again. Each
        // system has a VPC, and whether that is there EC2 tells at once.
        let vpcs = found.iter().filter_map(|left| left.arn.as_str().split_once(":vpc/"));
        let vpcs = try_join_all(vpcs.map(|(_, id)| aws.bulk.vpcs.load(id))).await?;
        if vpcs.iter().any(Option::is_some) {
            others.insert(stack, existing(aws, found).await?.len());
        }
    }
    ours.retain(asked);
    Ok((existing(aws, ours).await?, others))
}

/// What carries these tags, of these values or of any, by AWS's list.
pub(crate) async fn tagged(
    aws: &Aws,
    wanted: &[(&str, Option<&str>)],
) -> Result<Vec<(Leftover, Tags)>> {
    let mut request = aws.tagging.get_resources().resources_per_page(100);
    for (name, value) in wanted {
        request = request.tag_filters(
            TagFilter::builder()
                .key(*name)
                .set_values(value.map(|one| vec![one.to_owned()]))
                .build(),
        );
    }
    let mut pages = request.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(found) = pages.next().await {
        let found = found?;
        let tags: Tags =
            found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        let address = owner::address(&tags);
        let left = found.resource_arn.map(|arn| Leftover { arn: arn.into(), address });
        all.extend(left.map(|left| (left, tags)));
    }
    Ok(all)
}

/// The names of what AWS lists under the very ownership tags of `cx`'s resource: what stands behind
/// `before` in its ARN, such as `:alarm:`. A name is no proof: who reads it looks at its tags.
pub(crate) async fn names(cx: &Cx<'_>, before: &str) -> Result<Vec<String>> {
    let mut wanted = cx.owner.search().map(|(name, value)| (name, Some(value))).to_vec();
    wanted.push((ID, Some(cx.address.as_str())));
    let listed = tagged(cx.cloud, &wanted).await?;
    let name = |(left, _): (Leftover, Tags)| {
        let (_, name) = left.arn.as_str().rsplit_once(before)?;
        // A log group's ARN may end so.
        Some(name.trim_end_matches(":*").to_owned())
    };
    Ok(listed.into_iter().filter_map(name).collect())
}

/// Those of `all` that exist, in order.
async fn existing(aws: &Aws, mut all: Vec<Leftover>) -> Result<Vec<Leftover>> {
    let there = try_join_all(all.iter().map(|left| exists(aws, left.arn.as_str()))).await?;
    let mut there = there.into_iter();
    all.retain(|_| there.next().unwrap_or(true));
    all.sort_by(|one, other| (&one.address, &one.arn).cmp(&(&other.address, &other.arn)));
    Ok(all)
}

/// Whether AWS lists such a thing for a while after it is gone.
pub(crate) fn may_be_a_memory(arn: &str) -> bool {
    let key = arn.contains(":kms:") && arn.contains(":key/");
    let others = [":natgateway/", ":instance/", ":volume/", ":secretsmanager:", ":network-acl/"];
    key || others.iter().any(|part| arn.contains(part))
}

/// Whether it is more than a memory: AWS keeps a deleted NAT gateway or a stopped instance of a
/// group, and its tags, for an hour, and a key or a secret for the days until it is deleted.
pub(crate) async fn exists(aws: &Aws, arn: &str) -> Result<bool> {
    if let Some((_, id)) = arn.split_once(":natgateway/") {
        let seen = aws.bulk.nat_gateways.load(id).await?;
        let gone = |state| matches!(state, NatGatewayState::Deleting | NatGatewayState::Deleted);
        return Ok(seen.is_some_and(|seen| !seen.state().cloned().is_some_and(gone)));
    }
    // A VPC's own ACL goes with it, and nobody deletes it.
    if let Some((_, id)) = arn.split_once(":network-acl/") {
        let seen = aws.ec2.describe_network_acls().network_acl_ids(id).send().await;
        let seen = seen.unless_absent("InvalidNetworkAclID.NotFound")?;
        return Ok(seen.is_some_and(|seen| !seen.network_acls().is_empty()));
    }
    if let Some((_, id)) = arn.split_once(":instance/") {
        let seen = aws.bulk.instances.load(id).await?;
        let state = seen.map(|seen| seen.state.and_then(|state| state.name));
        return Ok(state.is_some_and(|state| state != Some(InstanceStateName::Terminated)));
    }
    // The disk of an instance goes with it.
    if let Some((_, id)) = arn.split_once(":volume/") {
        let seen = aws.ec2.describe_volumes().volume_ids(id).send().await;
        let seen = seen.unless_absent("InvalidVolume.NotFound")?;
        let mut seen = seen.iter().flat_map(|seen| seen.volumes());
        let gone = [Some(&VolumeState::Deleting), Some(&VolumeState::Deleted)];
        return Ok(seen.any(|volume| !gone.contains(&volume.state())));
    }
    if arn.contains(":kms:") && arn.contains(":key/") {
        let seen = aws.kms.describe_key().key_id(arn).send().await;
        let seen = seen.unless_absent("NotFoundException")?.and_then(|seen| seen.key_metadata);
        let state = seen.map(|seen| seen.key_state);
        return Ok(state.is_some_and(|state| state != Some(KeyState::PendingDeletion)));
    }
    if arn.contains(":secretsmanager:") {
        let seen = aws.secretsmanager.describe_secret().secret_id(arn).send().await;
        let seen = seen.unless_absent("ResourceNotFoundException")?;
        return Ok(seen.is_some_and(|seen| seen.deleted_date.is_none()));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_leftover_is_told_by_its_arn_or_its_id() {
        let arn = "arn:aws:ec2:us-east-1:123456789012:natgateway/nat-0a1b";
        let left = Leftover { arn: arn.into(), address: None };
        assert!(left.is(&json!({ "arn": arn })));
        assert!(left.is(&json!({ "id": "nat-0a1b" })));
        for other in [json!({ "id": "0a1b" }), json!({ "id": "" }), json!({}), json!(null)] {
            assert!(!left.is(&other), "{other}");
        }
    }
}
