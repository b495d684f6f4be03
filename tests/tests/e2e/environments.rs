//! Which environment a command is about, and which there are.

use std::fs;
use std::process::Command;

use payctl_tests::binary::{Ended, Payctl, Run, calls, changing_calls};
use payctl_tests::emulator::{Emulator, Server};
use serde_json::{Value, json};

/// Runs it as somebody does who set no variable of payctl's, but for `variables`.
fn run(payctl: &Payctl, args: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = payctl.command(args);
    command.env_remove("PAYCTL_SUFFIX").env_remove("PAYCTL_STACK");
    command.envs(variables.iter().copied());
    Run::start(command).end()
}

#[track_caller]
fn begins(text: &str, line: &str, ended: &Ended) {
    let first = text.lines().next().unwrap_or_default();
    assert_eq!(first, format!("{line} · account 123456789012 · us-east-1"), "{ended}");
}

/// The commands that an error's hints quote.
fn hinted(ended: &Ended) -> Vec<String> {
    let hints = ended.stderr.lines().filter_map(|line| line.trim().strip_prefix("hint: "));
    hints.filter_map(|hint| Some(hint.split('`').nth(1)?.to_owned())).collect()
}

#[test]
fn the_three_commands_work_as_they_are_written() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let plan = run(&payctl, &["plan"], &[]);
    plan.exits(0);
    begins(&plan.stdout, "pci-core dev (default)", &plan);

    run(&payctl, &["up", "--suffix", "dev", "--yes"], &[]).exits(0);
    for command in ["plan", "preview", "diff"] {
        let plan = run(&payctl, &[command], &[]);
        plan.exits(0);
        begins(&plan.stdout, "pci-core dev (the only environment here)", &plan);
    }
    let output = run(&payctl, &["output", "--raw", "table_name"], &[]);
    output.exits(0);
    assert_eq!(output.stdout, "payment-transactions-dev\n", "{output}");
    output.says("pci-core dev (the only environment here)");

    changing_calls(&server);
    let destroy = run(&payctl, &["destroy", "--yes"], &[]);
    destroy.exits(0);
    begins(&destroy.stderr, "pci-core dev (the only environment here)", &destroy);
    assert!(!changing_calls(&server).is_empty());

    // What is gone is not there to be destroyed.
    let again = run(&payctl, &["destroy", "--yes"], &[]);
    again.exits(1);
    again.says("no environment is named, and none is known in .payctl");
    again.says("pci-core dev is deleted: its state is empty");
    assert_eq!(hinted(&again)[0], "payctl destroy --yes --suffix dev");
    assert_eq!(calls(&server), [].into());
}

#[test]
fn what_was_not_typed_is_said_where_it_was_taken_from() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let title = |args: &[&str], variables: &[(&str, &str)], title: &str| {
        let ended = run(&payctl, args, variables);
        ended.exits(0);
        begins(&ended.stdout, title, &ended);
    };
    let origins = ("ENVIRONMENT_SUFFIX", "origin");
    payctl.configure("suffix = \"conf\"\n");
    title(&["plan", "-s", "typed"], &[("PAYCTL_SUFFIX", "var"), origins], "pci-core typed");
    title(&["plan"], &[("PAYCTL_SUFFIX", "var"), origins], "pci-core var (PAYCTL_SUFFIX)");
    title(&["plan"], &[origins], "pci-core origin (ENVIRONMENT_SUFFIX)");
    title(&["plan"], &[], "pci-core conf (payctl.toml)");
    let stack = ("PAYCTL_STACK", "secure-api");
    title(&["plan"], &[stack], "secure-api conf (PAYCTL_STACK, payctl.toml)");
    title(&["plan", "--stack", "secure-api"], &[origins], "secure-api origin (ENVIRONMENT_SUFFIX)");

    // A saved plan names its environment.
    run(&payctl, &["plan", "-s", "saved", "--out", "saved.plan"], &[origins]).exits(0);
    let ended = run(&payctl, &["up", "saved.plan"], &[origins]);
    ended.exits(0);
    begins(&ended.stderr, "pci-core saved", &ended);
}

#[test]
fn among_several_environments_none_is_guessed() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    run(&payctl, &["up", "--suffix", "dev", "--yes"], &[]).exits(0);
    run(&payctl, &["up", "--suffix", "api", "--stack", "secure-api", "--yes"], &[]).exits(0);
    calls(&server);
    for args in [
        &["destroy", "--yes"][..],
        &["plan"],
        &["up", "--yes"],
        &["output"],
        &["state", "list"],
        &["state", "show", "ec2.vpc:main"],
        &["invoke", "payment-processor"],
        &["shift"],
        &["policy"],
    ] {
        let ended = run(&payctl, args, &[]);
        ended.exits(1);
        ended.says("2 environments are known here: name one");
        let typed = args.join(" ");
        let listed = [
            format!("payctl {typed} --suffix dev"),
            format!("payctl {typed} --suffix api --stack secure-api"),
        ];
        assert_eq!(hinted(&ended), listed, "{ended}");
        assert_eq!(ended.stdout, "", "{ended}");
    }
    assert_eq!(calls(&server), [].into());

    // Of one system there is one only.
    let ended = run(&payctl, &["output"], &[("PAYCTL_STACK", "secure-api")]);
    ended.exits(0);
    ended.says("secure-api api (PAYCTL_STACK, the only environment here)");
    // The suffix is enough: one holds one system.
    let ended = run(&payctl, &["plan", "--suffix", "api"], &[]);
    ended.exits(0);
    begins(&ended.stdout, "secure-api api (known here)", &ended);
    // What is listed can be copied.
    let destroy = run(&payctl, &["destroy", "--yes"], &[]);
    let command = hinted(&destroy).pop().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    run(&payctl, &words, &[]).exits(0);
    let ended = run(&payctl, &["output", "--raw", "vpc_id"], &[]);
    ended.exits(0);
    ended.says("pci-core dev (the only environment here)");
}

#[test]
fn a_name_that_is_none_is_refused_wherever_it_comes_from() {
    let payctl = Payctl::at("http://127.0.0.1:9", "dev");
    for args in [&["plan"][..], &["up", "--yes"], &["destroy", "--yes"]] {
        let ended = run(&payctl, args, &[("ENVIRONMENT_SUFFIX", "Dev")]);
        ended.exits(1);
        ended.says("invalid value \"Dev\" of ENVIRONMENT_SUFFIX");
        ended.says("lower-case letters");
        payctl.configure("suffix = \"a--b\"\n");
        let ended = run(&payctl, args, &[]);
        ended.exits(1);
        ended.says("suffix must be a suffix: a suffix is made of lower-case letters");
        payctl.configure("");
        let ended = run(&payctl, &[args, &["--stack", "migratoin"]].concat(), &[]);
        ended.exits(1);
        ended.says("there is no stack \"migratoin\"");
        ended.says("did you mean migration?");
    }
    assert!(!payctl.folder().join(".payctl").exists());
}

/// The environments of `payctl list --json`.
fn listed(payctl: &Payctl, args: &[&str]) -> Vec<Value> {
    let ended = run(payctl, &[&["list", "--json"], args].concat(), &[]);
    ended.exits(0);
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    list["environments"].as_array().unwrap().clone()
}

#[test]
fn the_environments_of_folder_and_account_are_listed() {
    let server = Server::start(Emulator::Sandbox);
    let (payctl, other) = (Payctl::new(&server), Payctl::new(&server));
    let ended = run(&payctl, &["list"], &[]);
    ended.exits(0);
    ended.says("no environment is known in .payctl");
    assert_eq!(listed(&payctl, &["--account"]), [] as [Value; 0]);

    run(&payctl, &["up", "--suffix", "dev", "--yes"], &[]).exits(0);
    run(&other, &["up", "--suffix", "pr-1", "--yes"], &[]).exits(0);
    calls(&server);
    let [dev] = &listed(&payctl, &[])[..] else { panic!("one is here") };
    assert_eq!(calls(&server), [].into(), "the folder is read, and nobody is asked");
    assert_eq!((&dev["stack"], &dev["suffix"]), (&json!("pci-core"), &json!("dev")));
    assert_eq!((&dev["state"], &dev["resources"]), (&json!("here"), &json!(43)));
    assert_eq!((&dev["region"], &dev["tagged"]), (&json!("us-east-1"), &json!(null)));
    assert_eq!(dev["last_run"]["command"], json!("up"));
    let state = fs::read_to_string(payctl.state().join("state.json")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    let seconds = state["state"]["changed_at"].to_string();
    let date = ["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ"];
    let date = Command::new("date").args(date).output().unwrap();
    assert_eq!(dev["changed_at"], json!(String::from_utf8(date.stdout).unwrap().trim()));

    let [dev, pr] = &listed(&payctl, &["--account"])[..] else { panic!("two are there") };
    let asked = calls(&server);
    let names: Vec<&str> = asked.keys().map(String::as_str).collect();
    assert_eq!(names, ["sts.GetCallerIdentity", "tagging.GetResources"]);
    assert_eq!((&dev["state"], &pr["state"]), (&json!("here"), &json!("elsewhere")));
    assert_eq!((&pr["suffix"], &pr["resources"]), (&json!("pr-1"), &json!(null)));
    assert!(pr["tagged"].as_u64().unwrap() > 20 && dev["tagged"] == pr["tagged"], "{dev} {pr}");
    let typed = listed(&payctl, &["--account", "--suffix", "pr-1"]);
    assert_eq!(typed.iter().collect::<Vec<_>>(), [pr]);

    // A key stays for the days until it is deleted, a NAT gateway for an hour, and neither makes an
    // environment. The sandbox keeps a deleted VPC's own network ACL, which AWS does not.
    run(&other, &["destroy", "--yes"], &[]).exits(0);
    let all = listed(&payctl, &["--account"]);
    let left = all.iter().find(|one| one["suffix"] == "pr-1");
    assert!(left.is_none_or(|left| left["tagged"] == 1), "{all:?}");
    let [pr] = &listed(&other, &[])[..] else { panic!("its state is kept") };
    assert_eq!((&pr["state"], &pr["resources"]), (&json!("deleted"), &json!(0)));

    let ended = run(&payctl, &["list", "--account"], &[]);
    ended.exits(0);
    let lines: Vec<Vec<&str>> =
        ended.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..6], ["STACK", "SUFFIX", "ACCOUNT", "REGION", "STATE", "RESOURCES"]);
    assert_eq!(lines[1][..6], ["pci-core", "dev", "123456789012", "us-east-1", "here", "43"]);

    // What cannot be read is there all the same.
    fs::write(payctl.folder().join(".payctl/pci-core/dev/state.json"), "{").unwrap();
    let [dev] = &listed(&payctl, &[])[..] else { panic!("one is here") };
    assert_eq!((&dev["state"], &dev["resources"]), (&json!("unreadable"), &json!(null)));
}

#[test]
fn environments_of_several_regions_are_listed_and_swept() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    run(&payctl, &["up", "--suffix", "dev", "--yes"], &[]).exits(0);
    let there = ["up", "--suffix", "eu", "--region", "eu-west-1", "--ttl", "72h", "--yes"];
    run(&payctl, &there, &[]).exits(0);
    let told = |args: &[&str]| {
        let told = listed(&payctl, args).into_iter();
        let told = told.map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            let tagged = one["tagged"].as_u64().is_some_and(|count| count > 20);
            (text("suffix"), text("region"), tagged, one["expires"].is_string())
        });
        told.collect::<Vec<_>>()
    };
    let row = |suffix: &str, region: &str, tagged, expires| {
        (suffix.to_owned(), region.to_owned(), tagged, expires)
    };
    let both = [row("dev", "us-east-1", true, false), row("eu", "eu-west-1", true, true)];
    calls(&server);
    assert_eq!(told(&["--account", "--regions", "us-east-1,eu-west-1"]), both);
    let asked = calls(&server);
    // A list has pages.
    assert!(asked["tagging.GetResources"] >= 2 && asked["sts.GetCallerIdentity"] == 1, "{asked:?}");
    assert_eq!(told(&["--account", "--regions", "all"]), both);
    let asked = calls(&server);
    assert!(asked["ec2.DescribeRegions"] == 1 && asked["tagging.GetResources"] > 10, "{asked:?}");
    let one = [row("dev", "us-east-1", true, false), row("eu", "eu-west-1", false, false)];
    assert_eq!(told(&["--account"]), one);
    // What cannot be asked is said, and hides nothing else.
    let asked = ["list", "--account", "--json", "--regions", "us-east-1,af-south-1"];
    let ended = run(&payctl, &asked, &[]);
    ended.exits(0);
    ended.says("failed to ask for the account's environments in af-south-1");
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(list["unread"], json!(["af-south-1"]));
    assert!(list["environments"][0]["tagged"].is_u64(), "{list}");
    for args in [&["--regions", "all"][..], &["--account", "--regions", "all", "--region", "x-y-1"]]
    {
        run(&payctl, &[&["list"], args].concat(), &[]).exits(1);
    }

    let ended = run(&payctl, &["sweep", "--match", "*u*", "--regions", "all", "--yes"], &[]);
    ended.exits(0);
    ended.says("nothing is left of pci-core eu");
    let [dev, eu] = &listed(&payctl, &["--account", "--regions", "all"])[..] else {
        panic!("two states are here")
    };
    assert_eq!((&dev["state"], &eu["state"]), (&json!("here"), &json!("deleted")));
}
