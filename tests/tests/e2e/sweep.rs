//! Several environments deleted at once: which, with what is shown and asked, and what stays.

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use payctl_aws::Aws;
use payctl_tests::binary::{Ended, Payctl, Run, calls, changing_calls};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Rule};
use payctl_tests::terminal::Terminal;
use serde_json::Value;

/// Long ago.
const PAST: &str = "2020-01-02T03:04:05Z";
/// A stack of which AWS's list of tags knows nothing.
pub(crate) const ROLE: &str = r#"name = "tiny"
description = "a role"
[iam.role.one]
description = "Does nothing"
[iam.role.one.trust]
Version = "2012-10-17"
[[iam.role.one.trust.Statement]]
Effect = "Allow"
Action = "sts:AssumeRole"
Principal = { Service = "lambda.amazonaws.com" }
"#;

/// Runs it as somebody does who set no variable of payctl's.
fn run(payctl: &Payctl, args: &[&str]) -> Ended {
    let mut command = payctl.command(args);
    command.env_remove("PAYCTL_SUFFIX").env_remove("PAYCTL_STACK").env_remove("PAYCTL_STACK_FILE");
    Run::start(command).end()
}

/// Makes environments of pci-core.
fn make(payctl: &Payctl, suffixes: &[&str]) {
    for suffix in suffixes {
        run(payctl, &["up", "--suffix", suffix, "--ttl", "72h", "--yes"]).exits(0);
    }
}

/// The networks that carry the tags of environments, by suffix.
async fn networks(aws: &Aws) -> Vec<(String, String)> {
    let tagged = Filter::builder().name("tag-key").values("payctl:suffix").build();
    let seen = aws.ec2.describe_vpcs().filters(tagged).send().await.unwrap();
    let suffix = |tags: &[Tag]| {
        let tag = tags.iter().find(|tag| tag.key() == Some("payctl:suffix"));
        tag.and_then(Tag::value).unwrap_or_default().to_owned()
    };
    let all = seen.vpcs().iter();
    let mut all: Vec<(String, String)> =
        all.map(|vpc| (suffix(vpc.tags()), vpc.vpc_id().unwrap().to_owned())).collect();
    all.sort();
    all
}

async fn suffixes(aws: &Aws) -> Vec<String> {
    networks(aws).await.into_iter().map(|(suffix, _)| suffix).collect()
}

/// Lets the lives of these be over.
async fn expire(aws: &Aws, suffixes: &[&str]) {
    for (suffix, id) in networks(aws).await {
        if suffixes.contains(&suffix.as_str()) {
            let end = Tag::builder().key("payctl:expires").value(PAST).build();
            aws.ec2.create_tags().resources(id).tags(end).send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_over_goes_with_or_without_a_state_and_all_else_stays() {
    let server = Server::start(Emulator::Sandbox);
    let (payctl, other) = (Payctl::new(&server), Payctl::new(&server));
    let aws = clients(&server).await;
    make(&payctl, &["dev", "pr-1", "prod"]);
    make(&other, &["pr-2"]);
    payctl.configure("protected = [\"prod\"]\n");
    calls(&server);
    let ended = run(&payctl, &["sweep", "--expired", "--yes"]);
    ended.exits(0);
    ended.says("no environment is to be swept");
    let asked = calls(&server);
    let names: Vec<&str> = asked.keys().map(String::as_str).collect();
    assert_eq!(names, ["sts.GetCallerIdentity", "tagging.GetResources"]);

    // The states of pr-2 and of prod are elsewhere, or are here.
    expire(&aws, &["pr-1", "pr-2", "prod"]).await;
    changing_calls(&server);
    let ended = run(&payctl, &["sweep", "--expired"]);
    ended.exits(1);
    ended.says("pci-core prod in us-east-1: it is protected, and stays");
    ended.says("pci-core pr-1 · account 123456789012 · us-east-1");
    ended.says("pci-core pr-2 · account 123456789012 · us-east-1");
    ended.says("why: its life ended 2020-01-02 03:04 UTC");
    ended.says("2 environments with");
    ended.says("there is no terminal to ask on, and nothing was changed");
    assert_eq!(changing_calls(&server), [].into());

    // One question for all, answered wrongly and rightly.
    let question = "to delete these 2 environments";
    let wrong = Terminal::of(140).answers(&[("account 123456789012: ", "delete 3\n")]);
    let ended = wrong.run(&payctl, &["sweep", "--expired"]);
    ended.exits(1);
    ended.shows(question);
    ended.shows("not approved, and nothing was changed");
    assert_eq!(suffixes(&aws).await, ["dev", "pr-1", "pr-2", "prod"]);
    let right = Terminal::of(140).answers(&[("account 123456789012: ", "delete 2\n")]);
    right.run(&payctl, &["sweep", "--expired"]).exits(0);
    assert_eq!(suffixes(&aws).await, ["dev", "prod"]);

    let ended = run(&payctl, &["sweep", "--expired", "--yes"]);
    ended.exits(0);
    ended.says("no environment is to be swept");
    let listed = run(&payctl, &["list", "--account", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let prod =
        listed["environments"].as_array().unwrap().iter().find(|one| one["suffix"] == "prod");
    assert_eq!(prod.unwrap()["expires"], PAST);
}

#[tokio::test]
async fn environments_are_chosen_by_suffix_age_and_stack() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let payctl = Payctl::new(&server);
    make(&payctl, &["dev", "pr-1"]);
    let tiny = Payctl::new(&server).of_document("tiny", Some(ROLE));
    tiny.run(&["up", "--suffix", "pr-tiny", "--yes"]).exits(0);

    for args in [&["--match", "pr-*", "--older-than", "1h"][..], &["--older-than", "1h"]] {
        let ended = run(&payctl, &[&["sweep", "--yes"], args].concat());
        ended.exits(0);
        ended.says("no environment is to be swept");
        // Only the state knows of a role, and nobody when it was made.
        let ended = run(&tiny, &[&["sweep", "--yes"], args].concat());
        ended.exits(0);
        ended.says("tiny pr-tiny in us-east-1: AWS does not say how old it is, and it stays");
    }
    std::thread::sleep(Duration::from_secs(2));
    let args = ["sweep", "--match", "pr-*", "--older-than", "1s", "--yes"];
    let ended = run(&payctl, &args);
    ended.exits(0);
    ended.says("its suffix fits pr-*, it was made");
    assert_eq!(suffixes(&aws).await, ["dev"]);

    // A stack of one's own goes by its state, without its document.
    let ended = run(&tiny, &["sweep", "--match", "pr-*", "--yes"]);
    ended.exits(0);
    ended.says("nothing is left of tiny pr-tiny");
    let roles = aws.iam.list_roles().send().await.unwrap().roles;
    assert!(roles.iter().all(|role| !role.role_name().contains("tiny")), "{roles:?}");
    let ended = run(&payctl, &["sweep", "--match", "*", "--stack", "migration", "--yes"]);
    ended.exits(0);
    ended.says("no environment is to be swept");

    for (args, why) in [
        (&["sweep", "--yes"][..], "required"),
        (&["sweep", "--match", "PR-1"], "a pattern is a suffix with * for any characters"),
        (&["sweep", "--older-than", "old"], "an age is written like 72h or 14d"),
        (&["sweep", "--expired", "--suffix", "dev"], "sweep chooses among suffixes"),
        (&["sweep", "--expired", "--regions", "mars"], "regions with commas between them"),
    ] {
        let ended = run(&payctl, args);
        ended.exits(1);
        ended.says(why);
    }
    assert_eq!(suffixes(&aws).await, ["dev"]);
}

#[tokio::test]
async fn saved_deletions_are_carried_out_exactly_or_not_at_all() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let payctl = Payctl::new(&server);
    make(&payctl, &["pr-1", "pr-2", "pr-3"]);
    changing_calls(&server);
    for (file, pattern) in [("all.plan", "pr-*"), ("two.plan", "pr-2")] {
        let ended = run(&payctl, &["sweep", "--match", pattern, "--out", file]);
        ended.exits(0);
        ended.says(&format!("saved; `payctl sweep {file}` deletes exactly this"));
        ended.shows("to delete");
    }
    assert_eq!(changing_calls(&server), [].into());

    // What changed since the plan was saved is another plan, and then nothing is deleted.
    run(&payctl, &["sweep", "two.plan", "--yes"]).exits(0);
    assert_eq!(suffixes(&aws).await, ["pr-1", "pr-3"]);
    changing_calls(&server);
    let ended = run(&payctl, &["sweep", "all.plan", "--yes"]);
    ended.exits(1);
    ended.says("nothing was deleted, of pci-core pr-2 in us-east-1 nor of any other");
    assert_eq!(changing_calls(&server), [].into());
    // It is asked about as well.
    run(&payctl, &["sweep", "--match", "*", "--out", "left.plan"]).exits(0);
    run(&payctl, &["sweep", "left.plan"]).says("there is no terminal to ask on");
    // A saved plan protects nobody.
    payctl.configure("protected = [\"pr-1\"]\n");
    let ended = run(&payctl, &["sweep", "left.plan", "--yes"]);
    ended.exits(1);
    ended.says("the suffix pr-1 is protected");
    assert_eq!(suffixes(&aws).await, ["pr-1", "pr-3"]);
    payctl.configure("");
    run(&payctl, &["sweep", "left.plan", "--yes"]).exits(0);
    assert_eq!(suffixes(&aws).await, [""; 0]);
    let ended = run(&payctl, &["up", "left.plan"]);
    ended.exits(1);
    let ended = run(&payctl, &["sweep", "none.plan"]);
    ended.exits(1);
    ended.says("failed to read the plan none.plan");
}

#[tokio::test]
async fn a_killed_sweep_goes_on() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    let aws = clients(&server).await;
    make(&payctl, &["pr-1", "pr-2"]);
    expire(&aws, &["pr-1", "pr-2"]).await;
    // The first is on its way out, its network gone, when the run is killed.
    for operation in ["DeleteVpc", "DeleteTable"] {
        let before = suffixes(&aws).await;
        assert!(!before.is_empty());
        let rule = match operation {
            "DeleteVpc" => &[("DeleteVpc", Fate::Kill { applied: true })],
            _ => &[("DeleteTable", Fate::Kill { applied: true })],
        };
        proxy.set(&Rule::Each(rule));
        let mut command = payctl.command(&["sweep", "--expired", "--yes"]);
        command.env_remove("PAYCTL_SUFFIX");
        let killed = Run::start(command);
        proxy.victim(killed.pid());
        let killed = killed.end();
        assert_eq!(killed.code, None, "{operation}: {killed}");
    }
    proxy.set(&Rule::Nothing);
    run(&payctl, &["sweep", "--expired", "--yes"]).exits(0);
    assert_eq!(suffixes(&aws).await, [""; 0]);
    let tables = aws.dynamodb.list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), [""; 0]);
    let ended = run(&payctl, &["sweep", "--expired", "--yes"]);
    ended.says("no environment is to be swept");
}

#[tokio::test]
async fn what_only_looks_like_an_end_deletes_nothing() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let payctl = Payctl::new(&server);
    run(&payctl, &["up", "--suffix", "pr-1", "--yes"]).exits(0);
    // An earlier environment of that suffix: AWS's list of tags remembers its network for a while.
    let tags = [
        ("payctl:stack", "pci-core"),
        ("payctl:suffix", "pr-1"),
        ("payctl:id", "ec2.vpc:main"),
        ("payctl:lineage", "earlier"),
        ("payctl:expires", PAST),
    ];
    let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags =
        TagSpecification::builder().resource_type(ResourceType::Vpc).set_tags(Some(tags.into()));
    let request = aws.ec2.create_vpc().cidr_block("10.9.0.0/16");
    request.tag_specifications(tags.build()).send().await.unwrap();
    let there = networks(&aws).await;
    changing_calls(&server);
    let ended = run(&payctl, &["sweep", "--expired", "--yes"]);
    ended.exits(0);
    ended.says("what its life's end is written on is gone or is not found");
    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(networks(&aws).await, there);
}
