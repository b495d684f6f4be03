//! What organisations ask of whoever works in their accounts: a boundary for roles, tags that are
//! theirs, and readers that see no secrets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::Tag;
use aws_sdk_s3::types::Tagging;
use payctl_tests::binary::{Payctl, changing_calls, differences};
use payctl_tests::cloud::{clients, named};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use payctl_tests::standing::Standing;

/// Roles are made with the boundary; what becomes of it by hand is drift; without one in the
/// configuration it goes.
#[tokio::test]
async fn a_boundary_is_kept() {
    let server = Server::start(Emulator::Sandbox);
    let iam = clients(&server).await.iam;
    let payctl = Payctl::new(&server).of("secure-api");
    let configure = |boundary: &str| payctl.configure(boundary);
    let boundary = "arn:aws:iam::aws:policy/PowerUserAccess";
    let with = format!("permissions_boundary = \"{boundary}\"\n");
    configure(&with);
    payctl.up();
    let names: Vec<String> = {
        let roles = iam.list_roles().send().await.unwrap().roles;
        roles.into_iter().map(|role| role.role_name).collect()
    };
    assert!(names.len() >= 2, "{names:?}");
    let boundaries = async || {
        let mut all = BTreeSet::new();
        for name in &names {
            let role = iam.get_role().role_name(name).send().await.unwrap().role.unwrap();
            let boundary = role.permissions_boundary;
            all.insert(boundary.and_then(|boundary| boundary.permissions_boundary_arn));
        }
        all
    };
    assert_eq!(boundaries().await, [Some(boundary.to_owned())].into());
    payctl.is_as_declared();

    let by_hand = iam.delete_role_permissions_boundary().role_name("payment-lambda-role-dev");
    by_hand.send().await.unwrap();
    let found = differences(&payctl.plan());
    assert!(found.iter().any(|one| one.contains("permissions_boundary")), "{found:?}");
    changing_calls(&server);
    payctl.up();
    let made = changing_calls(&server);
    assert_eq!(made.keys().collect::<Vec<_>>(), ["iam.PutRolePermissionsBoundary"]);
    assert_eq!(boundaries().await, [Some(boundary.to_owned())].into());

    configure("");
    payctl.up();
    assert_eq!(boundaries().await, [None].into());
    payctl.is_as_declared();
}

/// Tags that others set are neither shown nor taken away, whatever else of the tags changes.
#[tokio::test]
async fn tags_of_others_stay() {
    let Standing { server, payctl, aws, .. } = &Standing::of("pci-core").await;
    let tags = |keys: [&str; 2]| keys.map(|key| Tag::builder().key(key).value("theirs").build());
    let vpcs = aws.ec2.describe_vpcs().filters(named("payment-vpc-dev")).send().await.unwrap();
    let vpc = vpcs.vpcs()[0].vpc_id().unwrap().to_owned();
    let others = ["CostCenter", "org:unit"];
    let request = aws.ec2.create_tags().resources(&vpc).set_tags(Some(tags(others).into()));
    request.send().await.unwrap();
    let bucket = "payment-files-dev-123456789012";
    let s3_tag = |key: &str| aws_sdk_s3::types::Tag::builder().key(key).value("theirs").build();
    let seen = aws.s3.get_bucket_tagging().bucket(bucket).send().await.unwrap().tag_set;
    let all = seen.into_iter().chain(others.map(|key| s3_tag(key).unwrap())).collect();
    let all = Tagging::builder().set_tag_set(Some(all)).build().unwrap();
    aws.s3.put_bucket_tagging().bucket(bucket).tagging(all).send().await.unwrap();
    let role = "payment-lambda-role-dev";
    let iam_tag = |key: &str| aws_sdk_iam::types::Tag::builder().key(key).value("theirs").build();
    let request = aws.iam.tag_role().role_name(role);
    let iam_tags = others.map(|key| iam_tag(key).unwrap());
    request.set_tags(Some(iam_tags.into())).send().await.unwrap();
    let tables = &aws.dynamodb;
    let table = "arn:aws:dynamodb:us-east-1:123456789012:table/payment-transactions-dev";
    let table_tag =
        |key: &str| aws_sdk_dynamodb::types::Tag::builder().key(key).value("theirs").build();
    let request = tables.tag_resource().resource_arn(table);
    let table_tags = others.map(|key| table_tag(key).unwrap());
    request.set_tags(Some(table_tags.into())).send().await.unwrap();

    // Nobody said that they are others': they are not as declared.
    assert!(!payctl.plan().is_empty());
    let ignored = "[ignore_tags]\nkeys = [\"CostCenter\"]\nkey_prefixes = [\"org:\"]\n";
    payctl.configure(ignored);
    payctl.is_as_declared();
    changing_calls(server);
    payctl.configure(&format!("{ignored}[tags]\nteam = \"red\"\n"));
    payctl.up();
    payctl.configure(ignored);
    payctl.up();
    payctl.is_as_declared();
    assert!(!changing_calls(server).is_empty());

    let mut left = Vec::new();
    let seen = aws.ec2.describe_vpcs().vpc_ids(&vpc).send().await.unwrap();
    left.push(seen.vpcs()[0].tags().iter().filter_map(|tag| tag.key.clone()).collect::<Vec<_>>());
    let seen = aws.s3.get_bucket_tagging().bucket(bucket).send().await.unwrap();
    left.push(seen.tag_set.into_iter().map(|tag| tag.key).collect());
    let seen = aws.iam.list_role_tags().role_name(role).send().await.unwrap();
    left.push(seen.tags.into_iter().map(|tag| tag.key).collect());
    // Ten to a page.
    let first = tables.list_tags_of_resource().resource_arn(table).send().await.unwrap();
    let next = tables.list_tags_of_resource().resource_arn(table).set_next_token(first.next_token);
    let both = [first.tags, next.send().await.unwrap().tags].into_iter().flatten().flatten();
    left.push(both.map(|tag| tag.key).collect());
    for keys in left {
        let has = |key: &str| keys.iter().any(|seen| seen == key);
        assert!(has("CostCenter") && has("org:unit") && !has("team"), "{keys:?}");
    }
    payctl.destroy();
}

/// An organisation's tag policy may ask for a value, and for a name as it is written. IAM takes names
/// that differ in case for one, so that one is taken off before the other is set.
#[tokio::test]
async fn what_tags_describe_can_be_said_otherwise() {
    let world = Standing::recorded("cost-optimized", "").await;
    let (aws, payctl) = (&world.aws, &world.payctl);
    let vpc = world.id("ec2.vpc:main");
    let role = world.known("iam.role:instances", "name");
    let tags = async || -> [BTreeMap<String, String>; 2] {
        let seen = aws.ec2.describe_vpcs().vpc_ids(&vpc).send().await.unwrap();
        let seen = seen.vpcs()[0].tags().to_vec().into_iter();
        let of_vpc = seen.map(|tag| (tag.key.unwrap(), tag.value.unwrap())).collect();
        let seen = aws.iam.list_role_tags().role_name(&role).send().await.unwrap().tags;
        [of_vpc, seen.into_iter().map(|tag| (tag.key, tag.value)).collect()]
    };
    let before = tags().await;
    payctl.configure("[tags]\nenvironment = \"production\"\nManagedBy = \"payments\"\n");
    payctl.up();
    payctl.is_as_declared();
    for (now, before) in tags().await.iter().zip(&before) {
        let mut expected = before.clone();
        assert_eq!(expected.remove("Environment").as_deref(), Some("dev"));
        expected.insert("environment".to_owned(), "production".to_owned());
        expected.insert("ManagedBy".to_owned(), "payments".to_owned());
        assert_eq!(*now, expected);
    }
    let rules = aws.config.describe_config_rules().send().await.unwrap().config_rules.unwrap();
    let required = rules.iter().find_map(|rule| {
        let name = rule.config_rule_name().unwrap_or_default();
        name.starts_with("required-tags").then(|| rule.input_parameters().unwrap_or_default())
    });
    assert!(required.unwrap().contains(r#""tag1Key":"environment""#), "{required:?}");

    payctl.lose_state();
    changing_calls(&world.server);
    payctl.up();
    assert_eq!(changing_calls(&world.server), [].into());
    payctl.configure("");
    payctl.up();
    payctl.is_as_declared();
    assert_eq!(tags().await, before);
    payctl.destroy();
}

/// Who only looks is not let at passwords, and is told of all else.
#[tokio::test]
async fn a_plan_does_without_the_values_of_secrets() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev").of("migration");
    payctl.up();
    const DENIED: Fate = Fate::Refuse(Refusal::Code("AccessDeniedException"));
    proxy.set(&Rule::Each(&[("GetSecretValue", DENIED)]));
    payctl.is_as_declared();
    assert!(proxy.calls().iter().any(|call| call.fate == DENIED));
    // Who changes something has to see them.
    payctl.lose_state();
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("secretsmanager.target_attachment:db");
}
