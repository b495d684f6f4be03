//! The engine's life on the in-memory cloud: kills at every changing call, random graphs, random
//! edits and random failures. One rule: the same command run again converges, makes nothing
//! twice and leaves nothing behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use payctl_aws::kinds;
use payctl_engine::testing::{Faults, Memory, synthetic as synthetic_kinds};
use payctl_engine::{Goal, Stack};
use payctl_stack::config::Config;
use payctl_tests::world::{End, World, pci_core, synthetic};

fn memory() -> Memory {
    Memory::new(kinds().kinds().clone())
}

#[tokio::test(start_paused = true)]
async fn pci_core_comes_up_stays_and_goes() {
    let stack = pci_core(&Config::default());
    let world = World::new(memory(), &stack);
    world.must(&stack, Goal::Up).await;
    assert_eq!(world.memory.things().len(), stack.resources().len());
    calm(&world, &stack, "").await;
    world.must(&stack, Goal::Destroy).await;
    assert_eq!(world.memory.things(), []);
    assert!(world.plan(&stack, Goal::Destroy).await.is_empty());
}

/// Kills at the n-th changing call, before and after it is applied, for every n.
async fn every_kill_point(goal: Goal) {
    let stack = pci_core(&Config::default());
    let reference = World::new(memory(), &stack);
    reference.must(&stack, Goal::Up).await;
    let wanted = names(&reference);
    let before = reference.memory.changing_calls();
    reference.must(&stack, Goal::Destroy).await;
    let calls = match goal {
        Goal::Up => before,
        Goal::Destroy => reference.memory.changing_calls() - before,
    };
    let mut points = 0;
    for nth in 1..=calls {
        for applied in [false, true] {
            let world = World::new(memory(), &stack);
            if goal == Goal::Destroy {
                world.must(&stack, Goal::Up).await;
            }
            world.kill_at(nth, applied);
            assert!(matches!(world.run(&stack, goal).await, End::Killed), "call {nth}");
            world.no_faults();
            world.must(&stack, goal).await;
            let wanted = if goal == Goal::Up { wanted.clone() } else { Vec::new() };
            assert_eq!(names(&world), wanted, "killed at call {nth}, applied: {applied}");
            assert!(world.plan(&stack, goal).await.is_empty(), "call {nth}, applied: {applied}");
            points += 1;
        }
    }
    assert_eq!(points, 2 * calls);
    #[allow(clippy::print_stderr, reason = "the count is the result")]
    {
        eprintln!("{goal:?}: {points} kill points, all converged");
    }
}

#[tokio::test(start_paused = true)]
async fn up_survives_a_kill_at_every_changing_call() {
    every_kill_point(Goal::Up).await;
}

#[tokio::test(start_paused = true)]
async fn destroy_survives_a_kill_at_every_changing_call() {
    every_kill_point(Goal::Destroy).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_is_taken_up_again() {
    let stack = pci_core(&Config::default());
    let world = World::new(memory(), &stack);
    world.must(&stack, Goal::Up).await;
    let (wanted, calls) = (names(&world), world.memory.changing_calls());
    world.lose_state();
    world.must(&stack, Goal::Up).await;
    assert_eq!(names(&world), wanted);
    assert_eq!(world.memory.changing_calls(), calls, "nothing is changed to take it up");
    calm(&world, &stack, "").await;
    world.lose_state();
    world.must(&stack, Goal::Destroy).await;
    assert_eq!(world.memory.things(), []);
}

#[tokio::test(start_paused = true)]
async fn throttling_and_errors_are_absorbed_in_one_run() {
    let stack = pci_core(&Config::default());
    for seed in 1..=50 {
        let world = World::new(memory(), &stack);
        let faults = Faults { throttled: 30, unavailable: 10, ..Faults::seeded(seed) };
        world.memory.set_faults(faults);
        world.must(&stack, Goal::Up).await;
        world.no_faults();
        assert_eq!(world.memory.things().len(), stack.resources().len(), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_and_late_reads_make_no_duplicate() {
    let stack = pci_core(&Config::default());
    for seed in 1..=100 {
        let world = World::new(memory(), &stack);
        let lag = std::time::Duration::from_millis(300 * (seed % 8));
        world.memory.set_faults(Faults { lost: 10, lag, ..Faults::seeded(seed) });
        world.must(&stack, Goal::Up).await;
        world.no_faults();
        assert_eq!(world.memory.things().len(), stack.resources().len(), "seed {seed}");
        calm(&world, &stack, &format!("seed {seed}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_stops_its_dependents_only() {
    let stack = pci_core(&Config::default());
    let world = World::new(memory(), &stack);
    world.memory.fail_next("create iam.role", payctl_engine::FailureKind::Denied);
    let End::Ran(_, outcome) = world.run(&stack, Goal::Up).await else { panic!("it ran") };
    assert_eq!(outcome.failed.len(), 1);
    assert!(!outcome.skipped.is_empty());
    let all = outcome.done.len() + outcome.failed.len() + outcome.skipped.len();
    assert_eq!(all, stack.resources().len());
    world.must(&stack, Goal::Up).await;
    assert_eq!(world.memory.things().len(), stack.resources().len());
}

/// With AWS's typical times, no run takes longer than its longest chain, but for 3 %.
#[tokio::test(start_paused = true)]
async fn a_run_takes_no_longer_than_its_longest_chain() {
    let stack = pci_core(&Config::default());
    let world = World::new(Memory::timed(kinds().kinds().clone()), &stack);
    for goal in [Goal::Up, Goal::Destroy] {
        let critical = world.critical(&stack, goal).await;
        let outcome = world.must(&stack, goal).await;
        let ratio = outcome.took.as_secs_f64() / critical;
        #[allow(clippy::print_stderr, reason = "the figures are the result")]
        {
            let took = outcome.took.as_secs_f64();
            eprintln!("{goal:?}: {took:.1} s of {critical:.1} s, {ratio:.3}");
        }
        assert!(ratio <= 1.03, "{goal:?} takes {ratio:.3} times its longest chain");
    }
}

/// A random graph, then random edits of it.
struct Shapes(fastrand::Rng);

impl Shapes {
    fn graph(&mut self) -> Vec<(&'static str, String, u64, Vec<usize>)> {
        let kinds = ["net.zone", "net.node", "data.store", "app.worker"];
        let count = self.0.usize(1..14);
        (0..count)
            .map(|index| {
                let parents = (0..index).filter(|_| self.0.u8(0..10) < 3).collect();
                let kind = kinds[self.0.usize(..kinds.len())];
                (kind, format!("n{index}"), self.0.u64(0..3), parents)
            })
            .collect()
    }

    fn edit(&mut self, things: &mut Vec<(&'static str, String, u64, Vec<usize>)>) {
        for _ in 0..self.0.usize(0..4) {
            let at = self.0.usize(..things.len());
            match self.0.u8(0..4) {
                0 => things[at].2 += 1,
                1 if at > 0 => {
                    let parent = self.0.usize(..at);
                    if !things[at].3.contains(&parent) {
                        things[at].3.push(parent);
                    }
                }
                2 => {
                    things[at].3.pop();
                }
                _ if at + 1 == things.len() && things.len() > 1 => {
                    things.pop();
                }
                _ => {
                    let index = things.len();
                    things.push(("net.node", format!("m{index}"), 0, vec![at]));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn random_lives_converge() {
    let seeds = std::env::var("PAYCTL_SEEDS").ok().and_then(|text| text.parse().ok());
    let from = std::env::var("PAYCTL_SEED").ok().and_then(|text| text.parse().ok());
    let first: u64 = from.unwrap_or(1);
    for seed in first..first + if from.is_some() { 1 } else { seeds.unwrap_or(400) } {
        life(seed).await;
    }
}

/// One life. A failure names its seed: PAYCTL_SEED=n repeats it.
async fn life(seed: u64) {
    let mut shapes = Shapes(fastrand::Rng::with_seed(seed));
    let mut things = shapes.graph();
    let mut stack = synthetic(&things);
    let world = World::new(Memory::new(synthetic_kinds()), &stack);
    for round in 0..3 {
        let at = format!("PAYCTL_SEED={seed}, round {round}");
        // Some runs that go wrong …
        for _ in 0..shapes.0.usize(0..3) {
            let faults = Faults {
                throttled: shapes.0.u8(0..20),
                unavailable: shapes.0.u8(0..10),
                lost: shapes.0.u8(0..15),
                lag: std::time::Duration::from_millis(shapes.0.u64(0..1500)),
                ..Faults::seeded(shapes.0.u64(1..))
            };
            world.memory.set_faults(faults);
            if shapes.0.bool() {
                let applied = shapes.0.bool();
                world.kill_at(shapes.0.u64(1..12), applied);
            }
            let goal = if shapes.0.u8(0..6) == 0 { Goal::Destroy } else { Goal::Up };
            let _ = world.run(&stack, goal).await;
            world.no_faults();
        }
        // … and one that does not: everything is as declared.
        world.no_faults();
        world.must(&stack, Goal::Up).await;
        assert_eq!(names(&world), declared(&stack), "{at}");
        calm(&world, &stack, &at).await;
        shapes.edit(&mut things);
        stack = synthetic(&things);
    }
    world.must(&stack, Goal::Destroy).await;
    assert_eq!(world.memory.things(), [], "PAYCTL_SEED={seed}");
}

fn names(world: &World) -> Vec<String> {
    world.memory.things().into_iter().map(|(name, _)| name).collect()
}

fn declared(stack: &Stack) -> Vec<String> {
    let mut names: Vec<String> =
        stack.resources().iter().map(|declared| declared.address.to_string()).collect();
    names.sort();
    names
}

/// A further plan has nothing to do.
async fn calm(world: &World, stack: &Stack, at: &str) {
    let plan = world.plan(stack, Goal::Up).await;
    let steps: Vec<_> =
        plan.steps.iter().filter(|s| s.action != payctl_engine::Action::Keep).collect();
    assert!(plan.is_empty(), "{at}: {steps:#?}");
}
