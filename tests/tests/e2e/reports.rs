//! What public reports and AWS's own pages tell of AWS (AWS-TRUTH.md and AWS-SOURCES.md, whose rows are
//! named): each is met by payctl here, and held by the sandbox or by an answer as it was reported.

use std::time::{Duration, Instant};

use aws_sdk_acm::types::{Filters, KeyAlgorithm};
use aws_sdk_dynamodb::types::{BackupTypeFilter, TableStatus};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use payctl_engine::{Action, Address};
use payctl_tests::binary::{Payctl, calls, differences, printed};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::standing::Standing;

/// A4: one that is imported again has to keep a name that it had, so that another domain is another
/// certificate. The listener changes over before the old one goes.
#[tokio::test]
async fn another_domain_is_another_certificate() {
    let world = Standing::of("migration").await;
    let all = async || -> Vec<(String, String)> {
        let ours = Filters::builder().key_types(KeyAlgorithm::EcPrime256v1).build();
        let listed = world.aws.acm.list_certificates().includes(ours).send().await.unwrap();
        let listed = listed.certificate_summary_list.unwrap_or_default().into_iter();
        listed.map(|one| (one.domain_name.unwrap(), one.certificate_arn.unwrap())).collect()
    };
    let before = all().await;
    assert_eq!(before.len(), 1, "{before:?}");
    world.payctl.configure("[migration]\ndomain = \"pay.example.org\"\n");
    let address = Address::parse("acm.certificate:main").unwrap();
    let plan = world.payctl.plan();
    assert_eq!(plan.step(&address).unwrap().action, Action::CreateThenDelete);

    calls(&world.server);
    world.payctl.up();
    let made = calls(&world.server);
    assert_eq!(made.get("acm.ImportCertificate"), Some(&1), "{made:?}");
    assert_eq!(made.get("acm.DeleteCertificate"), Some(&1), "{made:?}");
    let after = all().await;
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!(after[0].0, "pay.example.org");
    assert_ne!(after[0].1, before[0].1, "it is under the old ARN");
    let listener = world.aws.elbv2.describe_listeners();
    let listener = listener.listener_arns(world.known("elbv2.listener:main", "arn")).send().await;
    let listener = &listener.unwrap().listeners.unwrap()[0];
    let used = listener.certificates.as_deref().unwrap_or_default();
    assert!(used.iter().all(|one| one.certificate_arn.as_ref() == Some(&after[0].1)), "{used:?}");
    world.payctl.is_as_declared();
}

/// A9: functions with the same groups and subnets share network interfaces, which go after the last of
/// them. One step at a time, a deletion that waited for its own function's would wait for what cannot
/// start.
#[tokio::test]
async fn functions_that_share_interfaces_go_one_at_a_time() {
    let server = Server::start_slow(400);
    let payctl = Payctl::new(&server).of("migration");
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    payctl.up();
    let of_functions = async || {
        let all = aws.ec2.describe_network_interfaces().send().await.unwrap();
        let all = all.network_interfaces.unwrap_or_default().into_iter();
        let all = all.filter(|one| one.description().unwrap_or_default().contains("Lambda"));
        all.count()
    };
    let functions = aws.lambda.list_functions().send().await.unwrap().functions.unwrap().len();
    let interfaces = of_functions().await;
    assert!(functions >= 4 && interfaces > 0, "{functions} functions, {interfaces} interfaces");
    payctl.run(&["destroy", "--yes", "--parallelism", "1"]).exits(0);
    assert_eq!(of_functions().await, 0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

/// A13 and N9: RDS's first call in an account makes the role that it needs, and is refused until that is
/// seen.
#[tokio::test]
async fn the_first_database_of_an_account_is_made_all_the_same() {
    let server = Server::start_with(Emulator::Sandbox, &["--account", "new"]);
    let payctl = Payctl::new(&server).of("migration");
    payctl.configure("[migration]\nreserved_concurrency = 0\n");
    payctl.up();
    let made = calls(&server);
    assert!(made["rds.CreateDBSubnetGroup"] > 1, "it was not refused: {made:?}");
    assert_eq!(made["rds.CreateDBCluster"], 1, "{made:?}");
    let role = clients(&server).await.iam;
    let role = role.get_role().role_name("AWSServiceRoleForRDS").send().await.unwrap();
    assert_eq!(role.role.unwrap().path, "/aws-service-role/rds.amazonaws.com/");
    payctl.is_as_declared();
}

/// A16: who names no encryption gets the bucket's own; who names one names the stack's key, as
/// `aws:kms` alone is encrypted with AWS's.
#[tokio::test]
async fn an_upload_is_encrypted_with_the_stacks_key_or_refused() {
    let world = Standing::of("pci-core").await;
    let bucket = world.known("s3.bucket:files", "name");
    let key = world.known("kms.key:main", "arn");
    let other = world.aws.kms.create_key().send().await.unwrap().key_metadata.unwrap();
    let other = other.arn.unwrap();
    let kms = Some(ServerSideEncryption::AwsKms);
    for (encryption, with, taken) in [
        (None, None, true),
        (kms.clone(), Some(&key), true),
        (kms.clone(), None, false),
        (kms, Some(&other), false),
        (Some(ServerSideEncryption::Aes256), None, false),
    ] {
        let tried = format!("{encryption:?} with {with:?}");
        let request = world.aws.s3.put_object().bucket(&bucket).key("incoming/one.json");
        let request = request.set_server_side_encryption(encryption);
        let request = request.set_ssekms_key_id(with.cloned());
        match request.body(ByteStream::from_static(b"{}")).send().await {
            Ok(stored) => {
                assert!(taken, "{tried} is taken");
                assert_eq!(stored.ssekms_key_id(), Some(&*key), "{tried}");
            }
            Err(error) => {
                let code = error.as_service_error().and_then(|error| error.meta().code());
                assert_eq!((code, taken), (Some("AccessDenied"), false), "{tried}: {error:?}");
            }
        }
    }
}

/// N3: a table that is being made has no time to live that could be asked for.
#[tokio::test]
async fn a_plan_reads_a_table_that_is_still_being_made() {
    // So slow that the whole plan falls into its making, on a busy machine too.
    let server = Server::start_with(Emulator::Sandbox, &["--time-scale", "0.25"]);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev").of("migration");
    proxy.set(&Rule::Each(&[("CreateTable", Fate::Kill { applied: true })]));
    let run = payctl.start(&["up", "--yes"]);
    proxy.victim(run.pid());
    assert_eq!(run.end().code, None, "it was not killed");

    proxy.set(&Rule::Nothing);
    let planned = payctl.run(&["plan", "--detailed-exitcode"]);
    let tables = clients(&server).await.dynamodb;
    let table = tables.describe_table().table_name("transactions-dev").send().await.unwrap();
    let status = table.table.unwrap().table_status.unwrap();
    assert_eq!(status, TableStatus::Creating, "the plan came too late to show anything");
    planned.exits(2);
    let asked =
        proxy.calls().iter().filter(|call| call.name.ends_with("DescribeTimeToLive")).count();
    assert!(asked > 0, "nobody asked for the time to live");
}

/// Others of the account may have used up EC2's requests (hashicorp/terraform#3579): what is asked before
/// anything is declared is asked for longer than the SDK does, whose five tries take seconds.
#[tokio::test]
async fn a_plan_waits_until_it_may_ask_for_the_zones() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    const ZONES: &str = "ec2 DescribeAvailabilityZones";
    proxy.set(&Rule::Each(&[(ZONES, Fate::Refuse(Refusal::Throttled))]));
    let run = payctl.start(&["plan"]);
    let asked = || proxy.calls().iter().filter(|call| call.name == ZONES).count();
    let began = Instant::now();
    while asked() < 6 {
        assert!(began.elapsed() < Duration::from_secs(60), "given up after {} tries", asked());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    proxy.set(&Rule::Nothing);
    run.end().exits(0);
}

/// N5: a table that is deleted with its point-in-time recovery on leaves a backup for 35 days that
/// nobody can delete.
#[tokio::test]
async fn destroy_leaves_no_backup_of_a_table() {
    let server = Server::start_slow(400);
    let payctl = Payctl::new(&server);
    let tables = clients(&server).await.dynamodb;
    payctl.up();
    let name = "payment-transactions-dev";
    let recovery = tables.describe_continuous_backups().table_name(name).send().await.unwrap();
    let recovery = recovery.continuous_backups_description.unwrap();
    let recovery = recovery.point_in_time_recovery_description.unwrap();
    assert_eq!(recovery.point_in_time_recovery_status.unwrap().as_str(), "ENABLED");
    payctl.destroy();
    let left = tables.list_backups().backup_type(BackupTypeFilter::All).send().await.unwrap();
    assert_eq!(left.backup_summaries.unwrap_or_default(), []);
}

/// N6: DeleteObjects was seen to answer success and to delete nothing (aws-sdk-go#3592). What is listed
/// again goes by a call of its own.
#[tokio::test]
async fn a_bucket_is_emptied_though_nothing_is_deleted_at_once() {
    let world = Standing::of("pci-core").await;
    let bucket = world.known("s3.bucket:files", "name");
    for key in ["one", "two", "three"] {
        let request = world.aws.s3.put_object().bucket(&bucket).key(key);
        request.body(ByteStream::from_static(b"x")).send().await.unwrap();
    }
    let proxy = Proxy::start(&world.server.endpoint);
    proxy.set(&Rule::Each(&[("?delete", Fate::Answer("<DeleteResult/>"))]));
    let mut command = world.payctl.command(&["destroy", "--yes"]);
    command.env("AWS_ENDPOINT_URL", &proxy.endpoint);
    let ended = payctl_tests::binary::Run::start(command).end();
    ended.exits(0);
    assert!(ended.took < Duration::from_secs(60), "{ended}");
    let calls = proxy.calls();
    let at_once = calls.iter().filter(|call| matches!(call.fate, Fate::Answer(_))).count();
    let alone = format!("s3 DELETE /{bucket}/");
    let alone = calls.iter().filter(|call| call.name.starts_with(&alone)).count();
    assert!(at_once > 0 && alone >= 3, "{at_once} calls at once, {alone} alone");
    assert!(world.aws.s3.head_bucket().bucket(bucket).send().await.is_err());
}

/// B: partitions have other names of services and other ARNs. Everything is made and deleted in one that
/// is not AWS's first.
#[tokio::test]
async fn a_system_lives_in_another_partition() {
    let server = Server::start(Emulator::Sandbox);
    for (system, key, region, partition) in [
        ("migration", "kms.key:s3", "us-gov-west-1", "aws-us-gov"),
        ("pci-core", "kms.key:main", "cn-northwest-1", "aws-cn"),
    ] {
        let payctl = Payctl::new(&server).of(system);
        let run = |args: &[&str]| {
            let mut command = payctl.command(args);
            command.env("AWS_REGION", region);
            payctl_tests::binary::Run::start(command).end()
        };
        run(&["up", "--yes"]).exits(0);
        let known = run(&["state", "show", key, "--json"]);
        known.exits(0);
        assert!(known.stdout.contains(&format!("arn:{partition}:kms:{region}:")), "{known}");
        let planned = run(&["plan", "--detailed-exitcode", "--json"]);
        let plan = printed(&planned.stdout).unwrap();
        assert_eq!((planned.code, differences(&plan)), (Some(0), Vec::new()));
        run(&["destroy", "--yes"]).exits(0);
    }
}
