//! A bucket that is private, encrypted, versioned and for nobody without TLS.

use payctl_aws::s3::{
    self, AccessLog, BucketName, BucketRef, LifecycleRule, Notification, ObjectLock, Transition,
};
use payctl_aws::{Arn, Policy, Statement};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{self, Part, PartContext};
use crate::Context;
use crate::settings::Posture;

/// A bucket that is private, encrypted, keeps all versions of each object, and is for nobody without
/// TLS. What an upload that was never completed left goes after a week.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Bucket {
    /// What it is called in AWS, without the suffix and the account; the part's name where nothing is
    /// said.
    pub name: Option<String>,
    /// The ARN of the key that encrypts what is in it; the stack's key where nothing is said.
    pub key: Option<Input<Arn>>,
    /// Whether S3's own key encrypts what is in it, as for load balancers' logs, which come to no other.
    pub s3_key: bool,
    /// What it asks of uploads.
    pub uploads: Uploads,
    /// After how many days objects are archived (Glacier Flexible Retrieval).
    #[schemars(range(min = 1, max = 36_500))]
    pub archive_after_days: Option<u32>,
    /// After how many days objects go.
    #[schemars(range(min = 1, max = 36_500))]
    pub expire_after_days: Option<u32>,
    /// Whether only what was replaced is archived and goes.
    pub versions_only: bool,
    /// For how many days what comes in can be neither changed nor deleted, but by whoever may lift that
    /// by name. A bucket cannot be destroyed before that.
    #[schemars(range(min = 1, max = 36_500))]
    pub lock_days: Option<u32>,
    /// The name of the bucket in which each request leaves a line.
    pub access_log: Option<Input<BucketName>>,
    /// Those in whose place it keeps the lines that their `access_log` is about: names without the suffix
    /// and the account. Such a bucket is encrypted with S3's own key, as S3 delivers to no other; the
    /// lines go after a year where nothing else is said.
    pub access_logs_of: Vec<String>,
    /// Whether EventBridge is told of everything that happens in it.
    pub event_bridge: bool,
    /// Further statements of its policy, as IAM writes them.
    pub statements: Vec<Statement>,
}

/// What a bucket asks of uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Uploads {
    /// That they are encrypted with its key: who names no encryption gets that.
    #[default]
    ItsKey,
    /// That they name no other key.
    NoOtherKey,
    /// Nothing.
    Any,
}

impl Part for Bucket {
    const NAME: &'static str = "bucket";
    const DECLARES: &'static [(&'static str, &'static str)] =
        &[("s3.bucket", "NAME"), ("s3.notification", "NAME, with `event_bridge`")];
    type Made = BucketRef;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<BucketRef, String> {
        let context = part.context;
        let collects = !self.access_logs_of.is_empty();
        // It leaves no lines of itself: each of its files would make another, without end (S3's guide,
        // enable-server-access-logging). Nor has it a key of ours, as S3 delivers to none that has (the
        // same page).
        if collects && (self.key.is_some() || self.access_log.is_some() || self.lock_days.is_some())
        {
            return Err("takes no `key`, `access_log` or `lock_days` beside `access_logs_of`: S3 \
                        delivers access logs to no bucket that has them"
                .to_owned());
        }
        if self.s3_key && self.key.is_some() {
            return Err("takes no `key` beside `s3_key`".to_owned());
        }
        let (archive, expire) = (self.archive_after_days, self.expire_after_days);
        if archive.zip(expire).is_some_and(|(archive, expire)| expire <= archive) {
            return Err("has `expire_after_days` no later than `archive_after_days`".to_owned());
        }
        if self.versions_only && archive.or(expire).is_none() {
            return Err(
                "needs `archive_after_days` or `expire_after_days` for `versions_only`".to_owned()
            );
        }
        let retention = match archive.or(expire) {
            Some(_) => Some(Retention {
                archive_after_days: archive,
                expire_after_days: expire,
                versions_only: self.versions_only,
            }),
            None => collects.then_some(ACCESS_LOGS_KEPT),
        };
        let name = context.bucket_name(&part::base(self.name, logical));
        let key = if collects || self.s3_key { None } else { Some(part.key(self.key)?) };
        let mut statements = self.statements;
        statements.extend(collects.then(|| take_access_logs(context, &name, &self.access_logs_of)));
        if let Some(key) = &key {
            match self.uploads {
                Uploads::ItsKey => statements.extend(only_encrypted(context, &name, key)),
                Uploads::NoOtherKey => statements.push(no_other_key(context, &name, key)),
                Uploads::Any => {}
            }
        }
        let prefix = format!("{name}/");
        let bucket = closed(context, name, key, retention, statements);
        let bucket = s3::Bucket {
            access_log: self.access_log.map(|bucket| AccessLog { bucket, prefix }),
            lock: self.lock_days.map(lock),
            ..bucket
        };
        let bucket = stack.add(logical, bucket);
        if self.event_bridge {
            announced(stack, logical, &bucket);
        }
        Ok(bucket)
    }
}

/// When old objects are archived and when they go.
#[derive(Clone, Copy, Debug)]
struct Retention {
    /// Never, where nothing is said.
    archive_after_days: Option<u32>,
    /// Never, where nothing is said.
    expire_after_days: Option<u32>,
    /// Whether it is about replaced versions only.
    versions_only: bool,
}

/// How long access logs are kept: PCI DSS 10.5.1 asks for a year, of which three months are at hand.
const ACCESS_LOGS_KEPT: Retention =
    Retention { archive_after_days: Some(90), expire_after_days: Some(365), versions_only: false };

/// Lets S3's log delivery write into the bucket `name` of requests to `sources`, without suffix and
/// account.
fn take_access_logs(context: &Context<'_>, name: &str, sources: &[impl AsRef<str>]) -> Statement {
    let own = arn(context, name);
    let sources: Vec<_> = sources.iter().map(|base| context.bucket_name(base.as_ref())).collect();
    let files = sources.iter().map(|source| within(&own, &format!("/{source}/*")));
    let from = sources.iter().map(|source| arn(context, source).to_string());
    Statement::allow("AccessLogs", &["s3:PutObject"])
        .for_service("logging.s3.amazonaws.com")
        .on(files)
        .when("ArnLike", "aws:SourceArn", from.collect::<Vec<_>>())
        .when("StringEquals", "aws:SourceAccount", context.account)
}

fn closed(
    context: &Context<'_>,
    name: String,
    key: Option<Input<Arn>>,
    retention: Option<Retention>,
    statements: impl IntoIterator<Item = Statement>,
) -> s3::Bucket {
    let arn = arn(context, &name);
    let tls = Statement::deny("DenyWithoutTls", &["s3:*"])
        .for_all()
        .on([Input::Known(arn.clone()), within(&arn, "/*")])
        .when("Bool", "aws:SecureTransport", "false");
    s3::Bucket {
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
    let archive_days = retention.and_then(|retention| retention.archive_after_days);
    let id = match retention {
        Some(Retention { archive_after_days: None, .. }) => "expire",
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
    let kept_longer = |days: &u32| expire_versions.is_none_or(|kept| *days < kept);
    let rule = LifecycleRule {
        id: id.to_owned(),
        prefix: String::new(),
        transition: whole.and(archive_days).map(glacier),
        expire_days,
        expire_markers: expire_days.is_none() && expire_versions.is_some(),
        noncurrent_transition: archive_days.filter(kept_longer).map(glacier),
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
fn only_encrypted(context: &Context<'_>, name: &str, key: &Input<Arn>) -> [Statement; 3] {
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
fn no_other_key(context: &Context<'_>, name: &str, key: &Input<Arn>) -> Statement {
    // By its id as well, where it is a key of the stack's.
    let id: Option<Input<String>> = part::sibling(key, "arn", "id");
    let names: Vec<Input<String>> = [key.cast()].into_iter().chain(id).collect();
    let foreign = deny_upload(context, name, "DenyOtherKeys").when("Null", KEY, "false");
    foreign.when("StringNotEquals", KEY, names)
}

/// The header that names the key, as policies call it.
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

fn deny_upload(context: &Context<'_>, name: &str, sid: &str) -> Statement {
    let statement = Statement::deny(sid, &["s3:PutObject"]).for_all();
    statement.on([within(&arn(context, name), "/*")])
}

/// What comes into it stays as it is for a year (PCI DSS 10.5.1), for whoever may not lift that by
/// name: where every control is asked for (docs/decisions/0029).
pub(crate) fn lock_days(posture: Posture) -> Option<u32> {
    (posture == Posture::Strict).then_some(VERSIONS_KEPT_DAYS)
}

fn lock(days: u32) -> ObjectLock {
    ObjectLock { mode: "GOVERNANCE".to_owned(), days }
}

/// Tells EventBridge of everything that happens in the bucket `logical`, so that a rule is all it
/// takes to hear of it.
fn announced(stack: &mut Stack, logical: &str, bucket: &BucketRef) {
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
