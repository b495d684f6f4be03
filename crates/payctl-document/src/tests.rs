use std::collections::BTreeSet;

use payctl_engine::{Declared, Stack};
use payctl_stack::ALL;
use serde_json::{Value as Json, json};

use super::*;

mod options;
mod parts;

/// Reads and checks a document as it is done before anything is asked of AWS.
fn read(text: &str, format: Format, config: &Config) -> Result<Document, Vec<Problem>> {
    let registry = payctl_aws::kinds();
    let kinds = registry.kinds();
    let source =
        Source { name: "x".to_owned(), folder: Default::default(), format, text: text.to_owned() };
    let document = Document::read(source, ALL, kinds).map_err(|wrong| wrong.1.sorted())?;
    document.check(kinds, config).map_err(Problems::sorted)?;
    Ok(document)
}

/// What is wrong with a document: each mistake's line, what stands there, and all that is said.
fn wrong(text: &str, format: Format, config: &Config) -> Vec<(usize, String, String)> {
    let problems = read(text, format, config).err().unwrap_or_default();
    let told = |problem: &Problem| {
        let line = text[..problem.at.start].matches('\n').count() + 1;
        let there = text[problem.at.start..problem.at.end].to_owned();
        let hint = problem.hint.as_deref().unwrap_or_default();
        (line, there, format!("{} | {} | {hint}", problem.message, problem.label))
    };
    problems.iter().map(told).collect()
}

/// Does something in an environment `dev`, where what is asked has been answered as it is assumed.
fn in_dev<T>(lookups: Vec<Lookup>, config: &Config, with: impl FnOnce(&Context<'_>) -> T) -> T {
    let zones = ["us-east-1a", "us-east-1b", "us-east-1c"].map(Zone::from).into();
    let found = Discovered::assumed(zones, &lookups);
    with(&Context {
        suffix: &"dev".parse().unwrap(),
        account: "123456789012",
        region: "us-east-1",
        partition: "aws",
        found: &found,
        handlers: &Default::default(),
        tags: &config.tags,
        permissions_boundary: None,
    })
}

/// Declares a document that has to be right.
fn declared(text: &str) -> Stack {
    let config = Config::default();
    let document = read(text, Format::Toml, &config).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let registry = payctl_aws::kinds();
    let lookups = document.extends.map(|system| system.lookups(&config)).unwrap_or_default();
    let (stack, problems) = in_dev(lookups, &config, |context| {
        declare::declare(&document, registry.kinds(), context, &config)
    });
    assert!(problems.is_empty(), "{problems}");
    stack.check().unwrap();
    stack
}

fn resource<'s>(stack: &'s Stack, address: &str) -> &'s Declared {
    let found = stack.resources().iter().find(|one| one.address.as_str() == address);
    found.unwrap_or_else(|| panic!("there is no {address}"))
}

const QUEUE: &str = "name = \"a\"\n[sqs.queue.q]\n";

#[test]
fn every_mistake_is_told_where_it_is() {
    let zeros = "0".repeat(64);
    let long = format!("name = \"a\"\n[sqs.queue.q{zeros}]");
    let extending = |more: &str| format!("name = \"a\"\nextends = \"pci-core\"\n{more}");
    let queue = |more: &str| format!("{QUEUE}{more}");
    let cases: Vec<(String, usize, &str, &str)> = vec![
        // What there is not.
        ("name = \"a\"\n[sqs.queues.q]\n".into(), 2, "queues", "no kind `sqs.queues` | did you mean `sqs.queue`?"),
        ("name = \"a\"\n[sqss.queue.q]\n".into(), 2, "sqss", "`sqss` | did you mean `sqs`?"),
        ("name = \"a\"\n[storage]\n".into(), 2, "storage", "neither a section nor a service"),
        (queue("visibility_timeout = 120"), 3, "visibility_timeout", "has no property `visibility_timeout` | did you mean `visibility_timeout_s`?"),
        (queue("redrive = { max_recieves = 3, dead_letter = \"arn:x\" }"), 3, "max_recieves", "`redrive` of sqs.queue:q has no property `max_recieves` | did you mean `max_receives`?"),
        (format!("{QUEUE}[outputs]\nx = \"${{sqs.queue:q.ur}}\""), 4, "${sqs.queue:q.ur}", "no output `ur` | did you mean `url`?"),
        (format!("{QUEUE}[outputs]\nx = \"a ${{sqs.queue:p.url}} b\""), 4, "${sqs.queue:p.url}", "no sqs.queue:p in this stack | did you mean `sqs.queue:q`?"),
        (format!("{QUEUE}[outputs]\nx = \"${{sqs.que:q.url}}\""), 4, "${sqs.que:q.url}", "no kind `sqs.que` | did you mean `sqs.queue`?"),
        (queue("visibility_timeout_s = \"${param.seconds}\""), 3, "${param.seconds}", "no parameter `seconds` | declare it: [parameter.seconds]"),
        (queue("name = \"x-${sufix}\""), 3, "${sufix}", "no variable `sufix` | did you mean `suffix`?"),
        (queue("name = \"x-${suffix\""), 3, "${suffix", "`${` has no `}`"),
        (queue("after = [\"sqs.queue:p\"]"), 3, "\"sqs.queue:p\"", "no sqs.queue:p"),
        (queue("tags = { a = \"${aws:username}\" }"), 3, "${aws:username}", "a variable of IAM is written `$${aws:username}`"),
        // Types, units, ranges, patterns.
        (queue("retention_s = \"14d\""), 3, "\"14d\"", "`retention_s` of sqs.queue:q has to be a whole number | this is a text"),
        (queue("retention_s = 30"), 3, "30", "has to be 60 to 1209600"),
        (queue("retention_s = 60.5"), 3, "60.5", "a whole number | this is a number"),
        (queue("name = \"a b\""), 3, "\"a b\"", "has to be like [A-Za-z0-9_-]{1,80}"),
        (queue("encryption = \"mangaed\""), 3, "\"mangaed\"", "did you mean `managed`?"),
        (queue("encryption = { kmss = {} }"), 3, "{ kmss = {} }", "did you mean `kms`?"),
        (queue("encryption = { kms = { key = \"${key.arn}\" } }"), 3, "{ key = \"${key.arn}\" }", "needs `reuse_s`"),
        (queue("tags = [\"a\"]"), 3, "[\"a\"]", "`tags` of sqs.queue:q has to be a table | this is a list"),
        (queue("tags = { \"payctl:id\" = \"x\" }"), 3, "\"payctl:id\"", "its name is reserved"),
        ("name = \"a\"\n[dynamodb.table.t]\n".into(), 2, "t", "dynamodb.table:t needs `hash_key`"),
        (queue("without = [\"name\"]"), 3, "\"name\"", "cannot be without `name`"),
        (queue("without = [\"polcy\"]"), 3, "\"polcy\"", "did you mean `policy`?"),
        // What would go wrong later.
        (queue("redrive = { dead_letter = \"${sqs.queue:q.arn}\", max_receives = 3 }"), 2, "q", "dependency cycle: sqs.queue:q → sqs.queue:q"),
        (queue("redrive = { dead_letter = \"${sqs.queue:q.url}\", max_receives = 3 }"), 3, "\"${sqs.queue:q.url}\"", "it takes `${sqs.queue:q.arn}`"),
        ("name = \"a\"\n[kms.alias.x]\nname = \"alias/x\"\nkey = \"${kms.key:k.arn}\"\n[kms.key.k]".into(), 4, "\"${kms.key:k.arn}\"", "it takes `${kms.key:k.id}`"),
        (queue("name = \"x\"\n[sqs.queue.r]\nname = \"x\""), 4, "r", "have the same name: AWS would take them for one"),
        ("name = \"a\"\n[iam.policy.x]\nname = \"A-x\"\ndocument = {}\n[iam.policy.y]\nname = \"a-X\"\ndocument = {}".into(), 5, "y", "AWS would take them for one"),
        (long, 2, &zeros[..0], "1 to 64 letters"),
        ("name = \"a\"\n[elbv2.target_group.a-target-group-x]\nprotocol = \"HTTP\"\nport = 80\nvpc = \"v\"\nhealth_check = { path = \"/\" }".into(), 2, "a-target-group-x", "has to be"),
        (queue("name = \"${sqs.queue:r.name}-x\"\n[sqs.queue.r]"), 3, "\"${sqs.queue:r.name}-x\"", "has to be known before anything is made"),
        ("name = \"a\"\n[ssm.parameter.p]\nvalue = \"x\"\n[ssm.parameter.q]\nvalue = \"AKIAIOSFODNN7EXAMPLE\"".into(), 5, "\"AKIAIOSFODNN7EXAMPLE\"", "a secret is written in the document"),
        ("name = \"a\"\n[part.function.f]\nhandler = \"f\"\nenvironment = { DB_PASSWORD = \"hunter2\" }".into(), 4, "\"hunter2\"", "a secret is written in the document"),
        // The document's own words.
        ("[sqs.queue.q]\n".into(), 1, "[sqs.queue.q]", "needs a `name`"),
        ("name = \"A_b\"\n".into(), 1, "\"A_b\"", "lower-case letters, digits and single dashes"),
        ("name = \"migration\"\n".into(), 1, "\"migration\"", "is a system of payctl's"),
        ("name = \"a\"\nextends = \"pci-cor\"\n".into(), 2, "\"pci-cor\"", "no system `pci-cor` | did you mean `pci-core`?"),
        ("name = \"a\"\nremove = [\"sqs.queue:q\"]\n".into(), 2, "remove", "about a system that is extended"),
        ("name = \"a\"\n[parameter.n]\ntype = \"int\"".into(), 3, "\"int\"", "did you mean `list`?"),
        ("name = \"a\"\n[parameter.n]\ntype = \"integer\"\ndefault = 20\nmax = 14".into(), 4, "20", "the default of parameter `n` is 20, and has to be at most 14"),
        ("name = \"a\"\n[parameter.n]\ntype = \"string\"\ndoc = \"Who\"".into(), 2, "n", "the parameter `n` has no value | Who | give it with --set n=VALUE, as PAYCTL_PARAM_N"),
        ("name = \"a\"\n[part.fnction.f]\n".into(), 2, "fnction", "no part `fnction` | did you mean `function`?"),
        ("name = \"a\"\n[part.function.f]\nhandlr = \"f\"".into(), 3, "handlr", "part.function.f has no property `handlr` | did you mean `handler`?"),
        ("name = \"a\"\n[part.function.f]\n".into(), 2, "f", "needs its code: `handler`, or `zip`"),
        ("name = \"a\"\n[part.function.f]\nhandler = \"f\"\nvpc = \"v\"".into(), 4, "\"v\"", "`vpc` and `subnets` together"),
        // What is extended.
        (extending("[parameters]\nlog_retention_day = 365"), 4, "log_retention_day", "did you mean `log_retention_days`?"),
        (extending("[parameters]\nlog_retention_days = \"a\""), 4, "\"a\"", "log_retention_days"),
        (extending("[parameters]\nkey_deletion_window_days = 3"), 4, "3", "7 to 30"),
        (extending("[change.\"lambda.function:payment-procesor\"]\nmemory_mb = 1"), 3, "\"lambda.function:payment-procesor\"", "did you mean `lambda.function:payment-processor`?"),
        (extending("[change.\"lambda.function:payment-processor\"]\nmemory = 1"), 4, "memory", "did you mean `memory_mb`?"),
        (extending("[change.\"lambda.function:payment-processor\"]\nmemory_mb = 1"), 4, "1", "has to be 128 to"),
        (extending("[change.\"lambda.function:payment-processor\"]\nname = \"x\""), 4, "name", "that would rename it"),
        (extending("[change.\"cloudwatch.alarm:rejected\"]\nactions = { remove = [\"arn:x\"] }"), 4, "\"arn:x\"", "no such entry to remove"),
        (extending("[parameter.memory_mb]\ntype = \"integer\"\ndefault = 1"), 3, "memory_mb", "pci-core has a parameter `memory_mb` already"),
        (extending("[outputs]\nvpc_id = \"x\""), 4, "vpc_id", "pci-core has an output `vpc_id` already"),
        (extending("[lambda.function.payment-processor]\n"), 3, "payment-processor", "the system declares it"),
    ];
    let mut missed = Vec::new();
    for (text, line, there, why) in &cases {
        let all = wrong(text, Format::Toml, &Config::default());
        let told = all.iter().any(|(at, what, said)| {
            at == line && (what == there || there.is_empty()) && said.contains(why)
        });
        if !told {
            missed.push(format!("{text}\nexpected {line}: {there:?}: {why}\nfound {all:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    // One mistake is one mistake, but for those that lead to others.
    let single =
        cases.iter().filter(|(text, ..)| wrong(text, Format::Toml, &Config::default()).len() == 1);
    assert!(single.count() >= cases.len() - 4);
}

#[test]
fn what_is_needed_by_others_cannot_be_removed() {
    let text = "name = \"a\"\nextends = \"pci-core\"\nremove = [\"kms.key:main\", \"cloudwatch.alarm:rejectd\"]";
    let all = wrong(text, Format::Toml, &Config::default());
    let told: Vec<&str> = all.iter().map(|(_, _, said)| said.as_str()).collect();
    assert!(told.iter().any(|said| said.contains("kms.key:main is still needed by")), "{told:?}");
    assert!(told.iter().any(|said| said.contains("did you mean `cloudwatch.alarm:rejected`?")));
}

#[test]
fn all_mistakes_of_broken_text_are_told() {
    let text = "name = \"a\nx = = 1\n[sqs.queue.q\nname = \"b\"\n";
    assert!(wrong(text, Format::Toml, &Config::default()).len() > 1);
    for (text, there, why) in [
        ("{\"name\": \"a\", }", ",", "Trailing commas"),
        ("{\"name\": \"a\" \"b\": 1}", "", ""),
        ("{\"name\": 'a'}", "", ""),
        ("// x\n{}", "", ""),
        ("[1]", "[1]", "a document is an object"),
        ("", "", "empty"),
        ("{\"name\": \"a\", \"name\": \"b\"}", "\"name\"", "`name` is there twice"),
        (
            "{\"name\": \"a\", \"sqs\": {\"queue\": {\"q\": {\"delay_s\": 1e999}}}}",
            "1e999",
            "too large",
        ),
        (
            "{\"name\": \"a\", \"sqs\": {\"queue\": {\"q\": {\"retention_s\": null}}}}",
            "\"q\"",
            "needs `retention_s`",
        ),
    ] {
        let all = wrong(text, Format::Json, &Config::default());
        let told = all
            .iter()
            .any(|(_, what, said)| (what == there || there.is_empty()) && said.contains(why));
        assert!(told, "{text}: {all:?}");
    }
}

#[test]
fn what_is_too_much_is_refused_and_harms_nobody() {
    let large = format!("name = \"{}\"", "a".repeat(MOST_BYTES));
    let config = Config::default();
    assert!(wrong(&large, Format::Toml, &config)[0].2.contains("more than 4 MB"));
    for open in ["[", "{\"a\":"] {
        let deep = open.repeat(100_000);
        assert!(wrong(&deep, Format::Json, &config)[0].2.contains("more than 64 deep"));
    }
    let many: String = (0..30_000).map(|nth| format!("[sqs.queue.q{nth}]\n")).collect();
    let told = wrong(&format!("name = \"a\"\n{many}"), Format::Toml, &config);
    assert!(told[0].2.contains("30000 resources, and 10000 are the most"), "{told:?}");
    let wrong_all: String =
        (0..9_000).map(|nth| format!("[sqs.queue.q{nth}]\nx = \"${{a.b:c.d}}\"\n")).collect();
    assert_eq!(wrong(&format!("name = \"a\"\n{wrong_all}"), Format::Toml, &config).len(), 500);
    let deep = format!("name = \"a\"\nx = {}", "[".repeat(100_000));
    assert!(!wrong(&deep, Format::Toml, &config).is_empty());
    let dotted = format!("name = \"a\"\n{} = 1", vec!["a"; 10_000].join("."));
    assert!(!wrong(&dotted, Format::Toml, &config).is_empty());
}

#[test]
fn defaults_are_of_the_house_and_what_is_said_counts() {
    let stack = declared(
        "name = \"a\"\n[sqs.queue.q]\nretention_s = 60\ntags = { Team = \"red\" }\n\
         [sqs.queue.open]\nwithout = [\"policy\"]\nencryption = \"managed\"\n",
    );
    let queue = &resource(&stack, "sqs.queue:q").properties;
    assert_eq!(queue["name"], "q-dev");
    assert_eq!(queue["retention_s"], 60);
    assert_eq!(queue["encryption"]["kms"]["key"], json!({ "$ref": "kms.key:stack.arn" }));
    let statement = &queue["policy"]["Statement"][0];
    assert_eq!(statement["Resource"], "arn:aws:sqs:us-east-1:123456789012:q-dev");
    assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false");
    assert_eq!(queue["tags"]["Team"], "red");
    assert_eq!(queue["tags"]["Name"], "q-dev");
    let open = &resource(&stack, "sqs.queue:open").properties;
    assert_eq!((&open["policy"], &open["encryption"]), (&Json::Null, &json!("managed")));
    // Made because a default needs it, and not where none does.
    assert_eq!(resource(&stack, "kms.alias:stack").properties["name"], "alias/a-dev");
    let stack = declared("name = \"a\"\n[sqs.queue.q]\nencryption = \"managed\"\n");
    assert_eq!(stack.resources().len(), 1);
    // The one key that there is, under whatever name, and no other beside it.
    let stack = declared("name = \"a\"\n[sqs.queue.q]\n[kms.key.mine]\n");
    assert_eq!(stack.resources().len(), 2);
    let queue = &resource(&stack, "sqs.queue:q").properties;
    assert_eq!(queue["encryption"]["kms"]["key"], json!({ "$ref": "kms.key:mine.arn" }));
    let two = "name = \"a\"\n[sqs.queue.q]\n[kms.key.one]\n[kms.key.two]\n";
    let all = wrong(two, Format::Toml, &Config::default());
    assert!(all[0].2.contains("say which one"), "{all:?}");
}

#[test]
fn every_default_fits_its_kind() {
    let registry = payctl_aws::kinds();
    for (name, kind) in registry.kinds() {
        let text = format!("name = \"a\"\n[{name}.x]\n");
        for (_, there, said) in wrong(&text, Format::Toml, &Config::default()) {
            assert!(said.contains(" needs `"), "{name}: {there}: {said}");
        }
        for property in house::of(name).iter().flat_map(|table| table.names()) {
            assert!(kind.properties.contains(&property), "{name} has no property {property}");
            assert!(kind.tags != Some(property), "{name}: payctl sets the tags");
        }
    }
    let all: BTreeSet<&str> = registry.kinds().keys().copied().collect();
    assert!(house::kinds().all(|name| all.contains(name)));
    assert_eq!(house::stack_key_items(Span::default()).len(), 2);
}

#[test]
fn parameters_come_from_where_they_are_given() {
    let text = "name = \"a\"\n[parameter.days]\ntype = \"integer\"\ndefault = 1\nmax = 14\n\
                [parameter.names]\ntype = \"list\"\ndefault = []\n\
                [logs.group.g]\nname = \"/x/${param.days}\"\nretention_days = \"${param.days}\"\n";
    let value = |config: &Config| {
        let document = read(text, Format::Toml, config).map_err(|all| all[0].message.clone())?;
        let mut problems = Problems::default();
        let values = values::of(&document, config, &mut problems);
        Ok::<_, String>(values.own["days"].json())
    };
    let mut config = Config::default();
    assert_eq!(value(&config), Ok(json!(1)));
    config.parameters.insert("days".to_owned(), json!(3));
    assert_eq!(value(&config), Ok(json!(3)));
    config.typed_parameters.insert("days".to_owned(), "5".to_owned());
    assert_eq!(value(&config), Ok(json!(5)));
    config.typed_parameters.insert("names".to_owned(), "a, b".to_owned());
    assert_eq!(value(&config), Ok(json!(5)));
    for (given, why) in [("30", "at most 14"), ("many", "a whole number")] {
        config.typed_parameters.insert("days".to_owned(), given.to_owned());
        assert!(value(&config).unwrap_err().contains(why));
    }
    config.typed_parameters = [("day".to_owned(), "1".to_owned())].into();
    assert!(value(&config).unwrap_err().contains("is no parameter"));
}

#[test]
fn a_system_is_changed_where_it_is_said_and_nowhere_else() {
    let base = declared("name = \"base\"\nextends = \"pci-core\"\n");
    let plain = ALL.named("pci-core").unwrap();
    assert!(base.resources().len() > 30 && plain.name == "pci-core");
    let stack = declared(
        "name = \"base\"\nextends = \"pci-core\"\nremove = [\"cloudwatch.alarm:rejected\"]\n\
         [change.\"lambda.function:payment-processor\"]\nmemory_mb = 1024\n\
         environment = { REFUNDS_URL = \"${sqs.queue:refunds.url}\" }\n\
         [change.\"s3.bucket:files\"]\nversioning = false\n\
         [sqs.queue.refunds]\n[outputs]\nrefunds = \"${sqs.queue:refunds.url}\"\n",
    );
    let function = &resource(&stack, "lambda.function:payment-processor").properties;
    assert_eq!(function["memory_mb"], 1024);
    let environment = function["environment"].as_object().unwrap();
    let before = &resource(&base, "lambda.function:payment-processor").properties["environment"];
    assert_eq!(environment.len(), before.as_object().unwrap().len() + 1);
    assert_eq!(environment["REFUNDS_URL"], json!({ "$ref": "sqs.queue:refunds.url" }));
    // The system's own key is the stack's, and the only one.
    assert!(stack.resources().iter().all(|one| one.address.as_str() != "kms.key:stack"));
    let queue = &resource(&stack, "sqs.queue:refunds").properties;
    assert_eq!(queue["encryption"]["kms"]["key"], json!({ "$ref": "kms.key:main.arn" }));
    let changed = ["lambda.function:payment-processor", "s3.bucket:files", "sqs.queue:refunds"];
    for one in base.resources() {
        let address = one.address.as_str();
        let other = stack.resources().iter().find(|other| other.address == one.address);
        match other {
            None => assert_eq!(address, "cloudwatch.alarm:rejected"),
            Some(other) if !changed.contains(&address) => {
                assert_eq!(other.properties, one.properties, "{address}");
            }
            Some(other) => assert_ne!(other.properties, one.properties, "{address}"),
        }
    }
    assert_eq!(stack.outputs().len(), base.outputs().len() + 1);
    // What weakens it is said.
    let notes = stack.notes().join("\n");
    assert!(
        notes.contains("cloudwatch.alarm:rejected, a control of pci-core, is removed"),
        "{notes}"
    );
    assert!(notes.contains("`versioning` of s3.bucket:files"), "{notes}");
    assert!(!notes.contains("memory_mb"), "{notes}");
}

#[test]
fn lists_are_added_to_at_any_depth() {
    let base = declared("name = \"x\"\nextends = \"pci-core\"\n");
    let stack = declared(
        "name = \"x\"\nextends = \"pci-core\"\n\
         [change.\"iam.role:payment-processor\".inline.permissions]\n\
         Statement = { add = [{ Sid = \"More\", Effect = \"Allow\", Action = \"sqs:SendMessage\", Resource = \"${sqs.queue:q.arn}\" }] }\n\
         [sqs.queue.q]\n",
    );
    let statements = |stack: &Stack| {
        let role = &resource(stack, "iam.role:payment-processor").properties;
        role["inline"]["permissions"]["Statement"].as_array().unwrap().clone()
    };
    let (before, after) = (statements(&base), statements(&stack));
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()]["Resource"], json!({ "$ref": "sqs.queue:q.arn" }));
}

/// A system that is extended and not changed is what it was, for each way that its parameters go.
#[test]
fn what_is_extended_is_the_system_itself() {
    for (system, parameters) in [
        ("pci-core", ""),
        ("pci-core", "posture = \"strict\"\nnat = \"per-zone\""),
        ("secure-api", ""),
        ("secure-api", "posture = \"strict\""),
        ("cost-optimized", ""),
        ("cost-optimized", "posture = \"strict\""),
        ("migration", ""),
        ("migration", "posture = \"strict\""),
    ] {
        let text = format!("name = \"x\"\nextends = \"{system}\"\n[parameters]\n{parameters}\n");
        let stack = declared(&text);
        let config = format!("[{system}]\n{parameters}\n");
        let config: Config = toml::from_str(&config).unwrap();
        let base = ALL.named(system).unwrap();
        let expected =
            in_dev(base.lookups(&config), &config, |context| base.declare(context, &config));
        assert_eq!(stack.resources().len(), expected.resources().len(), "{system}");
        for one in expected.resources() {
            let other = resource(&stack, one.address.as_str());
            assert_eq!((&other.properties, &other.after), (&one.properties, &one.after));
        }
        assert_eq!(stack.outputs(), expected.outputs());
    }
}

#[test]
fn references_go_in_any_order_and_through_texts() {
    let stack = declared(
        "name = \"a\"\n[outputs]\nboth = [\"${sqs.queue:b.url}\", { x = \"<${sqs.queue:b.arn}>\" }]\n\
         [sqs.queue.a]\nredrive = { dead_letter = \"${sqs.queue:b.arn}\", max_receives = 3 }\n\
         [sqs.queue.b]\n[ssm.parameter.p]\nvalue = \"$${x} ${account}/${sqs.queue:a.name}\"\n\
         after = [\"sqs.queue:b\"]\n",
    );
    let order: Vec<&str> = stack.resources().iter().map(|one| one.address.as_str()).collect();
    let place = |address: &str| order.iter().position(|one| *one == address).unwrap();
    assert!(place("sqs.queue:b") < place("sqs.queue:a"));
    let parameter = resource(&stack, "ssm.parameter:p");
    let expected = json!({ "$join": ["${x} 123456789012/", { "$ref": "sqs.queue:a.name" }] });
    assert_eq!(parameter.properties["value"], expected);
    assert_eq!(parameter.after.len(), 1);
    let (_, both) = &stack.outputs()[0];
    assert_eq!(both[0], json!({ "$ref": "sqs.queue:b.url" }));
}

#[test]
fn a_deployment_is_of_all_that_belongs_to_its_api() {
    let stack = declared(
        "name = \"a\"\n[apigateway.stage.s]\napi = \"${apigateway.rest_api:r.id}\"\n\
         deployment = \"${apigateway.deployment:d.id}\"\n\
         [apigateway.deployment.d]\napi = \"${apigateway.rest_api:r.id}\"\n\
         [apigateway.rest_api.r]\n\
         [apigateway.resource.p]\napi = \"${apigateway.rest_api:r.id}\"\n\
         parent = \"${apigateway.rest_api:r.root}\"\npath_part = \"p\"\n",
    );
    let content = &resource(&stack, "apigateway.deployment:d").properties["content"];
    let parts: Vec<&String> = content.as_object().unwrap().keys().collect();
    assert_eq!(parts, ["apigateway.resource:p"]);
}

#[test]
fn json_is_the_same_model() {
    let queues: serde_json::Map<String, Json> =
        (0..1000).map(|nth| (format!("q{nth}"), json!({ "delay_s": 1 }))).collect();
    let text = json!({ "name": "many", "sqs": { "queue": queues } }).to_string();
    let document = read(&text, Format::Json, &Config::default()).unwrap();
    assert_eq!(document.resources.len(), 1000);
}

/// Whatever somebody types, nobody panics. `PAYCTL_MUTATIONS` says how many documents.
#[test]
fn mutated_documents_are_answered() {
    let seeds = [
        include_str!("../../payctl/src/commands/init/alone.toml"),
        "name = \"a\"\n[sqs.queue.a]\nredrive = { dead_letter = \"${sqs.queue:b.arn}\", max_receives = 3 }\n\
         [sqs.queue.b]\n[part.function.f]\nhandler = \"f\"\nmay = [{ do = [\"sqs:*\"], on = \"${sqs.queue:a.arn}\" }]\n\
         [part.queue.jobs]\n[parameter.n]\ntype = \"list\"\ndefault = [\"x\"]\n[outputs]\nx = \"${param.n}\"\n",
        "name = \"a\"\n[part.network.n]\ncidr = \"10.0.0.0/16\"\ntiers = [\"app\"]\n[part.egress.e]\nvpc = \"${part.network:n.vpc}\"\n\
         public = \"${part.network:n.free}\"\ntables = [\"${part.network:n.app_tables}\"]\n[part.http_api.h]\n\
         routes = { \"GET /a/{b}\" = \"f\" }\n[part.bucket.b]\nexpire_after_days = 9\n",
        "{\"name\": \"a\", \"sqs\": {\"queue\": {\"q\": {\"encryption\": {\"kms\": {\"key\": \"${key.arn}\", \"reuse_s\": 60}}, \
         \"tags\": {\"a\": \"$${x}\"}}}}, \"outputs\": {\"u\": [\"${sqs.queue:q.url}\", 1.5, true, null]}}",
    ];
    let words = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "=",
        ".",
        ",",
        "\n",
        "${",
        "}",
        "$${",
        "a",
        "0",
        "-1",
        "1e9",
        "true",
        "null",
        "é",
        "\u{0}",
        "\u{202e}",
        "[[",
        "]]",
        "sqs.queue",
        "name",
        "after",
        "without",
        "${self.name}",
        "${key.arn}",
        "${zone.9}",
        "${param.n}",
        "#",
        "\\u12",
        "\"\"\"",
        "1979-05-27",
        "inf",
        "0x",
        "extends",
    ];
    let count = std::env::var("PAYCTL_MUTATIONS").ok().and_then(|text| text.parse().ok());
    let mut random = fastrand::Rng::with_seed(17);
    let config = Config::default();
    let mut sound = 0;
    for _ in 0..count.unwrap_or(20_000) {
        let seed = seeds[random.usize(..seeds.len())];
        let mut text = seed.to_owned();
        for _ in 0..random.usize(1..4) {
            let boundary = |at: usize, text: &str| {
                (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
            };
            let begin = boundary(random.usize(..=text.len()), &text);
            let end = boundary((begin + random.usize(..12)).min(text.len()), &text).max(begin);
            match random.u8(..4) {
                0 => text.replace_range(begin..end, ""),
                1 => text.insert_str(begin, words[random.usize(..words.len())]),
                2 => text.replace_range(begin..end, words[random.usize(..words.len())]),
                _ => {
                    let copy = text[begin..end].to_owned();
                    let at = boundary(random.usize(..=text.len()), &text);
                    text.insert_str(at, &copy);
                }
            }
        }
        let format = if seed.starts_with('{') { Format::Json } else { Format::Toml };
        match read(&text, format, &config) {
            Ok(_) => sound += 1,
            // Each mistake has a place that can be shown.
            Err(problems) => {
                for Problem { at, .. } in problems {
                    assert!(text.get(at.start..at.end).is_some(), "{at:?} of {text:?}");
                }
            }
        }
    }
    // The test is about those that are nearly right.
    assert!(sound > 0);
}
