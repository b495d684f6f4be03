//! `cost-optimized`: payments through the queue, what an account has once, what is changed by
//! hand, and destroying it while it is busy.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::QueueAttributeName;
use payctl_aws::Aws;
use payctl_engine::{Action, Address};
use payctl_tests::account;
use payctl_tests::binary::{Payctl, changing_calls, differences};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::http::request;
use payctl_tests::roles::are_used;
use payctl_tests::standing::Standing;
use serde_json::Value;

use crate::transcripts::shown;

const SYSTEM: &str = "cost-optimized";
const BUCKET: &str = "payment-audit-logs-dev-123456789012";
/// The functions run on this machine's processors.
const HERE: &str = "[cost-optimized]\narchitecture = \"x86_64\"\n";
const PAYMENT: &str = r#"{"customerId": "c-1", "amount": "12.50", "currency": "EUR"}"#;

fn output(payctl: &Payctl, name: &str) -> String {
    payctl.run(&["output", "--raw", name]).stdout.trim().to_owned()
}

/// Asks until the answer is the one, for as long as anything may take on a busy machine.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn waiting(aws: &Aws, queue: &str) -> u32 {
    let url = aws.sqs.get_queue_url().queue_name(queue).send().await.unwrap();
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let request = aws.sqs.get_queue_attributes().queue_url(url.queue_url().unwrap());
    let reply = request.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
    let counts = reply.attributes.unwrap();
    names.iter().map(|name| counts[name].parse::<u32>().unwrap()).sum()
}

#[tokio::test]
async fn a_payment_goes_through_the_queue_and_a_poisoned_one_out_of_it() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM).with_real_handlers();
    let payctl = payctl.under_its_own_policy(&server);
    payctl.configure(HERE);
    let aws = clients(&server).await;
    payctl.up();
    let url = format!("{}/payments", output(&payctl, "api_endpoint"));

    // Taken once, however often it is posted.
    let key = "Idempotency-Key: order-1\r\n";
    let (status, first) = request(&server, "POST", &url, key, PAYMENT);
    assert_eq!(status, 202, "{first}");
    assert_eq!(request(&server, "POST", &url, key, PAYMENT), (202, first.clone()));
    let other = PAYMENT.replace("12.50", "13");
    assert_eq!(request(&server, "POST", &url, key, &other).0, 409);
    let (status, why) = request(&server, "POST", &url, "", &PAYMENT.replace("12.50", "-1"));
    assert!(status == 400 && why.contains("amount"), "{status} {why}");
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["status"], "processing");

    // Completed from the queue.
    let id = first["paymentId"].as_str().unwrap();
    let shown = || {
        let (status, body) = request(&server, "GET", &format!("{url}/{id}"), "", "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    until("it is completed", async || shown()["status"] == "completed").await;
    assert_eq!(request(&server, "GET", &format!("{url}/none"), "", "").0, 404);

    // One that nobody can complete, among others.
    let queue = aws.sqs.get_queue_url().queue_name("payment-queue-dev").send().await.unwrap();
    let queue = queue.queue_url().unwrap();
    aws.sqs.send_message().queue_url(queue).message_body("poison").send().await.unwrap();
    for _ in 0..12 {
        assert_eq!(request(&server, "POST", &url, "", PAYMENT).0, 202);
    }
    until("the poisoned one is set aside", async || waiting(&aws, "payment-dlq-dev").await == 1)
        .await;
    until("the queue is empty", async || waiting(&aws, "payment-queue-dev").await == 0).await;
    let list = format!("{url}?status=completed&limit=10");
    let (status, page) = request(&server, "GET", &list, "", "");
    assert_eq!(status, 200, "{page}");
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["payments"].as_array().unwrap().len(), 10);
    let next = format!("{list}&next={}", page["next"].as_str().unwrap());
    let (_, rest) = request(&server, "GET", &next, "", "");
    let rest: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!(rest["payments"].as_array().unwrap().len(), 3, "{rest}");

    // Two audit objects for each, encrypted with the stack's key.
    let objects = aws.s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(objects.contents().len(), 26, "{objects:?}");
    let one = objects.contents()[0].key().unwrap();
    let one = aws.s3.head_object().bucket(BUCKET).key(one).send().await.unwrap();
    assert!(one.ssekms_key_id().is_some(), "{one:?}");
    let (status, page) = request(&server, "GET", &format!("{url}?limit=5"), "", "");
    assert_eq!(status, 200, "{page}");
    let idle = [("dynamodb:GetItem", "the reply to a conflict may not bring the item")];
    are_used(&server, &aws, |_| true, &idle).await;
    payctl.destroy();
}

#[tokio::test]
async fn it_is_destroyed_while_it_is_busy() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    let aws = clients(&server).await;
    account::records(&aws).await;
    let nothing = everything(&aws).await;
    payctl.up();
    let all = everything(&aws).await;
    let added = difference(&nothing, &all);
    assert!(added.contains(&"+ autoscaling.group payment-asg-dev: 2".to_owned()), "{added:#?}");
    // A mapping that runs would empty the queue.
    let mappings = aws.lambda.list_event_source_mappings().send().await.unwrap();
    let mapping = mappings.event_source_mappings()[0].uuid().unwrap();
    let off = aws.lambda.update_event_source_mapping().uuid(mapping).enabled(false);
    off.send().await.unwrap();
    let queue = output(&payctl, "queue_url");
    for nth in 0..20 {
        let body = ByteStream::from_static(b"kept");
        let put = aws.s3.put_object().bucket(BUCKET).key(format!("audit/{}", nth % 5)).body(body);
        put.send().await.unwrap();
        aws.sqs.send_message().queue_url(&queue).message_body("waits").send().await.unwrap();
    }
    changing_calls(&server);
    let destroyed = payctl.destroy();
    destroyed.says("sqs.queue:payments");
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
    // Its secret goes at once, and could not be brought back.
    let secrets = aws.secretsmanager.list_secrets().include_planned_deletion(true);
    assert_eq!(secrets.send().await.unwrap().secret_list().len(), 0);
    let calls = changing_calls(&server);
    assert_eq!(calls["autoscaling.UpdateAutoScalingGroup"], 1, "it drains first: {calls:#?}");
    // At once again, under the same names.
    payctl.up();
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);
    payctl.destroy();
}

#[tokio::test]
async fn what_the_account_has_once_is_said() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    let aws = clients(&server).await;
    // Of a plan without changes it is a -v away.
    let said = |text: &str| payctl.run(&["plan", "-v"]).shows(text);
    let rules =
        |all: BTreeSet<String>| all.iter().filter(|line| line.starts_with("config.rule ")).count();

    // Nothing of either.
    said("AWS Config has no recorder in this region, so its three rules are left out");
    said("GuardDuty has no detector in this region, so it finds nothing");
    payctl.up();
    payctl.is_as_declared();
    assert_eq!(rules(everything(&aws).await), 0);

    // A recorder of the account's.
    account::records(&aws).await;
    said("AWS Config's recorder default is the account's, and is used");
    let config: Vec<String> = differences(&payctl.plan());
    assert_eq!(config.iter().filter(|step| step.starts_with("config.rule:")).count(), 3);
    payctl.up();
    assert_eq!(rules(everything(&aws).await), 3);
    let stop = aws.config.stop_configuration_recorder().configuration_recorder_name("default");
    stop.send().await.unwrap();
    said("AWS Config's recorder default is stopped");
    payctl.is_as_declared();

    // A detector of ours, which goes with the environment.
    payctl.configure("[cost-optimized]\ncreate_detector = true\n");
    assert_eq!(differences(&payctl.plan()).len(), 1, "{:#?}", differences(&payctl.plan()));
    payctl.up();
    payctl.is_as_declared();
    payctl.lose_state();
    payctl.up();
    // Even where neither state nor configuration tells of it, and AWS's list of tags never does.
    payctl.lose_state();
    payctl.configure("");
    payctl.destroy();
    let detectors = aws.guardduty.list_detectors().send().await.unwrap();
    assert_eq!(detectors.detector_ids().len(), 0);

    // One of the account's, which is used and left.
    let theirs = aws.guardduty.create_detector().enable(true).send().await.unwrap();
    said(&format!(
        "GuardDuty's detector {} is the account's, and is used",
        theirs.detector_id().unwrap()
    ));
    payctl.up();
    payctl.destroy();
    let detectors = aws.guardduty.list_detectors().send().await.unwrap();
    assert_eq!(detectors.detector_ids(), [theirs.detector_id().unwrap()]);
}

/// Every file below `folder`, as one text.
fn texts(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => texts(&path),
            false => String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned(),
        })
        .collect()
}

#[tokio::test]
async fn the_secret_stays_where_it_was_made() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    let aws = clients(&server).await;
    let ended = payctl.run(&["up", "--yes", "-vv"]);
    ended.exits(0);
    let value = async || {
        let secret = aws.secretsmanager.get_secret_value().secret_id("payment-db-credentials-dev");
        let value = secret.send().await.unwrap().secret_string.unwrap();
        serde_json::from_str::<Value>(&value).unwrap()
    };
    let made = value().await;
    assert_eq!(made["username"], "paymentuser");
    let password = made["password"].as_str().unwrap();
    assert_eq!(password.len(), 32);
    assert!(password.chars().all(|c| c.is_ascii_alphanumeric()), "{password}");
    payctl.run(&["plan", "--out", "p.json", "-vv"]).exits(0);
    let again = payctl.run(&["up", "--yes", "-vv"]);
    let kept = texts(payctl.folder());
    for text in [&ended.stdout, &ended.stderr, &again.stdout, &again.stderr, &kept] {
        assert!(!text.contains(password), "the password is out");
    }
    assert_eq!(value().await, made, "a second run changes nothing");
}

#[tokio::test]
async fn scaling_is_not_undone_and_a_new_image_is_a_new_version() {
    let world = Standing::of(SYSTEM).await;
    let group = "payment-asg-dev";
    let Aws { autoscaling, ec2, .. } = &world.aws;
    let more = autoscaling.set_desired_capacity().auto_scaling_group_name(group);
    more.desired_capacity(4).send().await.unwrap();
    world.payctl.is_as_declared();
    world.payctl.configure("[cost-optimized]\ninstance_type = \"t3.medium\"\n");
    assert_eq!(
        differences(&world.payctl.plan()),
        [
            "ec2.launch_template:payments: Update instance_type",
            "cloudwatch.dashboard:payment-costs: Update body",
        ]
    );
    world.payctl.up();
    let seen = autoscaling.describe_auto_scaling_groups().send().await.unwrap();
    assert_eq!(seen.auto_scaling_groups()[0].desired_capacity(), Some(4));
    let versions = ec2.describe_launch_template_versions().launch_template_name("payment-lt-dev");
    let versions = versions.send().await.unwrap();
    let current = versions.launch_template_versions().iter();
    let current = current.filter(|one| one.default_version() == Some(true));
    assert_eq!(current.map(|one| one.version_number()).collect::<Vec<_>>(), [Some(2)]);
    world.payctl.is_as_declared();
    world.payctl.destroy();
}

#[tokio::test]
async fn it_is_shown_as_it_comes_up_and_a_plan_asks_little() {
    shown(SYSTEM).await.asks_little();
}

#[tokio::test]
async fn strict_is_more_and_goes_as_well() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    payctl.up();
    payctl.configure("[cost-optimized]\nposture = \"strict\"\nalert_email = \"ops@example.com\"\n");
    let named: BTreeSet<String> = differences(&payctl.plan()).into_iter().collect();
    for expected in [
        "apigateway.method:payment-get: Update authorization",
        "dynamodb.table:payments: Update deletion_protection",
        "ec2.interface_endpoint:ec2-api: Create vpc, service, subnets, security_groups, \
         private_dns, policy, tags",
        "lambda.event_source_mapping:payments: Update maximum_concurrency",
        "lambda.function:event-handler: Update reserved_concurrency, tracing, dead_letters",
        "logs.group:event-handler: Update retention_days",
        "secretsmanager.resource_policy:db-credentials: Create secret, readers",
        "sns.subscription:ops-alerts: Create topic, protocol, endpoint",
    ] {
        assert!(named.contains(expected), "{expected}: {named:#?}");
    }
    payctl.up();
    payctl.is_as_declared();
    payctl.run(&["destroy", "--yes"]).says("it is protected against deletion");
    payctl.run(&["destroy", "--yes", "--lift-protection"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn a_lost_state_is_made_up_without_a_change() {
    Standing::of(SYSTEM).await.is_found_without_its_state().await;
}

/// Changes one thing of the resource by hand.
async fn change(world: &Standing, address: &str) {
    let Aws { autoscaling, cloudwatch, ec2, eventbridge, iam, lambda, .. } = &world.aws;
    let Aws { config, guardduty, secretsmanager, sns, sqs, ssm, .. } = &world.aws;
    match address {
        "sns.topic:ops-alerts" => {
            let request = sns.set_topic_attributes().topic_arn(world.known(address, "arn"));
            let request = request.attribute_name("DisplayName").attribute_value("Mine");
            request.send().await.unwrap();
        }
        "sqs.queue:payments" => {
            let request = sqs.set_queue_attributes().queue_url(world.known(address, "url"));
            let request = request.attributes(QueueAttributeName::VisibilityTimeout, "60");
            request.send().await.unwrap();
        }
        "secretsmanager.secret:db-credentials" => {
            let request = secretsmanager.update_secret().secret_id(world.known(address, "arn"));
            request.description("mine").send().await.unwrap();
        }
        "lambda.event_source_mapping:payments" => {
            let request = lambda.update_event_source_mapping().uuid(world.id(address));
            request.enabled(false).send().await.unwrap();
        }
        "iam.instance_profile:instances" => {
            let name = world.known(address, "name");
            let request = iam.remove_role_from_instance_profile().instance_profile_name(name);
            request.role_name("payment-ec2-role-dev").send().await.unwrap();
        }
        "ec2.launch_template:payments" => {
            let data = aws_sdk_ec2::types::RequestLaunchTemplateData::builder();
            let data = data.instance_type("t3.micro".into()).build();
            let id = world.id(address);
            let request = ec2.create_launch_template_version().launch_template_id(&id);
            request.launch_template_data(data).send().await.unwrap();
            let request = ec2.modify_launch_template().launch_template_id(id);
            request.default_version("2").send().await.unwrap();
        }
        "autoscaling.group:payments" => {
            let request = autoscaling.update_auto_scaling_group();
            let request = request.auto_scaling_group_name(world.known(address, "name"));
            request.max_size(50).send().await.unwrap();
        }
        "autoscaling.policy:cpu" => {
            let request = autoscaling.delete_policy().policy_name("payment-cpu-dev");
            request.auto_scaling_group_name("payment-asg-dev").send().await.unwrap();
        }
        "eventbridge.rule:cost-anomaly" => {
            eventbridge.disable_rule().name(world.known(address, "name")).send().await.unwrap();
        }
        "cloudwatch.dashboard:payment-ops" => {
            let request = cloudwatch.put_dashboard().dashboard_name("payment-ops-dev");
            request.dashboard_body(r#"{"widgets": []}"#).send().await.unwrap();
        }
        "ssm.parameter:table-name" => {
            let request = ssm.put_parameter().name(world.known(address, "name"));
            request.value("mine").overwrite(true).send().await.unwrap();
        }
        "config.rule:required-tags-check" => {
            let name = world.known(address, "name");
            let seen = config.describe_config_rules().config_rule_names(name).send().await.unwrap();
            let mut rule = seen.config_rules()[0].clone();
            rule.input_parameters = Some(r#"{"tag1Key": "Mine"}"#.to_owned());
            config.put_config_rule().config_rule(rule).send().await.unwrap();
        }
        "guardduty.detector:main" => {
            let request = guardduty.update_detector().detector_id(world.id(address));
            request.enable(false).send().await.unwrap();
        }
        other => panic!("no change for {other}"),
    }
}

#[tokio::test]
async fn what_is_changed_by_hand_is_named_and_repaired() {
    let with_detector = "[cost-optimized]\ncreate_detector = true\n";
    let world = Standing::recorded(SYSTEM, with_detector).await;
    let mut named = BTreeSet::new();
    for address in [
        "sns.topic:ops-alerts",
        "sqs.queue:payments",
        "secretsmanager.secret:db-credentials",
        "lambda.event_source_mapping:payments",
        "iam.instance_profile:instances",
        "ec2.launch_template:payments",
        "autoscaling.group:payments",
        "autoscaling.policy:cpu",
        "eventbridge.rule:cost-anomaly",
        "cloudwatch.dashboard:payment-ops",
        "ssm.parameter:table-name",
        "config.rule:required-tags-check",
        "guardduty.detector:main",
    ] {
        change(&world, address).await;
        named.insert(address);
        world.names(&named);
    }
    world.is_repaired().await;
}

#[tokio::test]
async fn what_is_deleted_by_hand_is_made_again() {
    let world = Standing::of(SYSTEM).await;
    let Aws { cloudwatch, eventbridge, lambda, sns, ssm, .. } = &world.aws;
    let known = |address: &str, output: &str| world.known(address, output);
    lambda
        .delete_event_source_mapping()
        .uuid(world.id("lambda.event_source_mapping:payments"))
        .send()
        .await
        .unwrap();
    sns.delete_topic().topic_arn(known("sns.topic:cost-alerts", "arn")).send().await.unwrap();
    let rule = known("eventbridge.rule:ec2-state-change", "name");
    eventbridge.remove_targets().rule(&rule).ids("topic").send().await.unwrap();
    eventbridge.delete_rule().name(rule).send().await.unwrap();
    cloudwatch.delete_dashboards().dashboard_names("payment-costs-dev").send().await.unwrap();
    ssm.delete_parameter().name("/payment/dev/queue-url").send().await.unwrap();
    let plan = world.payctl.plan();
    for address in [
        "lambda.event_source_mapping:payments",
        "sns.topic:cost-alerts",
        "eventbridge.rule:ec2-state-change",
        "cloudwatch.dashboard:payment-costs",
        "ssm.parameter:queue-url",
    ] {
        let step = plan.step(&Address::parse(address).unwrap()).unwrap();
        assert_eq!(step.action, Action::Create, "{address} {:#?}", differences(&plan));
    }
    world.is_repaired().await;
}
