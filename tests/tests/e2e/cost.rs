//! What a month costs: printed without AWS, told by each plan, held against a budget.

use std::fs;

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server};
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
