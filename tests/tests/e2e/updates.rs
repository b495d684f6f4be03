//! Edits of payctl.toml: the plan shows exactly what they change, and `up` does that and no more.

use std::collections::BTreeSet;

use payctl_engine::{Action, Address, Plan, Step};
use payctl_tests::binary::{AARCH64, Payctl, changing_calls, differences, put_handler};
use payctl_tests::cloud::{clients, difference, everything, keys};
use payctl_tests::emulator::{Emulator, Server};

/// The plan does exactly this.
#[track_caller]
fn does(plan: &Plan, expected: &[&str]) {
    let seen = differences(plan);
    let seen: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    assert_eq!(seen, expected);
}

#[track_caller]
fn action(plan: &Plan, address: &str) -> Action {
    plan.step(&Address::parse(address).unwrap()).unwrap().action
}

/// What holds data or is paid for again stays.
#[track_caller]
fn keeps_data(plan: &Plan) {
    for address in
        ["kms.key:main", "s3.bucket:files", "s3.bucket:audit", "dynamodb.table:transactions"]
    {
        let action = action(plan, address);
        assert!(matches!(action, Action::Keep | Action::Update), "{address}: {action:?}");
    }
}

#[tokio::test]
async fn parameters_change_in_place() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    payctl.up();
    let all = everything(&aws).await;

    payctl.configure(
        "[pci-core]\nmemory_mb = 1024\ntimeout_s = 60\nlog_retention_days = 365\n\
         reserved_concurrency = 20\nerror_alarm_above = 1.5\nthrottle_alarm_above = 2\n\
         trail_multi_region = false\narchive_after_days = 30\nexpire_after_days = 730\n\
         audit_expire_after_days = 3650\n",
    );
    does(
        &payctl.plan(),
        &[
            "s3.bucket:files: Update lifecycle",
            "s3.bucket:audit: Update lifecycle",
            "logs.group:flow-logs: Update retention_days",
            "logs.group:payment-processor: Update retention_days",
            "logs.group:trail: Update retention_days",
            "lambda.function:payment-processor: Update memory_mb, timeout_s, reserved_concurrency",
            "cloudwatch.alarm:lambda-errors: Update threshold",
            "cloudwatch.alarm:dynamodb-throttle: Update threshold",
            "cloudtrail.trail:main: Update multi_region",
        ],
    );
    let text = payctl.run(&["plan"]).stdout;
    for line in ["512 → 1024", "300 → 60", "10 → 20", "30 → 365", "5.0 → 1.5", "true → false"]
    {
        assert!(text.contains(line), "{line} is missing\n{text}");
    }
    changing_calls(&server);
    payctl.up();
    let calls = changing_calls(&server);
    assert!(!calls.keys().any(|call| call.contains("Create")), "{calls:?}");
    payctl.is_as_declared();

    // No limit at all, another processor, and back to the defaults.
    put_handler(&payctl.folder().join("handlers"), "payment-processor", AARCH64);
    payctl.configure("[pci-core]\nreserved_concurrency = 0\narchitecture = \"arm64\"\n");
    let plan = payctl.plan();
    assert_eq!(action(&plan, "lambda.function:payment-processor"), Action::Update);
    payctl.up();
    payctl.is_as_declared();
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn tags_change_on_everything_that_has_tags() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    payctl.up();
    for text in
        ["[tags]\nteam = \"red\"\n\"cost centre\" = \"42\"\n", "[tags]\nteam = \"blue\"\n", ""]
    {
        payctl.configure(text);
        let plan = payctl.plan();
        for step in &plan.steps {
            let tagged = step.properties.get("tags").is_some();
            let expected: &[&str] = if tagged { &["tags"] } else { &[] };
            let changed: Vec<&str> = step.changes.iter().map(|c| c.property.as_str()).collect();
            assert_eq!(changed, expected, "{}", step.address);
        }
        assert!(differences(&plan).len() > 20, "{:#?}", differences(&plan));
        payctl.up();
        payctl.is_as_declared();
    }
}

#[tokio::test]
async fn a_subnet_elsewhere_is_made_before_the_old_one_goes() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    payctl.up();
    let all = everything(&aws).await;
    payctl.configure(
        "[pci-core]\nprivate_subnets = [\"10.0.4.0/24\", \"10.0.2.0/24\", \"10.0.3.0/24\"]\n",
    );
    let plan = payctl.plan();
    does(
        &plan,
        &[
            "ec2.subnet:private-1: CreateThenDelete cidr",
            "ec2.route_table_association:private-1: CreateThenDelete subnet",
            "lambda.function:payment-processor: Update subnets",
        ],
    );
    let text = payctl.run(&["plan"]).stdout;
    for words in [
        "ec2.subnet:private-1 replace: create, then delete subnet-",
        "10.0.1.0/24 → 10.0.4.0/24",
        "forces the replacement",
        "2 to replace",
    ] {
        assert!(text.contains(words), "{words:?} is missing\n{text}");
    }
    payctl.up();
    payctl.is_as_declared();
    let moved: Vec<String> = difference(&all, &everything(&aws).await);
    assert_eq!(
        moved,
        [
            "- ec2.subnet payment-private-subnet-1-dev 10.0.1.0/24",
            "+ ec2.subnet payment-private-subnet-1-dev 10.0.4.0/24"
        ]
    );
}

/// A subnet's successor is made before it goes, which AWS refuses where the two overlap.
#[tokio::test]
async fn subnets_in_each_others_way_are_refused_and_the_way_back_is_open() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    payctl.up();
    let all = everything(&aws).await;
    payctl.configure(
        "[pci-core]\nprivate_subnets = [\"10.0.1.0/25\", \"10.0.2.0/24\", \"10.0.3.0/24\"]\n",
    );
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("failed: ec2.subnet:private-1 because: CreateSubnet: InvalidSubnet.Conflict");
    payctl.configure("");
    payctl.up();
    payctl.is_as_declared();
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn another_network_takes_everything_in_it_along_and_nothing_else() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    payctl.up();
    let all = everything(&aws).await;
    payctl.configure(
        "[pci-core]\nnetwork = \"10.1.0.0/16\"\n\
         private_subnets = [\"10.1.1.0/24\", \"10.1.2.0/24\", \"10.1.3.0/24\"]\n\
         public_subnets = [\"10.1.11.0/24\"]\n",
    );
    let plan = payctl.plan();
    keeps_data(&plan);
    for address in [
        "ec2.vpc:main",
        "ec2.subnet:private-1",
        "ec2.subnet:public-1",
        "ec2.route_table:private",
        "ec2.security_group:payment-processor",
        "ec2.gateway_endpoint:s3",
        "ec2.flow_log:main",
    ] {
        assert!(action(&plan, address).replaces(), "{address}: {:?}", action(&plan, address));
    }
    let text = payctl.run(&["plan"]).stdout;
    assert!(text.contains("10.0.0.0/16 → 10.1.0.0/16"), "{text}");
    let ended = payctl.up();
    payctl.is_as_declared();
    // The same things under the same names, but for their addresses.
    let plain = |all: &BTreeSet<String>| -> BTreeSet<String> {
        all.iter().map(|name| name.replace(" 10.1.", " 10.0.")).collect()
    };
    let after = plain(&everything(&aws).await);
    assert_eq!(difference(&all, &after), [""; 0], "{ended}");
    assert_eq!(keys(&aws).await.len(), 1);
}

#[tokio::test]
async fn egress_comes_and_goes() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    payctl.up();
    let one = everything(&aws).await;
    let count = |all: &BTreeSet<String>, kind: &str| {
        let kind = format!("{kind} ");
        all.iter().filter(|name| name.starts_with(&kind)).count()
    };
    for (nat, gateways) in [("none", 0), ("per-zone", 3), ("one", 1)] {
        payctl.configure(&format!("[pci-core]\nnat = \"{nat}\"\n"));
        let plan = payctl.plan();
        keeps_data(&plan);
        payctl.up();
        payctl.is_as_declared();
        let all = everything(&aws).await;
        assert_eq!(count(&all, "ec2.nat_gateway"), gateways, "{nat}: {all:#?}");
        assert_eq!(count(&all, "ec2.elastic_ip"), gateways, "{nat}: {all:#?}");
        let tables = 1 + gateways.max(1);
        assert_eq!(count(&all, "ec2.route_table"), 1 + tables, "{nat}: {all:#?}");
    }
    assert_eq!(difference(&one, &everything(&aws).await), [""; 0]);
}

#[tokio::test]
async fn what_is_protected_is_deleted_only_when_that_is_said() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    payctl.up();
    payctl.configure("[pci-core]\nposture = \"strict\"\n");
    let mut plan = payctl.plan();
    // A filter and an alarm for each of 14 things that the trail records (PAY-LOG-17).
    let of_benchmark = |step: &Step| step.address.name().starts_with("trail-");
    assert_eq!(plan.steps.iter().filter(|step| of_benchmark(step)).count(), 2 * 14);
    plan.steps.retain(|step| !of_benchmark(step));
    does(
        &plan,
        &[
            "dynamodb.table:transactions: Update deletion_protection",
            "cloudtrail.trail:main: Update insights",
            "cloudwatch.alarm:failed-events: Create name, description, namespace, metric, \
             dimensions, statistic, period_s, evaluation_periods, threshold, comparison, \
             missing_data, actions, tags",
            "logs.group:trail: Update retention_days",
            "s3.bucket:audit: Update lock",
            "s3.notification:access-logs: Create bucket, functions, event_bridge",
            "s3.notification:audit: Create bucket, functions, event_bridge",
            "s3.notification:files: Update event_bridge",
            "sqs.queue:failed-events: Create name, visibility_timeout_s, retention_s, \
             receive_wait_s, delay_s, max_message_bytes, encryption, policy, tags",
            "logs.group:flow-logs: Update retention_days",
            "logs.group:payment-processor: Update retention_days",
            "iam.role:payment-processor: Update inline",
            "lambda.function:payment-processor: Update tracing, dead_letters",
            "ec2.interface_endpoint:ec2-api: Create vpc, service, subnets, security_groups, \
             private_dns, policy, tags",
            "ec2.security_group:ec2-api: Create name, description, vpc, ingress, egress, tags",
        ],
    );
    payctl.up();
    payctl.is_as_declared();
    let all = everything(&aws).await;

    changing_calls(&server);
    let refused = payctl.run(&["destroy", "--yes"]);
    refused.exits(1);
    refused.says("dynamodb.table:transactions: it is protected against deletion");
    refused.says("--lift-protection");
    assert_eq!(changing_calls(&server), [].into());
    assert_eq!(difference(&all, &everything(&aws).await), [""; 0]);

    payctl.run(&["destroy", "--yes", "--lift-protection"]).exits(0);
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}
