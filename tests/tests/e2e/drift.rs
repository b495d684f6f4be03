//! Drift: whatever is changed or deleted by hand is named by the next plan and repaired by the
//! next `up`.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;
use aws_sdk_dynamodb::types::PointInTimeRecoverySpecification;
use aws_sdk_ec2::types::{AttributeBooleanValue, IpPermission, IpRange, RuleAction, Tag};
use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, LambdaFunctionConfiguration, NotificationConfiguration,
    VersioningConfiguration,
};
use payctl_aws::Aws;
use payctl_engine::{Action, Address};
use payctl_tests::binary::differences;
use payctl_tests::cloud::keys;
use payctl_tests::standing::Standing;

const FUNCTION: &str = "payment-processor-dev";
const ANYWHERE: &str = "0.0.0.0/0";

fn from_anywhere() -> IpPermission {
    let range = IpRange::builder().cidr_ip(ANYWHERE).build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build()
}

/// Changes one thing of the resource by hand.
async fn change(world: &Standing, address: &str) {
    let Aws { ec2, s3, kms, lambda, logs, iam, .. } = &world.aws;
    let off = AttributeBooleanValue::builder().value(false).build();
    match address {
        "kms.key:main" => {
            let key = world.id(address);
            kms.update_key_description().key_id(&key).description("mine").send().await.unwrap();
            kms.disable_key_rotation().key_id(key).send().await.unwrap();
        }
        "kms.alias:main" => {
            let other = kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
            let request = kms.update_alias().alias_name("alias/payment-processing-dev");
            request.target_key_id(&other).send().await.unwrap();
            let leave = kms.schedule_key_deletion().key_id(other).pending_window_in_days(7);
            leave.send().await.unwrap();
        }
        "s3.bucket:files" => {
            let request = s3.put_bucket_versioning().bucket(world.bucket("payment-files"));
            let suspended = BucketVersioningStatus::Suspended;
            let versioning = VersioningConfiguration::builder().status(suspended).build();
            request.versioning_configuration(versioning).send().await.unwrap();
        }
        "s3.bucket:audit" => {
            let bucket = world.bucket("payment-cloudtrail");
            s3.delete_bucket_policy().bucket(&bucket).send().await.unwrap();
            s3.delete_public_access_block().bucket(bucket).send().await.unwrap();
        }
        "dynamodb.table:transactions" => {
            let off = PointInTimeRecoverySpecification::builder();
            let off = off.point_in_time_recovery_enabled(false).build().unwrap();
            let request = world.aws.dynamodb.update_continuous_backups();
            let request = request.table_name("payment-transactions-dev");
            request.point_in_time_recovery_specification(off).send().await.unwrap();
        }
        "ec2.vpc:main" => {
            let request = ec2.modify_vpc_attribute().vpc_id(world.id(address));
            request.enable_dns_hostnames(off).send().await.unwrap();
        }
        "ec2.default_security_group:main" | "ec2.security_group:payment-processor" => {
            let request = ec2.authorize_security_group_ingress().group_id(world.id(address));
            request.ip_permissions(from_anywhere()).send().await.unwrap();
        }
        "ec2.default_network_acl:main" => {
            let request = ec2.create_network_acl_entry().network_acl_id(world.id(address));
            let request = request.rule_number(50).protocol("-1").egress(false);
            let request = request.rule_action(RuleAction::Allow).cidr_block(ANYWHERE);
            request.send().await.unwrap();
        }
        "ec2.subnet:private-1" => {
            let on = AttributeBooleanValue::builder().value(true).build();
            let request = ec2.modify_subnet_attribute().subnet_id(world.id(address));
            request.map_public_ip_on_launch(on).send().await.unwrap();
        }
        // These have little but their tags.
        "ec2.internet_gateway:main"
        | "ec2.route_table:public"
        | "ec2.elastic_ip:main"
        | "ec2.nat_gateway:main"
        | "ec2.flow_log:main" => {
            let id = world.id(address);
            let name = Tag::builder().key("Environment").value("prod").build();
            ec2.create_tags().resources(&id).tags(name).send().await.unwrap();
            let ours = Tag::builder().key("payctl:lineage").build();
            ec2.delete_tags().resources(id).tags(ours).send().await.unwrap();
        }
        "ec2.route:private" => {
            let request = ec2.replace_route().route_table_id(world.id("ec2.route_table:private"));
            let request = request.destination_cidr_block(ANYWHERE);
            request.gateway_id(world.id("ec2.internet_gateway:main")).send().await.unwrap();
        }
        "ec2.route_table_association:private-1" => {
            let association = association(world, address).await;
            let request = ec2.replace_route_table_association().association_id(association);
            let table = world.id("ec2.route_table:public");
            request.route_table_id(table).send().await.unwrap();
        }
        "ec2.gateway_endpoint:s3" => {
            let request = ec2.modify_vpc_endpoint().vpc_endpoint_id(world.id(address));
            let all =
                r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
            request.policy_document(all).send().await.unwrap();
        }
        "ec2.gateway_endpoint:dynamodb" => {
            let request = ec2.modify_vpc_endpoint().vpc_endpoint_id(world.id(address));
            let table = world.id("ec2.route_table:private");
            request.remove_route_table_ids(table).send().await.unwrap();
        }
        "logs.group:flow-logs" => {
            let request = logs.delete_retention_policy().log_group_name("/aws/vpc/flowlogs-dev");
            request.send().await.unwrap();
        }
        "logs.group:payment-processor" => {
            let request = logs.put_retention_policy().retention_in_days(1);
            let name = format!("/aws/lambda/{FUNCTION}");
            request.log_group_name(name).send().await.unwrap();
        }
        "iam.role:flow-logs" => {
            let request = iam.attach_role_policy().role_name("payment-flowlogs-role-dev");
            let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
            request.policy_arn(policy).send().await.unwrap();
        }
        "iam.role:payment-processor" => {
            let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
            let request = iam.put_role_policy().role_name("payment-lambda-role-dev");
            request.policy_name("more").policy_document(all).send().await.unwrap();
        }
        "lambda.function:payment-processor" => {
            let request = lambda.update_function_configuration().function_name(FUNCTION);
            request.memory_size(128).timeout(3).send().await.unwrap();
            lambda.delete_function_concurrency().function_name(FUNCTION).send().await.unwrap();
        }
        "lambda.permission:files" => {
            delete(world, address).await;
            let request = lambda.add_permission().function_name(FUNCTION);
            let request = request.statement_id("payment-files").principal("s3.amazonaws.com");
            request.action("lambda:InvokeFunction").send().await.unwrap();
        }
        "s3.notification:files" => {
            let function = world.known("lambda.function:payment-processor", "arn");
            let all = LambdaFunctionConfiguration::builder().id("payment-files");
            let all = all.lambda_function_arn(function).events(Event::S3ObjectCreated).build();
            let all = NotificationConfiguration::builder()
                .lambda_function_configurations(all.unwrap())
                .build();
            let request = s3.put_bucket_notification_configuration();
            let request = request.bucket(world.bucket("payment-files"));
            request.notification_configuration(all).send().await.unwrap();
        }
        "cloudwatch.alarm:lambda-errors" => {
            let request = world.aws.cloudwatch.put_metric_alarm();
            let request = request.alarm_name("payment-lambda-errors-dev").metric_name("Errors");
            let request = request.namespace("AWS/Lambda").period(60).evaluation_periods(3);
            let request = request.threshold(1000.0).statistic(Statistic::Average);
            let other = ComparisonOperator::GreaterThanOrEqualToThreshold;
            request.comparison_operator(other).send().await.unwrap();
        }
        "cloudtrail.trail:main" => {
            let request = world.aws.cloudtrail.stop_logging().name("payment-trail-dev");
            request.send().await.unwrap();
        }
        "s3.bucket:access-logs" => {
            let nobody = world.bucket("payment-access-logs");
            s3.delete_bucket_policy().bucket(nobody).send().await.unwrap();
        }
        "logs.metric_filter:trail-root" => {
            let metric = MetricTransformation::builder().metric_namespace("PaymentTrail");
            let metric = metric.metric_name("payment-trail-root-dev").metric_value("0").build();
            let request = logs.put_metric_filter().filter_name("payment-trail-root-dev");
            let request = request.log_group_name("/aws/cloudtrail/payment-trail-dev");
            let request = request.filter_pattern("nothing");
            request.metric_transformations(metric.unwrap()).send().await.unwrap();
        }
        "s3.notification:audit" => {
            let request = s3.put_bucket_notification_configuration();
            let request = request.bucket(world.bucket("payment-cloudtrail"));
            let none = NotificationConfiguration::builder().build();
            request.notification_configuration(none).send().await.unwrap();
        }
        other => panic!("no change for {other}"),
    }
}

async fn association(world: &Standing, address: &str) -> String {
    let subnet = world.known(address, "subnet");
    let tables = world.aws.ec2.describe_route_tables().send().await.unwrap();
    let all = tables.route_tables().iter().flat_map(|table| table.associations());
    let of_subnet = all.filter(|one| one.subnet_id() == Some(&subnet));
    let ids: Vec<&str> = of_subnet.filter_map(|one| one.route_table_association_id()).collect();
    assert_eq!(ids.len(), 1, "{subnet} has {ids:?}");
    ids[0].to_owned()
}

/// Deletes the resource by hand.
async fn delete(world: &Standing, address: &str) {
    let Aws { ec2, s3, kms, lambda, logs, iam, .. } = &world.aws;
    match address {
        "s3.notification:files" => {
            let request = s3.put_bucket_notification_configuration();
            let request = request.bucket(world.bucket("payment-files"));
            let none = NotificationConfiguration::builder().build();
            request.notification_configuration(none).send().await.unwrap();
        }
        "lambda.permission:files" => {
            let request = lambda.remove_permission().function_name(FUNCTION);
            request.statement_id("payment-files").send().await.unwrap();
        }
        "lambda.function:payment-processor" => {
            lambda.delete_function().function_name(FUNCTION).send().await.unwrap();
        }
        "cloudwatch.alarm:lambda-errors" => {
            let request = world.aws.cloudwatch.delete_alarms();
            request.alarm_names("payment-lambda-errors-dev").send().await.unwrap();
        }
        "cloudtrail.trail:main" => {
            let request = world.aws.cloudtrail.delete_trail().name("payment-trail-dev");
            request.send().await.unwrap();
        }
        "ec2.flow_log:main" => {
            let request = ec2.delete_flow_logs().flow_log_ids(world.id(address));
            request.send().await.unwrap();
        }
        "ec2.route:private" | "ec2.route:public" => {
            let table = world.id(&address.replace("route:", "route_table:"));
            let request = ec2.delete_route().route_table_id(table);
            request.destination_cidr_block(ANYWHERE).send().await.unwrap();
        }
        "ec2.route_table_association:private-1"
        | "ec2.route_table_association:private-2"
        | "ec2.route_table_association:private-3"
        | "ec2.route_table_association:public-1" => {
            let id = association(world, address).await;
            ec2.disassociate_route_table().association_id(id).send().await.unwrap();
        }
        "ec2.gateway_endpoint:s3" | "ec2.gateway_endpoint:dynamodb" => {
            let request = ec2.delete_vpc_endpoints().vpc_endpoint_ids(world.id(address));
            request.send().await.unwrap();
        }
        "ec2.nat_gateway:main" => {
            let request = ec2.delete_nat_gateway().nat_gateway_id(world.id(address));
            request.send().await.unwrap();
        }
        "ec2.elastic_ip:main" => {
            let request = ec2.release_address().allocation_id(world.id(address));
            request.send().await.unwrap();
        }
        "ec2.internet_gateway_attachment:main" => {
            let gateway = world.id("ec2.internet_gateway:main");
            let request = ec2.detach_internet_gateway().internet_gateway_id(gateway);
            request.vpc_id(world.id("ec2.vpc:main")).send().await.unwrap();
        }
        "ec2.internet_gateway:main" => {
            let request = ec2.delete_internet_gateway().internet_gateway_id(world.id(address));
            request.send().await.unwrap();
        }
        "ec2.security_group:payment-processor" => {
            ec2.delete_security_group().group_id(world.id(address)).send().await.unwrap();
        }
        "ec2.subnet:private-1"
        | "ec2.subnet:private-2"
        | "ec2.subnet:private-3"
        | "ec2.subnet:public-1" => {
            ec2.delete_subnet().subnet_id(world.id(address)).send().await.unwrap();
        }
        "ec2.route_table:private" | "ec2.route_table:public" => {
            ec2.delete_route_table().route_table_id(world.id(address)).send().await.unwrap();
        }
        "ec2.vpc:main" => {
            ec2.delete_vpc().vpc_id(world.id(address)).send().await.unwrap();
        }
        "logs.group:flow-logs" | "logs.group:payment-processor" => {
            let name = world.known(address, "name");
            logs.delete_log_group().log_group_name(name).send().await.unwrap();
        }
        "iam.role:flow-logs" | "iam.role:payment-processor" => {
            let role = world.known(address, "name");
            let request = iam.delete_role_policy().role_name(&role);
            request.policy_name("permissions").send().await.unwrap();
            iam.delete_role().role_name(role).send().await.unwrap();
        }
        "dynamodb.table:transactions" => {
            let request = world.aws.dynamodb.delete_table();
            request.table_name("payment-transactions-dev").send().await.unwrap();
        }
        "s3.bucket:files" | "s3.bucket:audit" => {
            let bucket = world.known(address, "name");
            s3.delete_bucket().bucket(bucket).send().await.unwrap();
        }
        "kms.alias:main" => {
            let request = kms.delete_alias().alias_name("alias/payment-processing-dev");
            request.send().await.unwrap();
        }
        other => panic!("no deletion for {other}"),
    }
}

async fn changes(addresses: &[&'static str]) {
    changes_of(Standing::of("pci-core").await, addresses).await;
}

async fn changes_of(world: Standing, addresses: &[&'static str]) {
    let mut changed = BTreeSet::new();
    for address in addresses {
        change(&world, address).await;
        changed.insert(*address);
        let plan = world.names(&changed);
        let step = plan.step(&Address::parse(address).unwrap()).unwrap();
        // Of a permission nothing can be changed in place.
        let replaced = *address == "lambda.permission:files";
        let action = match *address {
            _ if replaced => Action::DeleteThenCreate,
            // Without a word about anybody there is none.
            "s3.notification:audit" => Action::Create,
            _ => Action::Update,
        };
        assert_eq!(step.action, action, "{:#?}", differences(&plan));
    }
    let text = world.payctl.run(&["plan"]).stdout;
    assert!(text.contains("changed outside payctl"), "{text}");
    world.is_repaired().await;
}

#[tokio::test]
async fn what_is_changed_in_the_network_is_named_and_repaired() {
    changes(&[
        "ec2.vpc:main",
        "ec2.default_security_group:main",
        "ec2.default_network_acl:main",
        "ec2.subnet:private-1",
        "ec2.internet_gateway:main",
        "ec2.route_table:public",
        "ec2.route:private",
        "ec2.route_table_association:private-1",
        "ec2.elastic_ip:main",
        "ec2.nat_gateway:main",
        "ec2.gateway_endpoint:s3",
        "ec2.gateway_endpoint:dynamodb",
        "ec2.flow_log:main",
        "ec2.security_group:payment-processor",
    ])
    .await;
}

#[tokio::test]
async fn what_is_changed_elsewhere_is_named_and_repaired() {
    changes(&[
        "kms.key:main",
        "kms.alias:main",
        "s3.bucket:files",
        "s3.bucket:audit",
        "s3.bucket:access-logs",
        "dynamodb.table:transactions",
        "logs.group:flow-logs",
        "logs.group:payment-processor",
        "iam.role:flow-logs",
        "iam.role:payment-processor",
        "lambda.function:payment-processor",
        "lambda.permission:files",
        "s3.notification:files",
        "cloudwatch.alarm:lambda-errors",
        "cloudtrail.trail:main",
    ])
    .await;
}

#[tokio::test]
async fn what_strict_adds_is_named_and_repaired() {
    let strict = "[pci-core]\nposture = \"strict\"\n";
    let world = Standing::recorded("pci-core", strict).await;
    changes_of(world, &["logs.metric_filter:trail-root", "s3.notification:audit"]).await;
}

/// Every kind is changed by hand in one of the tests above, or has nothing that could be.
#[test]
fn every_kind_is_changed_by_hand() {
    let source = concat!(
        include_str!("drift.rs"),
        include_str!("secure_api.rs"),
        include_str!("cost_optimized.rs"),
        include_str!("migration.rs")
    );
    for kind in payctl_aws::kinds().kinds().keys() {
        // Of a deployment only the description can be changed, which the sandbox has no call for;
        // of the account's settings any role does; a subscription is there or not. No system has an
        // IP set: its test is with the kinds' (`conformance/by_hand.rs`).
        let without = [
            "apigateway.account",
            "apigateway.deployment",
            "apigateway.resource",
            "ec2.internet_gateway_attachment",
            "sns.subscription",
            "wafv2.ip_set",
        ];
        let changed = source.matches(&format!("\"{kind}:")).count() > 1;
        assert!(changed || without.contains(kind), "{kind} is missing here");
    }
}

async fn deletions(addresses: &[&'static str]) {
    let world = Standing::of("pci-core").await;
    for address in addresses {
        delete(&world, address).await;
    }
    // One look for all: what is missing is looked for some seconds before it is called gone.
    let plan = world.payctl.plan();
    for address in addresses {
        let step = plan.step(&Address::parse(address).unwrap()).unwrap();
        assert_eq!(step.action, Action::Create, "{address} {:#?}", differences(&plan));
        assert_eq!(step.reason.as_deref(), Some("it was deleted outside payctl"), "{address}");
    }
    world.is_repaired().await;
}

#[tokio::test]
async fn what_hangs_on_others_is_made_again() {
    deletions(&[
        "s3.notification:files",
        "lambda.permission:files",
        "cloudwatch.alarm:lambda-errors",
        "cloudtrail.trail:main",
        "ec2.flow_log:main",
        "ec2.route:private",
        "ec2.route:public",
        "ec2.route_table_association:private-1",
        "ec2.gateway_endpoint:s3",
    ])
    .await;
}

#[tokio::test]
async fn what_others_hang_on_is_made_again() {
    deletions(&[
        "lambda.function:payment-processor",
        "logs.group:flow-logs",
        "logs.group:payment-processor",
        "iam.role:flow-logs",
        "iam.role:payment-processor",
        "dynamodb.table:transactions",
        "s3.bucket:files",
        "kms.alias:main",
    ])
    .await;
}

#[tokio::test]
async fn the_way_out_is_made_again() {
    deletions(&[
        "ec2.nat_gateway:main",
        "ec2.elastic_ip:main",
        "ec2.internet_gateway_attachment:main",
        "ec2.internet_gateway:main",
    ])
    .await;
}

#[tokio::test]
async fn the_whole_network_is_made_again() {
    deletions(&[
        "lambda.function:payment-processor",
        "ec2.security_group:payment-processor",
        "ec2.gateway_endpoint:s3",
        "ec2.gateway_endpoint:dynamodb",
        "ec2.nat_gateway:main",
        "ec2.elastic_ip:main",
        "ec2.internet_gateway_attachment:main",
        "ec2.internet_gateway:main",
        "ec2.subnet:private-1",
        "ec2.subnet:private-2",
        "ec2.subnet:private-3",
        "ec2.subnet:public-1",
        "ec2.route_table:private",
        "ec2.route_table:public",
        "ec2.vpc:main",
    ])
    .await;
}

#[tokio::test]
async fn a_key_on_its_way_out_is_taken_back() {
    let world = Standing::of("pci-core").await;
    let Standing { aws, .. } = &world;
    let key = world.id("kms.key:main");
    aws.kms.disable_key().key_id(&key).send().await.unwrap();
    world.names(&["kms.key:main"].into());
    world.is_repaired().await;

    let request = aws.kms.schedule_key_deletion().key_id(&key).pending_window_in_days(7);
    request.send().await.unwrap();
    world.names(&["kms.key:main"].into());
    world.is_repaired().await;
    assert_eq!(keys(aws).await.len(), 1);
}
