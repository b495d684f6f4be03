//! Environments: whose ownership tags the resources of an account and region carry, by AWS's own
//! account.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use payctl_engine::owner;

use crate::leftovers::{exists, may_be_a_memory, tagged};
use crate::{Arn, Aws, Result};

/// An environment that resources carry the tags of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// Its stack.
    pub stack: String,
    /// Its suffix.
    pub suffix: String,
    /// How many resources carry its tags. Not every kind can be tagged, and what was deleted
    /// moments ago may still be counted.
    pub resources: usize,
}

/// The environments that have something in the account and region: one list, and a question more
/// only about those of which nothing is listed but what AWS remembers after its deletion.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn environments(aws: &Aws) -> Result<Vec<Tagged>> {
    let mut all: BTreeMap<(String, String), Vec<Arn>> = BTreeMap::new();
    for (left, tags) in tagged(aws, &[(owner::SUFFIX, None)]).await? {
        let Some((stack, suffix)) = owner::environment(&tags) else { continue };
        all.entry((stack.to_owned(), suffix.to_owned())).or_default().push(left.arn);
    }
    let mut environments = Vec::new();
    for ((stack, suffix), arns) in all {
        let mut resources = arns.len();
        if arns.iter().all(|arn| may_be_a_memory(arn.as_str())) {
            let there = try_join_all(arns.iter().map(|arn| exists(aws, arn.as_str()))).await?;
            resources = there.into_iter().filter(|there| *there).count();
        }
        if resources > 0 {
            environments.push(Tagged { stack, suffix, resources });
        }
    }
    Ok(environments)
}
