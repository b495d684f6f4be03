//! What random lives found, each as the shortest life that shows it.

use payctl_engine::{Declared, Goal};
use serde_json::Value;

use crate::world::{End, World, stack, thing};

fn with(declared: Declared, property: &str, value: &str) -> Declared {
    let mut declared = declared;
    declared.properties[property] = Value::from(value);
    declared
}

/// Runs until the process dies at the `nth` changing call, which is applied.
async fn dies(world: &World, declared: &[Declared], nth: u64) {
    world.kill_at(nth, true);
    assert!(matches!(world.run(&stack(declared), Goal::Up).await, End::Killed));
}

async fn converges(world: &World, declared: &[Declared]) {
    world.converges(&stack(declared), Goal::Up).await;
}

/// What only another stack declares and a lost state knew goes, in the order of its references,
/// though nothing but its tags and ids tells of it; wherever a run is killed on the way.
#[tokio::test(start_paused = true)]
async fn what_a_lost_state_knew_alone_goes_in_order() {
    let [a, b, c] = [
        thing("net.zone:a", 1, &[]),
        thing("net.zone:b", 1, &["net.zone:a"]),
        thing("net.zone:c", 1, &["net.zone:b", "net.zone:a"]),
    ];
    for goal in [Goal::Up, Goal::Destroy] {
        for nth in 1..4 {
            let world = one_at_a_time();
            converges(&world, &[a.clone(), b.clone(), c.clone()]).await;
            world.lose_state();
            let fewer = stack(std::slice::from_ref(&a));
            world.kill_at(nth, nth % 2 == 0);
            let _ = world.run(&fewer, goal).await;
            world.no_faults();
            world.must(&fewer, goal).await;
            let log = world.memory.log();
            let left = usize::from(goal == Goal::Up);
            assert_eq!(world.memory.things().len(), left, "{goal:?}, killed at {nth}: {log:#?}");
        }
    }
}

/// Ids that tell of each other tell no order: the plan is made all the same.
#[tokio::test(start_paused = true)]
async fn what_a_lost_state_knew_alone_may_refer_to_each_other() {
    for goal in [Goal::Up, Goal::Destroy] {
        let world = World::synthetic();
        let all = ["net.zone:a", "net.zone:b", "net.zone:c"].map(|at| thing(at, 1, &[]));
        converges(&world, &all).await;
        let id = |nth: usize| world.state().resources[&all[nth].address].outputs["id"].clone();
        let ids = [id(0), id(1)];
        world.memory.drift(&all[0].address, "size", ids[1].clone());
        world.memory.drift(&all[1].address, "size", ids[0].clone());
        world.lose_state();
        world.must(&stack(&all[2..]), goal).await;
        assert_eq!(world.memory.things().len(), usize::from(goal == Goal::Up), "{goal:?}");
    }
}

/// One at a time: what waits for another in the wrong order waits in vain.
fn one_at_a_time() -> World {
    let mut world = World::synthetic();
    world.limits.parallelism = 1;
    world
}

#[tokio::test(start_paused = true)]
async fn a_successor_is_known_again_though_a_property_was_left_out() {
    let world = World::synthetic();
    let node = thing("net.node:a", 1, &[]);
    converges(&world, std::slice::from_ref(&node)).await;
    let renamed = with(node, "name", "another");
    dies(&world, std::slice::from_ref(&renamed), 1).await;
    converges(&world, &[renamed]).await;
    let made = world.memory.log().iter().filter(|call| **call == "create net.node:a").count();
    assert_eq!(made, 2, "it is adopted, and not created a third time");
}

#[tokio::test(start_paused = true)]
async fn a_leftover_gives_its_name_up_before_another_takes_it() {
    let world = one_at_a_time();
    let node = thing("net.node:a", 1, &[]);
    converges(&world, std::slice::from_ref(&node)).await;
    let renamed = with(node, "name", "another");
    dies(&world, std::slice::from_ref(&renamed), 1).await;
    // The name is the leftover's; what it was made with is no longer what is declared.
    converges(&world, &[with(renamed, "zone", "another")]).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_and_is_declared_no_longer_goes_before_what_it_refers_to() {
    let world = one_at_a_time();
    let [a, b] = [thing("app.worker:a", 1, &[]), thing("net.node:b", 1, &["app.worker:a"])];
    dies(&world, &[a.clone(), b], 3).await;
    converges(&world, &[with(a, "zone", "another")]).await;
}

#[tokio::test(start_paused = true)]
async fn what_moves_away_does_so_before_what_it_refers_to_goes_first() {
    let world = one_at_a_time();
    let [a, b] = [thing("net.node:a", 1, &[]), thing("net.node:b", 1, &["net.node:a"])];
    converges(&world, &[a.clone(), b]).await;
    converges(&world, &[with(a, "zone", "another"), thing("net.node:b", 1, &[])]).await;
}

#[tokio::test(start_paused = true)]
async fn what_replaces_the_work_of_a_lost_call_has_a_token_of_its_own() {
    let world = World::synthetic();
    let [a, b] = [thing("app.worker:a", 1, &[]), thing("net.node:b", 1, &["app.worker:a"])];
    dies(&world, &[a.clone(), b.clone()], 1).await;
    world.memory.drift(&a.address, "zone", "drifted".into());
    converges(&world, &[a, b]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_repeats_no_token() {
    let world = World::synthetic();
    let a = thing("app.worker:a", 1, &[]);
    converges(&world, std::slice::from_ref(&a)).await;
    let there = with(a, "zone", "there");
    converges(&world, std::slice::from_ref(&there)).await;
    world.lose_state();
    converges(&world, std::slice::from_ref(&there)).await;
    converges(&world, &[with(there, "zone", "elsewhere")]).await;
}

#[tokio::test(start_paused = true)]
async fn the_way_back_from_half_a_replacement_is_open() {
    let world = World::synthetic();
    let [store, link] = [thing("data.store:a", 1, &[]), thing("net.link:b", 1, &[])];
    let above = thing("net.link:c", 1, &["net.link:b"]);
    let one = [store.clone(), link, above.clone()];
    converges(&world, &one).await;
    // Its successor is on record, and what belongs to it has not moved there.
    dies(&world, &[store, thing("net.link:b", 1, &["data.store:a"]), above], 2).await;
    converges(&world, &one).await;
}

#[tokio::test(start_paused = true)]
async fn a_successor_that_is_not_on_record_goes_before_what_it_belongs_to() {
    let world = one_at_a_time();
    let [a, b] = [thing("net.node:a", 1, &[]), thing("app.worker:b", 1, &["net.node:a"])];
    let link = |parents: &[&str]| thing("net.link:c", 1, parents);
    converges(&world, &[a.clone(), b.clone(), link(&[])]).await;
    // It is made anew, and the record of that is lost.
    let moved = [a.clone(), b, link(&["app.worker:b"])];
    dies(&world, &moved, 1).await;
    world.disk.set("journal.jsonl", None);
    world.recover().unwrap();
    world.memory.vanish(&a.address);
    converges(&world, &moved).await;
}
