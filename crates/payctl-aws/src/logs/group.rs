//! Log groups: where a service's or a function's log lines are kept, and for how long.

use aws_sdk_cloudwatchlogs::types;

use crate::leftovers::names;
use crate::prelude::*;

/// Where log lines are kept, and for how long.
#[kind(
    "logs.group",
    // The ARN is without the `:*` of policies.
    outputs(name: LogGroupName, arn: Arn),
    stable(name, arn),
    keeps_data,
    look = "logs:DescribeLogGroups DescribeSubscriptionFilters ListTagsForResource",
    create = "logs:CreateLogGroup TagResource",
    change = "logs:AssociateKmsKey DeleteRetentionPolicy DeleteSubscriptionFilter \
        DisassociateKmsKey PutRetentionPolicy TagResource UntagResource",
    delete = "logs:DeleteLogGroup",
    unscoped = "logs:DescribeLogGroups",
    on = [
        "arn:{partition}:logs:{region}:{account}:log-group:{name}",
        "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    ],
    attachments = ["subscription filter"],
)]
pub struct LogGroup {
    /// Services that choose it themselves may have another resource's id in it.
    #[prop(replaces, unique)]
    pub name: Input<LogGroupName>,
    /// How long a line is kept; 0 is for ever.
    #[prop(later)]
    pub retention_days: u32,
    /// The key it is encrypted with, whose policy has to let CloudWatch Logs use it. None: a key
    /// of AWS's own.
    pub kms_key: Option<Input<Arn>>,
    pub tags: Tags,
}

id! {
    /// A log group's name, such as `/aws/lambda/payments`.
    LogGroupName,
}

impl Resource for LogGroup {
    /// Lambda, VPC flow logs and RDS create the group that they write to where it is missing, as a
    /// function does whose last lines come after its group was deleted: below `/aws/`, kept for
    /// ever, without a key and without tags. Whoever made one on purpose sets at least one of these.
    fn is_service_made(&self) -> bool {
        let named = self.name.get().is_ok_and(|name| name.as_str().starts_with("/aws/"));
        named && self.retention_days == 0 && self.kms_key.is_none() && self.tags.is_empty()
    }

    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<LogGroupOutputs>> {
        let names = names(cx, ":log-group:").await?.into_iter();
        Ok(names.map(|name| outputs(cx, &name.into())).collect())
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<LogGroupOutputs>> {
        let Ok(name) = self.name.get() else { return Ok(Vec::new()) };
        let seen = describe(cx, name.as_str()).await?;
        Ok(seen.map(|_| outputs(cx, name)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &LogGroupOutputs) -> Result<Option<Self>> {
        let (seen, tags) =
            futures::try_join!(describe(cx, known.name.as_str()), tags(cx, &known.arn))?;
        Ok(seen.map(|seen| Self {
            name: known.name.clone().into(),
            retention_days: seen.retention_in_days.unwrap_or_default().cast_unsigned(),
            kms_key: seen.kms_key_id.map(|key| Arn::from(key).into()),
            tags,
        }))
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &LogGroupOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        let logs = &cx.cloud.logs;
        // A group has two at most, which is one page.
        let request = logs.describe_subscription_filters().log_group_name(&known.name);
        let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
        for filter in reply.and_then(|reply| reply.subscription_filters).unwrap_or_default() {
            let name = filter.filter_name.unwrap_or_default();
            let to = filter.destination_arn.unwrap_or_default();
            if attachments.meets("subscription filter", &format!("{name} to {to}")) {
                let request = logs.delete_subscription_filter().log_group_name(&known.name);
                let request = request.filter_name(name);
                request.send().await.unless_absent("ResourceNotFoundException")?;
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<LogGroupOutputs> {
        let name = self.name.get()?;
        let mut request = cx.cloud.logs.create_log_group().log_group_name(name);
        if let Some(key) = &self.kms_key {
            request = request.kms_key_id(key.get()?);
        }
        request.set_tags(Some(self.tags.clone().into_iter().collect())).send().await?;
        Ok(outputs(cx, name))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &LogGroupOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let logs = &cx.cloud.logs;
        if changed.has("retention_days") {
            match self.retention_days {
                // As it begins.
                0 if changed.is_new() => {}
                0 => {
                    logs.delete_retention_policy().log_group_name(&known.name).send().await?;
                }
                days => {
                    let request = logs.put_retention_policy().log_group_name(&known.name);
                    request.retention_in_days(days.cast_signed()).send().await?;
                }
            }
        }
        if changed.has("kms_key") {
            match &self.kms_key {
                Some(key) => {
                    let request = logs.associate_kms_key().log_group_name(&known.name);
                    request.kms_key_id(key.get()?).send().await?;
                }
                None => {
                    logs.disassociate_kms_key().log_group_name(&known.name).send().await?;
                }
            }
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &LogGroupOutputs) -> Result<()> {
        let request = cx.cloud.logs.delete_log_group().log_group_name(&known.name);
        request.send().await.unless_absent("ResourceNotFoundException")?;
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, name: &LogGroupName) -> LogGroupOutputs {
    let arn = cx.cloud.facts.arn("logs", &format!("log-group:{name}"));
    LogGroupOutputs { name: name.clone(), arn }
}

/// The group of exactly that name. The answer is sorted by name, so that it comes first of all
/// whose names begin with it.
async fn describe(cx: &Cx<'_>, name: &str) -> Result<Option<types::LogGroup>> {
    let request = cx.cloud.logs.describe_log_groups().log_group_name_prefix(name);
    let groups = request.send().await?.log_groups.unwrap_or_default();
    Ok(groups.into_iter().find(|group| group.log_group_name() == Some(name)))
}

async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let request = cx.cloud.logs.list_tags_for_resource().resource_arn(arn);
    let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
    let tags = reply.and_then(|reply| reply.tags).unwrap_or_default();
    Ok(tags.into_iter().filter(|(key, _)| !crate::is_ignored(key)).collect())
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let logs = &cx.cloud.logs;
    let seen = tags(cx, arn).await?;
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    let wanted = wanted.clone().into_iter().collect();
    logs.tag_resource().resource_arn(arn).set_tags(Some(wanted)).send().await?;
    if !surplus.is_empty() {
        logs.untag_resource().resource_arn(arn).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}
