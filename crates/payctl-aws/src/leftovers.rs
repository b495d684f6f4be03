//! Leftovers: what still carries an environment's ownership tags, by AWS's own account.

use aws_sdk_ec2::types::{InstanceStateName, NatGatewayState};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use payctl_engine::{Address, Owner, owner};

use crate::{Arn, Aws, Result, Tags};

/// One resource that carries an environment's ownership tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Leftover {
    /// What it is.
    pub arn: Arn,
    /// Which resource of the stack it was, where its tags say so.
    pub address: Option<Address>,
}

/// Everything that carries `owner`'s tags. AWS's list of tags lags by seconds to minutes, so what
/// was deleted a moment ago may still be in it.
///
/// # Errors
/// When the tagging API cannot be asked.
pub async fn leftovers(aws: &Aws, owner: &Owner) -> Result<Vec<Leftover>> {
    let mut request = aws.tagging.get_resources();
    for (name, value) in owner.search() {
        request = request.tag_filters(TagFilter::builder().key(name).values(value).build());
    }
    let mut pages = request.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(found) = pages.next().await {
        let found = found?;
        let tags: Tags =
            found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        if let Some(arn) = found.resource_arn()
            && exists(aws, arn).await?
        {
            all.push(Leftover { arn: arn.into(), address: owner::address(&tags) });
        }
    }
    Ok(all)
}

/// Whether it is more than a memory: AWS keeps a deleted NAT gateway or a stopped instance of a
/// group, and its tags, for an hour.
async fn exists(aws: &Aws, arn: &str) -> Result<bool> {
    if let Some((_, id)) = arn.split_once(":natgateway/") {
        let seen = aws.looks.nat_gateways.load(id).await?;
        let gone = |state| matches!(state, NatGatewayState::Deleting | NatGatewayState::Deleted);
        return Ok(seen.is_some_and(|seen| !seen.state().cloned().is_some_and(gone)));
    }
    if let Some((_, id)) = arn.split_once(":instance/") {
        let seen = aws.looks.instances.load(id).await?;
        let state = seen.map(|seen| seen.state.and_then(|state| state.name));
        return Ok(state.is_some_and(|state| state != Some(InstanceStateName::Terminated)));
    }
    Ok(true)
}
