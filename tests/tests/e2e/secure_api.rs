//! `secure-api`: payments over HTTP, changes of its API while that answers, what is changed by
//! hand, and how much a plan asks.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_apigateway::types::{GatewayResponseType, IntegrationType, Op, PatchOperation};
use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_wafv2::types::Scope;
use payctl_aws::Aws;
use payctl_engine::{Action, Address};
use payctl_tests::binary::{Payctl, changing_calls, differences};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::http::request;
use payctl_tests::roles::are_used;
use payctl_tests::standing::Standing;
use serde_json::{Value, json};

use crate::transcripts::shown;

const SYSTEM: &str = "secure-api";
const PAYMENT: &str = r#"{"transactionId": "tx-1", "customerId": "c-1", "amount": 12.50}"#;

/// Posts to the API; answers status and body.
fn post(server: &Server, url: &str, headers: &str, body: &str) -> (u16, String) {
    let url = format!("{url}/process-payment");
    request(server, "POST", &url, headers, body)
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{body}"))
}

fn url(payctl: &Payctl) -> String {
    payctl.run(&["output", "--raw", "api_gateway_url"]).stdout.trim().to_owned()
}

#[tokio::test]
async fn a_payment_is_posted_and_stored_once() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM).with_real_handlers();
    let payctl = payctl.under_its_own_policy(&server);
    let aws = clients(&server).await;
    payctl.up();
    let url = url(&payctl);

    let (status, first) = post(&server, &url, "", PAYMENT);
    assert_eq!(status, 200, "{first}");
    let same = r#"{"amount": "12.5", "customerId": "c-1", "transactionId": "tx-1"}"#;
    assert_eq!(post(&server, &url, "", same), (200, first.clone()));
    assert_eq!(post(&server, &url, "", &PAYMENT.replace("12.50", "13")).0, 409);
    let (status, why) = post(&server, &url, "", &PAYMENT.replace("12.50", "-1"));
    assert!(status == 400 && why.contains("amount"), "{status} {why}");
    // Turned away before the function.
    let (status, why) = post(&server, &url, "", r#"{"amount": 1, "customerId": "c-1"}"#);
    let lacking = r#"[object has missing required properties (["transactionId"])]"#;
    assert_eq!((status, parsed(&why)), (400, json!({ "error": lacking })), "{why}");
    // There is no such path.
    let (status, why) = post(&server, &format!("{url}/nothing"), "", PAYMENT);
    let refused = json!({ "error": "Missing Authentication Token" });
    assert_eq!((status, parsed(&why)), (403, refused), "{why}");

    let rows = aws.dynamodb.scan().table_name("payment-transactions-dev").send().await.unwrap();
    assert_eq!(rows.count, 1, "{rows:?}");
    let bucket = "payment-docs-dev-123456789012";
    let receipt = aws.s3.get_object().bucket(bucket).key("receipts/tx-1.json").send().await;
    let receipt = receipt.unwrap();
    let key = payctl.run(&["output", "--raw", "kms_s3_key_id"]).stdout;
    assert!(receipt.ssekms_key_id().unwrap().ends_with(key.trim()), "{receipt:?}");
    assert_eq!(receipt.body.collect().await.unwrap().to_vec(), first.into_bytes());
    let group = aws.logs.filter_log_events().log_group_name("/aws/apigateway/payment-api-dev");
    let lines = group.send().await.unwrap();
    let lines: Vec<&str> = lines.events().iter().filter_map(|event| event.message()).collect();
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("tx-1")), "{lines:#?}");
    let described = "docs/systems and the system's own description have it";
    let idle = [
        ("dynamodb:GetItem", "the reply to a conflict may not bring the item"),
        ("dynamodb:Query", described),
        ("dynamodb:UpdateItem", described),
        ("kms:Decrypt", "objects are read with it, and no flow reads one"),
        ("s3:GetObject", described),
    ];
    are_used(&server, &aws, |_| true, &idle).await;
    payctl.destroy();
}

/// Posts until it is told to stop; answers what was answered.
fn keep_posting(server: &Server, url: &str, enough: &AtomicBool) -> Vec<u16> {
    let mut all = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=test\r\n";
        all.push(post(server, url, signed, PAYMENT).0);
    }
    all
}

#[tokio::test]
async fn a_changed_method_is_one_deployment_and_no_gap() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM).with_real_handlers();
    let aws = clients(&server).await;
    payctl.up();
    let url = url(&payctl);
    let before = everything(&aws).await;
    assert_eq!(post(&server, &url, "", PAYMENT).0, 200);

    payctl.configure("[secure-api]\nauthorization = \"iam\"\n");
    assert_eq!(
        differences(&payctl.plan()),
        [
            "apigateway.method:process-payment: Update authorization",
            "apigateway.deployment:main: CreateThenDelete content",
            "apigateway.stage:main: Update deployment",
        ]
    );
    changing_calls(&server);
    let enough = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let posting = scope.spawn(|| keep_posting(&server, &url, &enough));
        payctl.up();
        enough.store(true, Ordering::Relaxed);
        posting.join().unwrap()
    });
    assert!(!answers.is_empty() && answers.iter().all(|status| *status == 200), "{answers:?}");
    let mut changing = changing_calls(&server);
    changing.retain(|name, _| name.starts_with("apigateway."));
    let expected = ["CreateDeployment", "DeleteDeployment", "UpdateMethod", "UpdateStage"];
    let expected = expected.map(|name| (format!("apigateway.{name}"), 1));
    assert_eq!(changing, expected.into());
    assert_eq!(post(&server, &url, "", PAYMENT).0, 403, "not signed");
    assert_eq!(difference(&before, &everything(&aws).await), [""; 0]);
    payctl.is_as_declared();
}

#[tokio::test]
async fn a_changed_limit_is_one_update() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(SYSTEM);
    payctl.up();
    payctl.configure("[secure-api]\naddress_limit = 500\n");
    assert_eq!(differences(&payctl.plan()), ["wafv2.web_acl:main: Update rules"]);
    changing_calls(&server);
    payctl.up();
    assert_eq!(changing_calls(&server), [("wafv2.UpdateWebACL".to_owned(), 1)].into());
    payctl.is_as_declared();
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
    payctl.configure("[secure-api]\nposture = \"strict\"\n");
    let plan = payctl.plan();
    let named: BTreeSet<String> = differences(&plan).into_iter().collect();
    let expected = [
        "apigateway.deployment:main: CreateThenDelete content",
        "apigateway.method:process-payment: Update authorization",
        "apigateway.stage:main: Update deployment",
        "dynamodb.table:transactions: Update deletion_protection",
        "ec2.flow_log:main: Create vpc, traffic, log_group, role, aggregation_s, tags",
        "ec2.interface_endpoint:ec2-api: Create vpc, service, subnets, security_groups, private_dns, policy, tags",
        "ec2.security_group:ec2-api: Create name, description, vpc, ingress, egress, tags",
        "iam.policy:payment-processor: Update document",
        "iam.role:flow-logs: Create name, path, description, trust, inline, managed, max_session_s, tags",
        "lambda.function:payment-processor: Update reserved_concurrency, tracing",
        "logs.group:api-access: Update retention_days",
        "logs.group:api-errors: Update retention_days",
        "logs.group:flow-logs: Create name, retention_days, kms_key, tags",
        "logs.group:payment-processor: Update retention_days",
        "logs.group:waf: Update retention_days",
        "s3.notification:access-logs: Create bucket, functions, event_bridge",
        "s3.notification:documents: Create bucket, functions, event_bridge",
    ];
    assert_eq!(named, expected.map(str::to_owned).into());
    payctl.up();
    payctl.is_as_declared();
    payctl.run(&["destroy", "--yes"]).says("it is protected against deletion");
    payctl.run(&["destroy", "--yes", "--lift-protection"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn api_gateways_role_is_the_accounts() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let one = Payctl::new(&server).of(SYSTEM);
    one.up();
    // A second environment uses the first one's, and the first one leaves it.
    let two = Payctl::at(&server.endpoint, "pr-2").of(SYSTEM);
    let plan = two.plan();
    for address in ["iam.role:account/apigateway-logs", "apigateway.account:account/settings"] {
        let step = plan.step(&Address::parse(address).unwrap()).unwrap();
        assert_eq!(step.action, Action::Adopt, "{:#?}", differences(&plan));
    }
    two.up();
    one.destroy().says("forget: the account's, for all environments, and stays");
    let role = |account: &aws_sdk_apigateway::operation::get_account::GetAccountOutput| {
        account.cloudwatch_role_arn().unwrap_or_default().to_owned()
    };
    let ours = role(&aws.apigateway.get_account().send().await.unwrap());
    assert!(ours.ends_with("role/payctl-apigateway-logs-us-east-1"), "{ours}");
    two.is_as_declared();

    // Where someone else has set one, ours is not made, and theirs not changed.
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let theirs = aws.iam.create_role().role_name("theirs").assume_role_policy_document(trust);
    let theirs = theirs.send().await.unwrap().role.unwrap().arn;
    let set = patch(Op::Replace, "/cloudwatchRoleArn", &theirs);
    aws.apigateway.update_account().patch_operations(set).send().await.unwrap();
    let three = Payctl::at(&server.endpoint, "pr-3").of(SYSTEM);
    let plan = three.plan();
    assert!(plan.steps.iter().all(|step| !step.address.is_shared()), "{:#?}", differences(&plan));
    three.up();
    assert_eq!(role(&aws.apigateway.get_account().send().await.unwrap()), theirs);
    three.destroy();
    two.destroy();
}

fn patch(op: Op, path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).value(value).build()
}

/// Changes one thing of the resource by hand.
async fn change(world: &Standing, address: &str) {
    let Aws { apigateway, ec2, iam, wafv2, .. } = &world.aws;
    let api = world.known("apigateway.rest_api:main", "id");
    let replace = |path: &str, value: &str| patch(Op::Replace, path, value);
    match address {
        "apigateway.rest_api:main" => {
            let request = apigateway.update_rest_api().rest_api_id(api);
            let request = request.patch_operations(replace("/description", "mine"));
            request.send().await.unwrap();
        }
        "apigateway.model:payment" => {
            let request = apigateway.update_model().rest_api_id(api).model_name("Payment");
            let request = request.patch_operations(replace("/schema", "{}"));
            request.send().await.unwrap();
        }
        "apigateway.gateway_response:bad-request-body" => {
            let request = apigateway.put_gateway_response().rest_api_id(api);
            let request = request.response_type(GatewayResponseType::BadRequestBody);
            request.response_templates("application/json", "{}").send().await.unwrap();
        }
        "apigateway.request_validator:body" => {
            let request = apigateway.update_request_validator().rest_api_id(api);
            let request = request.request_validator_id(world.id(address));
            let request = request.patch_operations(replace("/validateRequestBody", "false"));
            request.send().await.unwrap();
        }
        "apigateway.method:process-payment" => {
            let request = apigateway.update_method().rest_api_id(api).http_method("POST");
            let request = request.resource_id(world.known(address, "resource"));
            let request = request.patch_operations(replace("/apiKeyRequired", "true"));
            request.send().await.unwrap();
        }
        "apigateway.integration:process-payment" => {
            // The sandbox has no UpdateIntegration.
            let request = apigateway.put_integration().rest_api_id(api).http_method("POST");
            let request = request.resource_id(world.known(address, "resource"));
            let request = request.r#type(IntegrationType::Mock).timeout_in_millis(1000);
            request.send().await.unwrap();
        }
        "apigateway.stage:main" => {
            let request = apigateway.update_stage().rest_api_id(api).stage_name("dev");
            let request = request.patch_operations(replace("/*/*/logging/dataTrace", "true"));
            request.send().await.unwrap();
        }
        "wafv2.web_acl:main" => {
            let (id, name) = (world.id(address), world.known(address, "name"));
            let seen = wafv2.get_web_acl().id(&id).name(&name).scope(Scope::Regional);
            let seen = seen.send().await.unwrap();
            let token = seen.lock_token.unwrap();
            let acl = seen.web_acl.unwrap();
            let request = wafv2.update_web_acl().id(id).name(name).scope(Scope::Regional);
            let request = request.default_action(acl.default_action.unwrap());
            let request = request.visibility_config(acl.visibility_config.unwrap());
            request.lock_token(token).send().await.unwrap();
        }
        "wafv2.association:main" => {
            let stage = world.known(address, "resource");
            wafv2.disassociate_web_acl().resource_arn(stage).send().await.unwrap();
        }
        "wafv2.logging:main" => {
            let acl = world.known(address, "web_acl");
            wafv2.delete_logging_configuration().resource_arn(acl).send().await.unwrap();
        }
        "iam.policy:payment-processor" => {
            let request = iam.create_policy_version().policy_arn(world.known(address, "arn"));
            let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
            request.policy_document(all).set_as_default(true).send().await.unwrap();
        }
        "ec2.interface_endpoint:logs" => {
            let request = ec2.modify_vpc_endpoint().vpc_endpoint_id(world.id(address));
            request.private_dns_enabled(false).send().await.unwrap();
        }
        "ec2.security_group_ingress:endpoints" => {
            let range = IpRange::builder().cidr_ip("0.0.0.0/0").build();
            let rule = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22);
            let request = ec2.authorize_security_group_ingress();
            let request = request.group_id(world.known(address, "group"));
            request.ip_permissions(rule.ip_ranges(range).build()).send().await.unwrap();
        }
        other => panic!("no change for {other}"),
    }
}

#[tokio::test]
async fn what_is_changed_by_hand_is_named_and_repaired() {
    let world = Standing::of(SYSTEM).await;
    let mut named = BTreeSet::new();
    for address in [
        "apigateway.rest_api:main",
        "apigateway.model:payment",
        "apigateway.gateway_response:bad-request-body",
        "apigateway.request_validator:body",
        "apigateway.method:process-payment",
        "apigateway.integration:process-payment",
        "apigateway.stage:main",
        "wafv2.web_acl:main",
        "wafv2.association:main",
        "wafv2.logging:main",
        "iam.policy:payment-processor",
        "ec2.interface_endpoint:logs",
        "ec2.security_group_ingress:endpoints",
    ] {
        change(&world, address).await;
        named.insert(address);
        world.names(&named);
    }
    world.is_repaired().await;
}

/// Deletes the resource by hand.
async fn delete(world: &Standing, address: &str) {
    let Aws { apigateway, ec2, .. } = &world.aws;
    let api = world.known("apigateway.rest_api:main", "id");
    match address {
        "apigateway.stage:main" => {
            let request = apigateway.delete_stage().rest_api_id(api).stage_name("dev");
            request.send().await.unwrap();
        }
        "apigateway.integration:process-payment" => {
            let request = apigateway.delete_integration().rest_api_id(api).http_method("POST");
            let request = request.resource_id(world.known(address, "resource"));
            request.send().await.unwrap();
        }
        "apigateway.rest_api:main" => {
            apigateway.delete_rest_api().rest_api_id(api).send().await.unwrap();
        }
        "ec2.interface_endpoint:logs" => {
            let request = ec2.delete_vpc_endpoints().vpc_endpoint_ids(world.id(address));
            request.send().await.unwrap();
        }
        other => panic!("no deletion for {other}"),
    }
}

#[tokio::test]
async fn what_is_deleted_by_hand_is_made_again() {
    let world = Standing::of(SYSTEM).await;
    for addresses in [
        &["apigateway.stage:main", "ec2.interface_endpoint:logs"][..],
        &["apigateway.integration:process-payment"],
    ] {
        for address in addresses {
            delete(&world, address).await;
        }
        let plan = world.payctl.plan();
        for address in addresses {
            let step = plan.step(&Address::parse(address).unwrap()).unwrap();
            assert_eq!(step.action, Action::Create, "{address} {:#?}", differences(&plan));
        }
        world.is_repaired().await;
    }

    // The API, with all that belongs to it. Its log is named after its id, and is not thrown away
    // unless that is said.
    delete(&world, "apigateway.rest_api:main").await;
    let refused = world.payctl.run(&["up", "--yes"]);
    refused.exits(1);
    refused.says("logs.group:api-errors: it would be replaced, and its data lost");
    let allow = ["up", "--yes", "--allow-data-loss", "logs.group:api-errors"];
    world.payctl.run(&allow).exits(0);
    world.is_repaired().await;
}

#[tokio::test]
async fn a_lost_state_is_made_up_without_a_change() {
    Standing::of(SYSTEM).await.is_found_without_its_state().await;
}
