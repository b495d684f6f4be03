//! `pci-core` from its first `up` to the last `destroy`, with the real binary, on every emulator.

use std::fs;
use std::time::Duration;

use aws_sdk_kms::types::KeyState;
use payctl_aws::Aws;
use payctl_engine::Action::{self, CreateThenDelete, Update};
use payctl_engine::state::Store;
use payctl_engine::{Address, Plan};
use payctl_tests::binary::{Payctl, changing_calls, differences};
use payctl_tests::cloud::{clients, difference, everything, keys};
use payctl_tests::emulator::{
    Emulator::{self, Ministack, Moto},
    Server,
};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};

/// What an emulator gets wrong: the emulator, the kind, the property and how.
const EXCEPTIONS: &[(Emulator, &str, &str, &str)] = &[
    (Ministack, "ec2.default_network_acl", "ingress", "an entry's PortRange is dropped"),
    (Ministack, "ec2.default_network_acl", "egress", "an entry's PortRange is dropped"),
    (Ministack, "ec2.nat_gateway", "address", "NatGatewayAddresses is always empty"),
    (Ministack, "ec2.route", "target", "is to follow the NAT gateway's replacement"),
    (Ministack, "ec2.gateway_endpoint", "policy", "DescribeVpcEndpoints leaves it out"),
    (Ministack, "ec2.flow_log", "log_group", "DescribeFlowLogs leaves it out"),
    (Ministack, "ec2.flow_log", "role", "DescribeFlowLogs leaves it out"),
    (Ministack, "ec2.flow_log", "tags", "CreateFlowLogs ignores them"),
    (Ministack, "cloudtrail.trail", "tags", "CreateTrail ignores them"),
    (Ministack, "cloudtrail.trail", "log_delivery", "CreateTrail ignores it"),
    (
        Moto,
        "s3.bucket",
        "access_log",
        "is refused where the target's policy denies everybody something",
    ),
    (Moto, "ec2.security_group", "egress", "a prefix list's rule loses its description"),
    (Ministack, "ec2.security_group", "egress", "a prefix list's rule is dropped"),
    (Ministack, "ec2.interface_endpoint", "security_groups", "is left out"),
    (Ministack, "ec2.interface_endpoint", "private_dns", "is left out"),
    (Ministack, "ec2.interface_endpoint", "policy", "is left out"),
    (Ministack, "wafv2.logging", "create", "its calls are missing"),
    (Moto, "autoscaling.group", "default_warmup_s", "is not kept"),
    (Ministack, "autoscaling.group", "default_warmup_s", "is not kept"),
    (Moto, "autoscaling.group", "metrics", "all of them are taken for none"),
    (Ministack, "autoscaling.group", "metrics", "the calls are missing"),
    (Moto, "secretsmanager.rotation", "duration", "is not kept"),
    (Moto, "cloudwatch.dashboard", "tags", "PutDashboard ignores them"),
    (Moto, "elbv2.listener", "ssl_policy", "one that speaks HTTP has one"),
    (Ministack, "cloudwatch.dashboard", "tags", "PutDashboard ignores them"),
];

/// Calls that an emulator does not know, so that nothing could be planned or made.
const WITHOUT_LOGGING: (&str, Fate) =
    ("GetLoggingConfiguration", Fate::Refuse(Refusal::Code("WAFNonexistentItemException")));
const WITHOUT_METRICS: (&str, Fate) =
    ("EnableMetricsCollection", Fate::Answer("<EnableMetricsCollectionResponse/>"));
const WITH_VERSIONS: (&str, Fate) = ("DescribeDBEngineVersions", Fate::Answer(VERSIONS));
/// It runs functions in Docker alone.
const WITH_A_MIGRATION: (&str, Fate) = (
    "POST /2015-03-31/functions/transaction-processing-dev/invocations",
    Fate::Answer("{\"schema\": 1, \"applied\": [1]}"),
);
/// Of a policy with a statement about everybody moto looks for the `Service` in a text, and fails.
const WITHOUT_ACCESS_LOGS: (&str, Fate) = ("?logging", Fate::Answer("<BucketLoggingStatus/>"));
const VERSIONS: &str = "<DescribeDBEngineVersionsResponse><DescribeDBEngineVersionsResult>\
    <DBEngineVersions><DBEngineVersion><EngineVersion>16.6</EngineVersion>\
    <Status>available</Status></DBEngineVersion></DBEngineVersions>\
    </DescribeDBEngineVersionsResult></DescribeDBEngineVersionsResponse>";

/// `up`, which has to work but for what the emulator does not have.
fn comes_up(payctl: &Payctl, system: &str, emulator: Emulator) {
    if (system, emulator) != ("secure-api", Ministack) {
        payctl.up();
        return;
    }
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("Unknown WAF action: PutLoggingConfiguration");
    ended.says("1 step failed");
}

/// What the plan does beyond what the emulator gets wrong.
fn unexpected(plan: &Plan, emulator: Emulator) -> Vec<String> {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        let kind = step.address.kind().to_owned();
        step.changes.retain(|change| {
            let seen = (emulator, kind.as_str(), change.property.as_str());
            !EXCEPTIONS
                .iter()
                .any(|(emulator, kind, property, _)| seen == (*emulator, kind, property))
        });
        let missing = (emulator, kind.as_str(), "create");
        if EXCEPTIONS.iter().any(|(emulator, kind, what, _)| missing == (*emulator, kind, what)) {
            assert_eq!(step.action, Action::Create, "{}", step.address);
            step.action = Action::Keep;
        }
        if step.changes.is_empty() && matches!(step.action, Update | CreateThenDelete) {
            step.action = Action::Keep;
        }
    }
    differences(&plan)
}

/// Ministack drops the tags of these creations; nothing is deleted that carries none of ours.
async fn tag_what_lost_its_tags(payctl: &Payctl, aws: &Aws) {
    let state = Store::at(payctl.state()).load().unwrap().state.unwrap();
    let tags = |address: &str| {
        let record = &state.resources[&Address::parse(address).unwrap()];
        let tags = record.properties["tags"].as_object().unwrap().clone();
        let tags = tags.into_iter().map(|(key, value)| (key, value.as_str().unwrap().to_owned()));
        let output = |name: &str| record.outputs[name].as_str().unwrap().to_owned();
        (
            tags.collect::<Vec<_>>(),
            if address.starts_with("ec2") { output("id") } else { output("arn") },
        )
    };
    let (all, id) = tags("ec2.flow_log:main");
    let all = all
        .into_iter()
        .map(|(key, value)| aws_sdk_ec2::types::Tag::builder().key(key).value(value).build());
    let request = aws.ec2.create_tags().resources(id).set_tags(Some(all.collect()));
    request.send().await.unwrap();
    let (all, arn) = tags("cloudtrail.trail:main");
    let all = all.into_iter().map(|(key, value)| {
        aws_sdk_cloudtrail::types::Tag::builder().key(key).value(value).build().unwrap()
    });
    let request = aws.cloudtrail.add_tags().resource_id(arn).set_tags_list(Some(all.collect()));
    request.send().await.unwrap();
}

/// Stock moto and ministack keep no tags of dashboards, so that they are nobody's: they are taken
/// away by hand.
async fn delete_untagged_dashboards(system: &str, aws: &Aws) {
    let names: &[&str] = match system {
        "cost-optimized" => &["costs", "ops", "security"],
        "migration" => &["processing"],
        "secure-api" => &["api"],
        _ => &[],
    };
    for name in names {
        let name = format!("payment-{name}-dev");
        aws.cloudwatch.delete_dashboards().dashboard_names(name).send().await.unwrap();
    }
}

/// Stock moto keeps the snapshots that it made of a cluster by itself, and makes no second one
/// within the same minute.
async fn delete_automated_snapshots(aws: &Aws) {
    let all = aws.rds.describe_db_cluster_snapshots().send().await.unwrap();
    for snapshot in all.db_cluster_snapshots() {
        let name = snapshot.db_cluster_snapshot_identifier().unwrap();
        let request = aws.rds.delete_db_cluster_snapshot();
        request.db_cluster_snapshot_identifier(name).send().await.unwrap();
    }
}

async fn a_whole_life(system: &str, emulator: Emulator) {
    let server = Server::start(emulator);
    let proxy = Proxy::start(&server.endpoint);
    proxy.set(&Rule::Each(match emulator {
        Ministack => &[WITHOUT_LOGGING, WITHOUT_METRICS],
        Moto => &[WITH_VERSIONS, WITH_A_MIGRATION, WITHOUT_ACCESS_LOGS],
        Emulator::Sandbox => &[],
    }));
    let mut payctl = Payctl::at(&proxy.endpoint, "dev").of(system);
    if emulator == Emulator::Sandbox {
        payctl = payctl.under_its_own_policy(&server);
    }
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;

    comes_up(&payctl, system, emulator);
    let all = everything(&aws).await;
    assert!(difference(&nothing, &all).len() >= 36, "{:#?}", difference(&nothing, &all));
    let made = keys(&aws).await;
    assert!(made.values().all(|state| *state == KeyState::Enabled), "{made:?}");
    assert_eq!(unexpected(&payctl.plan(), emulator), [""; 0]);

    if emulator == Emulator::Sandbox {
        changing_calls(&server);
        let state = fs::read(payctl.state().join("state.json")).unwrap();
        payctl.up();
        assert_eq!(changing_calls(&server), [].into());
        assert_eq!(fs::read(payctl.state().join("state.json")).unwrap(), state);
    } else if (system, emulator) == ("pci-core", Moto) {
        payctl.up();
    }
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);

    if (system, emulator) == ("pci-core", Ministack) {
        tag_what_lost_its_tags(&payctl, &aws).await;
    }
    if emulator != Emulator::Sandbox {
        delete_untagged_dashboards(system, &aws).await;
    }
    payctl.destroy();
    if emulator == Moto {
        delete_automated_snapshots(&aws).await;
    }
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
    let leaving = made.keys().map(|key| (key.clone(), KeyState::PendingDeletion)).collect();
    assert_eq!(keys(&aws).await, leaving);
    payctl.destroy().says("nothing to delete: this environment does not exist");

    // The same suffix works at once, and the keys are the same ones.
    comes_up(&payctl, system, emulator);
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);
    assert_eq!(keys(&aws).await, made);
    assert_eq!(unexpected(&payctl.plan(), emulator), [""; 0]);
}

macro_rules! whole_lives {
    ($($name:ident: $system:literal on $emulator:expr,)+) => {$(
        #[tokio::test]
        async fn $name() {
            a_whole_life($system, $emulator).await;
        }
    )+};
}

whole_lives! {
    a_whole_life_of_pci_core_on_the_sandbox: "pci-core" on Emulator::Sandbox,
    a_whole_life_of_pci_core_on_moto: "pci-core" on Moto,
    a_whole_life_of_pci_core_on_ministack: "pci-core" on Ministack,
    a_whole_life_of_secure_api_on_the_sandbox: "secure-api" on Emulator::Sandbox,
    a_whole_life_of_secure_api_on_moto: "secure-api" on Moto,
    a_whole_life_of_secure_api_on_ministack: "secure-api" on Ministack,
    a_whole_life_of_cost_optimized_on_the_sandbox: "cost-optimized" on Emulator::Sandbox,
    a_whole_life_of_cost_optimized_on_moto: "cost-optimized" on Moto,
    a_whole_life_of_cost_optimized_on_ministack: "cost-optimized" on Ministack,
    a_whole_life_of_migration_on_the_sandbox: "migration" on Emulator::Sandbox,
    a_whole_life_of_migration_on_moto: "migration" on Moto,
}

#[tokio::test]
async fn a_lost_state_is_made_up_from_the_tags() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    payctl.up();
    let all = everything(&aws).await;

    payctl.lose_state();
    changing_calls(&server);
    // As on a CI runner, which has no state: nothing has to change, and it takes one line to say.
    let plan = payctl.run(&["plan", "--detailed-exitcode"]);
    plan.exits(0);
    let lines: Vec<&str> = plan.stdout.lines().filter(|line| line.contains("change")).collect();
    assert_eq!(
        lines,
        [
            "no changes: 43 resources match the configuration (43 of them found by name or tag, not in \
          the state here)"
        ]
    );
    assert!(!plan.stdout.contains("adopt"), "{plan}");
    payctl.up().says("no changes: 43 resources");
    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);
    payctl.is_as_declared();

    payctl.lose_state();
    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
    assert_eq!(keys(&aws).await.len(), 1);

    // Even what is pending deletion is known again.
    payctl.lose_state();
    payctl.up();
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);
    assert_eq!(keys(&aws).await.len(), 1);
}

/// What only another configuration declares is found by its tags where the state is lost. What is
/// found by its name is named, or deleted with all else.
#[tokio::test]
async fn what_a_lost_state_knew_alone_is_found_or_named() {
    const NAMED: &str = "not in stack or state";
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    payctl.up();
    let one = everything(&aws).await;
    let per_zone = || payctl.configure("[pci-core]\nnat = \"per-zone\"\n");

    // `up` makes it what the stack declares, and no more.
    per_zone();
    payctl.up();
    payctl.configure("");
    payctl.lose_state();
    let plan = payctl.plan();
    let gone: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.action == Action::Delete)
        .map(|step| step.address.as_str())
        .collect();
    for sort in ["elastic_ip:main", "nat_gateway:main", "route_table:private"] {
        (1..=3)
            .for_each(|n| assert!(gone.contains(&format!("ec2.{sort}-{n}").as_str()), "{gone:?}"));
    }
    let up = payctl.up();
    assert!(!up.stderr.contains(NAMED), "{up}");
    assert_eq!(difference(&one, &everything(&aws).await), [""; 0], "{up}");
    payctl.is_as_declared();

    // So does a run that was killed on the way to it, without its state's help.
    per_zone();
    payctl.up();
    payctl.configure("");
    payctl.lose_state();
    let mut run = payctl.start(&["up", "--yes"]);
    run.says("deleted   ec2.route_table:private");
    run.killed_after(Duration::ZERO);
    payctl.up();
    assert_eq!(difference(&one, &everything(&aws).await), [""; 0]);
    payctl.is_as_declared();

    // And a deletion.
    per_zone();
    payctl.up();
    let lineage = Store::at(payctl.state()).load().unwrap().state.unwrap().lineage;
    let tags = [
        ("payctl:stack", "pci-core"),
        ("payctl:suffix", "dev"),
        ("payctl:lineage", &lineage),
        ("payctl:id", "logs.group:older"),
    ];
    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let group = aws.logs.create_log_group().log_group_name("older");
    group.set_tags(Some(tags.into())).send().await.unwrap();
    payctl.configure("");
    payctl.lose_state();
    // What is found by its name an `up` names, and a deletion takes, if it is ours.
    let ended = payctl.run(&["plan"]);
    ended.exits(0);
    ended.says(NAMED);
    ended.says("logs.group:older  arn:aws:logs:us-east-1:");
    assert!(!ended.stderr.contains("gateway"), "{ended}");
    let ended = payctl.run(&["plan", "--destroy"]);
    ended.exits(0);
    assert!(!ended.stderr.contains(NAMED), "{ended}");
    ended.shows("logs.group:older");
    let ended = payctl.destroy();
    ended.says("nothing is left of pci-core dev");
    let ended = payctl.destroy();
    assert!(!ended.stderr.contains(NAMED), "a key that is pending deletion is named\n{ended}");
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn a_saved_plan_is_done_exactly() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;

    payctl.run(&["plan", "--out", "p.json"]).exits(0);
    assert!(!payctl.folder().join(".payctl").exists(), "a plan writes a state");
    assert_eq!(changing_calls(&server), [].into());
    payctl.run(&["up", "p.json"]).exits(0);
    payctl.is_as_declared();

    // What it would do is done already, so it is refused.
    changing_calls(&server);
    let again = payctl.run(&["up", "p.json"]);
    again.exits(1);
    again.says("has changed since the plan was saved");
    again.says("another run has written the state (serial 0 then, 1 now)");
    again.says("create then, unchanged now");
    payctl.run(&["up", "p.json", "--region", "eu-west-1"]).says("the plan is for region us-east-1");
    payctl.run(&["up", "migration"]).says("`payctl up --stack migration`");

    payctl.configure("[pci-core]\nmemory_mb = 1024\n");
    payctl.run(&["plan", "--out", "q.json"]).exits(0);
    let name = "payment-processor-dev";
    let change = aws.lambda.update_function_configuration().function_name(name);
    change.timeout(60).send().await.unwrap();
    changing_calls(&server);
    let moved = payctl.run(&["up", "q.json"]);
    moved.exits(1);
    moved.says("has changed since the plan was saved");
    moved.says("lambda.function:payment-processor: update, but otherwise");
    assert_eq!(changing_calls(&server), [].into());

    payctl.run(&["plan", "--out", "q.json"]).exits(0);
    payctl.run(&["up", "q.json"]).exits(0);
    payctl.is_as_declared();

    // The plan of a deletion is one too.
    payctl.run(&["plan", "--destroy", "--out", "d.json"]).exits(0);
    payctl.run(&["up", "d.json", "--yes"]).exits(0);
    payctl.destroy().says("nothing to delete: this environment does not exist");
}

#[tokio::test]
async fn a_plan_is_the_same_bytes_twice() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    payctl.up();
    payctl.configure("[pci-core]\nmemory_mb = 1024\nnat = \"none\"\n[tags]\nteam = \"red\"\n");
    let plans = [payctl.run(&["plan", "--json"]), payctl.run(&["plan", "--json"])];
    plans[0].exits(0);
    assert_eq!(plans[0].stdout, plans[1].stdout);
    let texts = [payctl.run(&["plan"]), payctl.run(&["plan"])];
    assert_eq!(texts[0].stdout, texts[1].stdout);
    assert!(texts[0].stdout.contains("512 → 1024"), "{}", texts[0]);
}

#[tokio::test]
async fn two_environments_side_by_side_do_not_touch_each_other() {
    let server = Server::start(Emulator::Sandbox);
    let (blue, green) =
        (Payctl::at(&server.endpoint, "blue"), Payctl::at(&server.endpoint, "pr-7"));
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    blue.up();
    let only_blue = everything(&aws).await;
    green.up();
    blue.is_as_declared();
    green.is_as_declared();
    green.destroy();
    assert_eq!(difference(&only_blue, &everything(&aws).await), [""; 0]);
    blue.is_as_declared();
    blue.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}
