//! Cases of object storage's kinds, and what emptying a bucket has to keep.

use aws_sdk_s3::primitives::ByteStream;
use futures::StreamExt as _;
use payctl_aws::s3::{Bucket, FunctionTarget, LifecycleRule, Notification, Transition};
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
        ownership: "BucketOwnerEnforced".to_owned(),
        block_public: true,
        lifecycle: vec![everything(), nothing_but("expire")],
        small_objects_stay: true,
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
    let files = s.add("files", bucket("payment-files-test"));
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
            .edit("policy", Policy::new([deny("s3:DeleteBucket", "payment-files-test")]))
            .edit("tags", tags("other")),
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
    let notification = s.add("files", Notification { bucket: files.name(), functions });
    let case = Case::new(s, notification.address());
    let gone = FunctionTarget {
        function: facts.arn("lambda", "function:other").into(),
        events: ["s3:ObjectRemoved:*".to_owned()].into_iter().collect(),
        ..target("gone", "", "")
    };
    let case = case.edit("functions", [target("other", "", ".csv")]);
    cases.push(case.edit("functions", [gone]));
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
