//! The documentation: its commands as they are printed, and what its tables and pictures say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use payctl_engine::Typical;
use payctl_stack::SYSTEMS;
use payctl_stack::config::Config;
use payctl_tests::docs::{Deed, END, Page, compare, pages, prepare};
use payctl_tests::emulator::{Emulator, Server, python, root};
use payctl_tests::world;
use serde_json::Value;

macro_rules! run {
    ($($name:ident: $page:literal,)*) => {
        const RUN: &[&str] = &[$($page),*];
        $(
            #[test]
            fn $name() {
                runs_as_printed($page);
            }
        )*
    };
}

run! {
    readme: "README.md",
    commands: "docs/commands.md",
    configuration: "docs/configuration.md",
    documents: "docs/documents.md",
    examples: "docs/examples.md",
    credentials: "docs/credentials.md",
    permissions: "docs/permissions.md",
    compliance: "docs/compliance.md",
    state: "docs/state.md",
    pci_core: "docs/systems/pci-core.md",
    secure_api: "docs/systems/secure-api.md",
    cost_optimized: "docs/systems/cost-optimized.md",
    migration: "docs/systems/migration.md",
    first_environment: "docs/tasks/first-environment.md",
    pull_requests: "docs/tasks/pull-requests.md",
    drift: "docs/tasks/drift.md",
    recovery: "docs/tasks/recovery.md",
    blue_green: "docs/tasks/blue-green.md",
    rotation: "docs/tasks/rotation.md",
    sandbox: "docs/tasks/sandbox.md",
    team: "docs/tasks/team.md",
    first_run: "docs/first-run.md",
}

#[test]
fn every_page_with_commands_is_run() {
    let with_commands = pages().into_iter().filter(|page| !page.deeds().is_empty());
    let with_commands: BTreeSet<String> = with_commands.map(|page| page.name()).collect();
    assert_eq!(with_commands, RUN.iter().map(|name| (*name).to_owned()).collect());
}

/// Runs a page's commands, and holds what they show against the page.
fn runs_as_printed(name: &str) {
    let page = Page::named(name);
    let folder = tempfile::tempdir().unwrap();
    let script = prepare(&page, folder.path());
    let server = Server::start(Emulator::Sandbox);
    let shown = folder.path().join("shown");
    let output = File::create(&shown).unwrap();
    // Starting one takes seconds: a page that is not about that finds one running.
    let starts = page.text.contains("payctl sandbox start");
    let home = match starts {
        true => folder.path().join("sandbox"),
        false => server.sandbox_home().to_owned(),
    };
    let mut command = on(&server, folder.path(), &home, "sh");
    command.arg(script).stdout(output.try_clone().unwrap()).stderr(output);
    let ended = command.status().unwrap();
    if starts {
        // It outlives the page.
        let mut stop = on(&server, folder.path(), &home, "payctl");
        stop.args(["sandbox", "stop"]).stdout(Stdio::null()).stderr(Stdio::null());
        stop.status().unwrap();
    }

    let shown = String::from_utf8_lossy(&fs::read(&shown).unwrap()).into_owned();
    let deeds = page.deeds();
    let ends: Vec<&str> = shown.split(END).collect();
    assert_eq!(ends.len(), deeds.len() + 1, "{name}: the shell ended ({ended}) after\n{shown}");
    let mut before = ends[0];
    for (nth, (deed, end)) in deeds.iter().zip(&ends[1..]).enumerate() {
        let (end, after) = end.split_once('\n').unwrap_or((end, ""));
        let code = end.trim().split(' ').nth(1).unwrap_or_default();
        let asked = deeds
            .get(nth + 1)
            .is_some_and(|next| matches!(next, Deed::Run(shown) if shown.command == "echo $?"));
        let (Deed::Run(what) | Deed::Parse(what)) = deed else {
            before = after;
            continue;
        };
        let at = format!("{name}:{}: $ {}", what.line, what.command);
        let fine = code == "0" || asked || what.may_fail();
        assert!(fine, "{at}\nended with {code}:\n{before}");
        if matches!(deed, Deed::Run(_)) {
            compare(&what.output, before).unwrap_or_else(|why| panic!("{at}\n{why}"));
        }
        before = after;
    }
}

/// A program with what a page's commands find: payctl, an account, and a sandbox of their own.
fn on(server: &Server, folder: &Path, sandbox: &Path, program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.join("bin").display());
    let resolved = match program {
        "payctl" => folder.join("bin/payctl"),
        other => other.into(),
    };
    let mut command = Command::new(resolved);
    command.current_dir(folder).stdin(Stdio::null()).env_clear().env("PATH", path);
    command.env("HOME", folder).env("PYTHON", python());
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", &server.endpoint);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_REGION", "us-east-1").env("TERM", "xterm");
    // The AWS CLI of Debian knows only this one.
    command.env("AWS_DEFAULT_REGION", "us-east-1");
    command.env("PAYCTL_SANDBOX_HOME", sandbox);
    command.env("PAYCTL_SANDBOX_VENV", python().parent().unwrap().parent().unwrap());
    if let Some(postgres) = std::env::var_os("PAYCTL_POSTGRES") {
        command.env("PAYCTL_POSTGRES", postgres);
    }
    command
}

/// Each system with its page.
fn systems() -> impl Iterator<Item = (&'static str, Page)> {
    SYSTEMS
        .iter()
        .map(|system| (system.name, Page::named(&format!("docs/systems/{}.md", system.name))))
}

#[test]
fn parameters_are_told_with_their_defaults() {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    for (system, page) in systems() {
        let mut told = BTreeMap::new();
        for row in page.table("Parameters") {
            // One row may tell several.
            let keys = row[0].split(", ").map(|key| key.trim_matches('`').to_owned());
            let keys: Vec<String> = keys.collect();
            let values: Vec<&str> = match keys.len() {
                1 => vec![&row[1]],
                _ => row[1].split(", ").collect(),
            };
            assert_eq!(keys.len(), values.len(), "{system}: {row:?}");
            for (key, value) in keys.into_iter().zip(values) {
                told.insert(key, value.replace('`', ""));
            }
        }
        let expected = defaults[system].as_object().unwrap();
        let names = |all: Vec<&String>| all.into_iter().cloned().collect::<BTreeSet<String>>();
        let (there, here) = (names(expected.keys().collect()), names(told.keys().collect()));
        assert_eq!(there, here, "{system}: the parameters of its page");
        for (key, value) in expected {
            let told = &told[key];
            let fits = match value {
                // What it is then, the page says in words.
                Value::Null => !told.is_empty(),
                Value::Array(items) if items.is_empty() => told == "none",
                Value::Array(items) => {
                    let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    *told == items.join(", ")
                }
                Value::String(text) => told.trim_matches('"') == text,
                Value::Number(number) => told.parse::<f64>().ok() == number.as_f64(),
                Value::Bool(flag) => told.parse() == Ok(*flag),
                Value::Object(_) => false,
            };
            assert!(fits, "{system}: {key} is {value} by default, and not {told}");
        }
    }
}

#[test]
fn outputs_are_told() {
    for (system, page) in systems() {
        let told = page.table("Outputs").into_iter();
        let told: BTreeSet<String> = told.map(|row| row[0].trim_matches('`').to_owned()).collect();
        let stack = world::system(system, &Config::default());
        let outputs = stack.outputs().iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(told, outputs, "{system}");
    }
}

/// In the picture of a system every name with `{s}` is that of something declared; its costs are
/// those of its table, added up.
#[test]
fn pictures_name_what_there_is() {
    for (system, page) in systems() {
        let stack = world::system(system, &Config::default());
        let declared: Vec<String> =
            stack.resources().iter().map(|resource| resource.properties.to_string()).collect();
        let picture = page.blocks().into_iter().find(|(_, language, _)| language == "text");
        let (_, _, picture) = picture.unwrap_or_else(|| panic!("{system} has no picture"));
        let words = picture.split(|c: char| !(c.is_ascii_alphanumeric() || "-_/.{}".contains(c)));
        let names: BTreeSet<&str> = words.filter(|word| word.contains("{s}")).collect();
        assert!(names.len() >= 10, "{system}: its picture names only {names:?}");
        for name in names {
            let name = name.replace("{s}", "dev").replace("{acct}", "123456789012");
            let quoted = format!("\"{name}\"");
            assert!(declared.iter().any(|text| text.contains(&quoted)), "{system}: {name}");
        }
        // What it costs adds up.
        let costs = page.table("What it costs");
        let cents = |row: &Vec<String>| row[2].trim_matches('*').parse::<f64>().unwrap() * 100.0;
        let (sum, rows) = costs.split_last().unwrap();
        let added: f64 = rows.iter().map(cents).sum();
        assert!((added - cents(sum)).abs() < 0.5, "{system}: {added} cents, not {sum:?}");
        // How many there are is said in the page and in the README.
        let count = format!("{} resources", stack.resources().len());
        assert!(page.text.contains(&count), "{system}: its page does not say {count}");
        let readme = Page::named("README.md");
        let row = readme.table("The systems").into_iter().find(|row| row[0].contains(system));
        let row = row.unwrap_or_else(|| panic!("README.md does not tell of {system}"));
        assert!(row[2].contains(&stack.resources().len().to_string()), "{system}: {row:?}");
    }
}

/// Kinds that take their time are told with it, as the code has it.
#[test]
fn times_are_told() {
    let mut told: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in Page::named("docs/aws-facts.md").table("Times") {
        assert!(row.len() == 6 && !row[5].is_empty(), "{row:?} has no source");
        let numbers = row[1..5].iter().map(|number| number.parse().unwrap()).collect();
        told.insert(row[0].trim_matches('`').to_owned(), numbers);
    }
    let mut expected = BTreeMap::new();
    for kind in payctl_aws::kinds().kinds().values() {
        let Typical { created, ready, deleted } = kind.typical;
        let waited = kind.wait_timeout.as_secs_f64();
        if created >= 1.0 || ready >= 1.0 || deleted >= 1.0 || waited > 600.0 {
            expected.insert(kind.kind.to_owned(), vec![created, ready, deleted, waited]);
        }
    }
    assert_eq!(told, expected);
}

/// Every message that the page of errors explains is one that payctl has.
#[test]
fn errors_that_are_explained_exist() {
    let mut source = String::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                source += &fs::read_to_string(path).unwrap();
            }
        }
    }
    // However the texts are broken over lines.
    let one_line = |text: &str| {
        let joined = text.replace("\\\n", " ").replace("\\\"", "\"");
        joined.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let source = one_line(&source);
    let page = Page::named("docs/errors.md");
    let rows = page.text.lines().filter(|line| line.starts_with("| "));
    let messages = rows.flat_map(|row| row.split('|').nth(1));
    let messages: Vec<&str> = messages.filter(|message| message.contains('`')).collect();
    assert!(messages.len() > 20, "{messages:?}");
    for message in messages {
        for text in message.split('`').skip(1).step_by(2) {
            // Words in capitals stand for what is inserted.
            let words = text.split_whitespace().collect::<Vec<_>>();
            let capitals = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase());
            for part in words.split(|word| capitals(word)).filter(|part| !part.is_empty()) {
                let part = part.join(" ");
                assert!(source.contains(&part), "no message has {part:?}");
            }
        }
    }
}

/// Every option of every command is told, and none that there is not.
#[test]
fn options_are_told() {
    let page = Page::named("docs/commands.md");
    let options = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let options = words.filter(|word| word.starts_with("--") && word.len() > 3);
        options.map(str::to_owned).collect()
    };
    let help = |words: &[&str]| {
        let mut command = Command::new(root().join("target/debug/payctl"));
        let output = command.args(words).arg("--help").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // Each command is told of, in the order of the help.
    for line in help(&[]).lines().filter(|line| line.starts_with("  ")) {
        let name = line.trim().split(' ').next().unwrap_or_default();
        assert!(page.text.contains(&format!("`{name}")) || name == "payctl", "{name} is not told");
    }
    let mut known = BTreeSet::new();
    let commands = [
        "init",
        "plan",
        "preflight",
        "cost",
        "prices update",
        "check",
        "up",
        "destroy",
        "sweep",
        "output",
        "list",
        "history",
        "history show",
        "timeline",
        "graph",
        "report",
        "stacks",
    ];
    let more = ["state list", "state show", "state check", "state recover", "state forget"];
    let team = ["state init", "state pull", "state push", "state migrate"];
    let local = ["sandbox start", "sandbox stop", "sandbox status", "sandbox reset"];
    let rest = ["sandbox logs", "invoke", "shift", "policy", "man", "completions"];
    for command in commands.into_iter().chain(more).chain(team).chain(local).chain(rest) {
        let words: Vec<&str> = command.split(' ').collect();
        let shown = help(&words);
        assert!(shown.contains("Usage"), "{command}: {shown}");
        known.extend(options(&shown));
    }
    known.remove("--help");
    let told = options(&page.text);
    assert_eq!(known.difference(&told).collect::<Vec<_>>(), [""; 0], "not told");
    assert_eq!(told.difference(&known).collect::<Vec<_>>(), [""; 0], "there is no such option");
}

/// What pages show of commands is out of a transcript; a line `…` stands for what is left out of it.
#[test]
fn pages_show_what_the_transcripts_hold() {
    let mut transcripts = Vec::new();
    let mut folders = vec![root().join("docs/transcripts")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => transcripts.push(fs::read_to_string(path).unwrap()),
            }
        }
    }
    let mut quoting = BTreeSet::new();
    for page in pages() {
        for (line, language, text) in page.blocks() {
            if language == "text" && text.starts_with("$ payctl ") {
                let parts: Vec<&str> = text.split("…\n").collect();
                let stands = |all: &String| parts.iter().all(|part| all.contains(part));
                assert!(transcripts.iter().any(stands), "{}:{line} is in none", page.name());
                quoting.insert(page.name());
            }
        }
    }
    assert!(quoting.contains("README.md") && quoting.len() > 8, "{quoting:?}");
}
