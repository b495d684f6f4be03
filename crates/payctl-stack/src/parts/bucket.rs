//! An encrypted, versioned, private bucket.

use payctl_aws::s3::{Bucket, LifecycleRule, Transition};
use payctl_aws::{Arn, Policy, Statement};
use payctl_engine::Input;

use crate::Context;

/// When old objects are archived and when they go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    pub(crate) archive_after_days: u32,
    /// Never, where nothing is said.
    pub(crate) expire_after_days: Option<u32>,
    /// Whether it is about replaced versions only.
    pub(crate) versions_only: bool,
}

/// The bucket `name`, which lets nobody in without TLS. Where no key is named it is S3's own.
pub(crate) fn encrypted(
    context: &Context<'_>,
    name: String,
    key: Option<Input<Arn>>,
    retention: Option<Retention>,
    statements: impl IntoIterator<Item = Statement>,
) -> Bucket {
    let arn = arn(context, &name);
    let tls = Statement::deny("DenyWithoutTls", &["s3:*"])
        .for_all()
        .on([Input::Known(arn.clone()), within(&arn, "/*")])
        .when("Bool", "aws:SecureTransport", "false");
    Bucket {
        bucket_key: key.is_some(),
        kms_key: key,
        versioning: true,
        ownership: "BucketOwnerEnforced".to_owned(),
        block_public: true,
        lifecycle: vec![lifecycle(retention)],
        policy: Some(Policy::new(statements.into_iter().chain([tls]))),
        tags: context.tags(&name),
        name,
    }
}

/// What becomes of objects by and by; what an interrupted upload left goes in any case.
fn lifecycle(retention: Option<Retention>) -> LifecycleRule {
    let glacier = |days| Transition { days, class: "GLACIER".to_owned() };
    let id = match retention {
        Some(Retention { expire_after_days: Some(_), .. }) => "archive-and-expire",
        Some(_) => "archive",
        None => "end-uploads",
    };
    let whole = retention.filter(|retention| !retention.versions_only);
    LifecycleRule {
        id: id.to_owned(),
        prefix: String::new(),
        transition: whole.map(|retention| glacier(retention.archive_after_days)),
        expire_days: whole.and_then(|retention| retention.expire_after_days),
        noncurrent_transition: retention.map(|retention| glacier(retention.archive_after_days)),
        noncurrent_expire_days: retention.and_then(|retention| retention.expire_after_days),
        abort_multipart_days: Some(7),
    }
}

/// What is not encrypted with KMS may not come into the bucket `name`.
pub(crate) fn only_encrypted(context: &Context<'_>, name: &str) -> Statement {
    Statement::deny("DenyWithoutKms", &["s3:PutObject"])
        .for_all()
        .on([within(&arn(context, name), "/*")])
        .when("StringNotEquals", "s3:x-amz-server-side-encryption", "aws:kms")
}

/// The ARN of the bucket `name`.
pub(crate) fn arn(context: &Context<'_>, name: &str) -> Arn {
    Arn::from(format!("arn:{}:s3:::{name}", context.partition))
}

/// What is within the bucket, such as `/*`.
pub(crate) fn within(bucket: &Arn, path: &str) -> Input<Arn> {
    Input::Known(Arn::from(format!("{bucket}{path}")))
}
