//! What the four systems declare, held to files that are read in review: `declarations/SYSTEM.txt` has
//! everything that is declared by default, and what each parameter, and what is found of an account,
//! changes of that. `PAYCTL_DECLARATIONS=write` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use payctl_aws::questions::{API_LOG_ROLE, DETECTOR, Detector, IMAGE, PREFIX_LISTS, RECORDER};
use payctl_aws::{Arn, CodeSha256, Recorder, Tags, Zone};
use payctl_engine::{Stack, input};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::{Context, Discovered, SYSTEMS, Suffix, System};

/// No text of a declaration has it in it by chance.
const SUFFIX: &str = "qa7";
const REGION: &str = "us-east-1";
/// What fits on one line.
const WIDTH: usize = 160;

/// Where a system is declared, as far as it matters.
struct Place {
    region: &'static str,
    partition: &'static str,
    found: fn(Discovered) -> Discovered,
    tags: Tags,
    boundary: Option<Arn>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            region: REGION,
            partition: "aws",
            found: |found| found,
            tags: Tags::new(),
            boundary: None,
        }
    }
}

/// What is found of the accounts that systems are in, and what the configuration says of all.
fn places() -> Vec<(&'static str, Place)> {
    let of = Place::default;
    vec![
        ("in eu-central-1", Place { region: "eu-central-1", ..of() }),
        ("in China", Place { region: "cn-north-1", partition: "aws-cn", ..of() }),
        (
            "API Gateway has a role of the account's",
            Place {
                found: |found| {
                    found.with(API_LOG_ROLE, &Some(Arn::from("arn:aws:iam::123456789012:role/own")))
                },
                ..of()
            },
        ),
        ("nothing is found", Place { found: |found| Discovered::new(found.zones), ..of() }),
        (
            "AWS Config's recorder is stopped",
            Place {
                found: |found| found.with(RECORDER, &Recorder::Stopped("default".to_owned())),
                ..of()
            },
        ),
        (
            "GuardDuty's detector is the account's",
            Place {
                found: |found| {
                    let id = "d1".to_owned();
                    found.with(DETECTOR, &Detector::Other { id, enabled: true })
                },
                ..of()
            },
        ),
        (
            "GuardDuty's detector is suspended",
            Place {
                found: |found| {
                    let id = "d1".to_owned();
                    found.with(DETECTOR, &Detector::Other { id, enabled: false })
                },
                ..of()
            },
        ),
        (
            "GuardDuty cannot be asked",
            Place {
                found: |found| found.with(DETECTOR, &Detector::Unknown("denied".to_owned())),
                ..of()
            },
        ),
        (
            "permissions_boundary",
            Place { boundary: Some("arn:aws:iam::123456789012:policy/most".into()), ..of() },
        ),
        (
            "tags",
            Place {
                tags: [("Team", "pay"), ("managedby", "us")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                ..of()
            },
        ),
    ]
}

fn declared(system: &System, suffix: &str, set: &Value, place: &Place) -> Stack {
    let config: Config = serde_json::from_value(json!({ system.name: set })).unwrap();
    config.check().unwrap_or_else(|error| panic!("{error}: say another value in `values`"));
    let zones = ["a", "b", "c"].iter().take(system.zones);
    let zones = zones.map(|zone| Zone::from(format!("{}{zone}", place.region))).collect();
    let lists = [("s3", "pl-1"), ("dynamodb", "pl-2")];
    let lists: BTreeMap<String, payctl_aws::ec2::PrefixListId> =
        lists.map(|(service, id)| (service.to_owned(), id.into())).into();
    let found = Discovered::new(zones)
        .with(PREFIX_LISTS, &lists)
        .with(IMAGE, &"ami-1".into())
        .with(RECORDER, &Recorder::Recording("default".to_owned()))
        .with(payctl_aws::questions::ENGINE_VERSION, &"16.11".to_owned());
    let handlers = system.handlers.iter();
    let handlers =
        handlers.map(|name| ((*name).to_owned(), CodeSha256::from(format!("{name}-code"))));
    let suffix: Suffix = suffix.parse().unwrap();
    let stack = system.declare(
        &Context {
            suffix: &suffix,
            account: "123456789012",
            region: place.region,
            partition: place.partition,
            found: &(place.found)(found),
            handlers: &handlers.collect(),
            tags: &place.tags,
            permissions_boundary: place.boundary.as_ref(),
        },
        &config,
    );
    stack.check().unwrap();
    stack
}

/// Values of a parameter besides its default; of several ones where one alone does not fit.
fn values(name: &str, default: &Value) -> Vec<Value> {
    let one = |value: Value| json!({ name: value });
    let subnets = |first: u8| {
        let count = default.as_array().unwrap().len();
        let nets = (first..).take(count).map(|third| format!("10.0.{third}.0/24"));
        vec![one(nets.collect())]
    };
    match name {
        "posture" => vec![],
        "network" => vec![one(json!("10.0.0.0/17"))],
        "private_subnets" => subnets(40),
        "public_subnets" => subnets(50),
        "database_subnets" => subnets(60),
        "nat" => ["none", "one", "per-zone"].map(|nat| one(json!(nat))).into(),
        "alert_email" => vec![one(json!("pay@example.org"))],
        "alert_topic_arn" => vec![one(json!("arn:aws:sns:us-east-1:123456789012:alerts"))],
        "architecture" => ["x86_64", "arm64"].map(|name| one(json!(name))).into(),
        "authorization" => vec![one(json!("iam"))],
        "log_retention_days" => vec![one(json!(60)), one(json!(731))],
        "reserved_concurrency" => [0, 1, 13].map(|number| one(json!(number))).into(),
        "secret_readers" => vec![one(json!(["arn:aws:iam::123456789012:role/reader"]))],
        "instance_type" => vec![one(json!("t4g.medium"))],
        "batch_size" => vec![one(json!(9))],
        "dead_letter_retention_days" => vec![one(json!(13))],
        "timeout_s" => vec![one(json!(29))],
        "image" => vec![one(json!("ami-0123456789abcdef0"))],
        "instances_min" => vec![one(json!(2))],
        "database_version" => vec![one(json!("17")), one(json!("17.5"))],
        "database_class" => vec![one(json!("db.t4g.medium"))],
        "database_readers" => [0, 1, 4].map(|number| one(json!(number))).into(),
        "cors_origins" => vec![one(json!(["https://shop.example"]))],
        "minimum_amount" => vec![one(json!("1"))],
        "maximum_amount" => vec![one(json!("100"))],
        "currencies" => vec![one(json!(["JPY"]))],
        "velocity_weight" => vec![json!({ name: 50, "amount_weight": 20 })],
        "amount_weight" => vec![json!({ name: 50, "history_weight": 10 })],
        "history_weight" => vec![json!({ name: 50, "velocity_weight": 20 })],
        "certificate_arn" => {
            vec![one(json!("arn:aws:acm:us-east-1:123456789012:certificate/pay"))]
        }
        "domain" => vec![one(json!("pay.example.org"))],
        "green_weight" => vec![one(json!(0)), one(json!(100))],
        _ => match default {
            Value::Bool(is) => vec![one(json!(!is))],
            Value::Number(number) if number.is_u64() => {
                vec![one(json!(number.as_u64().unwrap() + 1))]
            }
            Value::Number(number) => vec![one(json!(number.as_f64().unwrap() + 1.5))],
            _ => panic!("say which values `{name}` is to be tried with"),
        },
    }
}

/// What is declared, by address and the path within it.
type Lines = BTreeMap<(String, String), String>;

fn lines(stack: &Stack) -> Lines {
    let mut all = Lines::new();
    for one in stack.resources() {
        let of = one.address.as_str();
        let Value::Object(properties) = readable(&one.properties) else { panic!("{of}") };
        for (name, mut value) in properties {
            // What is deployed is the API's resources once more, which have lines of their own.
            if let ("content", Value::Object(content)) = (name.as_str(), &value) {
                value = content.keys().cloned().collect();
            }
            if let Value::Object(tags) = &mut value {
                shorten(tags, &stack.suffix);
            }
            flatten(&mut all, of, &name, &value);
        }
        if !one.after.is_empty() {
            flatten(&mut all, of, "(after)", &json!(one.after));
        }
    }
    for (name, value) in stack.outputs() {
        flatten(&mut all, "outputs", name, &readable(value));
    }
    for note in stack.notes() {
        all.insert(("notes".to_owned(), note.clone()), String::new());
    }
    all
}

/// Leaves out the tags that almost everything carries beside its name.
fn shorten(tags: &mut Map<String, Value>, suffix: &str) {
    let usual = [
        ("ComplianceScope", "PCI-DSS"),
        ("DataClassification", "HighlyConfidential"),
        ("Environment", suffix),
        ("ManagedBy", "payctl"),
    ];
    if usual.iter().all(|(tag, is)| tags.get(*tag).is_some_and(|has| has == is)) {
        tags.retain(|tag, _| usual.iter().all(|(usual, _)| tag != usual));
        tags.insert("…".to_owned(), json!("and the usual"));
    }
}

/// References as documents have them; those that need not be ready say so.
fn readable(value: &Value) -> Value {
    if let Some(reference) = input::Reference::from_value(value) {
        let created = match reference.needs {
            input::Needs::Created => " created",
            input::Needs::Ready => "",
        };
        return json!(format!("${{{}.{}{created}}}", reference.address, reference.output));
    }
    match value {
        Value::Object(map) => match map.get("$join").and_then(Value::as_array) {
            Some(parts) => parts
                .iter()
                .map(|part| readable(part).as_str().unwrap().to_owned())
                .collect::<String>()
                .into(),
            None => map.iter().map(|(name, value)| (name.clone(), readable(value))).collect(),
        },
        Value::Array(items) => items.iter().map(readable).collect(),
        other => other.clone(),
    }
}

/// A value that does not fit on a line is taken apart.
fn flatten(all: &mut Lines, of: &str, path: &str, value: &Value) {
    let whole = value.to_string();
    let short = whole.len() <= WIDTH;
    match value {
        Value::String(text) if text.contains('\n') => {
            for (nth, line) in text.lines().enumerate() {
                all.insert((of.to_owned(), format!("{path}[{nth:02}]")), line.to_owned());
            }
        }
        Value::Object(map) if !short => {
            for (name, value) in map {
                flatten(all, of, &format!("{path}.{name}"), value);
            }
        }
        Value::Array(items) if !short => {
            let sids: Vec<_> = items.iter().filter_map(|item| item.get("Sid")).collect();
            if !sids.is_empty() {
                all.insert((of.to_owned(), format!("{path}[]")), json!(sids).to_string());
            }
            for (nth, item) in items.iter().enumerate() {
                // Statements by what they are called: one more moves no other's lines.
                let sid = item.get("Sid").and_then(Value::as_str);
                let called = sid.map_or_else(|| format!("{nth:02}"), str::to_owned);
                flatten(all, of, &format!("{path}[{called}]"), item);
            }
        }
        _ => {
            all.insert((of.to_owned(), path.to_owned()), whole);
        }
    }
}

fn text(lines: &Lines) -> String {
    let (mut text, mut last) = (String::new(), "");
    for ((of, path), value) in lines {
        if of != last {
            let _ = writeln!(text, "\n{of}");
        }
        last = of;
        let _ = writeln!(text, "{}", format!("  {path} {value}").trim_end());
    }
    text
}

/// What comes, goes and changes; where a resource comes or goes, all of it.
fn difference(before: &Lines, after: &Lines) -> String {
    let mut text = String::new();
    let has = |lines: &Lines, of: &str| lines.keys().any(|(other, _)| other == of);
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut gone = "";
    for key in keys {
        let (of, path) = key;
        let _ = match (before.get(key), after.get(key)) {
            (Some(before), Some(after)) if before == after => continue,
            (Some(before), Some(after)) => writeln!(text, "~ {of} {path} {before} -> {after}"),
            (None, after) => writeln!(text, "+ {of} {path} {}", after.map_or("", String::as_str)),
            (Some(_), None) if !has(after, of) => {
                if gone == of {
                    continue;
                }
                gone = of;
                writeln!(text, "- {of}")
            }
            (Some(before), None) => writeln!(text, "- {of} {path} {before}"),
        };
    }
    text.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

fn defaults(system: &System) -> Map<String, Value> {
    let config = serde_json::to_value(Config::default()).unwrap();
    config[system.name].as_object().unwrap().clone()
}

/// The page of one system.
fn page(system: &System) -> String {
    let strict = |set: &Value| {
        let mut set = set.clone();
        set["posture"] = json!("strict");
        set
    };
    let here = Place::default();
    let lines_of = |set: &Value, place: &Place| lines(&declared(system, SUFFIX, set, place));
    let (standard, all) = (lines_of(&json!({}), &here), lines_of(&strict(&json!({})), &here));
    let mut page = format!(
        "What `{}` declares by default, and below what else it can be made to.\n\
         `PAYCTL_DECLARATIONS=write` writes it anew.\n{}\n== posture = \"strict\"\n{}",
        system.name,
        text(&standard),
        difference(&standard, &all),
    );
    let mut vary = |what: String, set: &Value, place: &Place| {
        let differs = difference(&standard, &lines_of(set, place));
        let strictly = difference(&all, &lines_of(&strict(set), place));
        let _ = write!(page, "\n== {what}\n{differs}");
        if strictly != differs {
            let _ = write!(page, "== strict, {what}\n{strictly}");
        }
    };
    for (name, default) in defaults(system) {
        for set in values(&name, &default) {
            let config: Config = serde_json::from_value(json!({ system.name: set })).unwrap();
            // Some ways out are not taken by every system.
            if set[&name] == default || (name == "nat" && config.check().is_err()) {
                continue;
            }
            let what = set.as_object().unwrap().iter();
            let what: Vec<String> = what.map(|(name, value)| format!("{name} = {value}")).collect();
            vary(what.join(", "), &set, &here);
        }
    }
    for (what, place) in places() {
        vary(what.to_owned(), &json!({}), &place);
    }
    page
}

fn check(system: &System) {
    let name = format!("declarations/{}.txt", system.name);
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&name);
    let page = page(system);
    if std::env::var("PAYCTL_DECLARATIONS").is_ok_and(|asked| asked == "write") {
        std::fs::write(&file, page).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap();
    let differs = written.lines().zip(page.lines()).enumerate().find(|(_, (one, two))| one != two);
    assert!(
        written == page,
        "payctl-stack/{name} is not what is declared, which PAYCTL_DECLARATIONS=write writes: {differs:#?}"
    );
}

#[test]
fn pci_core_declares_what_it_did() {
    check(&crate::pci_core::SYSTEM);
}

#[test]
fn secure_api_declares_what_it_did() {
    check(&crate::secure_api::SYSTEM);
}

#[test]
fn cost_optimized_declares_what_it_did() {
    check(&crate::cost_optimized::SYSTEM);
}

#[test]
fn migration_declares_what_it_did() {
    check(&crate::migration::SYSTEM);
}

/// Two environments differ in what they are called and in nothing else.
#[test]
fn a_suffix_is_a_part_of_names_alone() {
    for system in SYSTEMS {
        for posture in ["standard", "strict"] {
            let of = |suffix: &str| {
                let set = json!({ "posture": posture });
                text(&lines(&declared(system, suffix, &set, &Place::default())))
            };
            // Of the same length: lines break at the same places.
            let (one, other) = (of(SUFFIX), of("z-9").replace("z-9", SUFFIX));
            let differs = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            assert_eq!((differs, one.len()), (None, other.len()), "{}", system.name);
        }
    }
}
