//! Auto Scaling's bulk reads: all policies of a group in one call.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types;

use super::GONE;
use crate::load::Loader;
use crate::{Absent as _, AwsError};

/// Bulk reads of policies, by their group.
pub(crate) type Policies = Loader<Vec<types::ScalingPolicy>>;

/// The bulk reads of one client.
pub(crate) fn policies(client: &Client) -> Policies {
    let client = client.clone();
    Loader::new(move |groups: Vec<String>| {
        let client = client.clone();
        async move {
            let of = |group: String| {
                let request = client.describe_policies().auto_scaling_group_name(&group);
                let mut pages = request.into_paginator().items().send();
                async move {
                    let mut all = Vec::new();
                    while let Some(policy) = pages.next().await {
                        match policy.map(Some).unless_absent(GONE)?.flatten() {
                            Some(policy) => all.push(policy),
                            None => break,
                        }
                    }
                    Ok::<_, AwsError>((group, all))
                }
            };
            let all = futures::future::try_join_all(groups.into_iter().map(of)).await?;
            Ok(all.into_iter().collect())
        }
    })
}
