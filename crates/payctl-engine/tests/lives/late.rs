//! What is made and is not known everywhere yet.

use std::time::Duration;

use payctl_engine::Goal;
use payctl_engine::testing::Faults;

use crate::world::{End, World, stack, thing};

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_may_be_unknown_at_first() {
    let world = World::synthetic();
    world.memory.set_faults(Faults { lag: Duration::from_secs(8), ..Faults::default() });
    let stack = stack(&[thing("net.zone:a", 1, &[]), thing("net.link:b", 1, &["net.zone:a"])]);
    let ended = world.run(&stack, Goal::Up).await;
    assert!(matches!(&ended, End::Ran(outcome) if outcome.is_complete()), "{ended:#?}");
}
