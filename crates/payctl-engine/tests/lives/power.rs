//! The disk fails, or the power goes, at every single operation on files.

use std::io::ErrorKind;

use payctl_engine::testing::{MemoryDisk, MemoryObjects, Trouble};
use payctl_engine::{Goal, Stack, State, Store};

use crate::tell;
use crate::world::{End, World, stack, thing};

/// A stack with one of each kind, and its next version: one is changed, one is replaced first
/// made, one first deleted, with what hangs on them; one goes and one comes.
fn versions() -> [Stack; 2] {
    let one = [
        thing("net.zone:a", 1, &[]),
        thing("net.node:b", 1, &["net.zone:a"]),
        thing("data.store:c", 1, &["net.zone:a"]),
        thing("app.worker:d", 1, &["net.node:b", "data.store:c"]),
        thing("net.link:e", 1, &["net.node:b"]),
        thing("net.zone:f", 1, &[]),
    ];
    let mut two = one.to_vec();
    two[0].properties["name"] = "another".into();
    two[1].properties["zone"] = "another".into();
    two[2].properties["size"] = 2.into();
    two.remove(5);
    two.push(thing("app.worker:g", 1, &["net.zone:a"]));
    [stack(&one), stack(&two)]
}

/// What a run may start from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// Nothing: the first `up`.
    Nothing,
    /// The first version stands, and the second is to come.
    Standing,
    /// A run to the second version was killed.
    Interrupted,
    /// The first version stands and is to go.
    Going,
}

pub(crate) const STARTS: [Start; 4] =
    [Start::Nothing, Start::Standing, Start::Interrupted, Start::Going];

impl Start {
    /// The world before the run, and what the run is to reach.
    async fn world(self) -> (World, Stack, Goal) {
        let begun = self.begun(World::synthetic()).await;
        begun.0.watch_disk();
        begun
    }

    /// The same with its state in a bucket.
    pub(crate) async fn shared(self) -> (World, MemoryObjects, Stack, Goal) {
        let (world, stack, goal) = self.begun(World::shared()).await;
        let objects = world.objects.clone().unwrap();
        (world, objects, stack, goal)
    }

    /// How many requests to the bucket the run takes.
    pub(crate) async fn requests(self) -> u64 {
        let (world, objects, stack, goal) = self.shared().await;
        let before = objects.requests();
        world.must(&stack, goal).await;
        objects.requests() - before
    }

    async fn begun(self, world: World) -> (World, Stack, Goal) {
        fastrand::seed(1);
        let [one, two] = versions();
        let (stack, goal) = match self {
            Self::Nothing => (one, Goal::Up),
            Self::Standing => {
                world.must(&one, Goal::Up).await;
                (two, Goal::Up)
            }
            Self::Interrupted => {
                world.must(&one, Goal::Up).await;
                world.kill_at(4, true);
                assert!(matches!(world.run(&two, Goal::Up).await, End::Killed));
                world.no_faults();
                (two, Goal::Up)
            }
            Self::Going => {
                world.must(&one, Goal::Up).await;
                (one, Goal::Destroy)
            }
        };
        (world, stack, goal)
    }

    /// How many operations on files the run takes.
    async fn operations(self) -> u64 {
        let (world, stack, goal) = self.world().await;
        world.watch_records();
        let before = world.disk.operations();
        world.must(&stack, goal).await;
        world.disk.operations() - before
    }
}

fn without_times(state: Option<State>) -> Option<State> {
    state.map(|state| State { changed_at: 0, ..state })
}

/// A disk that is full or breaks stops the run before its next changing call.
#[tokio::test(start_paused = true)]
async fn no_call_follows_a_failed_write() {
    let mut points = 0;
    for start in STARTS {
        for nth in 1..=start.operations().await {
            // A full disk stays full; what breaks may do so once.
            let troubles = [0, 2, 4].into_iter().flat_map(|quarters| {
                let full = Trouble::Keeps(ErrorKind::StorageFull, quarters);
                [full, Trouble::Fails(ErrorKind::Other, quarters)]
            });
            for trouble in troubles {
                let at = format!("{start:?} operation {nth} {trouble:?}");
                let (world, stack, goal) = start.world().await;
                world.disk.trouble_at(nth, trouble);
                let ended = world.run(&stack, goal).await;
                assert!(world.disk.troubled(), "{at}");
                assert!(matches!(ended, End::Storage(_)), "{at}: {ended:?}");
                world.no_faults();
                assert!(world.store.load().is_ok(), "{at}");
                // What is not durable after the failure is so before the next call.
                if trouble == Trouble::Fails(ErrorKind::Other, 4) {
                    world.watch_records();
                }
                world.converges(&stack, goal).await;
                points += 1;
            }
        }
    }
    tell(&format!("R8: {points} failed operations on files, all converged"));
}

/// Every outcome that the loss of power at an operation allows, the length of what survives of
/// an append at its ends and in the middle.
#[tokio::test(start_paused = true)]
async fn the_power_may_go_at_any_operation() {
    let (mut points, mut outcomes) = (0, 0);
    for start in STARTS {
        for nth in 1..=start.operations().await {
            let mut odometer = Odometer::default();
            points += 1;
            loop {
                let (world, stack, goal) = start.world().await;
                world.disk.trouble_at(nth, Trouble::Dies);
                assert!(matches!(world.run(&stack, goal).await, End::Killed), "{start:?} {nth}");
                let at = format!("{start:?} operation {nth} of {:?}", world.disk.log().last());
                world.disk.no_trouble();
                let load =
                    |disk: &MemoryDisk| without_times(Store::in_memory(disk).load().unwrap().state);
                let (all, synced) = (load(&world.disk), load(&world.disk.synced()));
                odometer.begin();
                world.disk.lose_power(&mut |count| odometer.choose(count));
                if outcomes % 4 == 0 {
                    world.watch_records();
                }
                let state = load(&world.disk);
                assert!(state == all || state == synced, "{at} {odometer:?}: a third state");
                world.converges(&stack, goal).await;
                outcomes += 1;
                if !odometer.next() {
                    break;
                }
            }
        }
    }
    tell(&format!("R9: power lost at {points} operations, {outcomes} outcomes, all converged"));
}

/// Goes through all combinations of choices.
#[derive(Debug, Default)]
struct Odometer {
    /// What is chosen, of how many.
    wheels: Vec<(usize, usize)>,
    at: usize,
}

impl Odometer {
    fn begin(&mut self) {
        self.at = 0;
    }

    fn choose(&mut self, count: usize) -> usize {
        // Of many the ends and the middle stand for all.
        let few = if count > 5 {
            vec![0, 1, count / 2, count - 2, count - 1]
        } else {
            (0..count).collect()
        };
        if self.at == self.wheels.len() {
            self.wheels.push((0, few.len()));
        }
        let (chosen, _) = self.wheels[self.at];
        self.at += 1;
        few[chosen]
    }

    fn next(&mut self) -> bool {
        while let Some((chosen, count)) = self.wheels.pop() {
            if chosen + 1 < count {
                self.wheels.push((chosen + 1, count));
                return true;
            }
        }
        false
    }
}

/// The files of a run that was killed in the middle, with a state before it.
async fn killed() -> World {
    let (world, ..) = Start::Interrupted.world().await;
    assert!(
        world.disk.bytes("state.json").is_some() && world.disk.bytes("journal.jsonl").is_some()
    );
    world
}

/// Damage is seen, or makes no difference; but for the loss of whole lines at the journal's end.
#[tokio::test(start_paused = true)]
async fn damage_is_seen() {
    let world = killed().await;
    let whole = without_times(world.store.load().unwrap().state);
    let mut tried = 0;
    for name in ["state.json", "journal.jsonl"] {
        let bytes = world.disk.bytes(name).unwrap();
        let load = |bytes: Vec<u8>| {
            world.disk.set(name, Some(bytes));
            world.store.load().map(|loaded| without_times(loaded.state))
        };
        for length in 0..bytes.len() {
            let cut = load(bytes[..length].to_owned());
            // Nothing but white space is lost with the last byte of a state.
            let lines = name == "journal.jsonl" || length + 1 == bytes.len();
            assert!(cut.is_err() || lines, "{name} cut at {length}");
            tried += 1;
        }
        for at in 0..bytes.len() {
            // One bit of each byte, and all of each eighth's: it takes its time.
            let bits = if at % 8 == 0 { 0..8 } else { at % 8..at % 8 + 1 };
            for bit in bits {
                let mut hurt = bytes.clone();
                hurt[at] ^= 1 << bit;
                let seen = load(hurt).map_or(true, |state| state == whole);
                assert!(seen, "{name}: byte {at}, bit {bit}");
                tried += 1;
            }
        }
        world.disk.set(name, Some(bytes));
    }
    assert_eq!(without_times(world.store.load().unwrap().state), whole);
    tell(&format!("R9: {tried} damages of state and journal, none passed over"));
}

/// A run that finds the new name of a state before it is durable makes it so before it goes on.
#[tokio::test(start_paused = true)]
async fn a_state_is_durable_before_its_journal_is_begun() {
    let [one, two] = versions();
    let (world, ..) = Start::Standing.world().await;
    let before = world.disk.log().len();
    world.must(&two, Goal::Up).await;
    let log = world.disk.log();
    let renamed = log[before..].iter().position(|line| line == "rename state.json").unwrap();
    for nth in 1.. {
        // A process dies between the renaming and the sync of the folder, then the next one dies,
        // and the power goes.
        let (world, ..) = Start::Standing.world().await;
        world.disk.trouble_at(renamed as u64 + 2, Trouble::Dies);
        assert!(matches!(world.run(&two, Goal::Up).await, End::Killed));
        world.disk.no_trouble();
        world.disk.trouble_at(nth, Trouble::Dies);
        let ended = world.run(&one, Goal::Up).await;
        world.no_faults();
        world.disk.lose_power(&mut |_| 0);
        assert!(world.store.load().is_ok(), "operation {nth}");
        world.converges(&one, Goal::Up).await;
        if !matches!(ended, End::Killed) {
            break;
        }
    }
}
