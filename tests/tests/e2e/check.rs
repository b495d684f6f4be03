//! What is declared, held against the compliance controls without asking AWS.

use std::fs;

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server, root};
use serde_json::{Value, json};

use super::schemas::misfits_of;

/// An account that is asked nothing.
fn offline(system: &str) -> Payctl {
    Payctl::at("http://127.0.0.1:1", "dev").of(system)
}

#[test]
fn each_system_keeps_its_controls_in_both_postures() {
    for system in ["pci-core", "secure-api", "cost-optimized", "migration"] {
        let payctl = offline(system);
        for posture in ["standard", "strict"] {
            payctl.configure(&format!("[{system}]\nposture = \"{posture}\"\n"));
            let ended = payctl.run(&["check"]);
            ended.exits(0);
            ended.says("no assessment");
            assert!(ended.stdout.contains(" pass, 0 fail, "), "{system} {posture}\n{ended}");
            assert!(ended.stdout.contains(&format!("by the posture {posture}")), "{ended}");
            for line in ended.stdout.lines() {
                assert!(line.chars().count() <= 80, "{system}: {line}");
            }
        }
    }
}

#[test]
fn what_strict_would_change_fails_where_it_is_asked_for() {
    let payctl = offline("pci-core");
    let ended = payctl.run(&["check", "--strict", "--json"]);
    ended.exits(6);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&value["posture"], &value["mode"]), (&json!("strict"), &json!("declared")));
    let failing: Vec<&str> = value["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["verdict"] == "fail")
        .map(|one| one["control"].as_str().unwrap())
        .collect();
    assert!(failing.contains(&"PAY-LOG-02") && failing.contains(&"PAY-S3-14"), "{failing:?}");

    // Without it none fails, and it is said which would.
    let ended = payctl.run(&["check", "--json"]);
    ended.exits(0);
    let standard: Value = serde_json::from_str(&ended.stdout).unwrap();
    let told = standard["verdicts"].as_array().unwrap().iter();
    let told = told.filter(|one| one["strict"] == "fail" && one["verdict"] == "waived").count();
    assert_eq!(told, failing.len());
}

#[test]
fn a_stack_of_ones_own_is_held_against_the_same() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let file = payctl.folder().join("open.toml");
    let document = "name = \"open\"\n\n[ec2.vpc.main]\ncidr = \"10.0.0.0/16\"\n\n[s3.bucket.open]\nversioning = false\n";
    fs::write(&file, document).unwrap();
    let ended = payctl.run(&["check", "--stack-file", "open.toml"]);
    ended.exits(6);
    assert!(ended.stdout.contains("fail PAY-S3-06"), "{ended}");
    assert!(ended.stdout.contains("s3.bucket:open"), "{ended}");
    assert!(ended.stdout.contains("fail PAY-NET-01"), "{ended}");
}

#[test]
fn what_breaks_a_control_is_not_made_where_that_is_enforced() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let document = "name = \"open\"\n\n[s3.bucket.open]\nversioning = false\n";
    fs::write(payctl.folder().join("open.toml"), document).unwrap();
    let of_document = ["--stack-file", "open.toml"];
    let ended =
        payctl.run(&[&["plan", "--enforce", "--out", "open.plan"], &of_document[..]].concat());
    ended.exits(6);
    ended.says("PAY-S3-06 s3.bucket:open");
    assert!(!payctl.folder().join("open.plan").exists(), "{ended}");
    let ended = payctl.run(&[&["up", "--yes", "--enforce"], &of_document[..]].concat());
    ended.exits(6);
    assert!(changing_calls(&server).is_empty(), "{ended}");
    payctl.run(&["plan", "--destroy", "--enforce"]).says("leave --enforce out");
    payctl.run(&["plan", "--enforce"]).exits(0);
}

/// The log of the document's verdicts, which fits the standard's schema; another would not.
fn sarif(payctl: &Payctl, args: &[&str], code: i32) -> Value {
    let ended = payctl.run(&[&["check", "--sarif"], args].concat());
    ended.exits(code);
    let log: Value = serde_json::from_str(&ended.stdout).unwrap();
    let schema = root().join("tests/sarif/sarif-schema-2.1.0.json");
    assert_eq!(misfits_of(&schema, &log), "");
    let mut other = log.clone();
    other["runs"][0]["results"][0]["level"] = json!("bad");
    assert_ne!(misfits_of(&schema, &other), "", "the schema lets everything pass");
    log["runs"][0].clone()
}

#[test]
fn sarif_says_where_a_document_breaks_a_control() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let document = "name = \"open\"\n\n[part.queue.work]\n\n[s3.bucket.open]\nversioning = false\n";
    fs::write(payctl.folder().join("an open.toml"), document).unwrap();
    let run = sarif(&payctl, &["--stack-file", "an open.toml"], 6);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 166);
    let results = run["results"].as_array().unwrap();
    let of = |control: &str| results.iter().find(|one| one["ruleId"] == control).unwrap();

    let versions = of("PAY-S3-06");
    assert_eq!((&versions["level"], &versions["suppressions"]), (&json!("error"), &Value::Null));
    let location = &versions["locations"][0];
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "s3.bucket:open");
    let physical = &location["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "an%20open.toml");
    assert_eq!(physical["region"]["startLine"], 5);
    let rule = &rules[usize::try_from(versions["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!(rule["id"], "PAY-S3-06");
    assert!(rule["help"]["text"].as_str().unwrap().contains("PCI DSS v4.0.1: "), "{rule}");

    // What a part makes stands in the document, and in none of its lines.
    let part = results.iter().find(|one| {
        one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "sqs.queue:work"
    });
    let physical = part.map(|one| &one["locations"][0]["physicalLocation"]);
    assert!(physical.is_none_or(|one| one["region"].is_null() && !one.is_null()), "{part:?}");
    let account = of("PAY-IAM-13");
    assert_eq!((&account["level"], &account["kind"]), (&json!("note"), &Value::Null));
    assert!(account["locations"][0]["physicalLocation"].is_null());
}

#[test]
fn sarif_suppresses_what_is_waived() {
    let run = sarif(&offline("pci-core"), &[], 0);
    let results = run["results"].as_array().unwrap();
    assert!(results.iter().all(|one| one["level"] != "error" || one["suppressions"].is_array()));
    let waived = results.iter().filter(|one| one["properties"]["verdict"] == "waived");
    let justified = |one: &Value| {
        let suppression = &one["suppressions"][0];
        suppression["status"] == "accepted" && suppression["justification"] != ""
    };
    assert!(waived.clone().count() > 10 && waived.clone().all(justified));
    offline("pci-core").run(&["check", "--sarif", "--json"]).says("cannot be used with");
}

#[test]
fn a_page_tells_every_verdict() {
    let payctl = offline("pci-core");
    let ended = payctl.run(&["check", "--html", "check.html"]);
    ended.exits(0);
    ended.says("wrote check.html");
    let page = fs::read_to_string(payctl.folder().join("check.html")).unwrap();
    let json: Value = serde_json::from_str(&payctl.run(&["check", "--json"]).stdout).unwrap();
    let count = json["verdicts"].as_array().unwrap().len();
    assert!(page.contains(&format!("All {count} verdicts")) && page.contains("By requirement"));
    for section in ["picture", "changes", "cost"] {
        assert!(!page.contains(&format!("id=\"{section}\"")), "{section}");
    }
    assert!(page.contains("versioning = true") && page.contains("By strict: fail"));
    assert!(!page.contains("<script") && page.contains("default-src 'none'"));
    payctl.run(&["check", "--html", "nowhere/check.html"]).exits(1);
}
