//! Cases of object storage's kinds, and what emptying a bucket has to keep.

use aws_sdk_s3::primitives::ByteStream;
use futures::StreamExt as _;
use payctl_aws::s3::{
    AccessLog, Bucket, FunctionTarget, LifecycleRule, Notification, ObjectLock, Transition,
};
use payctl_aws::{Arn, Artifacts, Facts, Policy, Statement};
use payctl_engine::{Goal, Handle as _, Input};

use super::{Case, lambda, stack, tags};
use crate::emulator::Emulator::{self, Ministack, Moto};
use crate::emulator::Server;
use crate::environment::Environment;

pub(super) fn bucket(name: &str) -> Bucket {
    Bucket {
        name: name.to_owned(),
        kms_key: Some(Arn::from("arn:aws:kms:us-east-1:123456789012:key/one").into()),
        bucket_key: true,
        versioning: true,
        lock: None,
        ownership: "BucketOwnerEnforced".to_owned(),
        block_public: true,
        lifecycle: vec![everything(), nothing_but("expire")],
        small_objects_stay: true,
        access_log: None,
        policy: Some(Policy::new([deny("s3:*", name).when("Bool", "aws:SecureTransport", false)])),
        tags: tags(name),
    }
}

fn deny(action: &str, bucket: &str) -> Statement {
    let bucket = format!("arn:aws:s3:::{bucket}");
    let objects = format!("{bucket}/*");
    let both = [bucket, objects].map(|arn| Input::Known(Arn::from(arn)));
    Statement::deny("Deny", &[action]).for_all().on(both)
}

/// A bucket that S3 may deliver access logs to.
fn access_logs(name: &str) -> Bucket {
    let files = Input::Known(Arn::from(format!("arn:aws:s3:::{name}/*")));
    let write = Statement::allow("Logs", &["s3:PutObject"]).for_service("logging.s3.amazonaws.com");
    Bucket { policy: Some(Policy::new([write.on([files])])), kms_key: None, ..bucket(name) }
}

fn everything() -> LifecycleRule {
    LifecycleRule {
        id: "everything".to_owned(),
        prefix: "payments/".to_owned(),
        transition: Some(Transition { days: 30, class: "STANDARD_IA".to_owned() }),
        expire_days: Some(2555),
        expire_markers: false,
        noncurrent_transition: Some(Transition { days: 90, class: "GLACIER".to_owned() }),
        noncurrent_expire_days: Some(365),
        abort_multipart_days: Some(7),
    }
}

fn nothing_but(id: &str) -> LifecycleRule {
    LifecycleRule {
        id: id.to_owned(),
        prefix: String::new(),
        transition: None,
        expire_days: Some(10),
        expire_markers: false,
        noncurrent_transition: None,
        noncurrent_expire_days: None,
        abort_multipart_days: None,
    }
}

fn markers() -> LifecycleRule {
    LifecycleRule { expire_days: None, expire_markers: true, ..nothing_but("markers") }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let logs = s.add("logs", access_logs("payment-logs-test"));
    let files = s.add("files", bucket("payment-files-test"));
    let log = |prefix: &str| AccessLog { bucket: logs.name(), prefix: prefix.to_owned() };
    let case = Case::new(s, files.address());
    cases.push(
        case.edit("kms_key", "arn:aws:kms:us-east-1:123456789012:key/two")
            .edit("kms_key", ())
            .edit("bucket_key", false)
            .edit("versioning", false)
            .edit("ownership", "BucketOwnerPreferred")
            .edit("block_public", false)
            .edit("lifecycle", [nothing_but("other")])
            .edit("lifecycle", [markers()])
            .edit("small_objects_stay", false)
            .except(Moto, "small_objects_stay", "the header of the transitions is dropped")
            .except(Ministack, "small_objects_stay", "the header of the transitions is dropped")
            .edit("access_log", log("files/"))
            .edit("access_log", log(""))
            .edit("policy", Policy::new([deny("s3:DeleteBucket", "payment-files-test")]))
            .edit("tags", tags("other"))
            // Last, as versions can no longer be suspended.
            .edit("lock", ObjectLock { mode: "GOVERNANCE".to_owned(), days: 365 })
            .edit("lock", ObjectLock { mode: "COMPLIANCE".to_owned(), days: 1 }),
    );

    let mut s = stack();
    let function = lambda::function(facts, &mut s);
    let files = s.add("files", bucket("payment-files-test"));
    let target = |id: &str, prefix: &str, suffix: &str| FunctionTarget {
        id: id.to_owned(),
        function: function.arn(),
        events: ["s3:ObjectCreated:*".to_owned()].into_iter().collect(),
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
    };
    let functions = vec![target("first", "payments/", ".json"), target("all", "refunds/", "")];
    let notification =
        s.add("files", Notification { bucket: files.name(), functions, event_bridge: false });
    let case = Case::new(s, notification.address());
    let gone = FunctionTarget {
        function: facts.arn("lambda", "function:other").into(),
        events: ["s3:ObjectRemoved:*".to_owned()].into_iter().collect(),
        ..target("gone", "", "")
    };
    let case = case.edit("functions", [target("other", "", ".csv")]);
    let case = case.edit("functions", [gone]).edit("event_bridge", true);
    cases.push(case.except(Moto, "event_bridge", "it is not answered"));
}

/// A bucket with more versions than one call lists, delete markers and an unfinished upload goes
/// all the same, whatever its policy denies.
pub async fn a_full_bucket_goes(emulator: Emulator) {
    let server = Server::start(emulator);
    let artifacts = Artifacts::default();
    let environment = Environment::new(&server, "conformance", "test", artifacts).await;
    let name = "payment-files-test";
    let mut stack = stack();
    stack.add("files", Bucket { policy: None, ..bucket(name) });
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);

    let s3 = &environment.aws().s3;
    let puts = (0..1100).map(|nth| {
        let request = s3.put_object().bucket(name).key(format!("a key/{}", nth % 100));
        request.body(ByteStream::from_static(b"content")).send()
    });
    let puts: Vec<_> = futures::stream::iter(puts).buffer_unordered(16).collect().await;
    assert!(puts.iter().all(Result::is_ok), "{:?}", puts.iter().find(|put| put.is_err()));
    s3.delete_object().bucket(name).key("a key/1").send().await.unwrap();
    s3.create_multipart_upload().bucket(name).key("large").send().await.unwrap();
    let policy = Policy::new([deny("s3:DeleteObjectVersion", name)]).document().unwrap();
    s3.put_bucket_policy().bucket(name).policy(policy).send().await.unwrap();

    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(s3.head_bucket().bucket(name).send().await.is_err());
}

/// A bucket whose objects are locked by default goes with what is in it, from before and since.
pub async fn a_locked_bucket_goes(emulator: Emulator) {
    let server = Server::start(emulator);
    let artifacts = Artifacts::default();
    let environment = Environment::new(&server, "conformance", "test", artifacts).await;
    let name = "payment-files-test";
    let declare = |lock| {
        let mut stack = stack();
        stack.add("files", Bucket { policy: None, lock, ..bucket(name) });
        stack
    };
    let s3 = &environment.aws().s3;
    let put = |key: &'static str| s3.put_object().bucket(name).key(key).send();
    let delete = |key: &'static str, version: Option<String>| {
        s3.delete_object().bucket(name).key(key).set_version_id(version).send()
    };
    let lock = Some(ObjectLock { mode: "GOVERNANCE".to_owned(), days: 365 });
    let (_, outcome) = environment.run(&declare(lock), Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let locked = put("locked").await.unwrap().version_id;
    assert!(delete("locked", locked.clone()).await.is_err());

    // Without the default, what has come stays locked.
    let (plan, outcome) = environment.run(&declare(None), Goal::Up).await;
    assert!(plan.refusals.is_empty() && outcome.is_complete(), "{:?}", outcome.failed);
    let later = put("later").await.unwrap().version_id;
    assert!(delete("locked", locked).await.is_err());
    delete("later", later).await.unwrap();

    let (_, outcome) = environment.run(&declare(None), Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(s3.head_bucket().bucket(name).send().await.is_err());
}

/// S3 delivers access logs hours late: what comes while their bucket is emptied goes too.
pub async fn late_access_logs_go(emulator: Emulator) {
    let server = Server::start(emulator);
    let artifacts = Artifacts::default();
    let environment = Environment::new(&server, "conformance", "test", artifacts).await;
    let name = "payment-logs-test";
    let mut stack = stack();
    let logs = stack.add("logs", access_logs(name));
    let access_log = Some(AccessLog { bucket: logs.name(), prefix: "files/".to_owned() });
    stack.add("files", Bucket { access_log, policy: None, ..bucket("payment-files-test") });
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);

    let s3 = &environment.aws().s3;
    let late = async {
        let mut delivered = 0;
        // For as long as the bucket is there, but for its last second.
        for nth in 0..30 {
            let put = s3.put_object().bucket(name).key(format!("files/late-{nth}")).send();
            delivered += u32::from(put.await.is_ok());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        delivered
    };
    let ((_, outcome), delivered) = futures::join!(environment.run(&stack, Goal::Destroy), late);
    assert!(delivered > 0);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(s3.head_bucket().bucket(name).send().await.is_err());
}
