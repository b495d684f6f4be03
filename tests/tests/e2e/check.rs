//! What is declared, held against the compliance controls without asking AWS.

use std::fs;

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::emulator::{Emulator, Server};
use serde_json::{Value, json};

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
