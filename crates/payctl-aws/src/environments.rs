//! Environments: whose ownership tags the resources of an account and region carry, by AWS's own
//! account.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TableDescription;
use aws_sdk_kms::types::{KeyMetadata, KeyState};
use aws_sdk_sqs::types::QueueAttributeName;
use futures::future::try_join_all;
use payctl_engine::owner;

use crate::leftovers::{exists, may_be_a_memory, tagged};
use crate::{Absent as _, Arn, Aws, EXPIRES, Present as _, Result};

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
    /// What AWS lists of it, with what it may only remember.
    pub listed: Vec<Arn>,
    /// Until when it is to be there, by a tag of one of them.
    pub expires: Option<Expires>,
}

/// What the tag [`EXPIRES`] says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expires {
    /// Its value: a moment in RFC 3339, in UTC and to the second, or a word that sorts behind all
    /// of them.
    pub value: String,
    /// What carries it.
    pub carrier: Arn,
}

/// The environments that have something in the account and region: one list, and a question more
/// only about those of which nothing is listed but what AWS remembers after its deletion.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn environments(aws: &Aws) -> Result<Vec<Tagged>> {
    let mut all: BTreeMap<(String, String), Tagged> = BTreeMap::new();
    for (left, tags) in tagged(aws, &[(owner::SUFFIX, None)]).await? {
        let Some((stack, suffix)) = owner::environment(&tags) else { continue };
        let (stack, suffix) = (stack.to_owned(), suffix.to_owned());
        let key = (stack.clone(), suffix.clone());
        let found = all.entry(key).or_insert_with(|| Tagged {
            stack,
            suffix,
            resources: 0,
            listed: Vec::new(),
            expires: None,
        });
        // Where several say it, the environment is kept as long as any of them says.
        let carrier = &left.arn;
        let said = tags.get(EXPIRES).map(|value| (value.clone(), carrier.clone()));
        let said = said.map(|(value, carrier)| Expires { value, carrier });
        found.expires = found.expires.take().max(said);
        found.listed.push(left.arn);
    }
    let mut environments = Vec::new();
    for mut found in all.into_values() {
        let arns = &found.listed;
        found.resources = arns.len();
        if arns.iter().all(|arn| may_be_a_memory(arn.as_str())) {
            let there = try_join_all(arns.iter().map(|arn| exists(aws, arn.as_str()))).await?;
            found.resources = there.into_iter().filter(|there| *there).count();
        }
        if found.resources > 0 {
            environments.push(found);
        }
    }
    Ok(environments)
}

/// The regions that are on in the account, by name.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn regions(aws: &Aws) -> Result<Vec<String>> {
    // Without `AllRegions` it answers those that are on (EC2's API reference, DescribeRegions).
    let reply = aws.ec2.describe_regions().send().await?;
    let mut names: Vec<String> = reply
        .regions()
        .iter()
        .filter_map(|region| Some(region.region_name()?.to_owned()))
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// When the oldest of `listed` was made, in seconds since 1970, as far as AWS says it of what is
/// there: it keeps the day of keys, tables, queues and log groups, one of which every system has.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn made_at(aws: &Aws, listed: &[Arn]) -> Result<Option<i64>> {
    let ages = listed.iter().map(|arn| one_made_at(aws, arn.as_str()));
    Ok(try_join_all(ages).await?.into_iter().flatten().min())
}

async fn one_made_at(aws: &Aws, arn: &str) -> Result<Option<i64>> {
    let name = arn.splitn(6, ':').nth(5).unwrap_or_default();
    match arn.split(':').nth(2).unwrap_or_default() {
        "kms" => {
            let seen = aws.kms.describe_key().key_id(arn).send().await;
            let seen = seen.unless_absent("NotFoundException")?.and_then(|seen| seen.key_metadata);
            // One that goes is of an environment that was there before, or goes itself.
            let stays = |key: &KeyMetadata| key.key_state != Some(KeyState::PendingDeletion);
            Ok(seen.filter(stays).and_then(|key| Some(key.creation_date?.secs())))
        }
        "dynamodb" => {
            let seen = aws.dynamodb.describe_table().table_name(arn).send().await;
            let seen = seen.unless_absent("ResourceNotFoundException")?;
            let made = |table: TableDescription| Some(table.creation_date_time?.secs());
            Ok(seen.and_then(|seen| made(seen.table?)))
        }
        "sqs" => {
            let seen = aws.sqs.get_queue_url().queue_name(name).send().await;
            let Some(seen) = seen.unless_absent("QueueDoesNotExist")? else { return Ok(None) };
            let url = seen.queue_url.present("queue_url")?;
            let made = QueueAttributeName::CreatedTimestamp;
            let request =
                aws.sqs.get_queue_attributes().queue_url(url).attribute_names(made.clone());
            let seen = request.send().await.unless_absent("QueueDoesNotExist")?;
            let seen = seen.and_then(|seen| seen.attributes?.remove(&made));
            Ok(seen.and_then(|seconds| seconds.parse().ok()))
        }
        "logs" => {
            let name = name.trim_start_matches("log-group:").trim_end_matches(":*");
            let seen = aws.logs.describe_log_groups().log_group_name_prefix(name).send().await?;
            let mut seen = seen.log_groups.unwrap_or_default().into_iter();
            let seen = seen.find(|group| group.log_group_name.as_deref() == Some(name));
            Ok(seen.and_then(|group| Some(group.creation_time? / 1000)))
        }
        _ => Ok(None),
    }
}
