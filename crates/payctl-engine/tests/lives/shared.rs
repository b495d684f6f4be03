//! The state is in a bucket, whose requests fail, lose their answers or are a process's last; and
//! processes that were thought dead come back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::poll;
use payctl_engine::testing::Mishap;

use crate::power::STARTS;
use crate::tell;
use crate::world::End;

/// How long a lock stands that nobody renews, and a little more.
const LEASE: Duration = Duration::from_secs(61);

/// Every request to the bucket fails, for once or from then on, or is applied and not answered, or
/// is the last one of its process, applied or not.
#[tokio::test(start_paused = true)]
async fn any_request_to_the_bucket_may_go_wrong() {
    let mishaps =
        [Mishap::Fails, Mishap::Keeps, Mishap::Lost, Mishap::Dies(false), Mishap::Dies(true)];
    let mut points = 0;
    for start in STARTS {
        for nth in 1..=start.requests().await {
            for mishap in mishaps {
                let (world, objects, stack, goal) = start.shared().await;
                world.watch_bucket(&objects);
                let at = format!("{start:?} request {nth} {mishap:?}");
                objects.mishap_at(nth, mishap);
                let ended = world.run(&stack, goal).await;
                objects.no_mishap();
                let is_saved = world.store.load().unwrap().replayed == 0;
                match mishap {
                    Mishap::Dies(_) => assert!(matches!(ended, End::Killed), "{at}: {ended:?}"),
                    // All may be done when it begins.
                    Mishap::Keeps => {
                        let over = matches!(ended, End::Ran(_)) && is_saved;
                        assert!(over || matches!(ended, End::Storage(_)), "{at}: {ended:?}");
                    }
                    // What was applied is found out; what failed may be of no account.
                    Mishap::Lost | Mishap::Fails => {
                        assert!(matches!(ended, End::Ran(_) | End::Storage(_)), "{at}: {ended:?}");
                    }
                }
                world.converges(&stack, goal).await;
                points += 1;
            }
        }
    }
    tell(&format!("R9: {points} mishaps of requests to a state's bucket, all converged"));
}

/// A process stops for longer than its lease wherever it waits for anything, another takes over and
/// ends what it began, and the first one goes on: it makes no changing call and writes nothing.
#[tokio::test(start_paused = true)]
async fn one_that_comes_back_after_its_lease_does_nothing() {
    let mut points = 0;
    for start in STARTS {
        for polls in 1.. {
            let (world, objects, stack, goal) = start.shared().await;
            let before = world.memory.changing_calls();
            let begun = world.watch_bucket(&objects);
            let mut first = Box::pin(world.run(&stack, goal));
            let mut over = false;
            for _ in 0..polls {
                over |= poll!(&mut first).is_ready();
                if over {
                    break;
                }
                tokio::task::yield_now().await;
            }
            if over {
                break;
            }
            // A call that was sent is AWS's to end: it does not stop with who sent it.
            let sent = begun.load(Ordering::Relaxed);
            if sent > world.memory.changing_calls() - before {
                continue;
            }
            objects.pass(LEASE);
            let second = world.of_another_machine(&objects);
            second.must(&stack, goal).await;
            let at = format!("{start:?}, stopped after {polls} waits");
            let (calls, state) = (begun.load(Ordering::Relaxed), second.state());
            let ended = first.await;
            let idle = !matches!(&ended, End::Ran(outcome) if !outcome.done.is_empty());
            assert!(idle, "{at}: {ended:?}");
            assert_eq!(begun.load(Ordering::Relaxed), calls, "{at}: it made a call");
            assert_eq!(second.state(), state, "{at}: it wrote");
            second.converges(&stack, goal).await;
            points += 1;
        }
    }
    tell(&format!(
        "R16: {points} processes came back after their lease, none of them did anything"
    ));
}
