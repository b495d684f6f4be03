//! What somebody attaches by hand to what a stack declares: it is told as undeclared, and goes.
//! What the stack attaches itself, and what the configuration leaves to others, stays.

use std::collections::BTreeSet;

use aws_sdk_apigateway::types::IntegrationType;
use aws_sdk_kms::types::GrantOperation;
use aws_sdk_lambda::types::{DestinationConfig, FunctionUrlAuthType, OnSuccess};
use aws_sdk_s3::types::{
    CorsConfiguration, CorsRule, DeleteMarkerReplication, DeleteMarkerReplicationStatus,
    Destination, IndexDocument, ReplicationConfiguration, ReplicationRule, ReplicationRuleFilter,
    ReplicationRuleStatus, WebsiteConfiguration,
};
use payctl_engine::Plan;
use payctl_tests::binary::calls;
use payctl_tests::cloud::{difference, everything};
use payctl_tests::standing::Standing;
use serde_json::{Value, json};

/// Another account's, whom AWS lets in where a policy says so.
const THEIRS: &str = "arn:aws:sqs:us-east-1:999999999999:theirs";

fn anyone(action: &str, on: &str) -> String {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Open", "Effect": "Allow", "Principal": { "AWS": "999999999999" },
        "Action": action, "Resource": on,
    }]})
    .to_string()
}

/// What a plan tells as undeclared, by address.
fn undeclared(plan: &Plan) -> BTreeSet<String> {
    let told = plan.steps.iter().flat_map(|step| {
        let changes = step.changes.iter().filter(|change| change.property == "undeclared");
        let all = changes.flat_map(|change| change.before.as_array().unwrap());
        all.map(|what| format!("{}: {}", step.address, what.as_str().unwrap()))
    });
    told.collect()
}

/// Plans, carries it out, and finds everything as it was.
async fn is_told_and_goes(world: &Standing, before: &BTreeSet<String>, expected: &[String]) {
    let plan = world.payctl.plan();
    let expected: BTreeSet<String> = expected.iter().cloned().collect();
    assert_eq!(undeclared(&plan), expected);
    world.payctl.up();
    world.payctl.is_as_declared();
    assert_eq!(difference(before, &everything(&world.aws).await), [""; 0]);
}

/// At a function: whoever else may call it, and whatever it tells.
async fn at_a_function(world: &Standing, address: &str) -> Vec<String> {
    let (lambda, name) = (&world.aws.lambda, world.known(address, "name"));
    let allow = lambda.add_permission().function_name(&name).statement_id("open");
    let allow = allow.action("lambda:InvokeFunction").principal("999999999999");
    allow.send().await.unwrap();
    let url = lambda.create_function_url_config().function_name(&name);
    let url = url.auth_type(FunctionUrlAuthType::None).send().await.unwrap().function_url;
    let version = lambda.publish_version().function_name(&name).send().await.unwrap();
    let alias = lambda.create_alias().function_name(&name).name("live");
    alias.function_version(version.version.unwrap()).send().await.unwrap();
    let to = OnSuccess::builder().destination(THEIRS).build();
    let to = DestinationConfig::builder().on_success(to).build();
    let tell = lambda.put_function_event_invoke_config().function_name(&name);
    tell.destination_config(to).send().await.unwrap();
    [
        "alias live".to_owned(),
        format!("event destination {THEIRS} on success"),
        format!("function URL {url} with authorization NONE"),
        "permission open: arn:aws:iam::999999999999:root may lambda:InvokeFunction".to_owned(),
    ]
    .map(|what| format!("{address}: {what}"))
    .into()
}

/// At a bucket: whoever else gets its objects.
async fn at_a_bucket(world: &Standing, address: &str) -> Vec<String> {
    let (s3, name) = (&world.aws.s3, world.known(address, "name"));
    let rule = CorsRule::builder().allowed_methods("GET").allowed_origins("*").build().unwrap();
    let rules = CorsConfiguration::builder().cors_rules(rule).build().unwrap();
    s3.put_bucket_cors().bucket(&name).cors_configuration(rules).send().await.unwrap();
    let page = IndexDocument::builder().suffix("index.html").build().unwrap();
    let site = WebsiteConfiguration::builder().index_document(page).build();
    s3.put_bucket_website().bucket(&name).website_configuration(site).send().await.unwrap();
    let all = ReplicationRuleFilter::builder().prefix("").build();
    let to = Destination::builder().bucket("arn:aws:s3:::theirs").build().unwrap();
    let markers =
        DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Disabled).build();
    let rule = ReplicationRule::builder()
        .id("out")
        .priority(1)
        .status(ReplicationRuleStatus::Enabled)
        .filter(all)
        .delete_marker_replication(markers)
        .destination(to)
        .build()
        .unwrap();
    let role = "arn:aws:iam::123456789012:role/replication";
    let rules = ReplicationConfiguration::builder().role(role).rules(rule).build().unwrap();
    let _ = s3.create_bucket().bucket("theirs").send().await;
    let _ = s3
        .put_bucket_versioning()
        .bucket("theirs")
        .versioning_configuration(
            aws_sdk_s3::types::VersioningConfiguration::builder()
                .status(aws_sdk_s3::types::BucketVersioningStatus::Enabled)
                .build(),
        )
        .send()
        .await;
    let put = s3.put_bucket_replication().bucket(&name).replication_configuration(rules);
    put.send().await.unwrap();
    s3.delete_bucket().bucket("theirs").send().await.unwrap();
    ["CORS of * for GET", "replication to arn:aws:s3:::theirs", "website of index.html"]
        .map(|what| format!("{address}: {what}"))
        .into()
}

/// At a key: a grant to another account.
async fn at_a_key(world: &Standing, address: &str) -> Vec<String> {
    let whom = "arn:aws:iam::999999999999:root";
    let grant = world.aws.kms.create_grant().key_id(world.id(address)).grantee_principal(whom);
    grant.operations(GrantOperation::Decrypt).send().await.unwrap();
    vec![format!("{address}: grant to {whom} for Decrypt")]
}

/// At a log group: a filter that takes its lines elsewhere.
async fn at_a_log_group(world: &Standing, address: &str, function: &str) -> Vec<String> {
    let to = world.known(function, "arn");
    let put = world.aws.logs.put_subscription_filter();
    let put = put.log_group_name(world.known(address, "name")).filter_name("out");
    put.filter_pattern("").destination_arn(&to).send().await.unwrap();
    vec![format!("{address}: subscription filter out to {to}")]
}

/// At a table: a policy.
async fn at_a_table(world: &Standing, address: &str) -> Vec<String> {
    let arn = world.known(address, "arn");
    let put = world.aws.dynamodb.put_resource_policy().resource_arn(&arn);
    put.policy(anyone("dynamodb:GetItem", &arn)).send().await.unwrap();
    vec![format!("{address}: resource policy for 999999999999")]
}

/// At a route table: a way out.
async fn at_a_route_table(world: &Standing, address: &str) -> Vec<String> {
    let ec2 = &world.aws.ec2;
    let made = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
    let gateway = made.internet_gateway_id.unwrap();
    let attach = ec2.attach_internet_gateway().internet_gateway_id(&gateway);
    attach.vpc_id(world.id("ec2.vpc:main")).send().await.unwrap();
    let route = ec2.create_route().route_table_id(world.id(address)).gateway_id(&gateway);
    route.destination_cidr_block("8.8.8.0/24").send().await.unwrap();
    vec![format!("{address}: route to 8.8.8.0/24 through {gateway}")]
}

#[tokio::test]
async fn what_is_attached_to_pci_core_is_told_and_goes() {
    let world = Standing::of("pci-core").await.under_its_own_policy();
    let before = everything(&world.aws).await;
    let mut all = at_a_function(&world, "lambda.function:payment-processor").await;
    all.extend(at_a_bucket(&world, "s3.bucket:files").await);
    all.extend(at_a_key(&world, "kms.key:main").await);
    all.extend(at_a_table(&world, "dynamodb.table:transactions").await);
    let function = "lambda.function:payment-processor";
    let filter = at_a_log_group(&world, "logs.group:payment-processor", function).await;
    // What the configuration leaves to others is neither told nor taken.
    world.payctl.configure("ignore_attachments = [\"subscription filter\"]\n");
    calls(&world.server);
    is_told_and_goes(&world, &before, &all).await;
    let asked = calls(&world.server);
    assert!(!asked.contains_key("logs.DescribeSubscriptionFilters"), "{asked:?}");
    world.payctl.configure("");
    is_told_and_goes(&world, &before, &filter).await;
    // An auditor is told which run removed what.
    let history = world.payctl.run(&["history", "--json"]);
    let history: Value = serde_json::from_str(&history.stdout).unwrap();
    let removed: Vec<&Value> = history["runs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|run| run["end"]["changes"].as_array().unwrap())
        .filter_map(|change| change.get("removed"))
        .flat_map(|removed| removed.as_array().unwrap())
        .collect();
    assert_eq!(removed.len(), all.len() + filter.len(), "{removed:?}");
    // A run by itself deletes all of it with what it is attached to.
    at_a_function(&world, function).await;
    world.payctl.destroy();
}

#[tokio::test]
async fn what_is_attached_to_secure_api_is_told_and_goes() {
    let world = Standing::of("secure-api").await.under_its_own_policy();
    let before = everything(&world.aws).await;
    let api = world.id("apigateway.rest_api:main");
    let client = &world.aws.apigateway;
    let resource = client.create_resource().rest_api_id(&api);
    let resource = resource.parent_id(world.known("apigateway.rest_api:main", "root"));
    let resource = resource.path_part("open").send().await.unwrap().id.unwrap();
    let declared = world.id("apigateway.resource:process-payment");
    for (resource, method) in [(&resource, "GET"), (&declared, "DELETE")] {
        let put = client.put_method().rest_api_id(&api).resource_id(resource);
        put.http_method(method).authorization_type("NONE").send().await.unwrap();
        let put = client.put_integration().rest_api_id(&api).resource_id(resource);
        put.http_method(method).r#type(IntegrationType::Mock).send().await.unwrap();
    }
    let policy = aws_sdk_apigateway::types::PatchOperation::builder()
        .op(aws_sdk_apigateway::types::Op::Replace)
        .path("/policy")
        .value(anyone("execute-api:Invoke", "execute-api:/*"))
        .build();
    let update = client.update_rest_api().rest_api_id(&api).patch_operations(policy);
    update.send().await.unwrap();
    let mut all: Vec<String> =
        ["method DELETE /process-payment", "resource /open", "resource policy for 999999999999"]
            .map(|what| format!("apigateway.rest_api:main: {what}"))
            .into();
    all.extend(at_a_route_table(&world, "ec2.route_table:private").await);
    let plan = world.payctl.plan();
    assert_eq!(undeclared(&plan), all.iter().cloned().collect());
    world.payctl.up();
    let left = undeclared(&world.payctl.plan());
    assert_eq!(left, BTreeSet::new());
    let seen = difference(&before, &everything(&world.aws).await);
    // The gateway itself stands by itself: it is somebody's, and leads nowhere.
    assert!(seen.iter().all(|line| line.contains("igw-")), "{seen:#?}");
}

#[tokio::test]
async fn what_is_attached_to_cost_optimized_is_told_and_goes() {
    let world = Standing::of("cost-optimized").await.under_its_own_policy();
    let before = everything(&world.aws).await;
    let secret = world.known("secretsmanager.secret:db-credentials", "arn");
    let put = world.aws.secretsmanager.put_resource_policy().secret_id(&secret);
    let policy = anyone("secretsmanager:GetSecretValue", "*");
    put.resource_policy(policy).send().await.unwrap();
    let topic = world.known("sns.topic:ops-alerts", "arn");
    let subscribe = world.aws.sns.subscribe().topic_arn(&topic).protocol("sqs");
    subscribe.endpoint(THEIRS).send().await.unwrap();
    let all = [
        "secretsmanager.secret:db-credentials: resource policy for 999999999999".to_owned(),
        format!("sns.topic:ops-alerts: subscription of {THEIRS}"),
    ];
    is_told_and_goes(&world, &before, &all).await;
}

#[tokio::test]
async fn what_is_attached_to_migration_is_told_and_goes() {
    let world = Standing::of("migration").await.under_its_own_policy();
    let before = everything(&world.aws).await;
    let client = &world.aws.apigatewayv2;
    let api = world.id("apigatewayv2.api:main");
    let integration = world.known("apigatewayv2.integration:validate", "id");
    let route = client.create_route().api_id(&api).route_key("POST /open");
    route.target(format!("integrations/{integration}")).send().await.unwrap();
    let all = ["apigatewayv2.api:main: route POST /open with authorization NONE".to_owned()];
    is_told_and_goes(&world, &before, &all).await;
}

/// Calls that look for it: few, and none before a deletion.
#[tokio::test]
async fn a_deletion_does_not_look_for_attachments() {
    let world = Standing::of("pci-core").await;
    calls(&world.server);
    let plan = world.payctl.run(&["plan", "--destroy", "--json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert!(plan["steps"].as_array().unwrap().len() > 30);
    let calls = calls(&world.server);
    for call in ["lambda.ListAliases", "kms.ListGrants", "logs.DescribeSubscriptionFilters"] {
        assert_eq!(calls.get(call), None, "{calls:?}");
    }
}
