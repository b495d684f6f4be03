//! What the bucket of states has to be like, what it is like, and making it so.

use std::fmt::{self, Display, Formatter};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use serde_json::{Value, json};

use super::StateBucket;
use crate::{AwsError, Result};

/// How long what was replaced or deleted is kept, in days. Our choice: longer than a mistake goes
/// unnoticed.
const KEPT: i32 = 90;
/// The name of our rule for that.
const RULE: &str = "payctl-old-versions-of-state";
/// The name of our statement in the bucket's policy.
const STATEMENT: &str = "PayctlStateOverTlsOnly";

/// One thing that the bucket of states has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// There.
    Exists,
    /// What is written is encrypted, with the key where one is named.
    Encryption,
    /// What is replaced is kept.
    Versioning,
    /// Nobody can make it public.
    PublicAccess,
    /// Only requests over TLS are taken.
    Tls,
    /// What was replaced long ago goes.
    OldVersions,
}

impl Matter {
    /// All, in the order in which they are made.
    pub const ALL: [Self; 6] = [
        Self::Exists,
        Self::PublicAccess,
        Self::Encryption,
        Self::Versioning,
        Self::Tls,
        Self::OldVersions,
    ];

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Encryption => "encryption",
            Self::Versioning => "versioning",
            Self::PublicAccess => "public-access",
            Self::Tls => "tls",
            Self::OldVersions => "old-versions",
        }
    }
}

impl Display for Matter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exists => "the bucket is there",
            Self::Encryption => "what is written is encrypted with the key",
            Self::Versioning => "what is replaced is kept",
            Self::PublicAccess => "public access is blocked",
            Self::Tls => "only requests over TLS are taken",
            Self::OldVersions => "old versions go after a while",
        })
    }
}

/// What was found of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Of which.
    pub matter: Matter,
    /// Whether it is as it has to be.
    pub holds: bool,
}

impl StateBucket {
    /// Says what the bucket is like. Changes nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn examine(&self) -> Result<Vec<Finding>> {
        let bucket = self.clone();
        self.on_thread(async move {
            let mut findings = Vec::new();
            for matter in Matter::ALL {
                let holds = bucket.holds(matter).await?;
                findings.push(Finding { matter, holds });
                if matter == Matter::Exists && !holds {
                    break;
                }
            }
            Ok(findings)
        })
        .await
    }

    /// Makes the bucket so that `matter` holds, and leaves alone what else it says.
    ///
    /// # Errors
    /// When it cannot be changed.
    pub async fn mend(&self, matter: Matter) -> Result<()> {
        let bucket = self.clone();
        self.on_thread(async move { bucket.make(matter).await }).await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let done = self.thread.spawn(work).await;
        done.unwrap_or_else(|error| Err(AwsError::unexpected("state's bucket", error)))
    }

    async fn exists(&self) -> Result<bool> {
        match self.s3.head_bucket().bucket(&self.name).send().await {
            Ok(_) => Ok(true),
            // An answer to HEAD has no text: all that tells is its number.
            Err(error) if super::status(&error) == Some(404) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn holds(&self, matter: Matter) -> Result<bool> {
        let (s3, name) = (&self.s3, self.name.as_str());
        Ok(match matter {
            Matter::Exists => self.exists().await?,
            Matter::Encryption => {
                let Some(key) = &self.kms_key else { return Ok(true) };
                let answer = s3.get_bucket_encryption().bucket(name).send().await;
                let answer = absent(answer, "ServerSideEncryptionConfigurationNotFoundError")?;
                let rules = answer.and_then(|answer| answer.server_side_encryption_configuration);
                rules.iter().flat_map(|rules| rules.rules()).any(|rule| {
                    let by = rule.apply_server_side_encryption_by_default();
                    by.is_some_and(|by| by.kms_master_key_id() == Some(key))
                })
            }
            Matter::Versioning => {
                let answer = s3.get_bucket_versioning().bucket(name).send().await?;
                answer.status() == Some(&BucketVersioningStatus::Enabled)
            }
            Matter::PublicAccess => {
                let answer = s3.get_public_access_block().bucket(name).send().await;
                let answer = absent(answer, "NoSuchPublicAccessBlockConfiguration")?;
                let block = answer.and_then(|answer| answer.public_access_block_configuration);
                block.is_some_and(|block| {
                    let all = [
                        block.block_public_acls(),
                        block.block_public_policy(),
                        block.ignore_public_acls(),
                        block.restrict_public_buckets(),
                    ];
                    all.iter().all(|one| *one == Some(true))
                })
            }
            Matter::Tls => denies_plain(&policy(s3, name).await?),
            Matter::OldVersions => rules(s3, name).await?.iter().any(|rule| {
                let goes = rule.noncurrent_version_expiration().is_some();
                goes && rule.status() == &ExpirationStatus::Enabled
            }),
        })
    }

    async fn make(&self, matter: Matter) -> Result<()> {
        let (s3, name) = (&self.s3, self.name.as_str());
        match matter {
            Matter::Exists => {
                // The first region is not named, as where a bucket of a stack is made.
                let place = (self.region != "us-east-1").then(|| {
                    let place = BucketLocationConstraint::from(self.region.as_str());
                    CreateBucketConfiguration::builder().location_constraint(place).build()
                });
                let request = s3.create_bucket().bucket(name);
                request.set_create_bucket_configuration(place).send().await?;
            }
            Matter::Encryption => {
                let Some(key) = &self.kms_key else { return Ok(()) };
                let by = ServerSideEncryptionByDefault::builder()
                    .sse_algorithm(ServerSideEncryption::AwsKms)
                    .kms_master_key_id(key)
                    .build()
                    .map_err(invalid)?;
                let rule = ServerSideEncryptionRule::builder()
                    .apply_server_side_encryption_by_default(by)
                    .bucket_key_enabled(true)
                    .build();
                let rules = ServerSideEncryptionConfiguration::builder()
                    .rules(rule)
                    .build()
                    .map_err(invalid)?;
                let request = s3.put_bucket_encryption().bucket(name);
                request.server_side_encryption_configuration(rules).send().await?;
            }
            Matter::Versioning => {
                let on = VersioningConfiguration::builder()
                    .status(BucketVersioningStatus::Enabled)
                    .build();
                let request = s3.put_bucket_versioning().bucket(name);
                request.versioning_configuration(on).send().await?;
            }
            Matter::PublicAccess => {
                let block = PublicAccessBlockConfiguration::builder()
                    .block_public_acls(true)
                    .block_public_policy(true)
                    .ignore_public_acls(true)
                    .restrict_public_buckets(true)
                    .build();
                let request = s3.put_public_access_block().bucket(name);
                request.public_access_block_configuration(block).send().await?;
            }
            Matter::Tls => {
                let mut policy = policy(s3, name).await?;
                let arn =
                    format!("arn:{}:s3:::{name}", crate::Partition::of_region(&self.region).id);
                add(&mut policy, &arn);
                let request = s3.put_bucket_policy().bucket(name);
                request.policy(policy.to_string()).send().await?;
            }
            Matter::OldVersions => {
                let expire = NoncurrentVersionExpiration::builder().noncurrent_days(KEPT).build();
                let rule = LifecycleRule::builder()
                    .id(RULE)
                    .status(ExpirationStatus::Enabled)
                    .filter(LifecycleRuleFilter::builder().prefix("").build())
                    .noncurrent_version_expiration(expire)
                    .build()
                    .map_err(invalid)?;
                let mut rules = rules(s3, name).await?;
                rules.push(rule);
                let rules = BucketLifecycleConfiguration::builder()
                    .set_rules(Some(rules))
                    .build()
                    .map_err(invalid)?;
                let request = s3.put_bucket_lifecycle_configuration().bucket(name);
                request.lifecycle_configuration(rules).send().await?;
            }
        }
        Ok(())
    }
}

/// What was asked for, or nothing where the answer is that code.
fn absent<T, E>(
    answer: std::result::Result<T, super::SdkError<E, super::HttpResponse>>,
    code: &str,
) -> Result<Option<T>>
where
    E: ProvideErrorMetadata,
    AwsError: From<super::SdkError<E, super::HttpResponse>>,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == Some(code) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn invalid(error: impl Display) -> AwsError {
    AwsError::invalid(error.to_string())
}

/// The bucket's policy; one that says nothing where there is none.
async fn policy(s3: &Client, name: &str) -> Result<Value> {
    let answer = absent(s3.get_bucket_policy().bucket(name).send().await, "NoSuchBucketPolicy")?;
    let text = answer.and_then(|answer| answer.policy);
    let Some(text) = text else { return Ok(json!({ "Version": "2012-10-17", "Statement": [] })) };
    serde_json::from_str(&text).map_err(|error| AwsError::unexpected("bucket policy", error))
}

/// Whether everybody is denied everything that is not asked over TLS.
fn denies_plain(policy: &Value) -> bool {
    let statements = policy["Statement"].as_array().into_iter().flatten();
    statements.filter(|one| one["Effect"] == "Deny").any(|one| {
        let insecure = &one["Condition"]["Bool"]["aws:SecureTransport"];
        let everybody = one["Principal"] == "*" || one["Principal"]["AWS"] == "*";
        everybody && one["Action"] == "s3:*" && (*insecure == "false" || *insecure == false)
    })
}

/// Adds to a policy that what is not asked over TLS is denied.
fn add(policy: &mut Value, arn: &str) {
    let statement = json!({
        "Sid": STATEMENT,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    match &mut policy["Statement"] {
        Value::Array(statements) => statements.push(statement),
        // A single statement may stand without a list.
        one => *one = json!([one.take(), statement]),
    }
}

/// The bucket's lifecycle rules.
async fn rules(s3: &Client, name: &str) -> Result<Vec<LifecycleRule>> {
    let answer = s3.get_bucket_lifecycle_configuration().bucket(name).send().await;
    let answer = absent(answer, "NoSuchLifecycleConfiguration")?;
    Ok(answer.and_then(|answer| answer.rules).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_is_added_to_what_a_policy_says() {
        let arn = "arn:aws:s3:::states";
        let other = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject" });
        for statements in [json!([]), json!([other]), other.clone()] {
            let mut policy = json!({ "Version": "2012-10-17", "Statement": statements });
            assert!(!denies_plain(&policy));
            add(&mut policy, arn);
            assert!(denies_plain(&policy), "{policy}");
            assert!(statements == json!([]) || policy["Statement"][0] == other);
        }
    }

    #[test]
    fn what_denies_less_is_not_taken_for_it() {
        let mut policy = json!({ "Statement": [] });
        add(&mut policy, "arn:aws:s3:::states");
        for (field, value) in [
            ("/Effect", json!("Allow")),
            ("/Action", json!("s3:GetObject")),
            ("/Principal", json!({ "AWS": "arn:aws:iam::123456789012:root" })),
            ("/Condition/Bool/aws:SecureTransport", json!("true")),
        ] {
            let mut less = policy.clone();
            *less["Statement"][0].pointer_mut(field).unwrap() = value;
            assert!(!denies_plain(&less), "{field}");
        }
    }
}
