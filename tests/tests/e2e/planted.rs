//! Faults that emulators forgive and AWS does not, planted into a system one by one: the sandbox
//! refuses each. Its own tests have the rules; this is that they hold for what payctl deploys.

use aws_sdk_apigatewayv2::types::TlsConfigInput;
use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::primitives::Blob;
use payctl_aws::{Aws, Policy};
use payctl_tests::binary::Payctl;
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::http::request;
use payctl_tests::standing::Standing;
use serde_json::{Value, json};

/// Shapes: a pattern of AWS's model.
#[tokio::test]
async fn a_handler_with_a_blank_is_refused() {
    let world = Standing::of("pci-core").await;
    let request = world.aws.lambda.update_function_configuration();
    let request = request.function_name("payment-processor-dev").handler("boot strap");
    let refused = request.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ValidationException"));
    assert!(format!("{refused:?}").contains("failed to satisfy constraint"), "{refused:?}");
    world.payctl.is_as_declared();
}

/// Permissions, the operator's: one action fewer than `payctl policy` says is one too few, and what
/// stands by then goes again.
#[tokio::test]
async fn an_operator_without_one_action_is_told_which() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let printed = payctl.run(&["policy"]);
    let mut policy: Value = serde_json::from_str(&printed.stdout).unwrap();
    let mut left_out = 0;
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let actions = statement["Action"].as_array_mut().unwrap();
        let before = actions.len();
        actions.retain(|action| action != "lambda:CreateFunction");
        left_out += before - actions.len();
    }
    assert!(left_out > 0, "{printed}");
    let payctl = payctl.under_policy(&server, &policy.to_string());
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("lambda:CreateFunction on resource");
    payctl.destroy();
}

const FUNCTION: &str = "payment-processor-dev";
const PAYMENT: &str = r#"{"payment_data": {
    "transactionId": "tx-1", "amount": "1.00", "currency": "EUR", "cardLast4": "4242"
}}"#;

/// A policy document without IAM's encoding.
fn decoded(document: &str) -> String {
    Policy::parse(document).unwrap().document().unwrap()
}

/// What the function answers, or what Lambda does in its place.
async fn pay(aws: &Aws) -> String {
    let call = aws.lambda.invoke().function_name(FUNCTION).payload(Blob::new(PAYMENT));
    match call.send().await {
        Ok(reply) => String::from_utf8(reply.payload.unwrap().into_inner()).unwrap(),
        Err(refused) => format!("{:?}", refused.into_service_error()),
    }
}

/// Permissions, a function's, and behaviour: a role that may write to a table and not use its key
/// cannot write. The key of its environment it may use by Lambda's grant, which is to the role that
/// was and not to its name.
#[tokio::test]
async fn a_function_uses_no_key_that_is_not_its_roles() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).with_real_handlers();
    let aws = clients(&server).await;
    payctl.up();
    let (iam, role) =
        (&aws.iam, payctl.run(&["state", "show", "iam.role:payment-processor", "--json"]));
    let role: Value = serde_json::from_str(&role.stdout).unwrap();
    let role = role["outputs"]["name"].as_str().unwrap();
    let (name, trust) = {
        let all = iam.list_role_policies().role_name(role).send().await.unwrap();
        let made = iam.get_role().role_name(role).send().await.unwrap().role.unwrap();
        (all.policy_names[0].clone(), decoded(&made.assume_role_policy_document.unwrap()))
    };
    let held = iam.get_role_policy().role_name(role).policy_name(&name).send().await.unwrap();
    let mut policy: Value = serde_json::from_str(&decoded(held.policy_document())).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut() {
        let Some(actions) = statement["Action"].as_array_mut() else { continue };
        actions.retain(|action| action != "kms:Decrypt");
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    let give = || {
        let put = iam.put_role_policy().role_name(role).policy_name(&name);
        put.policy_document(policy.to_string()).send()
    };
    give().await.unwrap();

    // It starts, as the grant lets it, and stores nothing.
    let reply = pay(&aws).await;
    assert!(reply.contains("\"statusCode\":500"), "{reply}");
    let rows = async || aws.dynamodb.scan().table_name("payment-transactions-dev").send().await;
    assert_eq!(rows().await.unwrap().count, 0);

    iam.delete_role_policy().role_name(role).policy_name(&name).send().await.unwrap();
    iam.delete_role().role_name(role).send().await.unwrap();
    let again = iam.create_role().role_name(role).assume_role_policy_document(trust);
    again.send().await.unwrap();
    give().await.unwrap();
    // What runs keeps running with what it was given: more memory is another start.
    let update = aws.lambda.update_function_configuration().function_name(FUNCTION);
    update.memory_size(600).send().await.unwrap();
    let reply = pay(&aws).await;
    assert!(reply.contains("KMSAccessDenied") || reply.contains("KmsAccessDenied"), "{reply}");

    // Payctl's own is another role once more, and gets what it needs.
    iam.delete_role_policy().role_name(role).policy_name(&name).send().await.unwrap();
    iam.delete_role().role_name(role).send().await.unwrap();
    payctl.up();
    let reply = pay(&aws).await;
    assert!(reply.contains("processed"), "{reply}");
    assert!(rows().await.unwrap().count > 0);
}

/// Behaviour: an HTTP API takes certificates of public authorities only.
#[tokio::test]
async fn a_self_signed_certificate_is_not_trusted_by_an_api() {
    let world = Standing::of("migration").await;
    let output = |name: &str| world.payctl.run(&["output", "--raw", name]).stdout;
    let url = format!("{}/app/hello", output("api_endpoint").trim());
    // Nothing is registered: the load balancer answers by itself.
    assert_eq!(
        request(&world.server, "GET", &url, "", ""),
        (503, r#"{"message": "Service Unavailable"}"#.to_owned())
    );
    let api = world.id("apigatewayv2.api:main");
    let integration = world.known("apigatewayv2.integration:app", "id");
    let listener = world.known("elbv2.listener:main", "arn");
    let tls = TlsConfigInput::builder().server_name_to_verify("payments.example.com").build();
    let client = &world.aws.apigatewayv2;
    let update = client.update_integration().api_id(api).integration_id(integration);
    update.integration_uri(listener).tls_config(tls).send().await.unwrap();
    let (status, body) = request(&world.server, "GET", &url, "", "");
    assert_eq!((status, body.contains("Internal Server Error")), (500, true), "{body}");
    // The plan names it.
    let plan = world.payctl.plan();
    assert_eq!(plan.counts().update, 1, "{:#?}", payctl_tests::binary::differences(&plan));
}
