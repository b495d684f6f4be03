//! What AWS does and emulators do not: each held by a rule of the sandbox, which has its source.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{TimeToLiveSpecification, TimeToLiveStatus};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification, VpcEndpointType};
use aws_sdk_s3::primitives::ByteStream;
use payctl_tests::binary::{Payctl, Run, calls};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::standing::Standing;
use serde_json::{Value, json};

/// A role that is made again under its name is another one: Lambda's grant of the function's key was
/// to the old one, and an update that names what the function has gives none.
#[tokio::test]
async fn a_role_that_was_made_again_gets_the_functions_key() {
    let world = Standing::of("pci-core").await;
    let (iam, kms) = (&world.aws.iam, &world.aws.kms);
    let name = world.known("iam.role:payment-processor", "name");
    let role = async || iam.get_role().role_name(&name).send().await.unwrap().role.unwrap();
    let before = role().await;
    iam.delete_role_policy().role_name(&name).policy_name("permissions").send().await.unwrap();
    iam.delete_role().role_name(&name).send().await.unwrap();

    let key = world.id("kms.key:main");
    let grants = async || -> BTreeSet<String> {
        let all = kms.list_grants().key_id(&key).send().await.unwrap().grants.unwrap_or_default();
        all.into_iter().filter_map(|grant| grant.grant_id).collect()
    };
    let old = grants().await;
    calls(&world.server);
    world.payctl.up();
    let after = role().await;
    assert_eq!(after.arn, before.arn);
    assert_ne!(after.role_id, before.role_id);
    let made = calls(&world.server);
    // It lets go of the key, and takes it again.
    assert_eq!(made.get("lambda.UpdateFunctionConfiguration"), Some(&2), "{made:?}");
    let new = grants().await;
    assert!(new.iter().any(|grant| !old.contains(grant)), "{old:?} {new:?}");
    let function = world.aws.lambda.get_function_configuration();
    let function = function.function_name("payment-processor-dev").send().await.unwrap();
    assert!(function.kms_key_arn().unwrap().ends_with(&key), "{function:?}");
    world.payctl.is_as_declared();
}

/// Keys that XML has no way to write: DeleteObjects refuses all of a request for one of them.
#[tokio::test]
async fn a_bucket_with_keys_of_any_sort_is_emptied() {
    let world = Standing::of("pci-core").await;
    let bucket = world.known("s3.bucket:files", "name");
    for key in ["odd\u{10}name", "plain", "a b+c%20", "\u{e4}\u{ffff}"] {
        let request = world.aws.s3.put_object().bucket(&bucket).key(key);
        request.body(ByteStream::from_static(b"x")).send().await.unwrap();
    }
    world.payctl.destroy();
    assert!(world.aws.s3.head_bucket().bucket(bucket).send().await.is_err());
}

/// DynamoDB takes one change of the time to live in half an hour.
#[tokio::test]
async fn a_time_to_live_that_was_switched_off_a_moment_ago_is_waited_for() {
    // Half an hour takes nine seconds.
    let server = Server::start_slow(200);
    let payctl = Payctl::new(&server).of("migration");
    payctl.up();
    let tables = clients(&server).await.dynamodb;
    let switch_off = async || {
        let off = TimeToLiveSpecification::builder().enabled(false).attribute_name("expires_at");
        let request = tables.update_time_to_live().table_name("transactions-dev");
        request.time_to_live_specification(off.build().unwrap()).send().await
    };
    let began = Instant::now();
    while let Err(error) = switch_off().await {
        assert!(began.elapsed() < Duration::from_secs(30), "{error:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let ended = Run::start(payctl.command(&["up", "--yes", "-v"])).end();
    ended.exits(0);
    ended.says("DynamoDB to take another change of the time to live");
    let seen = tables.describe_time_to_live().table_name("transactions-dev").send().await.unwrap();
    let seen = seen.time_to_live_description.unwrap();
    assert_eq!(seen.time_to_live_status, Some(TimeToLiveStatus::Enabled));
}

/// A new account has ten executions of functions, none of which can be reserved.
#[test]
fn what_a_new_account_has_no_room_for_is_refused_before_anything_is_made() {
    let server = Server::start_with(Emulator::Sandbox, &["--account", "new"]);
    let payctl = Payctl::new(&server);
    let ended = payctl.run(&["preflight", "--json"]);
    ended.exits(1);
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    let verdicts = said["checks"].as_array().unwrap().iter();
    let verdicts: Vec<(&str, &str)> = verdicts
        .map(|check| (check["check"].as_str().unwrap(), check["verdict"].as_str().unwrap()))
        .collect();
    let expected = [
        ("elastic IP addresses", "ok"),
        ("VPCs", "ok"),
        ("internet gateways", "ok"),
        ("NAT gateways in a zone", "ok"),
        ("executions that can be reserved", "stops"),
    ];
    assert_eq!(verdicts, expected);

    payctl_tests::binary::changing_calls(&server);
    let planned = payctl.run(&["plan"]);
    planned.exits(1);
    planned.shows("the account has room for 0 more executions that can be reserved");
    let hint = "hint: set `reserved_concurrency = 0` under [pci-core]";
    planned.says(hint);
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("1 resource is refused, nothing was changed");
    ended.says(hint);
    assert_eq!(payctl_tests::binary::changing_calls(&server), [].into());

    payctl.configure("[pci-core]\nreserved_concurrency = 0\n");
    payctl.run(&["preflight"]).exits(0);
    payctl.up();
    let ended = payctl.run(&["preflight", "--json"]);
    ended.exits(0);
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(said["checks"], json!([]), "nothing is made any more");
}

/// GuardDuty puts an endpoint and a group of its own into a VPC. A deletion says what it waits for, and
/// goes on when that is gone.
#[tokio::test]
async fn what_guardduty_put_into_the_vpc_is_named() {
    let world = Standing::of("pci-core").await.under_its_own_policy();
    let (ec2, vpc) = (&world.aws.ec2, world.id("ec2.vpc:main"));
    let tag = |kind: ResourceType| {
        let tag = Tag::builder().key("GuardDutyManaged").value("true").build();
        TagSpecification::builder().resource_type(kind).tags(tag).build()
    };
    let group = ec2.create_security_group().vpc_id(&vpc).description("GuardDutyManaged");
    let group = group.group_name(format!("GuardDutyManagedSecurityGroup-{vpc}"));
    let group = group.tag_specifications(tag(ResourceType::SecurityGroup)).send().await.unwrap();
    let group = group.group_id.unwrap();
    let endpoint = ec2.create_vpc_endpoint().vpc_id(&vpc);
    let endpoint = endpoint.vpc_endpoint_type(VpcEndpointType::Interface);
    let endpoint = endpoint.service_name("com.amazonaws.us-east-1.guardduty-data");
    let endpoint = endpoint.subnet_ids(world.id("ec2.subnet:private-1")).security_group_ids(&group);
    let endpoint =
        endpoint.tag_specifications(tag(ResourceType::VpcEndpoint)).send().await.unwrap();
    let endpoint = endpoint.vpc_endpoint.unwrap().vpc_endpoint_id.unwrap();

    let mut run = world.payctl.start(&["destroy", "--yes", "-v"]);
    run.says("ec2.subnet:private-1: waiting for what uses it to go: the interface eni-");
    ec2.delete_vpc_endpoints().vpc_endpoint_ids(endpoint).send().await.unwrap();
    run.says(&format!("what uses it to go: the group {group} (GuardDutyManagedSecurityGroup"));
    run.says("GuardDuty made some of it, which is to be deleted by hand");
    ec2.delete_security_group().group_id(group).send().await.unwrap();
    let ended = run.end();
    ended.exits(0);
}
