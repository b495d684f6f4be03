//! An encrypted, versioned, private bucket.

use payctl_aws::kms::KeyRef;
use payctl_aws::s3::{
    AccessLog, Bucket, BucketRef, LifecycleRule, Notification, ObjectLock, Transition,
};
use payctl_aws::{Arn, Policy, Statement};
use payctl_engine::{Input, Stack};

use crate::Context;
use crate::settings::Posture;

/// When old objects are archived and when they go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    pub(crate) archive_after_days: u32,
    /// Never, where nothing is said.
    pub(crate) expire_after_days: Option<u32>,
    /// Whether it is about replaced versions only.
    pub(crate) versions_only: bool,
}

/// How long access logs are kept: PCI DSS 10.5.1 asks for a year, of which three months are at hand.
const ACCESS_LOGS_KEPT: Retention =
    Retention { archive_after_days: 90, expire_after_days: Some(365), versions_only: false };

/// The bucket in which the system's others, `sources` without suffix and account, leave a line for
/// every request. It leaves none of itself: each of its files would make another, without end (S3's
/// guide, enable-server-access-logging). Nor has it a key of ours, as S3 delivers to none that has
/// (the same page).
pub(crate) fn access_logs(
    stack: &mut Stack,
    context: &Context<'_>,
    posture: Posture,
    sources: &[&str],
) -> BucketRef {
    let name = context.bucket_name("payment-access-logs");
    let own = arn(context, &name);
    let sources: Vec<_> = sources.iter().map(|base| context.bucket_name(base)).collect();
    let files = sources.iter().map(|source| within(&own, &format!("/{source}/*")));
    let from = sources.iter().map(|source| arn(context, source).to_string());
    let write = Statement::allow("AccessLogs", &["s3:PutObject"])
        .for_service("logging.s3.amazonaws.com")
        .on(files)
        .when("ArnLike", "aws:SourceArn", from.collect::<Vec<_>>())
        .when("StringEquals", "aws:SourceAccount", context.account);
    let logs = closed(context, name, None, Some(ACCESS_LOGS_KEPT), [write]);
    let logs = stack.add("access-logs", logs);
    if posture == Posture::Strict {
        announced(stack, "access-logs", &logs);
    }
    logs
}

/// The bucket `name`, which lets nobody in without TLS and leaves a line for every request in `log`.
/// Where no key is named it is S3's own.
pub(crate) fn encrypted(
    context: &Context<'_>,
    name: String,
    log: &BucketRef,
    key: Option<Input<Arn>>,
    retention: Option<Retention>,
    statements: impl IntoIterator<Item = Statement>,
) -> Bucket {
    let access_log = AccessLog { bucket: log.name(), prefix: format!("{name}/") };
    let bucket = closed(context, name, key, retention, statements);
    Bucket { access_log: Some(access_log), ..bucket }
}

fn closed(
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
        lock: None,
        ownership: "BucketOwnerEnforced".to_owned(),
        block_public: true,
        lifecycle: lifecycle(retention),
        small_objects_stay: true,
        access_log: None,
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
    let deny = |sid| deny_upload(context, name, sid);
    [
        deny("DenyOtherEncryption").when("Null", ENCRYPTION, "false").when(
            "StringNotEquals",
            ENCRYPTION,
            "aws:kms",
        ),
        no_other_key(context, name, key),
        deny("DenyAwsKey").when("StringEquals", ENCRYPTION, "aws:kms").when("Null", KEY, "true"),
    ]
}

/// What comes into the bucket `name` names no key but `key`, where it names one.
pub(crate) fn no_other_key(context: &Context<'_>, name: &str, key: &KeyRef) -> Statement {
    deny_upload(context, name, "DenyOtherKeys").when("Null", KEY, "false").when(
        "StringNotEquals",
        KEY,
        [key.arn().cast::<String>(), key.id().cast()],
    )
}

/// The header that names the key, as policies call it.
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

fn deny_upload(context: &Context<'_>, name: &str, sid: &str) -> Statement {
    let statement = Statement::deny(sid, &["s3:PutObject"]).for_all();
    statement.on([within(&arn(context, name), "/*")])
}

/// What comes into it stays as it is for a year (PCI DSS 10.5.1), for whoever may not lift that by
/// name: where every control is asked for (docs/decisions/0029).
pub(crate) fn locked(bucket: Bucket, posture: Posture) -> Bucket {
    let lock = ObjectLock { mode: "GOVERNANCE".to_owned(), days: VERSIONS_KEPT_DAYS };
    Bucket { lock: (posture == Posture::Strict).then_some(lock), ..bucket }
}

/// Tells EventBridge of everything that happens in the bucket `logical`, so that a rule is all it
/// takes to hear of it.
pub(crate) fn announced(stack: &mut Stack, logical: &str, bucket: &BucketRef) {
    stack.add(
        logical,
        Notification { bucket: bucket.name(), functions: Vec::new(), event_bridge: true },
    );
}

/// The ARN of the bucket `name`.
pub(crate) fn arn(context: &Context<'_>, name: &str) -> Arn {
    Arn::from(format!("arn:{}:s3:::{name}", context.partition))
}

/// What is within the bucket, such as `/*`.
pub(crate) fn within(bucket: &Arn, path: &str) -> Input<Arn> {
    Input::Known(Arn::from(format!("{bucket}{path}")))
}
