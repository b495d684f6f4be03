//! What a month costs: printed without AWS, told by each plan, held against a budget.

use std::fs;

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server, root};
use payctl_tests::standin::StandIn;
use serde_json::{Value, json};

/// An account that is asked nothing.
fn offline(system: &str) -> Payctl {
    Payctl::at("http://127.0.0.1:1", "dev").of(system)
}

/// The sums are those that the pages of the systems derive by hand (payctl-stack's `costs` holds them).
#[test]
fn the_month_of_each_system_is_told_without_asking_aws() {
    for (system, month) in [
        ("pci-core", "37.80"),
        ("secure-api", "37.70"),
        ("cost-optimized", "93.25"),
        ("migration", "1274.24"),
    ] {
        let payctl = offline(system);
        let ended = payctl.run(&["cost"]);
        ended.exits(0);
        let total = format!("{month}  in all");
        assert!(ended.stdout.contains(&total), "{system}: {total}\n{ended}");
        for line in ended.stdout.lines() {
            assert!(line.chars().count() <= 80, "{system}: {line}");
        }
    }
}

#[test]
fn a_usage_makes_it_the_expected_month() {
    let payctl = offline("pci-core");
    let file = payctl.folder().join("march.toml");
    fs::write(&file, "[usage.ec2.nat_gateway]\ngb = 100\n").unwrap();
    let ended = payctl.run(&["cost", "--usage", "march.toml"]);
    ended.exits(0);
    // 100 GB through the gateway at 0.045 on top of 37.80.
    assert!(ended.stdout.contains("42.30  the expected month"), "{ended}");
    let ended = payctl.run(&["cost", "--usage", "march.toml", "--json"]);
    ended.exits(0);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&value["total"], &value["idle"]["usd"]), (&json!("42.30"), &json!("37.80")));

    fs::write(
        &file,
        "[usage.ec2.nat_gateway]\ngb = 100\ngigs = 3\n\n[usage.lambda.funktion]\nrequests = -1\n",
    )
    .unwrap();
    let ended = payctl.run(&["cost", "--usage", "march.toml"]);
    ended.exits(1);
    for said in ["march.toml:3:1", "march.toml:5:", "function", "march.toml has 2 mistakes"] {
        ended.says(said);
    }
    payctl.run(&["cost", "--usage", "nowhere.toml"]).exits(1);
}

/// The month of the configuration's usage is what `cost` says, what a plan counts and what a budget is held
/// against.
#[test]
fn the_usage_of_the_configuration_is_counted_everywhere() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    payctl.configure(
        "[usage.ec2.nat_gateway]\ngb = 100\n[usage.lambda.function.other]\nrequests = 5\n",
    );
    let ended = payctl.run(&["cost"]);
    ended.exits(0);
    assert!(ended.stdout.contains("42.30  the expected month"), "{ended}");
    assert!(!ended.stdout.contains("0.045 per GB"), "{ended}");
    ended.says("[usage] in payctl.toml: lambda.function:other is not declared");

    let ended = payctl.run(&["plan", "--out", "saved.plan"]);
    let line = "about 42.30 USD a month as used, 37.80 when idle (+42.30)";
    assert!(ended.stdout.contains(line), "{ended}");
    payctl.run(&["plan", "--budget", "42.29"]).exits(5);
    let refused = payctl.run(&["plan", "--destroy", "--budget", "10"]);
    refused.exits(1);
    refused.says("leave --budget out");

    let ended = payctl.run(&["plan", "--json"]);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    let month = |idle: &str, total: &str| json!({ "idle": idle, "total": total, "unknown": 0 });
    assert_eq!(value["cost"]["before"], month("0.00", "0.00"));
    assert_eq!(value["cost"]["after"], month("37.80", "42.30"));
    assert_eq!(value["cost"]["difference"], "42.30");
    let saved = fs::read_to_string(payctl.folder().join("saved.plan")).unwrap();
    assert!(!saved.contains("\"cost\""), "{saved}");

    // What was printed is a plan as well, and says it as an event.
    fs::write(payctl.folder().join("printed.plan"), &ended.stdout).unwrap();
    let ended = payctl.run(&["up", "printed.plan", "--yes", "--json"]);
    ended.exits(0);
    let event: Value = serde_json::from_str(ended.stdout.lines().nth(1).unwrap()).unwrap();
    assert_eq!(event["cost"], value["cost"], "{ended}");

    payctl.configure("[usage.ec2.nat_gateway]\ngigs = 100\n");
    let wrong = payctl.run(&["plan"]);
    wrong.exits(1);
    wrong.says("payctl.toml:2:1");
}

#[test]
fn a_plan_tells_the_difference_and_keeps_within_the_budget() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let ended = payctl.run(&["plan"]);
    assert!(ended.stdout.contains("about 37.80 USD a month when idle (+37.80)"), "{ended}");

    let over = payctl.run(&["up", "--yes", "--budget", "37.79"]);
    over.exits(5);
    over.says("a month costs 37.80 USD, 0.01 more than the budget of 37.79");
    over.says("NAT gateway");
    assert!(changing_calls(&server).is_empty(), "{over}");
    payctl.run(&["plan", "--budget", "37.79"]).exits(5);
    payctl.run(&["cost", "--budget", "37.79"]).exits(5);
    payctl.run(&["up", "--yes", "--budget", "37.80"]).exits(0);

    let ended = payctl.run(&["plan"]);
    assert!(ended.stdout.contains("about 37.80 USD a month when idle\n"), "{ended}");
    payctl.configure("[pci-core]\nnat = \"none\"\n");
    let ended = payctl.run(&["plan"]);
    assert!(ended.stdout.contains("about 1.30 USD a month when idle (-36.50)"), "{ended}");
    let ended = payctl.run(&["cost"]);
    ended.exits(0);
    assert!(ended.stdout.contains("-36.50"), "{ended}");
    let ended = payctl.run(&["plan", "--destroy"]);
    assert!(ended.stdout.contains("about 37.80 USD a month less"), "{ended}");
}

#[test]
fn a_document_is_counted_as_a_system_is() {
    let text = "name = \"jobs\"\n\n[kms.key.main]\n\n[sqs.queue.jobs]\n";
    let payctl = Payctl::at("http://127.0.0.1:1", "dev").of_document("jobs", Some(text));
    let ended = payctl.run(&["cost"]);
    ended.exits(0);
    assert!(ended.stdout.contains("1.00  in all"), "{ended}");
}

/// What AWS's price list would answer, whatever is asked: a recorded product, and one in its shape.
fn price_list(gateway: &str) -> StandIn {
    let recorded = "crates/payctl-cost/src/price_list/recorded/aurora-r6g-large.json";
    let aurora = fs::read_to_string(root().join(recorded)).unwrap();
    let code = "GATEWAY.JRTCKXETXF";
    let dimension = json!({
        "unit": "Hrs", "beginRange": "0", "endRange": "Inf", "pricePerUnit": { "USD": gateway },
    });
    let dimensions = json!({ "priceDimensions": { (format!("{code}.6YS6EN2CT7")): dimension } });
    let gateway = json!({
        "product": { "sku": "GATEWAY", "productFamily": "NAT Gateway", "attributes": {
            "usagetype": "NatGateway-Hours", "regionCode": "us-east-1",
        } },
        "terms": { "OnDemand": { (code): dimensions } },
        "publicationDate": "2026-11-01T00:00:00Z",
    });
    let list = json!({ "FormatVersion": "aws_v1", "PriceList": [aurora, gateway.to_string()] });
    StandIn::saying("200 OK", "application/x-amz-json-1.1", &list.to_string())
}

#[test]
fn prices_are_read_from_the_price_list_and_count_from_then_on() {
    let list = price_list("0.0500000000");
    let payctl = Payctl::at(&list.endpoint(), "dev");
    let read = payctl.run(&["prices", "update"]);
    read.exits(0);
    // 0.26 is what it was; all else is not in the answer.
    assert_eq!(read.stdout, "us-east-1  nat-gateway  0.045 -> 0.05\n");
    read.says("payctl.prices.toml: 2 prices read, 1 of them new or changed");
    read.says("nat-gateway-data in us-east-1 stays as it was");
    let heads = list.heads().join("\n").to_lowercase();
    assert!(heads.contains("x-amz-target: awspricelistservice.getproducts"), "{heads}");
    assert!(heads.contains("/us-east-1/pricing/aws4_request"), "{heads}");

    // 730 hours of 0.05 instead of 0.045.
    payctl.run(&["cost"]).shows("41.45  in all");
    let over = payctl.run(&["cost", "--budget", "40"]);
    over.exits(5);
    let value: Value = serde_json::from_str(&payctl.run(&["cost", "--json"]).stdout).unwrap();
    let sources = value["sources"].as_object().unwrap();
    assert!(sources.contains_key("aws-price-list"), "{sources:?}");
    let again = payctl.run(&["prices", "update", "us-east-1"]);
    again.exits(0);
    assert_eq!(again.stdout, "");
    again.says("2 prices read, 0 of them new or changed");

    // Where AWS refuses, or the file is not understood, nothing is written over.
    let file = payctl.folder().join("payctl.prices.toml");
    let before = fs::read(&file).unwrap();
    let refused = "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized\"}";
    let refusing = StandIn::saying("400 Bad Request", "application/x-amz-json-1.1", refused);
    let ended = payctl.run(&["prices", "update", "--endpoint-url", &refusing.endpoint()]);
    ended.exits(1);
    ended.says("it takes pricing:GetProducts");
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&file, "[rate.nat-gateway]\nus-east-1 = { usd = \"0.05\" }\n").unwrap();
    for args in [&["prices", "update"][..], &["cost"]] {
        let ended = payctl.run(args);
        ended.exits(1);
        ended.says("invalid prices in payctl.prices.toml");
    }
    payctl.run(&["prices", "update", "--sandbox"]).says("the sandbox has no price list");
    payctl.run(&["prices", "update", "Mars"]).says("a region is");
}
