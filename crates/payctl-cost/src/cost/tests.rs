use serde_json::{Map, Value, json};

use super::*;
use crate::estimate::Budget;
use crate::money::{Quantity, Usd};
use crate::services::kinds;

/// The kinds of payctl, one section of the pages each.
const PAGE: &str = include_str!("../../../../docs/kinds/index.md");

fn month(declared: &Value, usage: &str) -> Estimate {
    in_region(declared, "us-east-1", usage)
}

fn in_region(declared: &Value, region: &str, usage: &str) -> Estimate {
    let usage = Usage::read(usage).unwrap();
    let all: &Map<String, Value> = declared.as_object().unwrap();
    let resources: Vec<(&str, &Value)> =
        all.iter().map(|(address, properties)| (address.as_str(), properties)).collect();
    usage.check(resources.iter().map(|(address, _)| *address)).unwrap();
    estimate(Prices::built_in(), resources, region, &usage)
}

/// What is paid for in an idle month: how many of which price, and what that is.
fn idle(month: &Estimate) -> Vec<(&str, String, String)> {
    let items = month.idle_items().into_iter();
    items
        .map(|item| (item.line.price.as_str(), item.count.to_string(), item.monthly.to_string()))
        .collect()
}

fn used(month: &Estimate) -> Vec<(&str, String, String)> {
    let items = month.used_items().into_iter();
    items
        .map(|item| (item.line.price.as_str(), item.quantity.to_string(), item.monthly.exact()))
        .collect()
}

fn of(price: &'static str, count: &str, sum: &str) -> (&'static str, String, String) {
    (price, count.to_owned(), sum.to_owned())
}

/// A new kind without an entry is an unknown, until somebody says how it is billed.
#[test]
fn every_kind_has_an_entry_and_no_other_has() {
    let prices = Prices::built_in();
    let named: Vec<&str> = PAGE
        .split('`')
        .filter(|word| word.contains('.') && !word.contains(' ') && !word.starts_with("part."))
        .collect();
    assert!(named.len() >= 75, "{named:?}");
    for kind in &named {
        assert!(is_known(prices, kind), "{kind} is neither in services nor in prices/free.toml");
    }
    for kind in kinds() {
        assert!(named.contains(&kind.name), "there is no kind {}", kind.name);
        assert!(prices.free(kind.name).is_none(), "{} is billed, and free", kind.name);
    }
    let other = month(&json!({ "ec2.spaceship:one": {} }), "");
    assert_eq!(other.unknown[0].why, "nobody said how this kind is billed");
    assert!(!other.is_complete());
}

/// Every price that a kind names is there, and every price is named by one.
#[test]
fn no_price_is_misspelt_or_left_over() {
    let sources = [
        include_str!("../cost.rs"),
        include_str!("../services/api.rs"),
        include_str!("../services/audit.rs"),
        include_str!("../services/compute.rs"),
        include_str!("../services/database.rs"),
        include_str!("../services/keys.rs"),
        include_str!("../services/network.rs"),
        include_str!("../services/stores.rs"),
        include_str!("../services/watching.rs"),
    ];
    let prices = Prices::built_in();
    let words: std::collections::BTreeSet<&str> =
        sources.iter().flat_map(|text| text.split('"').skip(1).step_by(2)).collect();
    for (name, _) in prices.all().filter(|(name, _)| !name.contains('/')) {
        assert!(words.contains(name), "nothing is billed by {name}");
    }
    // What would be billed by a price that is not there shows up as unknown in us-east-1.
    let everything: Map<String, Value> =
        kinds().map(|kind| (format!("{}:one", kind.name), everything_of(kind.name))).collect();
    let month = month(&Value::Object(everything), "");
    let missing: Vec<_> = month.unknown.iter().chain(&month.unknown_use).collect();
    let by_nature = ["metrics of routes", "instances"];
    let missing = missing.iter().filter(|one| !by_nature.contains(&one.what.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&Unknown>::new());
}

/// Properties with which a kind is billed for all that it can be.
fn everything_of(kind: &str) -> Value {
    match kind {
        "ec2.interface_endpoint" => json!({ "subnets": ["a"] }),
        "elbv2.load_balancer" => json!({ "subnets": ["a"], "scheme": "internet-facing" }),
        "rds.cluster" => json!({ "engine": "aurora-postgresql" }),
        "rds.instance" => {
            json!({ "engine": "aurora-postgresql", "class": "db.t3.medium", "monitoring": {} })
        }
        "lambda.function" => json!({ "ephemeral_storage_mb": 1024, "tracing": "Active" }),
        "dynamodb.table" => json!({ "stream": "NEW_IMAGE", "point_in_time_recovery": true }),
        "apigateway.stage" => json!({ "metrics": true, "tracing": true }),
        "apigatewayv2.stage" => json!({ "detailed_metrics": true }),
        "cloudtrail.trail" => {
            json!({ "management_events": true, "data_events": [{}], "insights": ["x"] })
        }
        "s3.bucket" => json!({ "lifecycle": [{ "transition": { "class": "GLACIER" } }] }),
        "sns.subscription" => json!({ "protocol": "email" }),
        "ssm.parameter" => json!({ "tier": "Advanced" }),
        "wafv2.web_acl" => json!({ "rules": [{}] }),
        "kms.key" => json!({ "rotation": true }),
        _ => json!({}),
    }
}

/// PRICES: 730 × 0.045 + 730 × 0.005 for each zone's gateway, 730 × 0.01 for each of an endpoint's
/// zones.
#[test]
fn networks_are_paid_for_by_the_zone() {
    let subnets = json!(["a", "b", "c"]);
    let declared = json!({
        "ec2.nat_gateway:a": {}, "ec2.nat_gateway:b": {},
        "ec2.elastic_ip:a": {}, "ec2.elastic_ip:b": {},
        "ec2.interface_endpoint:logs": { "subnets": subnets },
        "elbv2.load_balancer:inside": { "scheme": "internal", "subnets": subnets },
        "ec2.gateway_endpoint:s3": {}, "ec2.vpc:main": {},
    });
    let month = month(&declared, "");
    let expected = [
        of("nat-gateway", "2", "65.70"),
        of("interface-endpoint", "3", "21.90"),
        of("load-balancer", "1", "16.43"),
        of("public-address", "2", "7.30"),
    ];
    assert_eq!(idle(&month), expected);
    assert_eq!(month.idle_total().exact(), "111.325");
    assert_eq!(month.free.keys().collect::<Vec<_>>(), ["ec2.gateway_endpoint", "ec2.vpc"]);
    // One that faces the internet has an address in each zone.
    let outside =
        json!({ "elbv2.load_balancer:x": { "scheme": "internet-facing", "subnets": ["a", "b"] } });
    let outside = in_region(&outside, "us-east-1", "");
    assert_eq!(
        idle(&outside),
        [of("load-balancer", "1", "16.43"), of("public-address", "2", "7.30")]
    );
}

fn alarm(metric: &str, namespace: &str, period: u64) -> Value {
    json!({ "namespace": namespace, "metric": metric, "dimensions": {}, "period_s": period })
}

/// 2 × 730 × 0.0208, 2 × 8 × 0.08, 2 × 7 × 0.30, the agent's metric 0.30, three alarms and two
/// more.
#[test]
fn instances_are_those_that_a_group_wants() {
    let declared = json!({
        "autoscaling.group:main": {
            "launch_template": { "$ref": "ec2.launch_template:main.id" },
            "desired": 2, "min": 1, "max": 5,
        },
        "ec2.launch_template:main": {
            "instance_type": "t3.small", "monitoring": true,
            "disk": { "volume_type": "gp3", "size_gb": 8 },
        },
        "autoscaling.policy:cpu": { "scaling": { "target": { "value": 70.0 } } },
        "autoscaling.policy:memory": { "scaling": { "steps": {} } },
        "cloudwatch.alarm:memory-high": alarm("mem_used_percent", "CWAgent", 300),
        "cloudwatch.alarm:memory-low": alarm("mem_used_percent", "CWAgent", 300),
        "cloudwatch.alarm:rejected": alarm("Rejected", "Payments", 300),
        "cloudwatch.alarm:fast": alarm("CPUUtilization", "AWS/EC2", 10),
    });
    let month = month(&declared, "");
    let expected = [
        of("ec2/t3.small", "2", "30.37"),
        of("metric", "15", "4.50"),
        of("gp3-disk", "16", "1.28"),
        of("alarm", "5", "0.50"),
        of("fast-alarm", "1", "0.30"),
    ];
    assert_eq!(idle(&month), expected);
}

#[test]
fn what_has_no_price_is_said_and_not_guessed() {
    let declared = json!({
        "autoscaling.group:main": {
            "launch_template": { "$ref": "ec2.launch_template:main.id" }, "desired": 1,
        },
        "ec2.launch_template:main": {
            "instance_type": "x2iezn.metal", "disk": { "volume_type": "io2", "size_gb": 8 },
        },
        "rds.instance:a": { "engine": "aurora-postgresql", "class": "db.serverless" },
        "rds.instance:b": { "engine": "postgres", "class": "db.r6g.large" },
        "dynamodb.table:a": { "billing": "PROVISIONED" },
        "ssm.parameter:a": { "tier": "Intelligent-Tiering" },
    });
    let month = month(&declared, "");
    let said: Vec<&str> = month.unknown.iter().map(|unknown| unknown.what.as_str()).collect();
    let expected = [
        "x2iezn.metal",
        "disk: io2",
        "provisioned capacity of a table",
        "Aurora capacity units",
        "db.r6g.large of postgres",
        "parameter: Intelligent-Tiering",
    ];
    assert_eq!(said, expected);
    assert_eq!(month.idle_total(), Usd::ZERO);
    // Where a price of one region is known, that of another is not.
    let abroad =
        in_region(&json!({ "ec2.nat_gateway:a": {}, "kms.key:a": {} }), "ap-southeast-3", "");
    assert_eq!(abroad.unknown[0].why, "no price of it in ap-southeast-3 was found");
    assert_eq!(abroad.unknown.len(), 2);
}

/// 3 M calls of 120 ms with 512 MB: 3 × 0.20, and 3,000,000 × 0.12 × 0.5 GB-seconds.
#[test]
fn functions_are_paid_for_by_call_time_and_memory() {
    let usage = "[usage.lambda.function.work]\nrequests = 3_000_000\nduration_ms = 120";
    let of_memory = |architecture: &str| {
        let function = json!({ "memory_mb": 512, "architecture": architecture });
        json!({ "lambda.function:work": function })
    };
    let x86 = month(&of_memory("x86_64"), usage);
    let expected =
        [of("lambda-x86", "180,000", "3.000006"), of("lambda-requests", "3,000,000", "0.60")];
    assert_eq!(used(&x86), expected);
    let arm = month(&of_memory("arm64"), usage);
    assert_eq!(arm.total().exact(), "3.000012");
    // Without the time of a call the sum would be too small, and says so.
    let unsaid = month(&of_memory("arm64"), "[usage.lambda.function]\nrequests = 10");
    assert_eq!(unsaid.unknown[0].why, "`duration_ms` of its usage was not said");
    assert_eq!(month(&of_memory("arm64"), "").total(), Usd::ZERO);
}

/// The first 333 million requests cost 3.50, the next 2.80, whichever API they are for.
#[test]
fn tiers_count_for_all_resources_together() {
    let declared = json!({ "apigateway.rest_api:a": {}, "apigateway.rest_api:b": {} });
    let month = month(&declared, "[usage]\nrequests = 200_000_000");
    let sums: Vec<(&str, String)> =
        month.by_resource().into_iter().map(|(whose, sum)| (whose, sum.exact())).collect();
    // 200 × 3.50, and 133 × 3.50 + 67 × 2.80.
    let expected = [("apigateway.rest_api:a", "700.00"), ("apigateway.rest_api:b", "653.10")];
    assert_eq!(sums, expected.map(|(whose, sum)| (whose, sum.to_owned())));
    assert!(month.used.iter().all(|line| line.price == "rest-api"));
    assert_eq!(month.used.iter().filter(|line| line.tiered).count(), 1);
}

#[test]
fn messages_go_through_queues_that_get_no_dead_letters() {
    let declared = json!({
        "sqs.queue:work": { "redrive": { "dead_letter": { "$ref": "sqs.queue:dead.arn" } } },
        "sqs.queue:dead": {},
        "lambda.event_source_mapping:work": { "source": { "$ref": "sqs.queue:work.arn" } },
    });
    let month = month(&declared, "[usage]\nmessages = 1_000_000");
    assert_eq!(used(&month), [of("sqs-requests", "3,000,000", "1.20")]);
    assert!(month.notes.iter().any(|note| note.contains("polling")), "{:?}", month.notes);
}

#[test]
fn a_resources_usage_goes_before_that_of_its_kind() {
    let declared = json!({ "s3.bucket:a": {}, "s3.bucket:b": {} });
    let usage = "[usage.s3.bucket]\ngb = 10\nreads = 1000\n[usage.\"s3.bucket:b\"]\ngb = 100.5";
    let month = month(&declared, usage);
    let quantity: Quantity = month.used_items()[0].quantity;
    assert_eq!(quantity, Quantity::parse("110.5").unwrap());
    assert_eq!(used(&month)[1], of("s3-reads", "2,000", "0.0008"));
}

/// One dollar, one more after a year, one more after two, and no more.
#[test]
fn rotations_of_keys_add_up() {
    let declared = json!({ "kms.key:a": { "rotation": true }, "kms.key:b": { "rotation": false } });
    let month = month(&declared, "");
    assert_eq!(month.idle_total().to_string(), "2.00");
    let later: Vec<String> = month.later_sums().values().map(|(_, sum)| sum.to_string()).collect();
    assert_eq!(later, ["1.00", "1.00"]);
}

/// Ten gigabytes are paid for at least.
#[test]
fn a_small_cluster_is_paid_for_as_one_of_ten_gigabytes() {
    let declared = json!({ "rds.cluster:main": { "engine": "aurora-postgresql" } });
    let sum = |usage: &str| in_region(&declared, "us-east-1", usage).total().to_string();
    assert_eq!(sum(""), "1.00");
    assert_eq!(sum("[usage.rds.cluster]\ngb = 4"), "1.00");
    assert_eq!(sum("[usage.rds.cluster]\ngb = 25"), "2.50");
}

#[test]
fn a_budget_is_kept_or_exceeded_by_so_much() {
    let month = month(&json!({ "ec2.nat_gateway:a": {} }), "");
    let against = |month: &Estimate, budget: &str| month.against(Usd::parse(budget).unwrap());
    assert_eq!(against(&month, "32.85"), Budget::Kept);
    assert_eq!(against(&month, "32.84"), Budget::Exceeded { by: Usd::parse("0.01").unwrap() });
    // What is not known may be more than what is left.
    let odd = in_region(&json!({ "ec2.elastic_ip:a": {}, "kms.key:a": {} }), "eu-west-1", "");
    assert_eq!(against(&odd, "150"), Budget::Unknown { left: Usd::parse("146.35").unwrap() });
    assert_eq!(against(&odd, "3"), Budget::Exceeded { by: Usd::parse("0.65").unwrap() });
}

#[test]
fn usage_of_nothing_declared_costs_nothing() {
    let none = in_region(&json!({}), "us-east-1", "[usage]\ngb_out = 5\nrequests = 1");
    assert_eq!((none.total(), none.rates.len()), (Usd::ZERO, 0));
    let some = in_region(&json!({ "iam.role:a": {} }), "us-east-1", "[usage]\ngb_out = 11_000");
    // 10,240 × 0.09 + 760 × 0.085
    assert_eq!(some.total().to_string(), "986.20");
}

/// What was applied last has ids in place of references: the month is the same.
#[test]
fn what_is_recorded_costs_what_is_declared() {
    let group = |template: Value| json!({ "launch_template": template, "desired": 2 });
    let template = json!({
        "instance_type": "t3.small", "disk": { "volume_type": "gp3", "size_gb": 8 },
    });
    let prices = Prices::built_in();
    let of = |group: &Value, outputs: Option<&Value>| {
        let resources = [
            Resource { address: "autoscaling.group:a", properties: group, outputs: None },
            Resource { address: "ec2.launch_template:b", properties: &template, outputs },
        ];
        estimate(prices, resources, "us-east-1", &Usage::default())
    };
    let declared = of(&group(json!({ "$ref": "ec2.launch_template:b.id" })), None);
    let outputs = json!({ "id": "lt-1", "arn": "arn:aws:ec2:us-east-1:1:launch-template/lt-1" });
    assert_eq!(of(&group(json!("lt-1")), Some(&outputs)), declared);
    assert_eq!(declared.idle_total().exact(), "31.648");
    let lost = of(&group(json!("lt-2")), Some(&outputs));
    assert_eq!(lost.unknown[0].why, "their launch template is not declared");
}
