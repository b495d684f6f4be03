//! Calls of which the account may make only so many.

use std::time::Duration;

use payctl_engine::testing::{Memory, synthetic};
use payctl_engine::{Goal, Pace};
use tokio::time::Instant;

use crate::world::{World, stack, thing};

#[tokio::test(start_paused = true)]
async fn calls_that_have_a_pace_are_that_far_apart() {
    let mut kinds = synthetic();
    let pace = Pace { create: Duration::from_secs(3), delete: Duration::from_secs(30) };
    kinds.get_mut("net.zone").unwrap().pace = pace;
    let world = World::new(Memory::new(kinds));
    let three = ["net.zone:a", "net.zone:b", "net.zone:c"].map(|name| thing(name, 1, &[]));
    let stack = stack(&three);
    let took = async |goal| {
        let began = Instant::now();
        world.must(&stack, goal).await;
        began.elapsed().as_secs()
    };
    let (made, gone) = (took(Goal::Up).await, took(Goal::Destroy).await);
    assert!((6..10).contains(&made), "three creations in {made} s");
    assert!((60..70).contains(&gone), "three deletions in {gone} s");
}
