//! Stacks of one's own: the examples, from their first plan to their end, and what goes wrong.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use payctl_aws::Aws;
use payctl_engine::Action;
use payctl_tests::binary::{Ended, Payctl, Run, differences};
use payctl_tests::cloud::{clients, difference, everything};
use payctl_tests::emulator::{Emulator, Server, python, root};
use payctl_tests::proxy::{Fate, Proxy, Rule};
use serde_json::{Value, json};

use crate::transcripts::Shown;

/// Where nobody answers.
fn alone() -> Payctl {
    Payctl::at("http://127.0.0.1:9", "dev")
}

fn example(name: &str) -> String {
    std::fs::read_to_string(root().join("examples").join(format!("{name}.stack.toml"))).unwrap()
}

/// Changes something by hand: how long a log is kept, or whether a bucket keeps versions.
async fn change_by_hand(aws: &Aws) -> &'static str {
    let groups = aws.logs.describe_log_groups().send().await.unwrap();
    let ours = groups.log_groups().iter().filter(|group| group.retention_in_days().is_some());
    if let Some(name) = ours.filter_map(|group| group.log_group_name()).next() {
        let request = aws.logs.put_retention_policy().log_group_name(name).retention_in_days(3);
        request.send().await.unwrap();
        return "retention_days";
    }
    let buckets = aws.s3.list_buckets().send().await.unwrap();
    let name = buckets.buckets()[0].name().unwrap();
    let suspended = aws_sdk_s3::types::VersioningConfiguration::builder()
        .status(aws_sdk_s3::types::BucketVersioningStatus::Suspended)
        .build();
    let request = aws.s3.put_bucket_versioning().bucket(name);
    request.versioning_configuration(suspended).send().await.unwrap();
    "versioning"
}

/// One life: planned, made by the operator that payctl's own policy describes, killed half way, made
/// again, found unchanged, changed by hand and mended, changed by a line more, destroyed. Nothing is
/// there twice, and in the end nothing at all.
async fn lives(name: &str) {
    lives_once_made(name, |payctl| {
        payctl.up();
    })
    .await;
}

/// The same, where something else makes it first.
async fn lives_once_made(name: &str, up: impl FnOnce(&Payctl)) {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev").of_document(name, None);
    let payctl = payctl.under_its_own_policy(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    let plan = payctl.plan();
    assert!(plan.refusals.is_empty(), "{name}: {:?}", plan.refusals);
    let count = plan.steps.len();

    proxy.set(&Rule::Nothing);
    up(&payctl);
    payctl.is_as_declared();
    let all = everything(&aws).await;
    let calls = proxy.calls().iter().filter(|call| call.changing).count();
    let by_hand = change_by_hand(&aws).await;
    let drifted = payctl.plan();
    let found = differences(&drifted).join("\n");
    assert!(found.contains(by_hand), "{name}: {found}");
    payctl.up();
    payctl.is_as_declared();
    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0], "{name}");

    // Killed when half of the calls have been made, the one at hand included.
    let nth = (calls / 2) as u64;
    proxy.set(&Rule::At { nth, fate: Fate::Kill { applied: true } });
    let run = payctl.start(&["up", "--yes"]);
    proxy.victim(run.pid());
    let killed = run.end();
    assert_eq!(killed.code, None, "{name}: {killed}");
    proxy.set(&Rule::Nothing);
    payctl.up();
    payctl.is_as_declared();
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0], "{name} after a kill");

    // One line more.
    let mut more = example(name);
    let _ = write!(more, "\n[ssm.parameter.more]\nvalue = \"more\"\n");
    let payctl = payctl.of_document(name, Some(&more));
    // The operator's policy is of the document as it was.
    payctl.run(&["up", "--yes"]).exits(1);
    let payctl = payctl.under_its_own_policy(&server);
    let plan = payctl.plan();
    let steps = plan.steps.iter().filter(|step| step.action != Action::Keep);
    let made: Vec<&str> = steps.map(|step| step.address.as_str()).collect();
    assert_eq!(made, ["ssm.parameter:more"], "{name}");
    payctl.up();
    payctl.is_as_declared();
    let listed = payctl.run(&["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["environments"][0]["stack"], *name);
    assert!(listed["environments"][0]["resources"].as_u64().unwrap() as usize >= count);
    // Whoever forgets the document is told of it.
    let mut without = payctl.command(&["list", "--json"]);
    without.env_remove("PAYCTL_STACK_FILE");
    let listed: Value = serde_json::from_str(&Run::start(without).end().stdout).unwrap();
    assert_eq!(listed["environments"][0]["stack"], *name);
    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0], "{name} in the end");
}

#[tokio::test]
async fn a_static_site_lives() {
    lives("static-site").await;
}

#[tokio::test]
async fn a_queue_worker_lives() {
    lives("queue-worker").await;
}

#[tokio::test]
async fn a_rest_api_lives() {
    lives("rest-api").await;
}

#[tokio::test]
async fn three_tiers_live() {
    lives("three-tiers").await;
}

#[tokio::test]
async fn a_shop_of_parts_lives() {
    let options = "--suffix dev --stack-file shop.stack.toml";
    // Controls that nobody gives up for it, as they are for the systems, fail.
    let shown = |payctl: &Payctl| Shown { payctl, name: "shop", options, check: 6 }.stands();
    lives_once_made("shop", shown).await;
}

#[tokio::test]
async fn refunds_beside_pci_core_live() {
    lives("refunds").await;
}

#[tokio::test]
async fn a_smaller_migration_lives() {
    lives("migration-small").await;
}

/// What a program prints is a document like any other.
#[tokio::test]
async fn a_thousand_queues_come_from_a_program() {
    let program = root().join("examples/queues.py");
    let made = Command::new(python()).arg(program).output().unwrap();
    assert!(made.status.success());
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let piped = |args: &[&str]| -> Ended {
        let mut command = payctl.command(args);
        command.args(["--stack-file", "-"]).stdin(Stdio::piped());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &made.stdout).unwrap();
        command.stdin(std::fs::File::open(file.path()).unwrap());
        Run::start(command).end()
    };
    let planned = piped(&["plan", "--json"]);
    planned.exits(0);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let queues = plan["steps"].as_array().unwrap().iter();
    let queues = queues.filter(|step| step["address"].as_str().unwrap().starts_with("sqs.queue:"));
    assert_eq!(queues.count(), 1000);
    // A question cannot be answered where the document comes from.
    let asked = piped(&["up"]);
    asked.exits(1);
}

const MISTAKES: &str = "\
name = \"refunds\"
description = 7

[sqs.queue.refunds]
visibility_timeout = 120
retention_s = \"14d\"

[outputs]
url = \"${sqs.queue:refund.url}\"
";

/// Every mistake is shown with its place before anything is asked of AWS, at every width.
#[test]
fn mistakes_are_shown_where_they_are() {
    let payctl = alone().of_document("refunds", Some(MISTAKES));
    let ended = payctl.run(&["plan"]);
    ended.exits(1);
    let expected = "\
error: `description` has to be a text
 --> FILE:2:15
  |
2 | description = 7
  |               ^ this is a whole number

error: sqs.queue:refunds has no property `visibility_timeout`
 --> FILE:5:1
  |
5 | visibility_timeout = 120
  | ^^^^^^^^^^^^^^^^^^ did you mean `visibility_timeout_s`?

error: `retention_s` of sqs.queue:refunds has to be a whole number
 --> FILE:6:15
  |
6 | retention_s = \"14d\"
  |               ^^^^^ this is a text

error: there is no sqs.queue:refund in this stack
 --> FILE:9:8
  |
9 | url = \"${sqs.queue:refund.url}\"
  |        ^^^^^^^^^^^^^^^^^^^^^^^ did you mean `sqs.queue:refunds`?

error: FILE has 4 mistakes
  hint: nothing was asked of AWS
";
    let folder = payctl.folder().join("refunds.stack.toml");
    assert_eq!(ended.stderr.replace(folder.to_str().unwrap(), "FILE"), expected);
}

#[test]
fn what_cannot_be_read_is_told() {
    let payctl = alone();
    let plan = |args: &[&str]| {
        let ended = payctl.run(&[&["plan"], args].concat());
        ended.exits(1);
        ended
    };
    plan(&["--stack-file", "none.toml"]).says("failed to read the stack document none.toml");
    std::fs::write(payctl.folder().join("latin.toml"), b"name = \"caf\xe9\"").unwrap();
    plan(&["--stack-file", "latin.toml"]).says("a document is UTF-8");
    std::fs::write(payctl.folder().join("large.toml"), vec![b'#'; 10 << 20]).unwrap();
    plan(&["--stack-file", "large.toml"]).says("more than 4 MB");
    plan(&["--stack-file", "."]).says("failed to read the stack document");
    plan(&["--set", "a=1"]).says("there is no stack document");
    payctl.configure("[parameters]\na = 1\n");
    plan(&[]).says("there is no stack document");
    std::fs::write(payctl.folder().join("a.toml"), "name = \"a\"\n[sqs.queue.q]\n").unwrap();
    plan(&["--stack-file", "a.toml", "--stack", "migration"]).says("is not the document's stack");
    plan(&["--stack-file", "a.toml"])
        .says("[parameters] of the configuration gives `a`, which is no parameter of a");
    let with_zip = "name = \"a\"\n[part.function.f]\nzip = \"f.zip\"\n";
    std::fs::write(payctl.folder().join("a.toml"), with_zip).unwrap();
    payctl.configure("");
    plan(&["--stack-file", "a.toml"]).says("cannot use the zip");
    std::fs::write(payctl.folder().join("f.zip"), "no zip").unwrap();
    plan(&["--stack-file", "a.toml"]).says("it is not a zip");
}

/// What is there can be looked at and deleted whatever has become of its document, and of nothing else is
/// it said that there is nothing.
#[tokio::test]
async fn a_document_that_is_wrong_or_lost_keeps_nobody_from_deleting() {
    let text = "name = \"gone\"\n[parameter.n]\ntype = \"integer\"\n[sqs.queue.q]\n\
                retention_s = \"${param.n}\"\n[outputs]\nurl = \"${sqs.queue:q.url}\"\n";
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    let payctl = Payctl::new(&server).of_document("gone", Some(text));
    payctl.run(&["up", "--yes", "--set", "n=60"]).exits(0);
    for words in [&["output"][..], &["list"], &["history"], &["state", "list"]] {
        let ended = payctl.run(words);
        ended.exits(0);
        assert!(!ended.stdout.is_empty(), "{ended}");
    }
    // To make something of it takes the value.
    payctl.run(&["plan"]).says("the parameter `n` has no value");
    payctl.run(&["destroy", "--yes"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);

    payctl.run(&["up", "--yes", "--set", "n=60"]).exits(0);
    let without = |args: &[&str]| {
        let mut command = payctl.command(args);
        command.env_remove("PAYCTL_STACK_FILE");
        Run::start(command).end()
    };
    let unnamed = without(&["destroy", "--yes"]);
    unnamed.exits(1);
    unnamed.says("gone dev is of a stack document");
    let up = without(&["up", "--yes", "--stack", "gone"]);
    up.exits(1);
    up.says("name it with --stack-file");
    without(&["output", "--stack", "gone"]).shows("q-dev");
    let planned = without(&["plan", "--destroy", "--stack", "gone"]);
    planned.exits(0);
    planned.shows("3 to delete");
    planned.says("--stack gone");
    without(&["destroy", "--yes", "--stack", "gone"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

/// Whoever names a system beside a document that the configuration names gets commands that do so too.
#[tokio::test]
async fn a_system_that_is_named_stays_named() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    payctl.configure("stack_file = \"a.toml\"\n");
    std::fs::write(payctl.folder().join("a.toml"), "name = \"a\"\n[sqs.queue.q]\n").unwrap();
    let planned = payctl.run(&["plan", "--stack", "pci-core"]);
    planned.exits(0);
    planned.shows("pci-core dev");
    planned.says("--stack pci-core");
    payctl.run(&["plan"]).shows("a dev");
}

/// A program with a system of its own is a whole payctl.
#[tokio::test]
async fn a_system_of_ones_own_has_the_whole_command_line() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    let payctl = Payctl::new(&server);
    let own = |args: &[&str]| {
        let of_payctl = payctl.command(args);
        let mut command = Command::new(root().join("target/debug/examples/webhooks"));
        command.args(args).current_dir(payctl.folder()).stdin(Stdio::null()).env_clear();
        for (name, value) in of_payctl.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        Run::start(command).end()
    };
    own(&["stacks"]).shows("webhooks");
    let planned = own(&["plan"]);
    planned.exits(0);
    planned.shows("webhooks dev");
    own(&["up", "--yes"]).exits(0);
    own(&["plan"]).shows("no changes: 5 resources match the configuration");
    own(&["output", "--raw", "queue_url"]).shows("webhooks-dev");
    own(&["destroy", "--yes"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

/// `payctl init` begins what can be planned at once, and writes nothing over.
#[tokio::test]
async fn a_first_document_is_begun() {
    let server = Server::start(Emulator::Sandbox);
    for extends in
        [None, Some("pci-core"), Some("secure-api"), Some("cost-optimized"), Some("migration")]
    {
        let payctl = Payctl::new(&server);
        let more = extends.iter().flat_map(|system| ["--extends", system]);
        let words: Vec<&str> = ["init", "refunds"].into_iter().chain(more).collect();
        payctl.run(&words).exits(0);
        let again = payctl.run(&words);
        again.exits(1);
        again.says("it is there already");
        let plan = payctl.plan();
        assert!(plan.refusals.is_empty() && plan.steps.len() >= 3, "{extends:?}");
    }
    let payctl = Payctl::new(&server);
    payctl.run(&["init", "Refunds"]).says("is no name of a stack");
    payctl.run(&["init", "migration"]).says("is a system of payctl's");
    payctl.run(&["init", "x", "--extends", "pci"]).says("available: pci-core");
}

/// Reads a schema and documents; prints for each whether it is refused.
const VALIDATE: &str = r"
import json, sys, tomllib
from jsonschema import Draft202012Validator
given = json.load(sys.stdin)
Draft202012Validator.check_schema(given['schema'])
validator = Draft202012Validator(given['schema'])
print(json.dumps([[error.json_path + ': ' + error.message[:200] for error in validator.iter_errors(tomllib.loads(text))]
                  for text in given['documents']]))
";

fn validated(what: &str, documents: &[String]) -> Vec<Vec<String>> {
    let ended = alone().run(&["schema", what]);
    ended.exits(0);
    let schema: Value = serde_json::from_str(&ended.stdout).unwrap();
    let mut command = Command::new(python());
    let mut child = command
        .args(["-c", VALIDATE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let given = json!({ "schema": schema, "documents": documents }).to_string();
    child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A validator that nobody here wrote takes the examples, and refuses what a schema can see.
#[test]
fn the_schema_takes_the_examples_and_refuses_mistakes() {
    let names = [
        "static-site",
        "queue-worker",
        "rest-api",
        "three-tiers",
        "refunds",
        "migration-small",
        "shop",
    ];
    let examples = names.map(example);
    for (name, errors) in names.iter().zip(validated("stack", &examples)) {
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
    let queue = |line: &str| format!("name = \"a\"\n[sqs.queue.q]\n{line}\n");
    let mistakes = [
        "[sqs.queue.q]\n".to_owned(),
        "name = \"A\"\n".to_owned(),
        "name = \"a\"\nextends = \"pci\"\n".to_owned(),
        "name = \"a\"\n[sqs.queues.q]\n".to_owned(),
        "name = \"a\"\n[storage.x.y]\n".to_owned(),
        queue("visibility_timeout = 1"),
        queue("retention_s = \"14d\""),
        queue("retention_s = 30"),
        queue("name = \"a b\""),
        queue("encryption = \"none\""),
        queue("redrive = { dead_letter = \"x\", max_recieves = 1 }"),
        "name = \"a\"\n[dynamodb.table.t]\n".to_owned(),
        "name = \"a\"\n[part.function.f]\nmemory = 1\n".to_owned(),
        "name = \"a\"\n[parameter.p]\ntype = \"int\"\n".to_owned(),
    ];
    for (document, errors) in mistakes.iter().zip(validated("stack", &mistakes)) {
        assert!(!errors.is_empty(), "{document}");
        let ours = alone().of_document("a", Some(document)).run(&["plan"]);
        ours.exits(1);
        ours.says("mistake");
    }
    // What a reference or a parameter stands for is taken.
    let taken = [
        queue("retention_s = \"${param.n}\"\nname = \"x ${suffix}\"\nafter = [\"a.b:c\"]"),
        queue("without = [\"policy\"]\ntags = { a = \"b\" }"),
    ];
    assert_eq!(validated("stack", &taken), [Vec::<String>::new(), Vec::new()]);
    // The configuration has one, too.
    let fine = "stack = \"migration\"\nprotected = [\"prod\"]\n[pci-core]\nnat = \"per-zone\"\nmemory_mb = 512\n";
    let found = validated("config", &[fine.to_owned(), "[pci-core]\nmemory = 1\n".to_owned()]);
    assert!(found[0].is_empty() && !found[1].is_empty(), "{found:?}");
}

/// A run of a document is as safe as any other beside a second one and before a signal.
#[tokio::test]
async fn a_second_run_waits_and_an_interrupted_one_resumes() {
    let server = Server::start_with(Emulator::Sandbox, &["--time-scale", "200"]);
    let payctl = Payctl::new(&server).of_document("three-tiers", None);
    let mut first = payctl.start(&["up", "--yes"]);
    first.says("created   ec2.vpc:main");
    let second = payctl.run(&["up", "--yes"]);
    second.exits(3);
    first.signal("INT");
    let ended = first.end();
    ended.exits(130);
    assert!(ended.took < Duration::from_secs(120));
    let planned = payctl.run(&["plan"]);
    planned.shows("creation was interrupted and will be completed");
    payctl.up();
    payctl.is_as_declared();
    payctl.destroy();
}

/// A document of which a part cannot be declared any more is no document of nothing: that would delete
/// everything.
#[test]
fn another_zone_is_added_and_what_cannot_be_declared_deletes_nothing() {
    let server = Server::start(Emulator::Sandbox);
    let text = |zones: usize| {
        format!(
            "name = \"net\"\n\n[part.network.main]\ncidr = \"10.9.0.0/16\"\nzones = {zones}\n\
             flow_log = false\nendpoints = []\n\n[part.egress.main]\n\
             vpc = \"${{part.network:main.vpc}}\"\npublic = \"${{part.network:main.free}}\"\n\
             tables = \"${{part.network:main.private_tables}}\"\ngateways = \"one\"\n"
        )
    };
    let payctl = Payctl::new(&server).of_document("net", Some(&text(2)));
    payctl.up();
    let file = payctl.folder().join("net.stack.toml");
    std::fs::write(&file, text(3)).unwrap();
    let plan = payctl.plan();
    let counts = plan.counts();
    assert_eq!((counts.delete, counts.replace), (0, 0), "{:?}", differences(&plan));
    assert!(counts.create >= 3, "a subnet, its table and its association: {counts:?}");
    payctl.up();
    payctl.is_as_declared();
    std::fs::write(&file, text(4).replace("\"one\"", "\"none\"")).unwrap();
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("no way out");
    payctl.destroy();
}
