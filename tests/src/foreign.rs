//! Two dozen things that look like ours and are not: under the same names where names may repeat,
//! under names that ours begin with, and with the tags of other environments.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use aws_sdk_wafv2::types::{AllowAction, DefaultAction, Scope, VisibilityConfig};
use payctl_aws::{Artifacts, Aws};

use crate::cloud::everything;

const ACCOUNT: &str = "123456789012";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

const NOTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// How many there are.
pub const COUNT: usize = 24;

type Tags<'a> = &'a [(&'a str, &'a str)];

fn tagged(kind: ResourceType, tags: Tags<'_>) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

/// Makes them all for an environment `dev`.
pub async fn plant(aws: &Aws) {
    network(aws).await;
    named(aws).await;
    keys(aws).await;
    function(aws).await;
    edge(aws).await;
}

/// Names of APIs may repeat; those of web ACLs and policies may not.
async fn edge(aws: &Aws) {
    for tags in [
        &[][..],
        &[
            ("payctl:stack", "secure-api"),
            ("payctl:suffix", "dev-2"),
            ("payctl:id", "apigateway.rest_api:main"),
            ("payctl:lineage", "theirs"),
        ],
    ] {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let request = aws.apigateway.create_rest_api().name("payment-api-dev");
        request.set_tags(Some(tags.collect())).send().await.unwrap();
    }
    let config = VisibilityConfig::builder().sampled_requests_enabled(false);
    let config = config.cloud_watch_metrics_enabled(false).metric_name("theirs").build().unwrap();
    let allow = DefaultAction::builder().allow(AllowAction::builder().build()).build();
    let request = aws.wafv2.create_web_acl().name("payment-waf-dev-2").scope(Scope::Regional);
    request.default_action(allow).visibility_config(config).send().await.unwrap();
    let request = aws.iam.create_policy().policy_name("payment-lambda-policy-dev-2");
    request.policy_document(NOTHING).send().await.unwrap();
}

async fn network(aws: &Aws) {
    let ec2 = &aws.ec2;
    let vpc = |tags| {
        let request = ec2.create_vpc().cidr_block("10.0.0.0/16");
        request.tag_specifications(tagged(ResourceType::Vpc, tags))
    };
    let same_name = vpc(&[("Name", "payment-vpc-dev")]).send().await.unwrap().vpc.unwrap();
    let other_suffix = [
        ("Name", "payment-vpc-dev-2"),
        ("payctl:stack", "pci-core"),
        ("payctl:suffix", "dev-2"),
        ("payctl:id", "ec2.vpc:main"),
        ("payctl:lineage", "theirs"),
    ];
    vpc(&other_suffix).send().await.unwrap();
    let id = same_name.vpc_id.unwrap();

    let name = tagged(ResourceType::Subnet, &[("Name", "payment-private-subnet-1-dev")]);
    let request = ec2.create_subnet().vpc_id(&id).cidr_block("10.0.1.0/24");
    let subnet = request.tag_specifications(name).send().await.unwrap().subnet.unwrap();
    let request = ec2.create_security_group().vpc_id(&id).group_name("payment-lambda-sg-dev");
    request.description("theirs").send().await.unwrap();
    let name = tagged(ResourceType::RouteTable, &[("Name", "payment-private-rt-dev")]);
    ec2.create_route_table().vpc_id(&id).tag_specifications(name).send().await.unwrap();
    // One that Lambda made for a function whose name ours begins with.
    let request = ec2.create_network_interface().subnet_id(subnet.subnet_id.unwrap());
    let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let what = format!("AWS Lambda VPC ENI-payment-processor-dev-2-{uuid}");
    request.description(what).send().await.unwrap();

    for tags in [
        &[("Name", "payment-igw-dev")][..],
        &[
            ("payctl:stack", "another"),
            ("payctl:suffix", "dev"),
            ("payctl:id", "ec2.internet_gateway:main"),
            ("payctl:lineage", "theirs"),
        ],
    ] {
        let tags = tagged(ResourceType::InternetGateway, tags);
        ec2.create_internet_gateway().tag_specifications(tags).send().await.unwrap();
    }
    for tags in [
        &[("Name", "payment-nat-eip-dev")][..],
        &[
            ("payctl:stack", "pci-core"),
            ("payctl:suffix", "de"),
            ("payctl:id", "ec2.elastic_ip:main"),
            ("payctl:lineage", "theirs"),
        ],
    ] {
        let tags = tagged(ResourceType::ElasticIp, tags);
        ec2.allocate_address().tag_specifications(tags).send().await.unwrap();
    }
}

async fn named(aws: &Aws) {
    for name in ["/aws/lambda/payment-processor-dev-2", "/aws/vpc/flowlogs-dev2"] {
        aws.logs.create_log_group().log_group_name(name).send().await.unwrap();
    }
    for base in ["payment-files-dev-2", "payment-cloudtrail-dev2"] {
        let bucket = format!("{base}-{ACCOUNT}");
        aws.s3.create_bucket().bucket(&bucket).send().await.unwrap();
        aws.s3.put_object().bucket(bucket).key("theirs").send().await.unwrap();
    }
    let hash = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let id = AttributeDefinition::builder().attribute_name("id");
    let id = id.attribute_type(ScalarAttributeType::S).build().unwrap();
    let request = aws.dynamodb.create_table().table_name("payment-transactions-dev-2");
    let request = request.key_schema(hash.build().unwrap()).attribute_definitions(id);
    request.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let alarm = aws.cloudwatch.put_metric_alarm().alarm_name("payment-lambda-errors-dev-2");
    let alarm = alarm.namespace("AWS/Lambda").metric_name("Errors").statistic(Statistic::Sum);
    let alarm = alarm.period(60).evaluation_periods(1).threshold(1.0);
    let above = ComparisonOperator::GreaterThanThreshold;
    alarm.comparison_operator(above).send().await.unwrap();
}

async fn keys(aws: &Aws) {
    let same = "Encrypts everything of the payment processor";
    aws.kms.create_key().description(same).send().await.unwrap();
    let tag = |key: &str, value: &str| {
        aws_sdk_kms::types::Tag::builder().tag_key(key).tag_value(value).build().unwrap()
    };
    let request = aws.kms.create_key().description("theirs");
    let request = request.tags(tag("payctl:stack", "pci-core")).tags(tag("payctl:suffix", "dev-2"));
    let request = request.tags(tag("payctl:id", "kms.key:main"));
    let key = request.send().await.unwrap().key_metadata.unwrap();
    let alias = aws.kms.create_alias().alias_name("alias/payment-processing-dev-2");
    alias.target_key_id(key.key_id).send().await.unwrap();
}

async fn function(aws: &Aws) {
    let role = aws.iam.create_role().role_name("payment-lambda-role-dev-2");
    let role = role.assume_role_policy_document(TRUST).send().await.unwrap().role.unwrap();
    let mut artifacts = Artifacts::default();
    let digest = artifacts.add(b"\x7fELF").unwrap();
    let code = FunctionCode::builder().zip_file(Blob::new(artifacts.get(&digest).unwrap()));
    let request = aws.lambda.create_function().function_name("payment-processor-dev-2");
    let request = request.runtime(Runtime::Providedal2023).handler("bootstrap").role(role.arn);
    request.code(code.build()).send().await.unwrap();
}

/// Everything that exists, with the tags of what is in the network and the objects in buckets.
pub async fn in_detail(aws: &Aws) -> BTreeSet<String> {
    let mut all = everything(aws).await;
    let reply = aws.ec2.describe_tags().send().await.unwrap();
    // The emulator remembers the tags of what is gone: those of ours are passed over.
    let made_by_us = reply.tags().iter().filter(|tag| tag.key() == Some("ManagedBy"));
    let ours: BTreeSet<_> = made_by_us.map(|tag| tag.resource_id()).collect();
    for tag in reply.tags().iter().filter(|tag| !ours.contains(&tag.resource_id())) {
        let (id, key, value) = (tag.resource_id(), tag.key(), tag.value());
        all.insert(format!("tag {id:?} {key:?} {value:?}"));
    }
    for bucket in aws.s3.list_buckets().send().await.unwrap().buckets() {
        let name = bucket.name().unwrap();
        for object in aws.s3.list_objects_v2().bucket(name).send().await.unwrap().contents() {
            all.insert(format!("object {name}/{}", object.key().unwrap()));
        }
    }
    all
}
