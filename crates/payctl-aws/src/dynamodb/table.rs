//! DynamoDB tables: items by key, and the indexes to read them by.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    BillingMode, GlobalSecondaryIndexUpdate, IndexStatus, PointInTimeRecoverySpecification,
    PointInTimeRecoveryStatus, SseDescription, SseSpecification, SseStatus, SseType,
    StreamSpecification, StreamViewType, TableDescription, TableStatus, Tag,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use payctl_engine::FailureKind;
use serde_json::Value;

use super::index::{self, Attribute, Index};
use crate::policy::principals_of;
use crate::prelude::*;

/// What DynamoDB says to a change of the time to live within half an hour of the last one:
/// refused 1,811 s after it, taken after 1,872 s (dynamodb-controller, `docs/api-quirks`,
/// DDB-TABLE-143).
const TTL_TOO_OFTEN: &str = "modified multiple times within a fixed interval";
/// What it says to the question for it while the table comes or goes (the same source).
const TTL_TOO_EARLY: &str = "Cannot describe time to live while table is in";

/// Items by key, and the indexes to read them by.
#[kind(
    "dynamodb.table",
    outputs(name: TableName, arn: Arn),
    stable(name, arn),
    keeps_data,
    typical(0.5, 10.0, 10.0),
    // An index that is added later takes 8 to 17 minutes even where there is nothing to read
    // (docs/aws-facts.md).
    wait_timeout = 60 * 60,
    look = "dynamodb:DescribeContinuousBackups DescribeTable DescribeTimeToLive \
        GetResourcePolicy ListTagsOfResource",
    create = "dynamodb:CreateTable TagResource",
    change = "dynamodb:DeleteResourcePolicy TagResource UntagResource UpdateContinuousBackups \
        UpdateTable UpdateTimeToLive",
    delete = "dynamodb:DeleteTable DescribeContinuousBackups UpdateContinuousBackups UpdateTable",
    on = "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    delegated = [
        ("kms:CreateGrant", "kms_key", "dynamodb"),
        ("kms:Decrypt", "kms_key", "dynamodb"),
        ("kms:DescribeKey", "kms_key", "dynamodb"),
        ("kms:Encrypt", "kms_key", "dynamodb"),
        ("kms:GenerateDataKey", "kms_key", "dynamodb"),
        ("kms:ReEncryptFrom", "kms_key", "dynamodb"),
        ("kms:ReEncryptTo", "kms_key", "dynamodb"),
    ],
    attachments = ["resource policy"],
)]
pub struct Table {
    #[prop(replaces, unique, length(1..=1024), source = "CreateTable.table_name")]
    pub name: String,
    #[prop(replaces)]
    pub hash_key: Attribute,
    #[prop(replaces)]
    pub range_key: Option<Attribute>,
    pub indexes: BTreeMap<String, Index>,
    /// How it is paid for, such as `PAY_PER_REQUEST`.
    #[prop(one_of("PROVISIONED", "PAY_PER_REQUEST"), source = "CreateTable.billing_mode")]
    pub billing: String,
    /// The key it is encrypted with. None: a key of DynamoDB's own.
    pub kms_key: Option<Input<Arn>>,
    /// Whether it can be brought back as it was at any second of the last 35 days.
    #[prop(later)]
    pub point_in_time_recovery: bool,
    #[prop(protects)]
    pub deletion_protection: bool,
    /// What its stream tells of each change, such as `NEW_AND_OLD_IMAGES`. None: it has no stream.
    #[prop(
        one_of("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"),
        source = "UpdateTable.stream_specification.stream_view_type"
    )]
    pub stream: Option<String>,
    /// The attribute that says when an item expires. AWS tells by a call of its own, which is made
    /// only where there is one as declared or recorded.
    #[prop(
        later,
        length(1..=255),
        source = "UpdateTimeToLive.time_to_live_specification.attribute_name"
    )]
    pub ttl: Option<String>,
    pub tags: Tags,
}

id! {
    /// A table's name.
    TableName,
}

impl Resource for Table {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<TableOutputs>> {
        let seen = alive(describe(cx, &self.name).await?);
        seen.iter().map(TableOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &TableOutputs) -> Result<Option<Self>> {
        let (seen, recovery, ttl, tags) = futures::join!(
            describe(cx, known.name.as_str()),
            recovery(cx, &known.name),
            ttl(cx, &known.name),
            tags(cx, &known.arn),
        );
        // One on its way out is as good as gone: nothing brings it back. The answers to the
        // other questions are then of all sorts.
        let Some(seen) = alive(seen?) else { return Ok(None) };
        let (hash_key, range_key) = index::keys(seen.key_schema(), seen.attribute_definitions())?;
        let billing = seen.billing_mode_summary().and_then(|billing| billing.billing_mode());
        Ok(Some(Self {
            name: known.name.to_string(),
            hash_key,
            range_key,
            indexes: indexes(&seen)?,
            // AWS tells of it only once it was not provisioned.
            billing: billing.unwrap_or(&BillingMode::Provisioned).as_str().to_owned(),
            kms_key: kms_key(&seen).map(|key| Arn::from(key).into()),
            point_in_time_recovery: recovery?,
            deletion_protection: seen.deletion_protection_enabled.unwrap_or_default(),
            stream: stream(&seen).map(str::to_owned),
            ttl: ttl?,
            tags: tags?,
        }))
    }

    async fn deletion_view(
        cx: &Cx<'_>,
        known: &TableOutputs,
    ) -> Result<Option<DeletionView<Self>>> {
        let (seen, tags) = futures::join!(describe(cx, known.name.as_str()), tags(cx, &known.arn));
        let Some(seen) = alive(seen?) else { return Ok(None) };
        let protection = seen.deletion_protection_enabled.unwrap_or_default();
        Ok(Some(DeletionView::Some(json!({ "tags": tags?, "deletion_protection": protection }))))
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &TableOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        let dynamodb = &cx.cloud.dynamodb;
        let request = dynamodb.get_resource_policy().resource_arn(&known.arn);
        let reply = request.send().await.unless_absent("PolicyNotFoundException")?;
        let Some(policy) = reply.and_then(|reply| reply.policy) else { return Ok(()) };
        if attachments.meets("resource policy", &format!("for {}", principals_of(&policy))) {
            let request = dynamodb.delete_resource_policy().resource_arn(&known.arn);
            request.send().await.unless_absent("PolicyNotFoundException")?;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<TableOutputs> {
        let keys = || [&self.hash_key].into_iter().chain(&self.range_key);
        let with_table = |(name, index): (&String, &Index)| index.with_table(name);
        let indexes = self.indexes.iter().map(with_table).collect::<Result<Vec<_>>>()?;
        let mut request = cx.cloud.dynamodb.create_table();
        if self.kms_key.is_some() {
            request = request.sse_specification(self.encryption()?);
        }
        let request = request
            .table_name(&self.name)
            .set_key_schema(Some(index::schema(keys())?))
            .set_attribute_definitions(Some(self.definitions(|_| true)?))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
            .billing_mode(self.billing.as_str().into())
            .deletion_protection_enabled(self.deletion_protection)
            .set_stream_specification(self.stream.as_deref().map(streaming).transpose()?)
            .set_tags(Some(written(&self.tags)?));
        match request.send().await.map_err(AwsError::from) {
            Ok(reply) => TableOutputs::try_from(&reply.table_description.present("table")?),
            Err(error) if error.kind() == FailureKind::Conflict => {
                match describe(cx, &self.name).await? {
                    Some(seen) if !deleting(&seen) => Err(error),
                    // The one that was deleted a moment ago.
                    _ => Err(AwsError::pending("the former table of that name to be gone")),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn converge(&self, cx: &Cx<'_>, known: &TableOutputs, changed: &Changed) -> Result<()> {
        let updates = ["deletion_protection", "billing", "kms_key", "indexes", "stream"];
        if changed.any(&updates) || changed.any(Self::INFO.set_later) {
            let seen = describe(cx, known.name.as_str()).await?;
            if let Some(what) = awaited(seen.as_ref())? {
                return Err(AwsError::pending(what));
            }
            // A table takes one change at a time.
            if let Some(seen) = seen.filter(|_| changed.any(&updates)) {
                let updates = self.updates(cx, &seen, changed)?;
                let more = updates.len() > 1;
                if let Some(next) = updates.into_iter().next() {
                    next.send().await?;
                }
                if more {
                    return Err(AwsError::pending("the table to take its other changes"));
                }
            }
        }
        if changed.has("point_in_time_recovery") {
            recover(cx, &known.name, self.point_in_time_recovery).await?;
        }
        if changed.has("ttl") {
            self.expire(cx, known).await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &TableOutputs) -> Result<()> {
        let Some(seen) = describe(cx, known.name.as_str()).await? else { return Ok(()) };
        if !deleting(&seen) {
            if seen.deletion_protection_enabled == Some(true) {
                let request = cx.cloud.dynamodb.update_table().table_name(&known.name);
                request.deletion_protection_enabled(false).send().await?;
            } else if recovery(cx, &known.name).await? {
                // A table that is deleted with its recovery on leaves a backup for 35 days that
                // nobody can delete (DDB-TABLE-167). One that was protected keeps that as a net.
                recover(cx, &known.name, false).await?;
            }
            let request = cx.cloud.dynamodb.delete_table().table_name(&known.name);
            request.send().await.unless_absent("ResourceNotFoundException")?;
        }
        Err(AwsError::pending("the table to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &TableOutputs) -> Result<Readiness> {
        let seen = describe(cx, known.name.as_str()).await?;
        Ok(awaited(seen.as_ref())?.map_or(Readiness::Ready, Readiness::NotYet))
    }
}

impl Table {
    /// The `UpdateTable` calls that bring the changed properties to their declared values.
    fn updates(
        &self,
        cx: &Cx<'_>,
        seen: &TableDescription,
        changed: &Changed,
    ) -> Result<Vec<UpdateTableFluentBuilder>> {
        let update = || cx.cloud.dynamodb.update_table().table_name(&self.name);
        let mut updates = Vec::new();
        let protected = seen.deletion_protection_enabled.unwrap_or_default();
        if changed.has("deletion_protection") && protected != self.deletion_protection {
            updates.push(update().deletion_protection_enabled(self.deletion_protection));
        }
        let billing = seen.billing_mode_summary().and_then(|billing| billing.billing_mode());
        let billing = billing.unwrap_or(&BillingMode::Provisioned);
        if changed.has("billing") && billing.as_str() != self.billing {
            updates.push(update().billing_mode(self.billing.as_str().into()));
        }
        let key = self.kms_key.as_ref().map(Input::get).transpose()?;
        if changed.has("kms_key") && kms_key(seen) != key.map(Arn::as_str) {
            updates.push(update().sse_specification(self.encryption()?));
        }
        if changed.has("stream") && stream(seen) != self.stream.as_deref() {
            // A stream of another view is another stream: the one there is ends first.
            if stream(seen).is_some() {
                let none = StreamSpecification::builder().stream_enabled(false).build()?;
                updates.push(update().stream_specification(none));
            }
            if let Some(view) = &self.stream {
                updates.push(update().stream_specification(streaming(view)?));
            }
        }
        if changed.has("indexes") {
            let before = indexes(seen)?;
            let definitions =
                |name: &str| self.definitions(|kept| kept == name || before.contains_key(kept));
            let with =
                |index: GlobalSecondaryIndexUpdate| update().global_secondary_index_updates(index);
            for (name, index) in &before {
                if self.indexes.get(name) != Some(index) {
                    updates.push(with(Index::removal(name)?));
                }
            }
            for (name, index) in &self.indexes {
                if before.get(name) != Some(index) {
                    let request = with(index.addition(name)?);
                    updates.push(request.set_attribute_definitions(Some(definitions(name)?)));
                }
            }
        }
        Ok(updates)
    }

    /// Lets items expire by the declared attribute, or by none.
    async fn expire(&self, cx: &Cx<'_>, known: &TableOutputs) -> Result<()> {
        let seen = expires_by(cx, &known.name).await?;
        if seen == self.ttl {
            return Ok(());
        }
        // The attribute there is has to be let go of before another one is taken.
        let Some(attribute) = seen.as_ref().or(self.ttl.as_ref()) else { return Ok(()) };
        let specification = TimeToLiveSpecification::builder()
            .enabled(seen.is_none())
            .attribute_name(attribute)
            .build()?;
        let request = cx.cloud.dynamodb.update_time_to_live().table_name(&known.name);
        // DynamoDB takes one change of it in about half an hour, and tells the time of none.
        match request.time_to_live_specification(specification).send().await.map_err(AwsError::from)
        {
            Err(error) if error.message().contains(TTL_TOO_OFTEN) => {
                let what = "DynamoDB to take another change of the time to live, half an hour after \
                            the last one";
                return Err(AwsError::pending(what));
            }
            set => set?,
        };
        match seen.is_some() && self.ttl.is_some() {
            true => Err(AwsError::pending("the table to stop expiring by its former attribute")),
            false => Ok(()),
        }
    }

    /// The attributes of the table's keys and of those indexes: AWS takes no others.
    fn definitions(
        &self,
        of: impl Fn(&str) -> bool,
    ) -> Result<Vec<aws_sdk_dynamodb::types::AttributeDefinition>> {
        let indexes = self.indexes.iter().filter(|(name, _)| of(name));
        let indexes = indexes.flat_map(|(_, index)| index.attributes());
        let keys = [&self.hash_key].into_iter().chain(&self.range_key);
        index::definitions(keys.chain(indexes))
    }

    fn encryption(&self) -> Result<SseSpecification> {
        let encryption = SseSpecification::builder().enabled(self.kms_key.is_some());
        Ok(match &self.kms_key {
            Some(key) => encryption.sse_type(SseType::Kms).kms_master_key_id(key.get()?).build(),
            None => encryption.build(),
        })
    }
}

async fn describe(cx: &Cx<'_>, name: &str) -> Result<Option<TableDescription>> {
    let request = cx.cloud.dynamodb.describe_table().table_name(name);
    let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
    Ok(reply.and_then(|reply| reply.table))
}

fn deleting(seen: &TableDescription) -> bool {
    seen.table_status() == Some(&TableStatus::Deleting)
}

fn alive(seen: Option<TableDescription>) -> Option<TableDescription> {
    seen.filter(|seen| !deleting(seen))
}

/// What the table needs before it can be used and changed; nothing, when it can.
fn awaited(seen: Option<&TableDescription>) -> Result<Option<String>> {
    let Some(seen) = seen else { return Ok(Some("the table to be visible".to_owned())) };
    match seen.table_status() {
        Some(TableStatus::Active) | None => {}
        // Up to an hour after its key was enabled again, as of a deletion that was called off:
        // 18 to 57 minutes were measured (DDB-TABLE's findings on encryption).
        Some(TableStatus::InaccessibleEncryptionCredentials) => {
            let what = "the table to be able to use its key, which may take an hour after that was \
                        enabled again (INACCESSIBLE_ENCRYPTION_CREDENTIALS)";
            return Ok(Some(what.to_owned()));
        }
        Some(_) => return Ok(Some("the table to become active".to_owned())),
    }
    let index = seen
        .global_secondary_indexes()
        .iter()
        .find(|index| index.index_status().is_some_and(|status| *status != IndexStatus::Active));
    if let Some(name) = index.and_then(|index| index.index_name()) {
        return Ok(Some(format!("the index {name} to become active")));
    }
    Ok(match seen.sse_description().and_then(SseDescription::status) {
        Some(SseStatus::Enabling | SseStatus::Updating | SseStatus::Disabling) => {
            Some("the table to change its key".to_owned())
        }
        _ => None,
    })
}

fn indexes(seen: &TableDescription) -> Result<BTreeMap<String, Index>> {
    let indexes = seen.global_secondary_indexes().iter().map(|index| {
        let name = index.index_name().present("index_name")?.to_owned();
        Ok((name, Index::read(index, seen.attribute_definitions())?))
    });
    indexes.collect()
}

/// The key it is encrypted with, unless that is DynamoDB's own.
fn kms_key(seen: &TableDescription) -> Option<&str> {
    let encryption = seen.sse_description()?;
    match encryption.status() {
        Some(SseStatus::Disabled | SseStatus::Disabling) => None,
        _ => encryption.kms_master_key_arn(),
    }
}

/// What its stream tells of each change; nothing, where it has none.
fn stream(seen: &TableDescription) -> Option<&str> {
    let stream = seen.stream_specification().filter(|stream| stream.stream_enabled)?;
    stream.stream_view_type().map(StreamViewType::as_str)
}

fn streaming(view: &str) -> Result<StreamSpecification> {
    let view = StreamViewType::from(view);
    Ok(StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build()?)
}

/// The attribute that items expire by, where there is one as declared or recorded.
async fn ttl(cx: &Cx<'_>, table: &TableName) -> Result<Option<String>> {
    match cx.properties.get("ttl") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => expires_by(cx, table).await,
    }
}

async fn expires_by(cx: &Cx<'_>, table: &TableName) -> Result<Option<String>> {
    let request = cx.cloud.dynamodb.describe_time_to_live().table_name(table);
    let reply = match request.send().await.unless_absent("ResourceNotFoundException") {
        // One that is being created has none yet.
        Err(error) if error.message().contains(TTL_TOO_EARLY) => return Ok(None),
        reply => reply?,
    };
    let seen = reply.and_then(|reply| reply.time_to_live_description);
    let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
    let seen = seen.filter(|seen| seen.time_to_live_status().is_some_and(|now| on.contains(now)));
    Ok(seen.and_then(|seen| seen.attribute_name))
}

async fn recovery(cx: &Cx<'_>, table: &TableName) -> Result<bool> {
    let request = cx.cloud.dynamodb.describe_continuous_backups().table_name(table);
    let reply = request.send().await.unless_absent("TableNotFoundException")?;
    let backups = reply.and_then(|reply| reply.continuous_backups_description);
    let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description);
    let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
    Ok(status == Some(PointInTimeRecoveryStatus::Enabled))
}

/// Switches recovery to a point in time on or off.
async fn recover(cx: &Cx<'_>, table: &TableName, on: bool) -> Result<()> {
    let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(on);
    let request = cx.cloud.dynamodb.update_continuous_backups().table_name(table);
    request.point_in_time_recovery_specification(on.build()?).send().await?;
    Ok(())
}

async fn tags(cx: &Cx<'_>, arn: &Arn) -> Result<Tags> {
    let mut tags = Tags::new();
    let mut token = None;
    loop {
        let request = cx.cloud.dynamodb.list_tags_of_resource().resource_arn(arn);
        let reply = request.set_next_token(token).send().await;
        let Some(reply) = reply.unless_absent("ResourceNotFoundException")? else { break };
        tags.extend(reply.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        token = reply.next_token;
        if token.is_none() {
            break;
        }
    }
    tags.retain(|key, _| !crate::is_ignored(key));
    Ok(tags)
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let dynamodb = &cx.cloud.dynamodb;
    let seen = tags(cx, arn).await?;
    let mut missing = wanted.clone();
    missing.retain(|key, value| seen.get(key) != Some(value));
    let added = !missing.is_empty();
    if added {
        let missing = Some(written(&missing)?);
        dynamodb.tag_resource().resource_arn(arn).set_tags(missing).send().await?;
    }
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    if !surplus.is_empty() && added {
        // The one is refused for seconds after the other (DDB-TABLE-103).
        return Err(AwsError::pending("the table's new tags to be set, before others go"));
    }
    if !surplus.is_empty() {
        let request = dynamodb.untag_resource().resource_arn(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}

impl TryFrom<&TableDescription> for TableOutputs {
    type Error = AwsError;

    fn try_from(seen: &TableDescription) -> Result<Self> {
        let name = seen.table_name().present("table_name")?.into();
        let arn = seen.table_arn().present("table_arn")?.into();
        Ok(Self { name, arn })
    }
}
