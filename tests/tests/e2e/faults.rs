//! What interrupts payctl: kills at random moments, Ctrl-C, a second run at the same time.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use payctl_aws::Aws;
use payctl_tests::binary::{Payctl, Run};
use payctl_tests::cloud::{clients, difference, everything, keys};
use payctl_tests::emulator::{Emulator, Server};
use serde_json::Value;

/// Rounds of kills per test, and the seed; `PAYCTL_ROUNDS` and `PAYCTL_SEED` set others.
const ROUNDS: u64 = 3;
/// Kills in a row before a run is left to end.
const KILLS: u64 = 2;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

struct Rounds {
    server: Server,
    payctl: Payctl,
    aws: Aws,
    /// What exists when nothing was interrupted: without and with the environment.
    nothing: BTreeSet<String>,
    all: BTreeSet<String>,
    up: Duration,
    destroy: Duration,
}

impl Rounds {
    async fn new() -> Self {
        let server = Server::start(Emulator::Sandbox);
        let payctl = Payctl::new(&server);
        let aws = clients(&server).await;
        let nothing = everything(&aws).await;
        let up = payctl.up().took;
        let all = everything(&aws).await;
        let destroy = payctl.destroy().took;
        Self { server, payctl, aws, nothing, all, up, destroy }
    }

    /// Kills `verb` some times in a row, each at a random moment.
    fn kill(&self, verb: &str, random: &mut fastrand::Rng) -> String {
        let usual = if verb == "up" { self.up } else { self.destroy };
        let mut moments = String::new();
        for _ in 0..KILLS {
            let delay = usual.mul_f64(random.f64());
            let ended = self.payctl.start(&[verb, "--yes"]).killed_after(delay);
            moments += &format!("{verb} killed after {delay:.2?} ({:?}): ", ended.code);
            moments += ended.stderr.lines().last().unwrap_or_default();
            moments += "\n";
        }
        moments
    }
}

async fn kills(seed: u64) {
    let rounds = Rounds::new().await;
    let Rounds { payctl, aws, nothing, all, .. } = &rounds;
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..setting("PAYCTL_ROUNDS", ROUNDS) {
        let context = format!("seed {seed}, round {round}");

        let moments = rounds.kill("up", &mut random);
        let ended = payctl.run(&["up", "--yes"]);
        assert_eq!(ended.code, Some(0), "{context}\n{moments}{ended}");
        let wrong = difference(all, &everything(aws).await);
        assert!(wrong.is_empty(), "{context}\n{moments}{wrong:#?}\n{ended}");
        let plan = payctl.plan();
        assert!(plan.is_empty(), "{context}\n{moments}{plan:#?}");
        // What is paid for is one key, however often it was made.
        assert_eq!(keys(aws).await.len(), 1, "{context}\n{moments}{ended}");

        let moments = rounds.kill("destroy", &mut random);
        let ended = payctl.run(&["destroy", "--yes"]);
        assert_eq!(ended.code, Some(0), "{context}\n{moments}{ended}");
        let wrong = difference(nothing, &everything(aws).await);
        assert!(wrong.is_empty(), "{context}\n{moments}{wrong:#?}\n{ended}");
    }
    drop(rounds.server);
}

#[tokio::test]
async fn killed_at_random_it_converges_and_leaves_nothing() {
    kills(setting("PAYCTL_SEED", 1)).await;
}

#[tokio::test]
async fn killed_at_other_moments_it_does_so_too() {
    kills(setting("PAYCTL_SEED", 1) + 1000).await;
}

/// What there is to wait for takes some seconds.
const SLOW: u32 = 40;

#[tokio::test]
async fn ctrl_c_stops_gently_and_the_next_run_goes_on() {
    let server = Server::start_slow(100);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;

    for (verb, when) in [("up", "created   ec2.vpc:main"), ("destroy", "deleted ")] {
        let mut run = payctl.start(&[verb, "--yes"]);
        run.says(when);
        let before = std::time::Instant::now();
        run.signal("INT");
        let ended = run.end();
        assert!(before.elapsed() < Duration::from_secs(10), "{ended}");
        ended.exits(130);
        ended.says("interrupted: finishing calls in progress");
        ended.says(&format!("progress is saved. Resume with `payctl {verb} --suffix dev`"));
        assert!(payctl.state().join("state.json").exists(), "{ended}");
        assert!(!payctl.state().join("journal.jsonl").exists(), "{ended}");

        payctl.run(&[verb, "--yes"]).exits(0);
        if verb == "up" {
            payctl.is_as_declared();
        }
    }
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
    tells_its_history(&payctl);
}

/// Who ran what, and how it ended: of the four runs above.
fn tells_its_history(payctl: &Payctl) {
    let told = payctl.run(&["history", "--json"]);
    told.exits(0);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["format"], 1);
    let runs = told["runs"].as_array().unwrap();
    let all = runs.iter().map(|run| [&run["command"], &run["end"]["outcome"]]);
    let all: Vec<_> = all.map(|run| run.map(|text| text.as_str().unwrap())).collect();
    let ends = ["interrupted", "done"];
    assert_eq!(all, ["up", "destroy"].map(|verb| ends.map(|end| [verb, end])).concat());
    for run in runs {
        assert!(run["who"].as_str().unwrap().starts_with("arn:aws:"), "{run}");
        assert!(run["end"]["ended"].as_str() >= run["began"].as_str(), "{run}");
    }
    let changes = runs[..2].iter().flat_map(|run| run["end"]["changes"].as_array().unwrap());
    let changed: BTreeSet<&str> = changes.map(|one| one["address"].as_str().unwrap()).collect();
    assert_eq!(changed.len(), 43, "{changed:?}");

    let table = payctl.run(&["history"]);
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{table}");
    // The newest first.
    assert!(lines[1].contains("destroy") && lines[4].contains(" up "), "{table}");
    let id = runs[0]["id"].as_str().unwrap();
    let shown = payctl.run(&["history", "show", id]);
    shown.exits(0);
    assert!(shown.stdout.contains("created   ec2.vpc:main"), "{shown}");
    let unknown = payctl.run(&["history", "show", "1999"]);
    unknown.exits(1);
    unknown.says("no run has the id \"1999\"");
}

#[tokio::test]
async fn a_second_ctrl_c_ends_it_at_once() {
    let server = Server::start_slow(SLOW);
    let payctl = Payctl::new(&server);
    let mut run = payctl.start(&["up", "--yes", "-v"]);
    // Both take longer than the test.
    run.says("ec2.nat_gateway:main: waiting");
    run.signal("INT");
    run.says("press Ctrl-C again to stop now");
    let before = std::time::Instant::now();
    run.signal("TERM");
    let ended = run.end();
    assert!(before.elapsed() < Duration::from_secs(1), "{ended}");
    ended.exits(130);
    payctl.up();
    payctl.is_as_declared();
}

/// A terminal that ends takes what runs in it along, but for what was begun by `nohup`.
#[tokio::test]
async fn the_end_of_the_terminal_stops_it_gently() {
    let server = Server::start_slow(SLOW);
    let payctl = Payctl::new(&server);
    // As whoever runs the tests may ignore the signal, or not.
    let through = |program: &str, args: &[&str]| {
        let direct = payctl.command(&["up", "--yes", "-v"]);
        let mut command = Command::new(program);
        command.args(args).arg(direct.get_program()).args(direct.get_args());
        let set = direct.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.current_dir(payctl.folder()).env_clear().envs(set).stdin(Stdio::null());
        Run::start(command)
    };
    let mut run = through("env", &["--default-signal=HUP"]);
    run.says("ec2.nat_gateway:main: waiting");
    run.signal("HUP");
    let ended = run.end();
    ended.exits(130);
    ended.says("interrupted; progress is saved");

    // Whatever is left to be done: it hears the signal from its beginning on.
    let mut run = through("nohup", &[]);
    run.says("Plan: ");
    run.signal("HUP");
    run.end().exits(0);
    payctl.is_as_declared();
}

#[tokio::test]
async fn of_two_runs_the_second_names_the_first() {
    // The first has to last until it is killed.
    let server = Server::start_slow(10);
    let payctl = Payctl::new(&server);
    let mut first: Run = payctl.start(&["up", "--yes", "-v"]);
    first.says("ec2.nat_gateway:main: waiting");
    let pid = first.pid();

    for verb in ["up", "destroy"] {
        let second = payctl.run(&[verb, "--yes"]);
        second.exits(3);
        second.says(&format!("`payctl up`, process {pid} on "));
    }
    // A plan is only a look, and says of when.
    let plan = payctl.run(&["plan", "--detailed-exitcode"]);
    plan.exits(2);
    let told = format!("another run is in progress: `payctl up`, process {pid}");
    assert!(plan.stdout.contains(&told), "{plan}");
    assert!(!plan.stdout.contains("interrupted"), "{plan}");

    // A dead holder's lock is free.
    assert_eq!(first.killed_after(Duration::ZERO).code, None);
    payctl.up().says("a previous run was interrupted");
    let history = payctl.run(&["history"]).stdout;
    assert!(history.contains("not ended") && history.contains("done"), "{history}");
    payctl.is_as_declared();
}

/// A plan that is made while another run begins, works or ends is never one of an interrupted run.
#[tokio::test]
async fn a_plan_beside_another_run_tells_of_no_interrupted_one() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    for verb in ["up", "destroy"] {
        let mut run = payctl.start(&[verb, "--yes"]);
        run.says("ec2.vpc:main");
        let mut plans = 0;
        while run.is_alive() {
            let plan = payctl.run(&["plan"]);
            assert!(!plan.stdout.contains("interrupted"), "{plan}");
            plans += 1;
        }
        assert!(plans > 0);
        run.end().exits(0);
        let plan = payctl.run(&["plan"]);
        assert!(!plan.stdout.contains("in progress"), "{plan}");
    }
}

/// What is on disk is damaged in one way or another; `state recover` uses what can be read, and
/// the next run finds the rest.
#[tokio::test]
async fn a_damaged_state_is_recovered_and_everything_found_again() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let nothing = everything(&aws).await;
    let path = |name: &str| payctl.state().join(name);
    let damages: [(&str, i32, &dyn Fn()); 4] = [
        ("half a state", 4, &|| {
            let whole = std::fs::read(path("state.json")).unwrap();
            std::fs::write(path("state.json"), &whole[..whole.len() / 2]).unwrap();
        }),
        ("no state, with its backups", 1, &|| std::fs::remove_file(path("state.json")).unwrap()),
        ("nonsense for a journal", 4, &|| {
            std::fs::write(path("journal.jsonl"), "nonsense\nand more\n").unwrap();
        }),
        ("nothing that can be read", 4, &|| {
            std::fs::remove_dir_all(path("backups")).unwrap();
            std::fs::write(path("state.json"), [0; 4096]).unwrap();
        }),
    ];
    for (what, code, damage) in damages {
        payctl.configure("");
        payctl.up();
        // Two more backups, the last one without what was made since.
        payctl.configure("[pci-core]\nnat = \"none\"\n");
        payctl.up();
        payctl.configure("");
        payctl.up();
        let all = everything(&aws).await;
        payctl.run(&["state", "check"]).exits(0);

        damage();
        let check = payctl.run(&["state", "check"]);
        check.exits(code);
        check.says("payctl state recover");
        let refused = payctl.run(&["state", "recover"]);
        refused.exits(1);
        refused.says("there is no terminal to ask on");
        payctl.run(&["state", "recover", "--yes"]).exits(0);
        payctl.run(&["state", "check"]).exits(0);
        payctl.run(&["state", "recover", "--yes"]).says("look sound");
        let ended = payctl.up();
        let wrong = difference(&all, &everything(&aws).await);
        assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{ended}");
        assert_eq!(keys(&aws).await.len(), 1, "{what}\n{ended}");
        payctl.is_as_declared();
    }
    payctl.destroy();
    assert_eq!(difference(&nothing, &everything(&aws).await), [""; 0]);
}
