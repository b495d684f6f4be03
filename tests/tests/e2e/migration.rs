//! `migration`: payments through the HTTP API, the database's password, what is changed by hand,
//! and what is refused as it would lose data.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_apigatewayv2::types::AuthorizationType;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use aws_sdk_rds::types::{ApplyMethod, Parameter};
use aws_sdk_secretsmanager::types::RotationRulesType;
use payctl_aws::{Arn, Aws};
use payctl_engine::state::Store;
use payctl_engine::{Action, Address};
use payctl_tests::application::Application;
use payctl_tests::binary::{
    Payctl, X86_64, answering_handler, calls, differences, put_answering_handler, put_handler,
};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::conformance::acm::import_over;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::http::request;
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::roles::are_used;
use payctl_tests::standing::Standing;
use serde_json::{Value, json};

use crate::credentials::{Credentials, logs_in};
use crate::transcripts::shown;

const SYSTEM: &str = "migration";
const PAYMENT: &str =
    r#"{"customerId": "c-1", "amount": "12.50", "currency": "EUR", "cardLast4": "4242"}"#;

fn output(payctl: &Payctl, name: &str) -> String {
    payctl.run(&["output", "--raw", name]).stdout.trim().to_owned()
}

#[tokio::test]
async fn a_payment_is_validated_scored_and_written_once() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM).with_real_handlers();
    let payctl = payctl.under_its_own_policy(&server);
    let aws = clients(&server).await;
    payctl.up();
    // The schema is there, and nobody has paid yet.
    let migrate = r#"{"migrate":true}"#;
    let migrated = payctl.run(&["invoke", "transaction-processing", "--payload", migrate]);
    migrated.exits(0);
    let migrated: Value = serde_json::from_str(&migrated.stdout).unwrap();
    assert_eq!(migrated, json!({ "schema": 1, "applied": [] }));
    let url = output(&payctl, "api_endpoint");
    let post = |path: &str, headers: &str, body: &str| {
        let (status, body) = request(&server, "POST", &format!("{url}/{path}"), headers, body);
        let json: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status} {body}"));
        (status, json)
    };
    let (status, said) = post("validate", "", PAYMENT);
    assert_eq!((status, &said["valid"]), (200, &true.into()), "{said}");
    let (_, said) = post("validate", "", &PAYMENT.replace("12.50", "60000"));
    assert_eq!(said["valid"], false, "{said}");

    let key = "Idempotency-Key: order-1\r\n";
    let (status, first) = post("process", key, PAYMENT);
    assert_eq!((status, &first["status"]), (200, &"approved".into()), "{first}");
    assert_eq!(post("process", key, PAYMENT), (200, first.clone()));
    assert_eq!(post("process", key, &PAYMENT.replace("12.50", "13")).0, 409);
    assert_eq!(post("process", "", PAYMENT).0, 400);
    assert_eq!(post("process", key, &PAYMENT.replace("12.50", "60000")).0, 422);
    let id = AttributeValue::S(first["transactionId"].as_str().unwrap().to_owned());
    let row = aws.dynamodb.get_item().table_name("transactions-dev").key("transaction_id", id);
    let row = row.send().await.unwrap().item.unwrap();
    assert_eq!(row["status"], AttributeValue::S("approved".to_owned()));
    assert!(row.contains_key("expires_at") && row.contains_key("score"), "{row:?}");

    // A new customer who pays as much as can be, again and again.
    let process = |nth: u32| {
        let key = format!("Idempotency-Key: order-{nth}\r\n");
        let payment = PAYMENT.replace("12.50", "50000").replace("c-1", "c-2");
        let (status, said) = post("process", &key, &payment);
        assert_eq!(status, 200, "{said}");
        said["status"].as_str().unwrap().to_owned()
    };
    let burst: Vec<String> = (11..21).map(process).collect();
    assert!(burst[..4].iter().all(|status| status == "approved"), "{burst:?}");
    assert_eq!((&*burst[4], &*burst[9]), ("review", "declined"), "{burst:?}");
    // Each decision leaves a record, with why.
    let bucket = output(&payctl, "bucket_name");
    let listed = aws.s3.list_objects_v2().bucket(&bucket).prefix("audit/").send().await.unwrap();
    assert_eq!(listed.contents().len(), 11);
    let record = listed.contents()[0].key().unwrap();
    let record = aws.s3.get_object().bucket(&bucket).key(record).send().await.unwrap();
    assert_eq!(record.server_side_encryption().unwrap().as_str(), "aws:kms");
    let record = record.body.collect().await.unwrap().into_bytes();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert!(record["score"].is_u64() && record["reasons"].is_array(), "{record}");
    assert!(!record.to_string().contains("4242"), "{record}");
    let event =
        r#"{"transactionId": "tx-1", "customerId": "c-1", "amount": "12.50", "currency": "EUR"}"#;
    let scored = payctl.run(&["invoke", "fraud-detection", "--payload", event]);
    scored.exits(0);
    let scored: Value = serde_json::from_str(&scored.stdout).unwrap();
    assert!(scored["score"].as_u64().unwrap() > 0, "{scored}");
    let idle = [("dynamodb:GetItem", "the reply to a conflict may not bring the item")];
    // Rotation is another flow.
    are_used(&server, &aws, |right| !right.contains("rotation"), &idle).await;
}

#[tokio::test]
async fn the_application_is_reached_through_the_load_balancer() {
    let world = Standing::of(SYSTEM).await;
    let url = format!("{}/app/hello", output(&world.payctl, "api_endpoint"));
    assert_eq!(request(&world.server, "GET", &url, "", "").0, 503, "there is no target");
    let blue = Application::start("127.0.8.1");
    let green = Application::start("127.0.8.2");
    for (group, application) in [("blue", &blue), ("green", &green)] {
        let group = output(&world.payctl, &format!("{group}_target_group_arn"));
        register(&world.aws, &group, application).await;
    }
    for (share, answers) in [("0", &blue), ("100", &green)] {
        world.payctl.run(&["shift", "--green", share]).exits(0);
        let answer = (200, answers.address.clone());
        assert_eq!(request(&world.server, "GET", &url, "", ""), answer);
    }
    world.payctl.is_as_declared();
    world.payctl.destroy();
}

/// `up` has the function bring the schema up to date: once for each code of it. Where that fails, the
/// step does, in the function's own words, and the next `up` has it done.
#[tokio::test]
async fn the_schema_is_brought_up_to_date_as_a_step() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev").of(SYSTEM);
    let handlers = payctl.folder().join("handlers");
    put_handler(&handlers, "transaction-processing", X86_64);
    let step = |action| {
        let address = Address::parse("lambda.invocation:schema").unwrap();
        let plan = payctl.plan();
        assert_eq!(plan.step(&address).unwrap().action, action, "{:#?}", differences(&plan));
    };
    step(Action::Create);
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("1 step failed");
    ended.says("Invoke: Runtime.InvalidEntrypoint:");
    ended.says(
        "exec format error (`payctl invoke transaction-processing-dev -v --payload \
         '{\"migrate\":true}'` shows what it logs)",
    );

    // Killed once the function has answered, `up` has it do the same again.
    let invocations = || calls(&server).remove("lambda.Invoke").unwrap_or_default();
    put_answering_handler(&handlers, "transaction-processing");
    invocations();
    proxy.set(&Rule::Each(&[(
        "POST /2015-03-31/functions/transaction-processing-dev/invocations",
        Fate::Kill { applied: true },
    )]));
    let killed = payctl.start(&["up", "--yes"]);
    proxy.victim(killed.pid());
    assert_eq!(killed.end().code, None);
    proxy.set(&Rule::Nothing);
    step(Action::Update);
    payctl.up();
    assert_eq!(invocations(), 2);
    payctl.is_as_declared();

    let other = [answering_handler(), b"another".into()].concat();
    std::fs::write(handlers.join("transaction-processing/bootstrap"), other).unwrap();
    step(Action::Update);
    payctl.up();
    assert_eq!(invocations(), 1);
    payctl.is_as_declared();
    payctl.destroy();
}

async fn register(aws: &Aws, group: &str, application: &Application) {
    let target = TargetDescription::builder();
    let target = target.id(&application.address).port(application.port.into()).build();
    let request = aws.elbv2.register_targets().target_group_arn(group);
    request.targets(target).send().await.unwrap();
}

#[tokio::test]
async fn the_password_is_rotated_in_a_real_database() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM).with_real_handlers();
    let payctl = payctl.under_its_own_policy(&server);
    let aws = clients(&server).await;
    let secret = Credentials { aws: &aws };
    let ended = payctl.run(&["up", "--yes", "-vv"]);
    ended.exits(0);

    // Secrets Manager tries the function at once, so that the first one is already another.
    let began = Instant::now();
    while !logs_in(&secret.value().await) || secret.version("AWSPREVIOUS").await.is_none() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{:?}",
            secret.version("AWSPENDING").await
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let first = secret.value().await;
    let version = secret.version("AWSCURRENT").await;
    // The first rotation ends a moment after its password does.
    let rotate = || aws.secretsmanager.rotate_secret().secret_id("db-credentials-dev").send();
    while let Err(error) = rotate().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{error:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    secret.moved_from(version.as_ref()).await;
    let second = secret.value().await;
    assert!(logs_in(&second) && !logs_in(&first));
    assert_eq!(second["dbname"], "payments");
    assert_eq!(
        second["password"].as_str().unwrap().len(),
        first["password"].as_str().unwrap().len()
    );

    // A rotation is no drift, and no password leaves.
    let again = payctl.run(&["up", "--yes", "-vv"]);
    again.exits(0);
    again.says("no changes: ");
    assert!(logs_in(&secret.value().await));
    for password in [&first["password"], &second["password"]].map(|text| text.as_str().unwrap()) {
        for ended in [&ended, &again] {
            let out = ended.stdout.contains(password) || ended.stderr.contains(password);
            assert!(!out, "the password is out");
        }
        let kept = std::fs::read_to_string(payctl.state().join("state.json")).unwrap();
        assert!(!kept.contains(password), "the password is in the state");
    }
    let idle = [
        ("kms:Decrypt", "of the environment's key, though the environment has nothing yet"),
        ("secretsmanager:ListSecretVersionIds", "only what an interrupted rotation left is listed"),
    ];
    are_used(&server, &aws, |right| right.contains("rotation"), &idle).await;
    payctl.destroy();
}

#[tokio::test]
async fn it_is_shown_as_it_comes_up_and_a_plan_asks_little() {
    shown(SYSTEM).await.asks_little();
}

#[tokio::test]
async fn a_lost_state_is_made_up_without_a_change() {
    Standing::of(SYSTEM).await.is_found_without_its_state().await;
}

#[tokio::test]
async fn strict_is_more_and_goes_as_well() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    payctl.up();
    payctl.configure("[migration]\nposture = \"strict\"\n");
    let named: BTreeSet<String> = differences(&payctl.plan()).into_iter().collect();
    for expected in [
        "apigatewayv2.route:process: Update authorization",
        "dynamodb.table:transactions: Update deletion_protection",
        "rds.cluster:main: Update deletion_protection",
        "elbv2.load_balancer:main: Update deletion_protection",
        "lambda.function:secrets-rotation: Update reserved_concurrency, tracing",
        "logs.group:fraud-detection: Update retention_days",
        "rds.instance:reader-1: Update monitoring",
        "sns.topic:system-errors: Update policy",
        "wafv2.association:main: Create web_acl, resource",
    ] {
        assert!(named.contains(expected), "{expected}: {named:#?}");
    }
    payctl.up();
    payctl.is_as_declared();
    payctl.run(&["destroy", "--yes"]).says("it is protected against deletion");
    payctl.run(&["destroy", "--yes", "--lift-protection"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

/// What holds data is replaced only where that is asked for, and what would be lost is said.
#[tokio::test]
async fn what_would_lose_data_is_refused() {
    let world = Standing::of(SYSTEM).await;
    let refused = |configuration: &str, address: &str, lost: &str| {
        world.payctl.configure(configuration);
        let ended = world.payctl.run(&["up", "--yes"]);
        ended.exits(1);
        ended.says(lost);
        ended.says(&format!("--allow-data-loss {address}"));
    };
    let network = "[migration]\nnetwork = \"10.1.0.0/16\"\n";
    let tier = |name: &str, first: u8| {
        let nets = [0, 1, 2].map(|nth| format!("\"10.1.{}.0/24\"", first + nth)).join(", ");
        format!("{name} = [{nets}]\n")
    };
    let moved = [
        network.to_owned(),
        tier("private_subnets", 10),
        tier("public_subnets", 0),
        tier("database_subnets", 20),
    ];
    refused(&moved.concat(), "rds.cluster:main", "it would be replaced, and its data lost");
    world.payctl.run(&["up", "--yes", "--allow-data-loss", "rds.cluster:main"]).exits(0);
    world.payctl.is_as_declared();
    world.payctl.destroy();
}

/// A version that AWS does not offer is refused before anything is made; the newest of a major one
/// is kept once it is chosen.
#[tokio::test]
async fn the_databases_version_is_chosen_once() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    payctl.configure("[migration]\ndatabase_version = \"16.77\"\n");
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("AWS does not offer version 16.77 of aurora-postgresql in us-east-1: choose one of");
    payctl.configure("[migration]\ndatabase_version = \"15\"\n");
    payctl.up();
    let state = Store::at(payctl.state()).load().unwrap().state.unwrap();
    let chosen = state.choices["aurora-postgresql 15"].as_str().unwrap();
    assert!(chosen.starts_with("15."), "{chosen}");
    payctl.is_as_declared();
    payctl.configure("[migration]\ndatabase_version = \"16\"\n");
    let named = differences(&payctl.plan());
    let upgrade =
        named.iter().any(|step| step.starts_with("rds.cluster:main: Update engine_version"));
    assert!(upgrade, "{named:#?}");
    payctl.up();
    payctl.is_as_declared();
    payctl.destroy();
}

/// What ministack gets wrong, and what a plan makes of it.
const MINISTACK: &[(&[&str], &str)] = &[
    (
        &[
            "apigatewayv2.vpc_link:main: Create",
            "apigatewayv2.integration:app: Create",
            "apigatewayv2.route:app: Create",
        ],
        "it has no VPC links",
    ),
    (&["ec2.default_network_acl:main: Update"], "an entry's PortRange is dropped"),
    (
        &[
            "ec2.nat_gateway:main-1: CreateThenDelete",
            "ec2.nat_gateway:main-2: CreateThenDelete",
            "ec2.nat_gateway:main-3: CreateThenDelete",
            "ec2.route:private-1: Update",
            "ec2.route:private-2: Update",
            "ec2.route:private-3: Update",
        ],
        "NatGatewayAddresses is always empty",
    ),
    (&["rds.cluster:main: Update"], "DescribeDBClusters leaves log exports out"),
    (
        &[
            "elbv2.load_balancer:main: DeleteThenCreate",
            "elbv2.listener:main: DeleteThenCreate",
            "elbv2.listener:inside: DeleteThenCreate",
            "cloudwatch.alarm:green-unhealthy: Update",
            "cloudwatch.alarm:green-5xx: Update",
            "cloudwatch.alarm:balancer-5xx: Update",
        ],
        "a load balancer's VpcId is another; a listener's weights and groups are dropped",
    ),
    (&["acm.certificate:main: CreateThenDelete"], "what is imported is not read"),
    (&["cloudwatch.dashboard:payment-processing: Update"], "PutDashboard ignores tags"),
];

/// Of stock moto and ministack a dashboard has no tags, so that it is nobody's.
async fn delete_dashboard(aws: &Aws) {
    let request = aws.cloudwatch.delete_dashboards().dashboard_names("payment-processing-dev");
    request.send().await.unwrap();
}

/// Ministack has no VPC links and cannot end a rotation; all else comes up and goes there.
#[tokio::test]
async fn what_ministack_has_comes_up_and_goes() {
    let server = Server::start(Emulator::Ministack);
    let proxy = Proxy::start(&server.endpoint);
    proxy.set(&Rule::Each(&[
        ("POST /v2/vpclinks", Fate::Refuse(Refusal::Code("BadRequestException"))),
        ("GET /v2/vpclinks", Fate::Answer("{\"items\": []}")),
        ("CancelRotateSecret", Fate::Answer("{}")),
    ]));
    let payctl = Payctl::at(&proxy.endpoint, "dev").of(SYSTEM);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("1 step failed");
    let named: BTreeSet<String> = differences(&payctl.plan())
        .into_iter()
        .map(|step| step.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let wrong = MINISTACK.iter().flat_map(|(steps, _)| *steps).map(|step| (*step).to_owned());
    assert_eq!(named, wrong.collect());
    delete_dashboard(&aws).await;
    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

/// Changes one thing of the resource by hand.
async fn change(world: &Standing, address: &str) {
    let Aws { apigatewayv2, elbv2, rds, secretsmanager, .. } = &world.aws;
    let api = || world.id("apigatewayv2.api:main");
    let arn = || world.known(address, "arn");
    match address {
        "apigatewayv2.api:main" => {
            apigatewayv2.update_api().api_id(api()).description("mine").send().await.unwrap();
        }
        "apigatewayv2.integration:validate" => {
            let request = apigatewayv2.update_integration().api_id(api());
            let request = request.integration_id(world.id(address));
            request.timeout_in_millis(1000).send().await.unwrap();
        }
        "apigatewayv2.route:process" => {
            let request = apigatewayv2.update_route().api_id(api()).route_id(world.id(address));
            request.authorization_type(AuthorizationType::AwsIam).send().await.unwrap();
        }
        "apigatewayv2.stage:main" => {
            let request = apigatewayv2.update_stage().api_id(api()).stage_name("$default");
            request.description("mine").send().await.unwrap();
        }
        "apigatewayv2.vpc_link:main" => {
            let request = apigatewayv2.update_vpc_link().vpc_link_id(world.id(address));
            request.name("mine").send().await.unwrap();
        }
        "rds.cluster:main" => {
            let request = rds.modify_db_cluster().db_cluster_identifier("payment-db-dev");
            let request = request.backup_retention_period(1).apply_immediately(true);
            request.send().await.unwrap();
        }
        "rds.instance:reader-1" => {
            let name = "payment-db-reader-1-dev";
            let request = rds.modify_db_instance().db_instance_identifier(name);
            request.promotion_tier(9).apply_immediately(true).send().await.unwrap();
        }
        "rds.event_subscription:db-cluster" => {
            let request = rds.modify_event_subscription();
            let request = request.subscription_name("payment-db-cluster-dev");
            request.enabled(false).send().await.unwrap();
        }
        "rds.cluster_parameter_group:main" => {
            let off = Parameter::builder().parameter_name("rds.force_ssl").parameter_value("0");
            let off = off.apply_method(ApplyMethod::PendingReboot).build();
            let request = rds.modify_db_cluster_parameter_group();
            let request = request.db_cluster_parameter_group_name(world.known(address, "name"));
            request.parameters(off).send().await.unwrap();
        }
        "rds.subnet_group:main" => {
            let request = rds.modify_db_subnet_group().db_subnet_group_name("payment-db-dev");
            let subnets = [1, 2].map(|nth| world.id(&format!("ec2.subnet:database-{nth}")));
            request.set_subnet_ids(Some(subnets.into())).send().await.unwrap();
        }
        "elbv2.load_balancer:main" => {
            let off = aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute::builder();
            let off = off.key("routing.http.drop_invalid_header_fields.enabled").value("false");
            let request = elbv2.modify_load_balancer_attributes().load_balancer_arn(arn());
            request.attributes(off.build()).send().await.unwrap();
        }
        "elbv2.target_group:green" => {
            let request = elbv2.modify_target_group().target_group_arn(arn());
            request.health_check_path("/").send().await.unwrap();
        }
        "elbv2.listener:main" => {
            let request = elbv2.modify_listener().listener_arn(arn());
            request.ssl_policy("ELBSecurityPolicy-2016-08").send().await.unwrap();
        }
        "acm.certificate:main" => {
            import_over(&world.aws, &Arn::from(arn()), "payments.internal", 7).await;
        }
        "secretsmanager.target_attachment:db-credentials" => {
            let secret = world.known("secretsmanager.secret:db-credentials", "arn");
            let mut value = Credentials { aws: &world.aws }.value().await;
            value["host"] = "elsewhere".into();
            let request = secretsmanager.put_secret_value().secret_id(secret);
            request.secret_string(value.to_string()).send().await.unwrap();
        }
        "lambda.invocation:schema" => {
            let request = world.aws.ssm.put_parameter().name("/payment-processing/dev/schema");
            request.value("{}").overwrite(true).send().await.unwrap();
        }
        "secretsmanager.resource_policy:db-credentials" => {
            let put = secretsmanager.put_resource_policy().secret_id("db-credentials-dev");
            let policy = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": "*", "Resource": "*",
                "Action": "secretsmanager:GetSecretValue",
                "Condition": { "StringEquals": { "aws:username": "nobody" } },
            }]});
            put.resource_policy(policy.to_string()).send().await.unwrap();
        }
        "secretsmanager.rotation:db-credentials" => {
            let request = secretsmanager.rotate_secret().secret_id("db-credentials-dev");
            let rules = RotationRulesType::builder().automatically_after_days(300).build();
            let request = request.rotation_rules(rules).rotate_immediately(false);
            request.send().await.unwrap();
        }
        other => panic!("no change for {other}"),
    }
}

#[tokio::test]
async fn what_is_changed_by_hand_is_named_and_repaired() {
    let world = Standing::of(SYSTEM).await;
    let mut named = BTreeSet::new();
    for address in [
        "apigatewayv2.api:main",
        "apigatewayv2.integration:validate",
        "apigatewayv2.route:process",
        "apigatewayv2.stage:main",
        "apigatewayv2.vpc_link:main",
        "rds.cluster:main",
        "rds.instance:reader-1",
        "rds.cluster_parameter_group:main",
        "rds.subnet_group:main",
        "elbv2.load_balancer:main",
        "elbv2.target_group:green",
        "elbv2.listener:main",
        "acm.certificate:main",
        "secretsmanager.target_attachment:db-credentials",
        "secretsmanager.resource_policy:db-credentials",
        "secretsmanager.rotation:db-credentials",
        "lambda.invocation:schema",
    ] {
        change(&world, address).await;
        named.insert(address);
        world.names(&named);
    }
    world.is_repaired().await;
}

#[tokio::test]
async fn what_only_strict_has_is_named_and_repaired_as_well() {
    let world = Standing::recorded(SYSTEM, "[migration]\nposture = \"strict\"\n").await;
    let instance = world.aws.rds.modify_db_instance().apply_immediately(true);
    let instance = instance.db_instance_identifier("payment-db-writer-dev");
    instance.monitoring_interval(0).send().await.unwrap();
    let balancer = world.known("elbv2.load_balancer:main", "arn");
    let off = world.aws.wafv2.disassociate_web_acl().resource_arn(balancer);
    off.send().await.unwrap();
    let address = "rds.event_subscription:db-cluster";
    change(&world, address).await;
    world.names(&[address, "rds.instance:writer", "wafv2.association:main"].into());
    world.is_repaired().await;
}

#[tokio::test]
async fn what_is_deleted_by_hand_is_made_again() {
    let world = Standing::of(SYSTEM).await;
    let Aws { apigatewayv2, elbv2, rds, secretsmanager, .. } = &world.aws;
    let api = world.id("apigatewayv2.api:main");
    let route = world.id("apigatewayv2.route:validate");
    apigatewayv2.delete_route().api_id(&api).route_id(route).send().await.unwrap();
    let stage = apigatewayv2.delete_stage().api_id(api).stage_name("$default");
    stage.send().await.unwrap();
    let listener = world.known("elbv2.listener:main", "arn");
    elbv2.delete_listener().listener_arn(listener).send().await.unwrap();
    let balancer = world.known("elbv2.load_balancer:main", "arn");
    elbv2.delete_load_balancer().load_balancer_arn(balancer).send().await.unwrap();
    let reader = rds.delete_db_instance().db_instance_identifier("payment-db-reader-2-dev");
    reader.send().await.unwrap();
    let secret = world.known("secretsmanager.secret:db-credentials", "arn");
    secretsmanager.cancel_rotate_secret().secret_id(&secret).send().await.unwrap();
    secretsmanager.delete_resource_policy().secret_id(secret).send().await.unwrap();
    let plan = world.payctl.plan();
    for address in [
        "apigatewayv2.route:validate",
        "apigatewayv2.stage:main",
        "elbv2.listener:main",
        "elbv2.load_balancer:main",
        "rds.instance:reader-2",
        "secretsmanager.resource_policy:db-credentials",
        "secretsmanager.rotation:db-credentials",
    ] {
        let step = plan.step(&Address::parse(address).unwrap()).unwrap();
        assert_eq!(step.action, Action::Create, "{address} {:#?}", differences(&plan));
    }
    world.is_repaired().await;
}
