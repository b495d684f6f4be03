//! An encrypted, versioned, private bucket.

use payctl_aws::kms::KeyRef;
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
        lifecycle: lifecycle(retention),
        small_objects_stay: true,
        policy: Some(Policy::new(statements.into_iter().chain([tls]))),
        tags: context.tags(&name),
        name,
    }
}

/// How long what was replaced or expired can be brought back: PCI DSS 10.5.1 asks for a year of
/// history, which somebody might try to write over.
const VERSIONS_KEPT_DAYS: u32 = 365;

/// What becomes of objects by and by; what an interrupted upload left goes in any case.
fn lifecycle(retention: Option<Retention>) -> Vec<LifecycleRule> {
    let glacier = |days| Transition { days, class: "GLACIER".to_owned() };
    let id = match retention {
        Some(Retention { expire_after_days: Some(_), .. }) => "archive-and-expire",
        Some(_) => "archive",
        None => "end-uploads",
    };
    let whole = retention.filter(|retention| !retention.versions_only);
    let expire_days = whole.and_then(|retention| retention.expire_after_days);
    let expire_versions = retention.and_then(|retention| retention.expire_after_days);
    // What has expired becomes a version, and is kept as one on top of the days it had.
    let expire_versions = match expire_days {
        Some(_) => expire_versions.map(|days| days.min(VERSIONS_KEPT_DAYS)),
        None => expire_versions,
    };
    let kept_longer = expire_versions
        .is_none_or(|kept| retention.is_none_or(|retention| retention.archive_after_days < kept));
    let rule = LifecycleRule {
        id: id.to_owned(),
        prefix: String::new(),
        transition: whole.map(|retention| glacier(retention.archive_after_days)),
        expire_days,
        expire_markers: expire_days.is_none() && expire_versions.is_some(),
        noncurrent_transition: retention
            .filter(|_| kept_longer)
            .map(|retention| glacier(retention.archive_after_days)),
        noncurrent_expire_days: expire_versions,
        abort_multipart_days: Some(7),
    };
    // One rule cannot say both: what expires leaves a marker, which goes once it is alone.
    let markers = LifecycleRule {
        id: "end-markers".to_owned(),
        prefix: String::new(),
        transition: None,
        expire_days: None,
        expire_markers: true,
        noncurrent_transition: None,
        noncurrent_expire_days: None,
        abort_multipart_days: None,
    };
    [Some(rule), expire_days.map(|_| markers)].into_iter().flatten().collect()
}

/// What comes into the bucket `name` is encrypted with `key`: who names no encryption gets the
/// bucket's own, and who names one names that. S3 looks at policies before it fills in the bucket's
/// default, and takes AWS's own key for `aws:kms` without a key (PutObject's reference).
pub(crate) fn only_encrypted(context: &Context<'_>, name: &str, key: &KeyRef) -> [Statement; 3] {
    const ENCRYPTION: &str = "s3:x-amz-server-side-encryption";
    const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    let deny = |sid: &str| {
        let statement = Statement::deny(sid, &["s3:PutObject"]).for_all();
        statement.on([within(&arn(context, name), "/*")])
    };
    [
        deny("DenyOtherEncryption").when("Null", ENCRYPTION, "false").when(
            "StringNotEquals",
            ENCRYPTION,
            "aws:kms",
        ),
        deny("DenyOtherKeys").when("Null", KEY, "false").when(
            "StringNotEquals",
            KEY,
            [key.arn().cast::<String>(), key.id().cast()],
        ),
        deny("DenyAwsKey").when("StringEquals", ENCRYPTION, "aws:kms").when("Null", KEY, "true"),
    ]
}

/// The ARN of the bucket `name`.
pub(crate) fn arn(context: &Context<'_>, name: &str) -> Arn {
    Arn::from(format!("arn:{}:s3:::{name}", context.partition))
}

/// What is within the bucket, such as `/*`.
pub(crate) fn within(bucket: &Arn, path: &str) -> Input<Arn> {
    Input::Known(Arn::from(format!("{bucket}{path}")))
}
