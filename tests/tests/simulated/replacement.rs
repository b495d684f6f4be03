//! Replacements and removals in `pci-core`, killed at every changing call: the next run finishes
//! them or destroys everything, whatever was half done.

use payctl_aws::kinds;
use payctl_engine::testing::Memory;
use payctl_engine::{Action, Goal, Stack};
use payctl_stack::config::{Config, Nat};
use payctl_tests::world::{End, World, pci_core};

/// The stack in another network: the VPC is made anew, and all that is in it.
fn elsewhere() -> Stack {
    let mut config = Config::default();
    let subnet = |third: u8| format!("10.1.{third}.0/24").parse().unwrap();
    config.pci_core.network = "10.1.0.0/16".parse().unwrap();
    config.pci_core.private_subnets = [1, 2, 3].map(subnet).into();
    config.pci_core.public_subnets = [11, 12, 13].map(subnet).into();
    pci_core(&config)
}

/// The stack with its private subnets in other zones: those go first, and what holds them.
fn other_zones() -> Stack {
    let declared = pci_core(&Config::default());
    let mut stack = Stack::new(&declared.name, &declared.suffix);
    for resource in declared.resources() {
        let mut resource = resource.clone();
        if resource.address.as_str() == "ec2.subnet:private-1" {
            resource.properties["zone"] = "us-east-1c".into();
        }
        stack.declare(resource);
    }
    stack
}

/// The stack with another number of NAT gateways.
fn with(nat: Nat) -> Stack {
    let mut config = Config::default();
    config.pci_core.nat = nat;
    pci_core(&config)
}

async fn up(stack: &Stack) -> World {
    let world = World::new(Memory::new(kinds().kinds().clone()), stack);
    world.must(stack, Goal::Up).await;
    world
}

fn names(world: &World) -> Vec<String> {
    world.memory.things().into_iter().map(|(name, _)| name).collect()
}

/// Goes from `before` to `after`, killed at the n-th changing call for every n; the next run goes
/// on to `after`, back to `before`, or destroys all of it.
async fn every_kill_point(before: &Stack, after: &Stack) {
    let reference = up(before).await;
    let first = reference.memory.changing_calls();
    let old = names(&reference);
    reference.must(after, Goal::Up).await;
    let calls = reference.memory.changing_calls() - first;
    let new = names(&reference);
    assert!(calls > 0);
    let ends =
        [(after, Goal::Up, new), (before, Goal::Up, old), (after, Goal::Destroy, Vec::new())];
    for nth in 1..=calls {
        for applied in [false, true] {
            for (stack, goal, wanted) in &ends {
                let at = format!("killed at call {nth}, applied: {applied}, then {goal:?}");
                let world = up(before).await;
                world.kill_at(nth, applied);
                assert!(matches!(world.run(after, Goal::Up).await, End::Killed), "{at}");
                world.no_faults();
                match world.run(stack, *goal).await {
                    End::Ran(_, outcome) => assert!(
                        outcome.is_complete(),
                        "{at}: {:?} {:?}",
                        outcome.failed,
                        outcome.skipped
                    ),
                    other => panic!("{at}: {other:?}"),
                }
                assert_eq!(names(&world), *wanted, "{at}");
                let plan = world.plan(stack, *goal).await;
                let open = plan.steps.iter().filter(|step| step.action != Action::Keep);
                assert!(plan.is_empty(), "{at}: {:#?}", open.collect::<Vec<_>>());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_network_survives_a_kill_at_every_changing_call() {
    every_kill_point(&pci_core(&Config::default()), &elsewhere()).await;
}

#[tokio::test(start_paused = true)]
async fn another_zone_survives_a_kill_at_every_changing_call() {
    every_kill_point(&pci_core(&Config::default()), &other_zones()).await;
}

#[tokio::test(start_paused = true)]
async fn fewer_and_more_gateways_survive_a_kill_at_every_changing_call() {
    every_kill_point(&with(Nat::One), &with(Nat::None)).await;
    every_kill_point(&with(Nat::None), &with(Nat::One)).await;
}
