//! What kinds say of themselves: pages, schemas, and that AWS's models say no less.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use payctl_engine::Reference;
use payctl_engine::input::resolve;
use payctl_stack::ALL;
use payctl_stack::config::Config;
use payctl_stack::parts::PARTS;
use payctl_tests::binary::Payctl;
use payctl_tests::emulator::{python, root};
use payctl_tests::world;
use serde_json::{Value, json};

/// Reads schemas and values by kind; prints what does not fit.
const FIT: &str = r#"
import json, sys
from jsonschema import Draft202012Validator
given = json.load(sys.stdin)
validators = {}
for kind, schema in given["schemas"].items():
    Draft202012Validator.check_schema(schema)
    validators[kind] = Draft202012Validator(schema)
for name, kind, value in given["values"]:
    for error in validators[kind].iter_errors(value):
        print(name, error.json_path, error.message)
"#;

/// What a Python program prints of what it is given.
fn printed(mut command: Command, given: &str) -> (bool, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

/// Where nobody answers.
fn alone() -> Payctl {
    Payctl::at("http://127.0.0.1:9", "dev")
}

fn kinds() -> Vec<Value> {
    let ended = alone().run(&["kinds", "--json"]);
    ended.exits(0);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    value["kinds"].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The pages of docs/kinds are what the kinds say; `PAYCTL_KINDS=write` writes them.
#[test]
fn pages_say_what_the_kinds_say() {
    let payctl = alone();
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kind in kinds() {
        let name = text(&kind["kind"]).to_owned();
        let service = name.split('.').next().unwrap().to_owned();
        services.entry(service).or_default().push(name);
    }
    let mut index = "# Kinds of resources\n\nWhat each is made of, and how it behaves: what \
                     `payctl explain` says. Made from the kinds themselves by \
                     `PAYCTL_KINDS=write cargo test … --test e2e -- kinds::pages`.\n\n"
        .to_owned();
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for (service, names) in &services {
        let ended = payctl.run(&["explain", service, "--markdown"]);
        ended.exits(0);
        pages.insert(format!("{service}.md"), ended.stdout);
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(index, "- [{service}]({service}.md): {}", names.join(", "));
    }
    let ended = payctl.run(&["explain", "part", "--markdown"]);
    ended.exits(0);
    pages.insert("part.md".to_owned(), ended.stdout);
    let names: Vec<String> = PARTS.iter().map(|part| format!("`part.{}`", part.name)).collect();
    let _ = writeln!(index, "\nWhat documents have as several of them at once:\n");
    let _ = writeln!(index, "- [Parts](part.md): {}", names.join(", "));
    pages.insert("index.md".to_owned(), index);
    let folder = root().join("docs/kinds");
    if std::env::var("PAYCTL_KINDS").is_ok_and(|asked| asked == "write") {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, page) in &pages {
            std::fs::write(folder.join(name), page).unwrap();
        }
    }
    let there = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let there: BTreeSet<String> = there.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(there, pages.keys().cloned().collect());
    for (name, page) in &pages {
        let written = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(written == *page, "docs/kinds/{name} is not what its kinds say: write it anew");
    }
}

/// A validator that nobody here wrote takes the schemas, and what the four systems declare by
/// them; and it refuses what a schema can see.
#[test]
fn schemas_fit_what_the_systems_declare_and_refuse_mistakes() {
    let kinds = kinds();
    let schemas: BTreeMap<&str, &Value> =
        kinds.iter().map(|kind| (text(&kind["kind"]), &kind["schema"])).collect();
    let mut values: Vec<Value> = Vec::new();
    for system in ALL.listed() {
        for posture in ["standard", "strict"] {
            let config = json!({ system.name: { "posture": posture } });
            let config: Config = serde_json::from_value(config).unwrap();
            let stack = world::system(system.name, &config);
            for declared in stack.resources() {
                // What is only known later is a text.
                let later = |reference: &Reference| {
                    Some(json!(format!("{}.{}", reference.address, reference.output)))
                };
                let known = resolve(&declared.properties, &later);
                let name = format!("{} {}", system.name, declared.address);
                values.push(json!([name, declared.address.kind(), known]));
            }
        }
    }
    assert!(values.len() > 600, "{}", values.len());
    let fit = |values: &[Value]| {
        let mut command = Command::new(python());
        command.args(["-c", FIT]);
        let given = json!({ "schemas": schemas, "values": values }).to_string();
        let (sound, said) = printed(command, &given);
        assert!(sound, "{said}");
        said
    };
    assert_eq!(fit(&values), "");
    let queue = json!({
        "name": "a", "visibility_timeout_s": 30, "retention_s": 60, "receive_wait_s": 0,
        "delay_s": 0, "max_message_bytes": 1024, "encryption": "managed", "tags": {},
    });
    let with = |name: &str, value: Value| {
        let mut queue = queue.clone();
        queue[name] = value;
        queue
    };
    let mut less = queue.clone();
    less.as_object_mut().unwrap().remove("delay_s");
    let mistakes = [
        ("unknown", with("visibility_timeout", json!(30))),
        ("missing", less),
        ("type", with("delay_s", json!("0"))),
        ("range", with("delay_s", json!(901))),
        ("pattern", with("name", json!("a queue"))),
        ("choice", with("encryption", json!("none"))),
        ("within", with("redrive", json!({ "dead_letter": "arn" }))),
        ("set", with("redrive_allow", json!(["a", "a"]))),
    ];
    for (name, value) in [("none", queue.clone())].into_iter().chain(mistakes) {
        let said = fit(&[json!([name, "sqs.queue", value])]);
        assert_eq!(said.is_empty(), name == "none", "{name}: {said}");
    }
}

/// What a kind takes is no more than what AWS's models take.
#[test]
fn constraints_are_no_wider_than_the_models() {
    let ended = alone().run(&["kinds", "--json"]);
    let check = |given: &str| {
        let mut command = Command::new(python());
        command.arg(root().join("scripts/constraints.py"));
        printed(command, given)
    };
    let (sound, said) = check(&ended.stdout);
    assert!(sound, "{said}");
    let compared = said.rsplit(' ').next().and_then(|count| count.trim().parse::<u32>().ok());
    assert!(compared.is_some_and(|count| count > 60), "{said}");
    // A planted one is found.
    let mut planted: Value = serde_json::from_str(&ended.stdout).unwrap();
    let kinds = planted["kinds"].as_array_mut().unwrap();
    let function = kinds.iter_mut().find(|kind| kind["kind"] == "lambda.function").unwrap();
    let properties = function["properties"].as_array_mut().unwrap();
    let timeout = properties.iter_mut().find(|property| property["name"] == "timeout_s").unwrap();
    timeout["range"] = json!([0, 5400]);
    let (sound, said) = check(&planted.to_string());
    assert!(!sound && said.contains("lambda.function timeout_s: range from 0"), "{said}");
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let payctl = alone();
    for (words, why) in [
        (["explain", "sqs.queu"], "did you mean `sqs.queue`?"),
        (["explain", "kms.key.polcy"], "did you mean `policy`?"),
        (["explain", "zebra"], "`payctl kinds` lists them"),
        (["schema", "sqs"], "there is no kind `sqs`"),
        (["explain", "part.buckt"], "did you mean `part.bucket`?"),
        (["explain", "part.bucket.lockdays"], "did you mean `lock_days`?"),
        (["explain", "part.zebra"], "`payctl explain part` lists them"),
    ] {
        let ended = payctl.run(&words);
        ended.exits(1);
        assert!(ended.stderr.contains(why), "{ended}");
    }
    let ended = payctl.run(&["explain", "sqs.queue.visibility_timeout_s"]);
    ended.exits(0);
    for said in ["whole number of seconds", "0 to 43200", "hidden from all others"] {
        assert!(ended.stdout.contains(said), "{ended}");
    }
    // A part: its parameters with type, default, unit and range, what they are made of, and what it makes.
    let ended = payctl.run(&["explain", "part.function"]);
    ended.exits(0);
    for said in [
        "memory_mb: whole number of MiB · 256 where nothing is said · 128 to 10240",
        "Its memory, which its share of a processor follows.",
        "may: list of `May`",
        "do = list of text: Actions, such as `sqs:SendMessage`.",
        "ec2.security_group: NAME, in a VPC",
    ] {
        assert!(ended.stdout.contains(said), "{ended}");
    }
    let ended = payctl.run(&["explain", "part.database"]);
    ended.shows("version: text · required");
    payctl.run(&["explain", "part.network"]).shows("vpc: the VPC's id");
    payctl.run(&["explain", "part.bucket.lock_days"]).shows("whole number of days");
    let listed = payctl.run(&["explain", "part"]);
    for part in PARTS {
        assert!(listed.stdout.contains(&format!("part.{} ", part.name)), "{listed}");
    }
}

/// The table of parts in the page on documents has each of them with what it needs.
#[test]
fn the_page_on_documents_has_every_part_with_what_it_needs() {
    let page = std::fs::read_to_string(root().join("docs/documents.md")).unwrap();
    let row = |part: &str| {
        let begin = format!("| `{part}` |");
        let line = page.lines().find(|line| line.starts_with(&begin));
        let cells = line.unwrap_or_else(|| panic!("there is no row of {part}"));
        cells.split('|').nth(2).unwrap().trim().to_owned()
    };
    for part in PARTS {
        let schema = part.schema();
        let required = schema["required"].as_array().into_iter().flatten().map(text);
        let required: BTreeSet<&str> = required.collect();
        let said = row(part.name);
        let named: BTreeSet<&str> = said.split('`').skip(1).step_by(2).collect();
        match part.name {
            // One of the two, which a schema does not say.
            "function" => assert_eq!(named, BTreeSet::from(["handler", "zip"])),
            name => assert_eq!(named, required, "{name}"),
        }
    }
}
