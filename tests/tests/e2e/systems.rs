//! Every row of the systems' description: `tests/systems/` has them, and the emulator is asked for
//! each, never payctl.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use aws_sdk_kms::types::KeyState;
use payctl_aws::Aws;
use payctl_tests::account;
use payctl_tests::binary::Payctl;
use payctl_tests::cloud::{clients, keys};
use payctl_tests::emulator::{Emulator, Server, python, root};
use payctl_tests::standing::Standing;

macro_rules! rows {
    ($($name:ident: $system:literal, $posture:literal;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                every_row_holds($system, $posture).await;
            }
        )*
    };
}

rows! {
    pci_core: "pci-core", "standard";
    pci_core_strict: "pci-core", "strict";
    secure_api: "secure-api", "standard";
    secure_api_strict: "secure-api", "strict";
    cost_optimized: "cost-optimized", "standard";
    cost_optimized_strict: "cost-optimized", "strict";
    migration: "migration", "standard";
    migration_strict: "migration", "strict";
}

/// What the rows say of a system that is configured: where it is strict, parameters that have no
/// default are given too.
async fn configuration(aws: &Aws, system: &str, posture: &str) -> String {
    let more = match (system, posture) {
        ("cost-optimized", "strict") => "alert_email = \"alerts@example.com\"\n".to_owned(),
        ("migration", "strict") => {
            let domain = "payments.example.com";
            let request = aws.acm.request_certificate().domain_name(domain);
            let certificate = request.send().await.unwrap().certificate_arn.unwrap();
            format!(
                "domain = \"{domain}\"\ncertificate_arn = \"{certificate}\"\n\
                 cors_origins = [\"https://shop.example\"]\n"
            )
        }
        _ => String::new(),
    };
    format!("[{system}]\nposture = \"{posture}\"\n{more}")
}

async fn every_row_holds(system: &str, posture: &str) {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of(system);
    // The handlers are built for this machine's processors: what has others by default is not run.
    let payctl = if system == "cost-optimized" { payctl } else { payctl.with_real_handlers() };
    let aws = clients(&server).await;
    account::records(&aws).await;
    payctl.configure(&configuration(&aws, system, posture).await);
    payctl.up();
    let (held, said) = rows(&server, &payctl, &[system, payctl.suffix(), posture]);
    assert!(held, "{said}");
}

/// Goes through rows; answers whether all hold, and what was said.
fn rows(server: &Server, payctl: &Payctl, arguments: &[&str]) -> (bool, String) {
    let outputs = payctl.run(&["output", "--json"]);
    outputs.exits(0);
    let mut command = Command::new(python());
    command.arg("tests/systems.py").arg(&server.endpoint).args(arguments).current_dir(root());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(outputs.stdout.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8(said).unwrap())
}

/// A row that is not true any more, one that has become true, and a list that is wrong are named.
#[tokio::test]
async fn what_does_not_hold_is_named() {
    let world = Standing::of("pci-core").await;
    let arguments = ["pci-core", "dev", "standard"];
    let file = world.payctl.folder().join("rows.toml");
    let of_file = |text: &str| {
        fs::write(&file, text).unwrap();
        let more = [&arguments[..], &[file.to_str().unwrap()]].concat();
        rows(&world.server, &world.payctl, &more)
    };
    let ask = |call: &str| {
        let group = "call = \"logs.describe_log_groups\"\n\
                     with.logGroupNamePrefix = \"/aws/vpc/flowlogs-{s}\"";
        format!("[[row]]\nsays = \"`flowlogs-{{s}}`\"\n[[row.ask]]\n{group}\n{call}\n")
    };
    let days = "hold.\"logGroups[].retentionInDays\" = [30]\n";

    let (held, said) = of_file(&ask(days));
    assert!(held, "{said}");
    let (held, said) = of_file(&ask(&format!("not_yet = \"never\"\n{days}")));
    assert!(!held && said.contains("1 of 1 hold: take the mark off"), "{said}");
    let (held, said) = of_file(&ask(days).replace("`flowlogs-{s}`", "`flowlogs-{s}` and `this`"));
    assert!(!held && said.contains("this is said and not asked for"), "{said}");
    let (held, said) = of_file(&ask(&days.replace("30", "\"{nobody}\"")));
    assert!(!held && said.contains("nothing gives nobody"), "{said}");

    let retention = world.aws.logs.put_retention_policy().log_group_name("/aws/vpc/flowlogs-dev");
    retention.retention_in_days(1).send().await.unwrap();
    let (held, said) = of_file(&ask(days));
    assert!(!held && said.contains("expected [30]") && said.contains("seen     [1]"), "{said}");
    let tag = world.aws.ec2.delete_tags().resources(world.id("ec2.vpc:main"));
    let name = aws_sdk_ec2::types::Tag::builder().key("ManagedBy").build();
    tag.tags(name).send().await.unwrap();
    let (held, said) = of_file(
        "[[row]]\nsays = \"\"\n[[row.ask]]\ncall = \"ec2.describe_vpcs\"\n\
         with.Filters = [{ Name = \"tag:Name\", Values = [\"payment-vpc-{s}\"] }]\n\
         tags = \"Vpcs[0].Tags\"\n",
    );
    assert!(!held && said.contains("{\"ManagedBy\": \"payctl\"}"), "{said}");
}

/// For as many days as AWS says when they are scheduled: every key, and the secret of `migration`.
#[tokio::test]
async fn what_is_deleted_can_be_brought_back() {
    for (system, days) in [("pci-core", 7), ("secure-api", 10), ("migration", 7)] {
        let world = Standing::of(system).await;
        world.payctl.destroy();
        let ends = |seconds: i64| {
            let left = Duration::from_secs(days * 24 * 60 * 60);
            let end = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
            let left = end.duration_since(SystemTime::now()).unwrap().abs_diff(left);
            assert!(left < Duration::from_secs(600), "{system}: {left:?}");
        };
        let keys = keys(&world.aws).await;
        assert!(!keys.is_empty(), "{system}");
        for (key, state) in &keys {
            assert_eq!(*state, KeyState::PendingDeletion, "{system} {key}");
            let described = world.aws.kms.describe_key().key_id(key).send().await.unwrap();
            ends(described.key_metadata.unwrap().deletion_date.unwrap().secs());
        }
        let aliases = world.aws.kms.list_aliases().send().await.unwrap();
        let ours = |name: Option<&str>| name.is_some_and(|name| name.ends_with("-dev"));
        assert!(!aliases.aliases().iter().any(|alias| ours(alias.alias_name())), "{aliases:?}");
        if system == "migration" {
            let secret = world.aws.secretsmanager.describe_secret().secret_id("db-credentials-dev");
            ends(secret.send().await.unwrap().deleted_date.unwrap().secs());
        }
    }
}

/// Events of Cost Anomaly Detection come in its home region alone.
#[test]
fn elsewhere_no_rule_waits_for_anomalies() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server).of("cost-optimized");
    let plan = |region: &str| {
        let ended = payctl.run(&["plan", "--region", region]);
        ended.exits(0);
        (ended.stdout.contains("no rule cost-anomaly"), ended.stdout.contains("3 eventbridge.rule"))
    };
    assert_eq!(plan("us-east-1"), (false, true));
    assert_eq!(plan("eu-central-1"), (true, false));
}
