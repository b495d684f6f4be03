use std::time::{Duration, Instant};

use insta::assert_snapshot;
use payctl_engine::{Goal, Phase};

use super::board::{Status, StatusBoard};
use crate::durations::{Durations, Place};
use crate::prediction::Prediction;
use crate::report::fixture::{Fixture, at};

/// A run of the largest system that began a while ago.
struct Run {
    board: StatusBoard,
    began: Instant,
}

impl Run {
    /// Somewhere that may be as fast as it likes.
    fn new() -> Self {
        Self::at_place(Place::Endpoint)
    }

    fn at_place(place: Place) -> Self {
        let fixture = Fixture::new("migration");
        let plan = fixture.plan(Goal::Up);
        let prediction = Prediction::of(&plan, &fixture.kinds, &Durations::of(place, &[]));
        Self { board: StatusBoard::new(&prediction), began: Instant::now() }
    }

    fn at(&self, seconds: f64) -> Instant {
        self.began + Duration::from_secs_f64(seconds)
    }

    fn start(&mut self, address: &str, seconds: f64) {
        let now = self.at(seconds);
        self.board.start(&at(address), Phase::Apply, now);
    }

    fn waits(&mut self, address: &str, what: &str) {
        let task = self.board.running(&at(address), Phase::Apply).unwrap();
        let Status::Running { waits_for, .. } = &mut task.status else { unreachable!() };
        what.clone_into(waits_for);
    }

    fn finish(&mut self, address: &str, took: f64) {
        let took = Duration::from_secs_f64(took);
        self.board.end(&at(address), Phase::Apply, Status::Done { took }).unwrap();
    }

    /// All but these are done; each took so many times longer than it typically does.
    fn all_done_but(&mut self, but: &[&str], scale: f64) {
        for task in self.board.tasks_mut() {
            if !but.contains(&task.address.as_str()) {
                let took = Duration::from_secs_f64(task.typical() * scale);
                task.status = Status::Done { took };
            }
        }
    }

    fn screen(&self, seconds: f64, width: usize) -> String {
        self.board.screen(self.at(seconds), width, 12).join("\n")
    }
}

const RUNNING: [(&str, f64, &str); 5] = [
    ("rds.cluster:main", 20.0, "the cluster to become available (it is creating)"),
    ("elbv2.load_balancer:main", 100.0, "the load balancer to become active"),
    ("secretsmanager.target_attachment:db-credentials", 130.0, ""),
    ("lambda.function:transaction-processing", 160.0, "the function to become active"),
    ("ec2.nat_gateway:main-1", 95.0, "the gateway to become available"),
];
/// What waits for the cluster.
const BEHIND: [&str; 3] =
    ["rds.instance:writer", "rds.instance:reader-1", "secretsmanager.rotation:db-credentials"];

fn midway(scale: f64) -> Run {
    let mut run = Run::new();
    let names: Vec<&str> = RUNNING.iter().map(|(address, ..)| *address).chain(BEHIND).collect();
    run.all_done_but(&names, scale);
    for (address, since, what) in RUNNING {
        run.start(address, since * scale);
        run.waits(address, what);
    }
    run
}

#[test]
fn a_run_shows_how_far_it_is_and_what_it_waits_for() {
    assert_snapshot!(midway(1.0).screen(165.0, 80));
}

#[test]
fn on_a_narrow_terminal_names_are_cut_and_reasons_stay() {
    for width in [40, 60, 80, 140] {
        let screen = midway(1.0).screen(165.0, width);
        let wide: Vec<&str> = screen.lines().filter(|l| l.chars().count() > width).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        if width >= 60 {
            for (_, _, what) in RUNNING {
                let what = what.split(" (").next().unwrap();
                assert!(screen.contains(what), "{width}: {what}\n{screen}");
            }
        }
    }
    assert_snapshot!(midway(1.0).screen(165.0, 60));
}

#[test]
fn what_does_not_fit_below_each_other_is_counted() {
    let screen = midway(1.0).board.screen(Instant::now(), 80, 4);
    assert_eq!(screen.len(), 4, "{screen:#?}");
    assert_eq!(screen[3], "  … and 3 more");
}

#[test]
fn the_time_that_is_left_follows_from_what_was_seen() {
    let left = |scale: f64, seconds: f64| {
        let screen = midway(scale).screen(seconds, 140);
        let line = screen.lines().next().unwrap().to_owned();
        line.rsplit_once(" · about ").map(|(_, left)| left.to_owned())
    };
    // As AWS is.
    let aws = left(1.0, 165.0).unwrap();
    let minutes: f64 = aws.split(' ').next().unwrap().parse().unwrap();
    assert!(aws.ends_with("min left") && minutes > 2.0, "{aws}");
    // A sandbox that is twenty times faster.
    let sandbox = left(0.05, 8.25).unwrap();
    let seconds: f64 = sandbox.split(' ').next().unwrap().parse().unwrap();
    assert!(sandbox.ends_with(" s left") && (seconds - minutes * 3.0).abs() <= 15.0, "{sandbox}");
    // One that takes no time at all, and an AWS that takes ten times longer than ever.
    assert_eq!(left(0.0, 0.5), None);
    assert_eq!(left(10.0, 1650.0), None);
    // One that left its typical time behind says nothing of when it ends.
    assert_eq!(left(1.0, 4000.0), None);
}

#[test]
fn times_of_the_place_itself_are_taken_at_once() {
    let mut run = Run::at_place(Place::Aws);
    run.start("ec2.vpc:main", 0.0);
    run.start("kms.key:rds", 0.0);
    let head = run.screen(1.0, 140);
    assert!(head.lines().next().unwrap().ends_with(" min left"), "{head}");
    // What was measured says more than what was predicted.
    for task in run.board.tasks_mut().iter_mut().filter(|task| task.typical() >= 120.0).take(2) {
        task.status = Status::Done { took: Duration::from_secs_f64(task.typical() * 10.0) };
    }
    assert!(!run.screen(600.0, 140).contains(" left"), "{}", run.screen(600.0, 140));
}

#[test]
fn nothing_is_foretold_before_anything_is_known() {
    let mut run = Run::new();
    let head =
        |run: &Run, seconds: f64| run.screen(seconds, 140).lines().next().unwrap().to_owned();
    assert_eq!(head(&run, 0.0), "[0/122] 0 running");
    // Quick calls that take as long as AWS's say nothing at first: a sandbox has such as well.
    let quick: Vec<_> = run.board.tasks().iter().filter(|task| task.typical() < 1.0).collect();
    let quick: Vec<String> = quick.iter().map(|task| task.address.to_string()).collect();
    let mut other = Run::new();
    for address in quick.iter().filter(|one| !one.starts_with("ec2.vpc")) {
        other.start(address, 0.0);
        other.finish(address, 0.4);
    }
    other.start("rds.cluster:main", 0.0);
    assert!(!head(&other, 5.0).contains("left"), "{}", head(&other, 5.0));
    assert!(head(&other, 16.0).contains("min left"), "{}", head(&other, 16.0));
    for address in ["kms.key:rds", "kms.key:s3", "ec2.vpc:main"] {
        run.start(address, 0.0);
    }
    assert_eq!(head(&run, 1.0), "[0/122] 3 running · longest: ec2.vpc:main");
    run.finish("kms.key:s3", 1.0);
    assert_eq!(head(&run, 1.0), "[1/122] 2 running · longest: ec2.vpc:main");
    run.board.end(&at("kms.key:rds"), Phase::Apply, Status::Failed);
    assert_eq!(head(&run, 1.0), "[1/122] 1 running, 1 failed");
}
