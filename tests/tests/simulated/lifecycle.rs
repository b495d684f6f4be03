//! The life of `pci-core` on the in-memory cloud: kills at every changing call, lost states and
//! random failures. One rule: the same command run again converges, makes nothing twice and
//! leaves nothing behind. Random graphs are in the engine's own `tests/lives`.

use payctl_aws::kinds;
use payctl_engine::testing::{Faults, Memory};
use payctl_engine::{Address, Goal, Stack};
use payctl_stack::config::Config;
use payctl_tests::world::{End, World, pci_core};

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
    assert_eq!(world.memory.changing_calls(), calls, "nothing is changed to adopt it");
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
    for system in payctl_stack::SYSTEMS {
        let stack = payctl_tests::world::system(system.name, &Config::default());
        let world = World::new(Memory::timed(kinds().kinds().clone()), &stack);
        for goal in [Goal::Up, Goal::Destroy] {
            let name = system.name;
            let (critical, chain) = world.critical(&stack, goal).await;
            let outcome = world.must(&stack, goal).await;
            let ratio = outcome.took.as_secs_f64() / critical;
            #[allow(clippy::print_stderr, reason = "the figures are the result")]
            {
                let took = outcome.took.as_secs_f64();
                eprintln!(
                    "{goal:?} of {name}: {took:.1} s of {critical:.1} s, {ratio:.3}: {chain}"
                );
            }
            assert!(ratio <= 1.03, "{goal:?} of {name} takes {ratio:.3} times its longest chain");
        }
    }
}

fn names(world: &World) -> Vec<String> {
    world.memory.things().into_iter().map(|(name, _)| name).collect()
}

/// A further plan has nothing to do.
async fn calm(world: &World, stack: &Stack, at: &str) {
    let plan = world.plan(stack, Goal::Up).await;
    let steps: Vec<_> =
        plan.steps.iter().filter(|s| s.action != payctl_engine::Action::Keep).collect();
    assert!(plan.is_empty(), "{at}: {steps:#?}");
}

/// What others attach to a resource is planned, goes, and goes once the run that was killed at it
/// is repeated; what the stack declares stays.
#[tokio::test(start_paused = true)]
async fn what_others_attach_goes_and_a_kill_at_it_loses_nothing() {
    let stack = pci_core(&Config::default());
    let function = Address::new("lambda.function", "payment-processor");
    for applied in [false, true] {
        let world = World::new(memory(), &stack);
        world.must(&stack, Goal::Up).await;
        world.memory.attach(&function, "function URL https://a");
        world.memory.attach(&function, "alias live");
        let plan = world.plan(&stack, Goal::Up).await;
        assert_eq!(plan.counts().update, 1);
        let step = plan.step(&function).unwrap();
        let changed: Vec<&str> = step.changes.iter().map(|c| c.property.as_str()).collect();
        assert_eq!(changed, ["undeclared"]);
        let before = world.memory.changing_calls();
        world.kill_at(1, applied);
        assert!(matches!(world.run(&stack, Goal::Up).await, End::Killed));
        world.no_faults();
        world.must(&stack, Goal::Up).await;
        calm(&world, &stack, "after the kill").await;
        // One more call is that of the kill, where that had no effect.
        let calls = world.memory.changing_calls() - before;
        assert_eq!(calls, if applied { 1 } else { 2 });
        // A deletion does not look for them.
        world.memory.attach(&function, "alias live");
        assert!(world.plan(&stack, Goal::Destroy).await.steps.iter().all(|s| s.changes.is_empty()));
    }
}
