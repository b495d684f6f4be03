//! `--json` of `up` and `destroy`: a stream of events, one object a line, as its schema says.

use std::io::Write as _;
use std::process::{Command, Stdio};

use payctl_tests::binary::{Ended, Payctl, changing_calls, reset};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server, python, root};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};
use serde_json::{Value, json};

/// Reads lines and prints what the schema has against each.
const VALIDATE: &str = "\
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for line in sys.stdin:
    for error in validator.iter_errors(json.loads(line)):
        print(line.strip(), error.message)
";

/// What the schema has against these lines.
fn misfits(lines: &str) -> String {
    let schema = root().join("docs/schema/events.json");
    let mut validator = Command::new(python())
        .args(["-c", VALIDATE])
        .arg(schema)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    validator.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let answer = validator.wait_with_output().unwrap();
    assert!(answer.status.success(), "the schema was not used");
    String::from_utf8(answer.stdout).unwrap()
}

/// The events of a run, each as the schema says; with a key more none of them would be.
#[track_caller]
fn events(ended: &Ended) -> Vec<Value> {
    assert_eq!(misfits(&ended.stdout), "", "{ended}");
    let other: String =
        ended.stdout.lines().map(|line| line.replacen('{', "{\"other\":1,", 1) + "\n").collect();
    let sorts = misfits(&other).lines().count();
    assert!(sorts >= ended.stdout.lines().count(), "the schema lets everything pass");
    let events: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, last) = (&events[0], &events[events.len() - 1]);
    assert_eq!((&first["type"], &first["format"]), (&json!("run"), &json!(1)), "{ended}");
    assert_eq!(last["type"], "outcome", "{ended}");
    assert_eq!(last["exit_code"], json!(ended.code), "{ended}");
    let times: Vec<&str> = events.iter().map(|event| event["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{ended}");
    events
}

fn of<'a>(events: &'a [Value], sort: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["type"] == sort)
}

#[test]
fn a_program_is_told_all_that_people_are() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let up = payctl.run(&["up", "--yes", "--json"]);
    up.exits(0);
    let events_of_up = events(&up);
    let run = &events_of_up[0];
    for (name, value) in [
        ("command", "up"),
        ("stack", "pci-core"),
        ("suffix", "dev"),
        ("account", "123456789012"),
        ("region", "us-east-1"),
    ] {
        assert_eq!(run[name], value);
    }
    let plan = &events_of_up[1];
    let steps = plan["changes"].as_array().unwrap().len();
    assert_eq!(plan["counts"]["create"], json!(steps));
    for sort in ["started", "finished"] {
        assert_eq!(of(&events_of_up, sort).count(), steps, "{sort}");
    }
    // What is told of a resource comes in its order.
    for change in plan["changes"].as_array().unwrap() {
        let address = &change["address"];
        let sorts: Vec<&str> = events_of_up
            .iter()
            .filter(|event| event["address"] == *address)
            .map(|event| event["type"].as_str().unwrap())
            .collect();
        assert_eq!(sorts.first(), Some(&"started"), "{address}");
        assert_eq!(sorts.last(), Some(&"finished"), "{address}: {sorts:?}");
    }
    let last = &events_of_up[events_of_up.len() - 1];
    assert_eq!(last["result"], "done");
    assert_eq!(last["steps"]["done"], json!(steps));
    let outputs = payctl.run(&["output", "--json"]).stdout;
    assert_eq!(last["outputs"], serde_json::from_str::<Value>(&outputs).unwrap());
    // People are told how it ended, and no more.
    assert!(up.stderr.starts_with("done: up") && up.stderr.lines().count() == 1, "{up}");

    // Nothing to do is an outcome too.
    let again = payctl.run(&["up", "--yes", "--json"]);
    again.exits(0);
    let events_again = events(&again);
    assert_eq!(events_again.len(), 3, "{again}");
    assert_eq!(events_again[2]["outputs"], last["outputs"]);
    assert_eq!(again.stderr, "");

    let destroy = payctl.run(&["destroy", "--yes", "--json"]);
    destroy.exits(0);
    let events = events(&destroy);
    assert_eq!(events[0]["command"], "destroy");
    assert_eq!(of(&events, "finished").count(), steps);
    assert!(of(&events, "finished").all(|event| event["phase"] == "delete"));
}

#[tokio::test]
async fn what_goes_wrong_is_an_outcome() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");

    // Without an approval there is nobody to ask.
    let ended = payctl.run(&["up", "--json"]);
    ended.exits(1);
    ended.says("--yes");
    assert_eq!(ended.stdout, "");
    assert_eq!(changing_calls(&server), [].into());

    // A call that fails, and what was to come after it.
    const DENIED: Fate = Fate::Refuse(Refusal::Code("AccessDenied"));
    proxy.set(&Rule::Each(&[("POST /2015-03-31/functions", DENIED)]));
    let failed = payctl.run(&["up", "--yes", "--json"]);
    failed.exits(1);
    let all = events(&failed);
    let [failure] = of(&all, "failed").collect::<Vec<_>>()[..] else { panic!("{failed}") };
    assert_eq!(failure["failure"]["code"], "AccessDenied");
    assert_eq!(failure["failure"]["operation"], "CreateFunction", "{failed}");
    assert!(of(&all, "skipped").all(|event| event["because"] == failure["address"]));
    let last = &all[all.len() - 1];
    assert_eq!(last["error"]["message"], "1 step failed");
    let steps = &last["steps"];
    assert_eq!(steps["failed"], 1);
    assert_eq!(steps["not_started"], json!(of(&all, "skipped").count()));
    proxy.set(&Rule::Nothing);
    payctl.destroy();

    // A refused plan.
    reset(&server);
    let aws = clients(&server).await;
    let name = "payment-files-dev-123456789012";
    aws.s3.create_bucket().bucket(name).send().await.unwrap();
    let refused = payctl.run(&["up", "--yes", "--json"]);
    refused.exits(1);
    let all = events(&refused);
    assert_eq!(all.len(), 3, "{refused}");
    assert_eq!(all[1]["refusals"][0]["address"], "s3.bucket:files");
    assert!(all[2].get("steps").is_none(), "{refused}");
    refused.says("resource is refused, nothing was changed");
}

#[test]
fn a_run_that_is_stopped_or_locked_out_says_so() {
    let server = Server::start_slow(10);
    let payctl = Payctl::new(&server);
    let first = payctl.start(&["up", "--yes", "--json"]);
    let began = std::time::Instant::now();
    let told = |sort: &str| first.stdout().contains(&format!("\"type\":\"{sort}\""));
    while !told("waiting") {
        assert!(began.elapsed().as_secs() < 60, "nothing waits");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let second = payctl.run(&["up", "--yes", "--json"]);
    second.exits(3);
    let locked = events(&second);
    assert_eq!(locked.len(), 2, "{second}");
    assert_eq!(locked[1]["result"], "failed");

    // Nothing of it is begun yet.
    let waiting = payctl.start(&["up", "--yes", "--json", "--lock-timeout", "60"]);
    while !waiting.stdout().contains("\"type\":\"run\"") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    waiting.signal("INT");
    let waiting = waiting.end();
    waiting.exits(130);
    assert_eq!(events(&waiting)[1]["result"], "interrupted");

    first.signal("INT");
    let first = first.end();
    first.exits(130);
    let all = events(&first);
    assert_eq!(of(&all, "stopping").count(), 1);
    let last = &all[all.len() - 1];
    assert_eq!(last["result"], "interrupted");
    let steps = &last["steps"];
    let sum = ["done", "failed", "unfinished", "not_started"]
        .iter()
        .map(|part| steps[part].as_u64().unwrap());
    assert_eq!(json!(sum.sum::<u64>()), steps["all"], "{last}");
    assert!(steps["unfinished"].as_u64() > Some(0), "{last}");
}
