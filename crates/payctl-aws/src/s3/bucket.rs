//! Buckets: where objects are kept, under a name that is unique in all of AWS.

use aws_sdk_s3::types::{
    self, BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration,
    ObjectOwnership, ServerSideEncryption,
};
use payctl_engine::owner::LINEAGE;
use payctl_engine::{Failure, FailureKind};

use super::attachments;
use super::empty::empty;
use super::lifecycle::{self, LifecycleRule};
use super::lock::{self, ObjectLock};
use crate::prelude::*;

/// The region whose buckets name no location, and where making one twice is no error.
const FIRST_REGION: &str = "us-east-1";

/// Where objects are kept, each of them encrypted.
#[kind(
    "s3.bucket",
    outputs(name: BucketName, arn: Arn),
    stable(name, arn),
    keeps_data,
    typical(0.5, 1.5, 1.0),
    // A thousand versions are deleted in about a second; and a name may be locked for minutes
    // after its bucket was deleted. terraform-provider-aws waits as long (docs/aws-facts.md).
    wait_timeout = 60 * 60,
    look = "s3:GetBucketCORS GetBucketLogging GetBucketNotification \
        GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy \
        GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite \
        GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration \
        ListBucket",
    create = "s3:CreateBucket",
    change = "s3:DeleteBucketPolicy DeleteBucketWebsite PutBucketCORS PutBucketLogging \
        PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls \
        PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning \
        PutEncryptionConfiguration PutLifecycleConfiguration PutReplicationConfiguration",
    delete = "s3:AbortMultipartUpload BypassGovernanceRetention DeleteBucket DeleteBucketPolicy \
        DeleteObject DeleteObjectVersion ListBucketMultipartUploads ListBucketVersions",
    on = ["arn:{partition}:s3:::{name}", "arn:{partition}:s3:::{name}/*"],
    attachments = attachments::SORTS,
)]
pub struct Bucket {
    #[prop(
        replaces,
        unique,
        pattern = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        source = "S3 bucket naming rules"
    )]
    pub name: String,
    /// The key that objects are encrypted with. None: keys of S3's own.
    #[prop(later)]
    pub kms_key: Option<Input<Arn>>,
    /// Whether a key of the bucket's own spares most calls to KMS.
    #[prop(later)]
    pub bucket_key: bool,
    #[prop(later)]
    pub versioning: bool,
    /// How long what comes in can be neither changed nor deleted, where nothing else is said of it.
    #[prop(later, protects)]
    pub lock: Option<ObjectLock>,
    /// Who owns what others put here, such as `BucketOwnerEnforced`.
    #[prop(
        one_of("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"),
        source = "CreateBucket.object_ownership"
    )]
    pub ownership: String,
    /// Whether all four ways to make it public are shut.
    #[prop(later)]
    pub block_public: bool,
    #[prop(later)]
    pub lifecycle: Vec<LifecycleRule>,
    /// Whether objects under 128 KB stay in their storage class whatever the rules say, as S3 has
    /// it since 2024-09 where nothing else is said: moving them costs more than it saves.
    #[prop(later)]
    pub small_objects_stay: bool,
    /// Where a line is left for every request.
    #[prop(later)]
    pub access_log: Option<AccessLog>,
    #[prop(later)]
    pub policy: Option<Policy>,
    #[prop(later)]
    pub tags: Tags,
}

/// Where S3 leaves a line for every request to a bucket, hours later and as well as it can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccessLog {
    /// Of the same account and region, without a lock and without a key of KMS's: S3 delivers to no
    /// other (its guide, enable-server-access-logging).
    pub bucket: Input<BucketName>,
    /// What the names of its files begin with.
    pub prefix: String,
}

id! {
    /// A bucket's name.
    BucketName,
}

impl Resource for Bucket {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<BucketOutputs>> {
        let there = exists(cx, &self.name).await?;
        Ok(there.then(|| outputs(cx, &self.name)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &BucketOutputs) -> Result<Option<Self>> {
        let seen = futures::try_join!(
            versioning(cx, &known.name),
            lock::read(cx, known.name.as_str()),
            encryption(cx, &known.name),
            ownership(cx, &known.name),
            block_public(cx, &known.name),
            lifecycle::read(cx, known.name.as_str()),
            access_log(cx, &known.name),
            policy(cx, &known.name),
            tags(cx, &known.name),
        )?;
        let (versioning, lock, encryption, ownership, block_public, ..) = seen;
        let (.., lifecycle, access_log, policy, tags) = seen;
        let (lifecycle, small_objects_stay) = lifecycle;
        let (Some(versioning), Some(tags)) = (versioning, tags) else { return Ok(None) };
        let (kms_key, bucket_key) = encryption;
        let name = known.name.to_string();
        Ok(Some(Self {
            name,
            kms_key: kms_key.map(Input::from),
            bucket_key,
            versioning,
            lock: lock.and_then(|lock| lock.retention),
            ownership,
            block_public,
            lifecycle,
            small_objects_stay,
            access_log,
            policy,
            tags,
        }))
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &BucketOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        attachments::look(cx, known.name.as_str(), attachments).await
    }

    async fn deletion_view(
        cx: &Cx<'_>,
        known: &BucketOutputs,
    ) -> Result<Option<DeletionView<Self>>> {
        let (tags, lock) =
            futures::try_join!(tags(cx, &known.name), lock::read(cx, known.name.as_str()))?;
        let lock = lock.and_then(|lock| lock.retention);
        Ok(tags.map(|tags| DeletionView::Some(json!({ "tags": tags, "lock": lock }))))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<BucketOutputs> {
        let region = cx.cloud.facts.region.as_str();
        let mut location = None;
        if region == FIRST_REGION {
            // It answers success for a bucket one has already, where all others say so.
            if exists(cx, &self.name).await? {
                let why = format!("the account has a bucket named {} already", self.name);
                return Err(Failure::new(FailureKind::Conflict, why).into());
            }
        } else {
            let region = BucketLocationConstraint::from(region);
            let config = CreateBucketConfiguration::builder().location_constraint(region);
            location = Some(config.build());
        }
        let request = cx.cloud.s3.create_bucket().bucket(&self.name);
        request
            .object_ownership(ObjectOwnership::from(self.ownership.as_str()))
            .set_create_bucket_configuration(location)
            .send()
            .await?;
        Ok(outputs(cx, &self.name))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &BucketOutputs, changed: &Changed) -> Result<()> {
        // One after the other: S3 refuses changes of one bucket that meet.
        if changed.has("tags") {
            self.put_tags(cx, known).await?;
        }
        if changed.has("block_public") {
            self.put_public_access_block(cx, known).await?;
        }
        if changed.has("ownership") {
            self.put_ownership(cx, known).await?;
        }
        if changed.has("versioning") {
            self.put_versioning(cx, known).await?;
        }
        // A new bucket has neither a lock nor a log (CreateBucket's reference).
        if changed.needs("lock", self.lock.is_some()) {
            lock::put(cx, known.name.as_str(), self.lock.as_ref()).await?;
        }
        if changed.any(&["kms_key", "bucket_key"]) {
            self.put_encryption(cx, known).await?;
        }
        if changed.any(&["lifecycle", "small_objects_stay"]) {
            let Self { lifecycle, small_objects_stay, .. } = self;
            lifecycle::put(cx, known.name.as_str(), lifecycle, *small_objects_stay).await?;
        }
        if changed.needs("access_log", self.access_log.is_some()) {
            self.put_access_log(cx, known).await?;
        }
        if changed.has("policy") {
            self.put_policy(cx, known).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        // First of all its policy, which may deny the deletions.
        let request = own!(cx, delete_bucket_policy, &known.name);
        if request.send().await.unless_absent("NoSuchBucket")?.is_none() {
            return Ok(());
        }
        empty(cx, known.name.as_str()).await?;
        // What was delivered meanwhile makes this fail with BucketNotEmpty, which is Busy.
        let request = own!(cx, delete_bucket, &known.name);
        request.send().await.unless_absent("NoSuchBucket")?;
        Ok(())
    }
}

impl Bucket {
    /// All tags of a bucket are set at once (PutBucketTagging's reference): those that are others' to
    /// set are sent along.
    async fn put_tags(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        let seen = all_tags(cx, &known.name).await?.unwrap_or_default();
        // Two folders that make the same environment at once are both answered success by the first
        // region, and the later one would tag over the earlier one's.
        if let (Some(theirs), Some(ours)) = (seen.get(LINEAGE), self.tags.get(LINEAGE))
            && theirs != ours
        {
            let why = format!("the bucket {} was made by another run meanwhile", known.name);
            return Err(Failure::new(FailureKind::Conflict, why).into());
        }
        // What begins with `aws:` is refused of anybody, and stays by itself.
        let others = seen.into_iter().filter(|(key, _)| !key.starts_with("aws:"));
        let mut tags: Tags = others.filter(|(key, _)| crate::is_ignored(key)).collect();
        tags.extend(self.tags.clone());
        if tags.is_empty() {
            own!(cx, delete_bucket_tagging, &known.name).send().await?;
            return Ok(());
        }
        let tags = tags.into_iter();
        let tags = tags.map(|(key, value)| types::Tag::builder().key(key).value(value).build());
        let tags = tags.collect::<Result<Vec<_>, _>>()?;
        let all = types::Tagging::builder().set_tag_set(Some(tags)).build()?;
        own!(cx, put_bucket_tagging, &known.name).tagging(all).send().await?;
        Ok(())
    }

    async fn put_public_access_block(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        let block = types::PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.block_public)
            .ignore_public_acls(self.block_public)
            .block_public_policy(self.block_public)
            .restrict_public_buckets(self.block_public)
            .build();
        let request = own!(cx, put_public_access_block, &known.name);
        request.public_access_block_configuration(block).send().await?;
        Ok(())
    }

    async fn put_ownership(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        let ownership = ObjectOwnership::from(self.ownership.as_str());
        let rule = types::OwnershipControlsRule::builder().object_ownership(ownership).build()?;
        let controls = types::OwnershipControls::builder().rules(rule).build()?;
        let request = own!(cx, put_bucket_ownership_controls, &known.name);
        request.ownership_controls(controls).send().await?;
        Ok(())
    }

    async fn put_versioning(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        // A bucket without versions is left without; once it had some, it can only suspend them.
        if !self.versioning && versioning(cx, &known.name).await? != Some(true) {
            return Ok(());
        }
        let status = match self.versioning {
            true => BucketVersioningStatus::Enabled,
            false => BucketVersioningStatus::Suspended,
        };
        let config = types::VersioningConfiguration::builder().status(status).build();
        let request = own!(cx, put_bucket_versioning, &known.name);
        request.versioning_configuration(config).send().await?;
        Ok(())
    }

    async fn put_encryption(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        let default = types::ServerSideEncryptionByDefault::builder();
        let default = match &self.kms_key {
            Some(key) => {
                let key = key.get()?;
                default.sse_algorithm(ServerSideEncryption::AwsKms).kms_master_key_id(key)
            }
            None => default.sse_algorithm(ServerSideEncryption::Aes256),
        };
        let default = default.build()?;
        let rule = types::ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(self.bucket_key)
            .build();
        let config = types::ServerSideEncryptionConfiguration::builder().rules(rule).build()?;
        let request = own!(cx, put_bucket_encryption, &known.name);
        request.server_side_encryption_configuration(config).send().await?;
        Ok(())
    }

    async fn put_access_log(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        let mut status = types::BucketLoggingStatus::builder();
        if let Some(AccessLog { bucket, prefix }) = &self.access_log {
            let to = types::LoggingEnabled::builder().target_bucket(bucket.get()?);
            status = status.logging_enabled(to.target_prefix(prefix).build()?);
        }
        let request = own!(cx, put_bucket_logging, &known.name);
        request.bucket_logging_status(status.build()).send().await?;
        Ok(())
    }

    async fn put_policy(&self, cx: &Cx<'_>, known: &BucketOutputs) -> Result<()> {
        match &self.policy {
            Some(policy) => {
                let request = own!(cx, put_bucket_policy, &known.name);
                request.policy(policy.document()?).send().await?;
            }
            None => {
                own!(cx, delete_bucket_policy, &known.name).send().await?;
            }
        }
        Ok(())
    }
}

/// Whether the account has a bucket of that name.
async fn exists(cx: &Cx<'_>, name: &str) -> Result<bool> {
    match own!(cx, head_bucket, name).send().await.unless_absent("NotFound") {
        Ok(found) => Ok(found.is_some()),
        Err(error) => Err(out_of_reach(error, name)),
    }
}

/// HEAD answers a status and no message: what it means is said here.
fn out_of_reach(error: AwsError, name: &str) -> AwsError {
    let why = match error.kind() {
        FailureKind::Denied => "in another account, or these credentials may not see it",
        FailureKind::Invalid => "in another region, or these credentials have expired",
        _ => return error,
    };
    let message = format!("a bucket named {name} exists {why} ({})", error.message());
    Failure { message, ..Failure::from(error) }.into()
}

/// Whether versions are kept; `None` when there is no such bucket.
async fn versioning(cx: &Cx<'_>, name: impl Into<String>) -> Result<Option<bool>> {
    let request = own!(cx, get_bucket_versioning, name);
    let reply = request.send().await.unless_absent("NoSuchBucket")?;
    Ok(reply.map(|reply| reply.status == Some(BucketVersioningStatus::Enabled)))
}

/// The key of KMS, where it is one, and whether the bucket has a key of its own.
async fn encryption(cx: &Cx<'_>, name: &BucketName) -> Result<(Option<Arn>, bool)> {
    let request = own!(cx, get_bucket_encryption, name);
    let reply = request.send().await;
    let reply = reply.unless_absent("ServerSideEncryptionConfigurationNotFoundError")?;
    let config = reply.and_then(|reply| reply.server_side_encryption_configuration);
    let rule = config.and_then(|config| config.rules.into_iter().next());
    let bucket_key = rule.as_ref().and_then(|rule| rule.bucket_key_enabled).unwrap_or_default();
    let key = rule
        .and_then(|rule| rule.apply_server_side_encryption_by_default)
        .filter(|default| default.sse_algorithm == ServerSideEncryption::AwsKms)
        // Without a name it is AWS's own of the account.
        .map(|default| default.kms_master_key_id.unwrap_or_default().into());
    Ok((key, bucket_key))
}

async fn ownership(cx: &Cx<'_>, name: &BucketName) -> Result<String> {
    let request = own!(cx, get_bucket_ownership_controls, name);
    let reply = request.send().await.unless_absent("OwnershipControlsNotFoundError")?;
    let rule = reply
        .and_then(|reply| reply.ownership_controls)
        .and_then(|controls| controls.rules.into_iter().next());
    // Without controls the writer owns what it puts.
    let ownership = rule.map_or(ObjectOwnership::ObjectWriter, |rule| rule.object_ownership);
    Ok(ownership.as_str().to_owned())
}

async fn block_public(cx: &Cx<'_>, name: &BucketName) -> Result<bool> {
    let request = own!(cx, get_public_access_block, name);
    let reply = request.send().await.unless_absent("NoSuchPublicAccessBlockConfiguration")?;
    let block = reply.and_then(|reply| reply.public_access_block_configuration);
    Ok(block.is_some_and(|block| {
        let all = [
            block.block_public_acls,
            block.ignore_public_acls,
            block.block_public_policy,
            block.restrict_public_buckets,
        ];
        all.iter().all(|one| *one == Some(true))
    }))
}

async fn access_log(cx: &Cx<'_>, name: &BucketName) -> Result<Option<AccessLog>> {
    let request = own!(cx, get_bucket_logging, name);
    let reply = request.send().await.unless_absent("NoSuchBucket")?;
    let to = reply.and_then(|reply| reply.logging_enabled);
    Ok(to.map(|to| AccessLog {
        bucket: BucketName::from(to.target_bucket).into(),
        prefix: to.target_prefix,
    }))
}

async fn policy(cx: &Cx<'_>, name: &BucketName) -> Result<Option<Policy>> {
    let request = own!(cx, get_bucket_policy, name);
    let reply = request.send().await.unless_absent("NoSuchBucketPolicy")?;
    reply.and_then(|reply| reply.policy).map(|text| Policy::parse(&text)).transpose()
}

/// All tags but those that are others' to set. None: there is no such bucket.
async fn tags(cx: &Cx<'_>, name: &BucketName) -> Result<Option<Tags>> {
    let mut tags = all_tags(cx, name).await?;
    tags.iter_mut().for_each(|tags| tags.retain(|key, _| !crate::is_ignored(key)));
    Ok(tags)
}

async fn all_tags(cx: &Cx<'_>, name: &BucketName) -> Result<Option<Tags>> {
    let request = own!(cx, get_bucket_tagging, name);
    let tags = match request.send().await.map_err(AwsError::from) {
        Ok(reply) => reply.tag_set,
        Err(error) if error.code() == Some("NoSuchTagSet") => Vec::new(),
        Err(error) if error.kind() == FailureKind::Absent => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

fn outputs(cx: &Cx<'_>, name: &str) -> BucketOutputs {
    let arn = format!("arn:{}:s3:::{name}", cx.cloud.facts.partition);
    BucketOutputs { name: name.into(), arn: arn.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_bucket_is_named() {
        let refused = Failure::new(FailureKind::Denied, "HTTP status 403");
        let error = out_of_reach(refused.into(), "files");
        assert_eq!(error.kind(), FailureKind::Denied);
        assert!(error.message().starts_with("a bucket named files exists in another account"));
    }
}
