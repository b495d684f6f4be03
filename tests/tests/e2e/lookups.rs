//! What is looked up in an account before a system is declared in it, on every emulator.

use payctl_aws::{Aws, Connection, DetectorFound, Recorder};
use payctl_engine::FailureKind;
use payctl_tests::cloud;
use payctl_tests::conformance::config::set_up_recorder;
use payctl_tests::emulator::{Emulator, Server};

const IMAGE: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

async fn connect(server: &Server) -> (Connection, Aws) {
    (Connection::open(&server.reach()).await.unwrap(), cloud::clients(server).await)
}

async fn check(emulator: Emulator) {
    let server = Server::start(emulator);
    let (connection, aws) = connect(&server).await;
    recorder(&connection, &aws).await;
    image(&connection, &aws).await;
    // moto has no DescribeDBEngineVersions.
    if emulator != Emulator::Moto {
        engine_version(&connection, &aws).await;
    }
    match emulator {
        Emulator::Ministack => no_guardduty(&connection, &aws).await,
        _ => detector(&connection, &aws).await,
    }
}

async fn recorder(connection: &Connection, aws: &Aws) {
    let describe = || connection.config_recorder(aws);
    assert_eq!(describe().await.unwrap(), Recorder::None);
    set_up_recorder(aws).await;
    let name = "default".to_owned();
    assert_eq!(describe().await.unwrap(), Recorder::Stopped(name.clone()));
    let channel = aws_sdk_config::types::DeliveryChannel::builder();
    let channel = channel.name("default").s3_bucket_name("config").build();
    aws.config.put_delivery_channel().delivery_channel(channel).send().await.unwrap();
    let start = aws.config.start_configuration_recorder();
    start.configuration_recorder_name("default").send().await.unwrap();
    assert_eq!(describe().await.unwrap(), Recorder::Recording(name));
}

async fn image(connection: &Connection, aws: &Aws) {
    let absent = "/aws/service/ami-amazon-linux-latest/al1999-ami";
    let failure = connection.image(aws, absent).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Invalid);
    assert!(failure.message().contains(absent), "{failure}");
    assert!(failure.message().contains("choose another region"), "{failure}");
    let id = connection.image(aws, IMAGE).await.unwrap();
    assert!(id.as_str().starts_with("ami-"), "{id}");
}

/// The emulators' lists are long enough that the newest is not the last of them as texts go.
async fn engine_version(connection: &Connection, aws: &Aws) {
    let find = |wanted| connection.engine_version(aws, "aurora-postgresql", wanted);
    let newest = find("16").await.unwrap();
    let minor: u32 = newest.strip_prefix("16.").unwrap().parse().unwrap();
    assert!(minor >= 10, "{newest}");
    assert_eq!(find(&newest).await.unwrap(), newest);
    assert_eq!(find("16.9").await.unwrap(), "16.9");
    for absent in ["9", "16.5", "16.6-limitless", "newest"] {
        let failure = find(absent).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Invalid);
        let told = failure.message();
        assert!(told.contains(&format!("version {absent} of")), "{told}");
        assert!(told.contains(&newest) && !told.contains("limitless,"), "{told}");
    }
}

async fn detector(connection: &Connection, aws: &Aws) {
    assert_eq!(connection.detector(aws).await.unwrap(), None);
    let request = aws.guardduty.create_detector().enable(true).tags("payctl:stack", "other");
    let id = request.send().await.unwrap().detector_id.unwrap();
    let found = |enabled| DetectorFound {
        id: id.as_str().into(),
        enabled,
        tags: [("payctl:stack".to_owned(), "other".to_owned())].into(),
    };
    assert_eq!(connection.detector(aws).await.unwrap(), Some(found(true)));
    aws.guardduty.update_detector().detector_id(&id).enable(false).send().await.unwrap();
    assert_eq!(connection.detector(aws).await.unwrap(), Some(found(false)));
}

/// The kind of the failure lets whoever does not need GuardDuty go on without it.
async fn no_guardduty(connection: &Connection, aws: &Aws) {
    let failure = connection.detector(aws).await.unwrap_err();
    assert_eq!((failure.kind(), failure.code()), (FailureKind::Invalid, None), "{failure}");
    assert!(failure.message().contains("GuardDuty cannot be asked here"), "{failure}");
}

#[tokio::test]
async fn on_moto() {
    check(Emulator::Moto).await;
}

#[tokio::test]
async fn on_ministack() {
    check(Emulator::Ministack).await;
}

#[tokio::test]
async fn on_the_sandbox() {
    check(Emulator::Sandbox).await;
}
