//! What is printed as JSON fits its schema in `docs/schema/`, and another form would not.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use payctl_tests::binary::{Ended, Payctl};
use payctl_tests::emulator::{Emulator, Server, python, root};
use serde_json::{Value, json};

/// Says what does not fit; nothing where all does. The schema itself is checked too.
const CHECK: &str = r#"
import json, sys
from jsonschema.validators import validator_for
schema = json.load(open(sys.argv[1]))
validator = validator_for(schema)
validator.check_schema(schema)
for error in validator(schema).iter_errors(json.load(sys.stdin)):
    print(error.json_path, error.message)
"#;

/// What of a value does not fit a schema in `docs/schema/`.
pub(crate) fn misfits(schema: &str, value: &Value) -> String {
    misfits_of(&root().join("docs/schema").join(format!("{schema}.json")), value)
}

/// What of a value does not fit the schema in that file.
pub(crate) fn misfits_of(schema: &Path, value: &Value) -> String {
    let mut command = Command::new(python());
    command.args(["-c", CHECK]).arg(schema).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(value.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{} could not be checked", schema.display());
    String::from_utf8(output.stdout).unwrap()
}

/// It fits, and with a key more it would not.
#[track_caller]
fn fits(schema: &str, ended: &Ended, checked: &mut BTreeSet<String>) -> Value {
    let value: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{schema}: {error}\n{ended}"));
    assert_eq!(misfits(schema, &value), "", "{schema}\n{ended}");
    let mut other = value.clone();
    other["No such key"] = json!(null);
    assert_ne!(misfits(schema, &other), "", "{schema} lets everything pass");
    checked.insert(schema.to_owned());
    value
}

#[test]
fn what_is_printed_as_json_fits_its_schema() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let mut checked = BTreeSet::new();
    let mut check = |schema: &str, args: &[&str]| {
        let ended = payctl.run(args);
        ended.exits(0);
        fits(schema, &ended, &mut checked)
    };
    check("plan", &["plan", "--json"]);
    check("preflight", &["preflight", "--json"]);
    payctl.up();
    let stacks = check("stacks", &["stacks", "--json"]);
    assert_eq!(
        stacks["stacks"][0],
        json!({
            "name": "pci-core",
            "default": true,
            "description": stacks["stacks"][0]["description"],
        })
    );
    check("kinds", &["kinds", "--json"]);
    check("list", &["list", "--json", "--account"]);
    check("output", &["output", "--json"]);
    check("status", &["status", "--json"]);
    check("status", &["status", "--suffix", "nowhere", "--json"]);
    check("history", &["history", "--json"]);
    check("history", &["history", "show", "2", "--json"]);
    let timeline = check("timeline", &["timeline", "--json"]);
    let operations = timeline["operations"].as_array().unwrap();
    assert!(operations.iter().all(|one| one["status"] == "done"), "{timeline}");
    assert_eq!((&timeline["outcome"], &timeline["clock"]), (&json!("done"), &json!("of-aws")));
    let trace = payctl.folder().join("up.trace");
    payctl.run(&["timeline", "2", "--trace", trace.to_str().unwrap()]).shows("done in");
    let trace: Value = serde_json::from_slice(&std::fs::read(trace).unwrap()).unwrap();
    let slices = trace["traceEvents"].as_array().unwrap().iter().filter(|one| one["ph"] == "X");
    assert!(slices.count() >= operations.len());
    // It was measured how long creations take, and nothing was deleted yet.
    let durations = payctl.folder().join(".payctl/durations-endpoint.json");
    let durations: Value = serde_json::from_slice(&std::fs::read(durations).unwrap()).unwrap();
    let vpc = &durations["kinds"]["ec2.vpc"];
    assert_eq!((vpc["create"].as_array().unwrap().len(), &vpc["delete"]), (1, &json!(null)));
    payctl.run(&["plan", "--destroy", "--explain-time"]).shows("0 of 43 operations measured here");
    payctl.run(&["timeline", "1999"]).exits(1);
    check("state-check", &["state", "check", "--json"]);
    let list = check("state-list", &["state", "list", "--json"]);
    let show = check("state-show", &["state", "show", "ec2.vpc:main", "--json"]);
    let vpc = list["resources"].as_array().unwrap().iter();
    let vpc = vpc.clone().find(|one| one["address"] == "ec2.vpc:main").unwrap();
    assert_eq!((&vpc["name"], &vpc["arn"]), (&json!("payment-vpc-dev"), &show["outputs"]["arn"]));
    assert_eq!(vpc["id"], show["outputs"]["id"]);
    check("cost", &["cost", "--json"]);
    check("check", &["check", "--json"]);
    check("check", &["check", "--live", "--json"]);
    payctl.configure("[pci-core]\nmemory_mb = 1024\n");
    check("plan", &["plan", "--json"]);
    check("plan", &["plan", "--destroy", "--json"]);
    let stopped = payctl.run(&["sandbox", "status", "--json"]);
    fits("sandbox-status", &stopped, &mut checked);

    // People see name and ARN too.
    let ended = payctl.run(&["state", "list"]);
    ended.shows(&format!(
        "ec2.vpc:main {} {}",
        vpc["id"].as_str().unwrap(),
        vpc["arn"].as_str().unwrap()
    ));
    let ended = payctl.run(&["state", "show", "ec2.vpc:mian"]);
    ended.exits(1);
    ended.says("did you mean ec2.vpc:main?");
    payctl.run(&["state", "show", "ec2.vpc:main"]).shows("name payment-vpc-dev");

    // `shift` has a test of its own environment.
    checked.insert("shift".to_owned());
    // So have bundles of evidence, and the events of a run, of which each line is one.
    checked.insert("bundle".to_owned());
    checked.insert("events".to_owned());
    let schemas = std::fs::read_dir(root().join("docs/schema")).unwrap();
    let schemas = schemas.map(|entry| entry.unwrap().path());
    let schemas = schemas.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    assert_eq!(schemas.collect::<BTreeSet<_>>(), checked);
}

/// An answer of `payctl shift --json`; called where there is a load balancer.
#[track_caller]
pub(crate) fn shift_fits(ended: &Ended) -> Value {
    ended.exits(0);
    fits("shift", ended, &mut BTreeSet::new())
}
