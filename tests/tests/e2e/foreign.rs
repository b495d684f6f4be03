//! What others made under our names: named, refused, and left exactly as it is.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_ec2::types::{ResourceType, TagSpecification};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use aws_sdk_s3::types::Tagging;
use payctl_aws::{Artifacts, Aws};
use payctl_engine::state::{Record, Store};
use payctl_engine::{Action, Address, Holder, State, Status};
use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::emulator::{Emulator, Server};
use serde_json::json;

const ACCOUNT: &str = "123456789012";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// What somebody else made, by our address of the same name.
const THEIRS: [&str; 9] = [
    "cloudtrail.trail:main",
    "cloudwatch.alarm:lambda-errors",
    "dynamodb.table:transactions",
    "iam.role:payment-processor",
    "kms.alias:main",
    "lambda.function:payment-processor",
    "logs.group:payment-processor",
    "s3.bucket:audit",
    "s3.bucket:files",
];

/// Makes one of each named kind, as somebody else would, with `tags`.
async fn make_theirs(aws: &Aws, tags: &HashMap<String, String>) {
    let key = aws.kms.create_key().send().await.unwrap().key_metadata.unwrap();
    let alias = aws.kms.create_alias().alias_name("alias/payment-processing-dev");
    alias.target_key_id(key.key_id).send().await.unwrap();

    for base in ["payment-files", "payment-cloudtrail"] {
        let bucket = format!("{base}-dev-{ACCOUNT}");
        aws.s3.create_bucket().bucket(&bucket).send().await.unwrap();
        let set = tags.iter().map(|(key, value)| {
            aws_sdk_s3::types::Tag::builder().key(key).value(value).build().unwrap()
        });
        let set: Vec<_> = set.collect();
        if !set.is_empty() {
            let tagging = Tagging::builder().set_tag_set(Some(set)).build().unwrap();
            let request = aws.s3.put_bucket_tagging().bucket(bucket);
            request.tagging(tagging).send().await.unwrap();
        }
    }

    let hash = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let id = AttributeDefinition::builder()
        .attribute_name("id")
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let request = aws.dynamodb.create_table().table_name("payment-transactions-dev");
    let request = request.key_schema(hash.build().unwrap()).attribute_definitions(id);
    let set = tags.iter().map(|(key, value)| {
        aws_sdk_dynamodb::types::Tag::builder().key(key).value(value).build().unwrap()
    });
    let request = request.billing_mode(BillingMode::PayPerRequest).set_tags(Some(set.collect()));
    request.send().await.unwrap();

    let set = tags.iter().map(|(key, value)| {
        aws_sdk_iam::types::Tag::builder().key(key).value(value).build().unwrap()
    });
    let role = aws.iam.create_role().role_name("payment-lambda-role-dev");
    let role = role.assume_role_policy_document(TRUST).set_tags(Some(set.collect()));
    let role = role.send().await.unwrap().role.unwrap();

    let mut artifacts = Artifacts::default();
    let digest = artifacts.add(b"\x7fELF").unwrap();
    let code = FunctionCode::builder().zip_file(Blob::new(artifacts.get(&digest).unwrap()));
    let function = aws.lambda.create_function().function_name("payment-processor-dev");
    let function = function.runtime(Runtime::Providedal2023).handler("bootstrap").role(role.arn);
    function.code(code.build()).set_tags(Some(tags.clone())).send().await.unwrap();

    let name = "/aws/lambda/payment-processor-dev";
    let set = Some(tags.clone()).filter(|tags| !tags.is_empty());
    aws.logs.create_log_group().log_group_name(name).set_tags(set).send().await.unwrap();
    // Somebody has chosen something of it: no service did.
    let kept = aws.logs.put_retention_policy().log_group_name(name).retention_in_days(7);
    kept.send().await.unwrap();

    let set = tags.iter().map(|(key, value)| {
        aws_sdk_cloudwatch::types::Tag::builder().key(key).value(value).build()
    });
    let alarm = aws.cloudwatch.put_metric_alarm().alarm_name("payment-lambda-errors-dev");
    let alarm = alarm.namespace("AWS/Lambda").metric_name("Errors").statistic(Statistic::Sum);
    let alarm = alarm.period(60).evaluation_periods(1).threshold(1.0);
    let above = ComparisonOperator::GreaterThanThreshold;
    alarm.comparison_operator(above).set_tags(Some(set.collect())).send().await.unwrap();

    let set = tags.iter().map(|(key, value)| {
        aws_sdk_cloudtrail::types::Tag::builder().key(key).value(value).build().unwrap()
    });
    let bucket = format!("payment-cloudtrail-dev-{ACCOUNT}");
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::{bucket}","arn:aws:s3:::{bucket}/*"]}}]}}"#
    );
    aws.s3.put_bucket_policy().bucket(bucket).policy(policy).send().await.unwrap();
    let trail = aws.cloudtrail.create_trail().name("payment-trail-dev");
    let trail = trail.s3_bucket_name(format!("payment-cloudtrail-dev-{ACCOUNT}"));
    trail.set_tags_list(Some(set.collect())).send().await.unwrap();
}

/// Everything somebody else made is refused by name and left alone.
async fn are_refused(tags: &[(&str, &str)], theirs: &[&str], why: &str) {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    make_theirs(&aws, &tags.collect()).await;
    let before = everything(&aws).await;
    changing_calls(&server);

    let plan = payctl.plan();
    let refused: BTreeSet<&str> = plan.refusals.iter().map(|r| r.address.as_str()).collect();
    assert_eq!(refused, theirs.iter().copied().collect(), "{:#?}", plan.refusals);
    for refusal in plan.refusals.iter().filter(|r| r.address.kind() != "kms.alias") {
        assert!(refusal.why.contains(why), "{refusal:?}");
    }
    let up = payctl.run(&["up", "--yes"]);
    up.exits(1);
    up.says(&format!("{} resources are refused, nothing was changed", theirs.len()));
    for address in theirs {
        up.says(&format!("refused: {address}: "));
    }
    payctl.run(&["destroy", "--yes"]).exits(0);
    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(difference(&before, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn what_nobody_of_ours_made_is_left_alone() {
    are_refused(&[], &THEIRS, "payctl did not create").await;
}

#[tokio::test]
async fn what_another_stack_made_is_left_alone() {
    let tags = [("payctl:stack", "secure-api"), ("payctl:suffix", "prod"), ("payctl:id", "x:y")];
    are_refused(&tags, &THEIRS, "it belongs to stack secure-api, suffix prod").await;
}

/// A function whose last lines come after `destroy` may leave its log group there, as its service
/// makes it: that stops no `up`, which makes it the declared one.
#[tokio::test]
async fn a_log_group_that_its_service_made_is_adopted() {
    const NAME: &str = "/aws/lambda/payment-processor-dev";
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    aws.logs.create_log_group().log_group_name(NAME).send().await.unwrap();
    // What nobody of ours has created or adopted stays.
    payctl.run(&["destroy", "--yes"]).exits(0);
    let plan = payctl.plan();
    assert_eq!(plan.refusals, []);
    let step = plan.step(&Address::new("logs.group", "payment-processor")).unwrap();
    assert_eq!(step.action, Action::Adopt);
    assert!(step.reason.as_ref().unwrap().contains("its service created it by itself"));
    payctl.up();
    payctl.is_as_declared();
    let seen = aws.logs.describe_log_groups().log_group_name_prefix(NAME).send().await.unwrap();
    let group = &seen.log_groups()[0];
    assert_eq!(group.retention_in_days(), Some(30));
    assert!(group.kms_key_id().is_some());
    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

/// Systems have names in common: a second one under one suffix is refused as such, be it that AWS
/// lists the first one's tags or that this folder has its state.
#[tokio::test]
async fn a_second_system_under_one_suffix_is_refused() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let refused = |why: &str| {
        for command in [&["plan"][..], &["up", "--yes"]] {
            let ended = payctl.run(command);
            ended.exits(1);
            ended.says(&format!("the suffix dev is taken by secure-api: {why}"));
            ended.says("`payctl destroy --stack secure-api --suffix dev` first");
        }
    };
    let tags = [("payctl:stack", "secure-api"), ("payctl:suffix", "dev"), ("payctl:id", "x:y")];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let vpc = TagSpecification::builder().resource_type(ResourceType::Vpc);
    let vpc = tags.iter().fold(vpc, |all, (key, value)| {
        all.tags(aws_sdk_ec2::types::Tag::builder().key(key).value(value).build())
    });
    let vpc = aws.ec2.create_vpc().cidr_block("10.0.0.0/16").tag_specifications(vpc.build());
    let vpc = vpc.send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    make_theirs(&aws, &tags.into()).await;
    let before = everything(&aws).await;
    changing_calls(&server);
    refused("");
    payctl.run(&["destroy", "--yes"]).exits(0);
    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(difference(&before, &everything(&aws).await), [""; 0]);

    // What AWS still lists of a system that is gone keeps nobody from its suffix.
    aws.ec2.delete_vpc().vpc_id(vpc).send().await.unwrap();
    let ended = payctl.run(&["plan"]);
    assert!(!ended.stderr.contains("is taken"), "{ended}");

    // Where nothing is tagged, the state of the other one in this folder tells.
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let other = payctl.state().parent().unwrap().with_file_name("secure-api").join("dev");
    let holder =
        Holder { pid: 1, host: String::new(), command: String::new(), since: String::new() };
    let session = Store::at(other).lock(&holder).unwrap();
    let mut state = State::empty("secure-api", "dev", ACCOUNT, "us-east-1", "theirs");
    let made = Record {
        status: Status::Complete,
        outputs: json!({ "id": "vpc-1" }),
        properties: json!({}),
        depends_on: BTreeSet::new(),
        deposed: Vec::new(),
    };
    state.resources.insert(Address::new("ec2.vpc", "main"), made);
    session.save(&mut state).unwrap();
    // Where no system is named, the suffix's own is meant.
    let ended = payctl.run(&["plan", "--stack", "pci-core"]);
    ended.exits(1);
    ended.says("the suffix dev is taken by secure-api: 1 resource, by the state in");
    state.resources.clear();
    session.save(&mut state).unwrap();
    payctl.run(&["plan"]).exits(0);
}

#[tokio::test]
async fn what_another_lineage_made_is_left_alone() {
    let server = Server::start(Emulator::Sandbox);
    let (theirs, ours) = (Payctl::new(&server), Payctl::new(&server));
    let aws = clients(&server).await;
    theirs.up();
    let before = everything(&aws).await;

    // We have a state of our own for the same names.
    let holder =
        Holder { pid: 1, host: String::new(), command: String::new(), since: String::new() };
    let session = Store::at(ours.state()).lock(&holder).unwrap();
    let mut state = State::empty("pci-core", "dev", ACCOUNT, "us-east-1", "ours");
    session.save(&mut state).unwrap();
    drop(session);
    changing_calls(&server);

    let plan = ours.plan();
    let refused: BTreeSet<&str> = plan.refusals.iter().map(|r| r.address.as_str()).collect();
    for address in THEIRS {
        assert!(refused.contains(address), "{address} is not refused: {refused:?}");
    }
    ours.run(&["up", "--yes"]).exits(1);
    ours.run(&["destroy", "--yes"]).exits(0);
    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(difference(&before, &everything(&aws).await), [""; 0]);
    theirs.is_as_declared();
}
