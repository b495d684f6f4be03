//! A team's state: two folders, as two machines have them, and one bucket.

use payctl_tests::binary::{Payctl, changing_calls};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use serde_json::Value;

const STATE: &str = "[state]\nbucket = \"payments-state\"\nprefix = \"team/payctl\"\n";

/// Two machines that know of each other by the bucket alone, which one of them has made.
fn two(server: &Server, state: &str) -> [Payctl; 2] {
    let both = [Payctl::new(server), Payctl::new(server)];
    both.iter().for_each(|one| one.configure(state));
    let made = both[0].run(&["state", "init", "--yes"]);
    made.exits(0);
    made.says("only requests over TLS are taken");
    both
}

#[tokio::test]
async fn what_one_makes_the_other_knows() {
    let server = Server::start(Emulator::Sandbox);
    let [one, other] = two(&server, STATE);
    other.run(&["state", "init", "--yes"]).says("is as it has to be");
    let s3 = clients(&server).await.s3;
    let versions = s3.get_bucket_versioning().bucket("payments-state").send().await.unwrap();
    assert_eq!(versions.status().unwrap().as_str(), "Enabled");
    let policy = s3.get_bucket_policy().bucket("payments-state").send().await.unwrap();
    assert!(policy.policy().unwrap().contains("aws:SecureTransport"));
    // By hand one thing is undone: it is told, and mended alone.
    s3.delete_public_access_block().bucket("payments-state").send().await.unwrap();

    let up = one.up();
    assert!(!up.stderr.contains("warning: the timeline"), "{up}");
    assert!(!up.stderr.contains("warning: how long"), "{up}");
    assert!(!one.state().join("state.json").exists(), "a state is on the machine");
    one.run(&["timeline"]).exits(0);
    one.run(&["status"]).shows("drift     none when last looked, ");
    let check = other.run(&["state", "check"]);
    check.exits(1);
    assert!(
        check.stdout.contains("s3://payments-state/team/payctl/pci-core/dev/state.json"),
        "{check}"
    );
    check.shows("public access is blocked: no");
    let check = other.run(&["state", "check", "--json"]);
    check.exits(1);
    let value: Value = serde_json::from_str(&check.stdout).unwrap();
    let matters = &value["bucket"]["matters"];
    assert_eq!((&matters["public-access"], &matters["tls"]), (&false.into(), &true.into()));
    other.run(&["state", "init", "--yes"]).exits(0);
    other.run(&["state", "check"]).exits(0);

    changing_calls(&server);
    other.is_as_declared();
    other.up();
    // Nothing of the system: an `up` without changes takes the lock and gives it back.
    let calls = changing_calls(&server);
    assert!(calls.keys().all(|call| call.contains("PutObject")), "{calls:?}");
    let listed = other.run(&["list"]);
    listed.shows("pci-core dev");
    let history = other.run(&["history"]);
    history.shows("+43");

    other.destroy();
    let counts = one.plan().counts();
    assert!(counts.create > 40, "{counts:?}");
}

#[test]
fn one_that_was_killed_is_taken_over_from_and_one_that_runs_is_not() {
    let server = Server::start(Emulator::Sandbox);
    let [one, other] = two(&server, STATE);
    let mut running = one.start(&["up", "--yes"]);
    running.says("ec2.vpc:main");
    let second = other.run(&["up", "--yes"]);
    second.exits(3);
    second.says("another run holds s3://payments-state/team/payctl/pci-core/dev/lock: `payctl up`");
    running.killed_after(std::time::Duration::from_millis(300));

    // Its process has ended on this very machine: nobody waits for its lease.
    let began = std::time::Instant::now();
    let up = other.up();
    assert!(began.elapsed() < std::time::Duration::from_secs(55), "{up}");
    other.is_as_declared();
    one.is_as_declared();
    assert_eq!(one.run(&["state", "list"]).stdout.lines().count(), 43);
    one.destroy();
}

#[test]
fn a_state_is_brought_into_the_bucket_and_back() {
    let server = Server::start(Emulator::Sandbox);
    let [one, other] = two(&server, STATE);
    let local = ["up", "--yes", "--local-state"];
    one.run(&local).exits(0);
    one.run(&["state", "migrate", "--to", "bucket", "--yes"]).says("43 resources of pci-core dev");
    other.is_as_declared();
    assert!(!one.state().join("state.json").exists());
    other.run(&["history"]).shows("+43");

    let pulled = other.run(&["state", "pull"]);
    let file = other.folder().join("pulled.json");
    std::fs::write(&file, &pulled.stdout).unwrap();
    other.run(&["state", "forget", "--yes", "cloudwatch.alarm:lambda-errors"]).exits(0);
    let pushed = other.run(&["state", "push", "--yes", "pulled.json"]);
    pushed.exits(1);
    pushed.says("its serial is");

    other.run(&["state", "migrate", "--to", "folder", "--yes"]).exits(0);
    other.run(&["plan", "--local-state"]).exits(0);
    assert_eq!(one.run(&["state", "list"]).stdout, "");
    other.run(&["destroy", "--yes", "--local-state"]).exits(0);
}

#[test]
fn what_is_wrong_with_the_bucket_is_told_before_anything_is_made() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    for (state, why) in [
        ("[state]\nbucket = \"s3://a\"\n", "invalid configuration"),
        ("[state]\nprefix = \"a\"\n", "invalid configuration"),
        (STATE, "failed to list the states in s3://payments-state"),
    ] {
        payctl.configure(state);
        let ended = payctl.run(&["up", "--yes"]);
        assert_ne!(ended.code, Some(0), "{ended}");
        ended.says(why);
    }
    assert!(changing_calls(&server).is_empty());
    // Where CI runs, a folder of the machine is no place to keep a state.
    payctl.configure("");
    let mut command = payctl.command(&["up", "--yes"]);
    command.env("CI", "true");
    payctl_tests::binary::Run::start(command).end().says("this is CI, and the state is in .payctl");
}

/// What `payctl policy` prints is enough for the bucket and for everything else, and each part is
/// needed.
#[test]
fn its_policy_is_what_the_bucket_takes() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let key = "1b2c3d4e-0000-4000-8000-000000000000";
    payctl.configure(&format!("{STATE}kms_key = \"{key}\"\n"));
    let printed = |args: &[&str]| {
        let ended = payctl.run(&[&["policy", "--account", "123456789012"][..], args].concat());
        ended.exits(0);
        serde_json::from_str::<Value>(&ended.stdout).unwrap()["Statement"].clone()
    };
    let state = printed(&["--for", "state"]);
    assert_eq!(state.as_array().unwrap().len(), 3, "{state}");
    assert_eq!(state[1]["Resource"][0], "arn:aws:s3:::payments-state/team/payctl/*");
    assert_eq!(state[2]["Resource"][0], format!("arn:aws:kms:us-east-1:123456789012:key/{key}"));
    let ids = |policy: &Value| -> Vec<Value> {
        policy.as_array().unwrap().iter().map(|one| one["Sid"].clone()).collect()
    };
    assert!(ids(&printed(&[])).contains(&"State".into()), "an operator uses the bucket");
    assert!(!ids(&printed(&["--for", "plan"])).contains(&"State".into()), "it was not asked for");
    payctl.configure("");
    payctl.run(&["policy", "--for", "state"]).says("the configuration names no bucket for states");

    payctl.configure(STATE);
    let init = payctl.run(&["policy", "--for", "state-init"]);
    let payctl = payctl.under_policy(&server, &init.stdout);
    payctl.run(&["state", "init", "--yes"]).exits(0);
    payctl.run(&["state", "list"]).says("AccessDenied");
    let use_alone = payctl.run(&["policy", "--account", "123456789012", "--for", "state"]);
    let payctl = payctl.under_policy(&server, &use_alone.stdout);
    payctl.run(&["state", "list"]).exits(0);
    payctl.run(&["state", "init", "--yes"]).says("AccessDenied");
    let all = payctl.run(&["policy", "--account", "123456789012"]);
    let payctl = payctl.under_policy(&server, &all.stdout);
    payctl.up();
    payctl.is_as_declared();
    payctl.destroy();
}

/// The same on an emulator that is no kin of moto's: its S3 has conditional writes of its own.
#[test]
fn another_bucket_will_do() {
    let [server, elsewhere] = [Emulator::Sandbox, Emulator::Ministack].map(Server::start);
    let state = format!("{STATE}endpoint_url = \"{}\"\n", elsewhere.endpoint);
    let [one, other] = two(&server, &state);
    one.up();
    other.is_as_declared();
    let mut running = other.start(&["destroy", "--yes"]);
    running.says("delet");
    running.killed_after(std::time::Duration::from_millis(200));
    one.destroy();
    assert_eq!(other.run(&["state", "list"]).stdout, "");
}
