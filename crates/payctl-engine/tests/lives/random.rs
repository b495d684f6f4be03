//! Random lives: a graph and edits of it, things changed and removed by hand, foreign resources, lost
//! states; and in most runs something that goes wrong. `PAYCTL_SEEDS` says how many lives,
//! `PAYCTL_SEED` repeats one.

use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::FutureExt as _;
use payctl_engine::testing::{Faults, Memory, Trouble, synthetic};
use payctl_engine::{Address, Goal};
use serde_json::{Value, json};

use crate::script::Script;
use crate::tell;
use crate::world::{End, World};

/// How often each thing happened.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    runs: u64,
    kills: u64,
    power: u64,
    disk: u64,
    faulty: u64,
    stops: u64,
    by_hand: u64,
    edits: u64,
    pub(crate) refused: u64,
}

pub(crate) struct Life {
    pub(crate) world: World,
    pub(crate) script: Script,
    pub(crate) rng: fastrand::Rng,
    /// What was planted, as it is to stay.
    foreign: Vec<(String, Value)>,
}

impl Life {
    pub(crate) fn new(seed: u64) -> Self {
        fastrand::seed(seed);
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x5eed);
        let memory = match rng.u8(0..3) {
            0 => Memory::timed(synthetic()),
            _ => Memory::new(synthetic()),
        };
        let mut world = World::new(memory);
        world.limits.parallelism = [1, 3, 40][rng.usize(..3)];
        let mut life = Self { world, script: Script::new(seed), rng, foreign: Vec::new() };
        life.script.graph();
        life
    }

    pub(crate) fn one_in(&mut self, count: u8) -> bool {
        self.rng.u8(0..count) == 0
    }

    /// Things that are like ours and not ours.
    pub(crate) fn plant(&mut self) {
        for declared in self.script.declared() {
            if !self.one_in(4) {
                continue;
            }
            let (kind, name) = (declared.address.kind(), declared.address.name());
            let id = declared.address.as_str();
            // Ours but for one tag, or without any. What is ours but for the lineage is refused
            // wherever ours is missing, and so has another id here.
            let theirs = format!("{id}-theirs");
            let tags = match self.rng.u8(0..4) {
                0 => json!({}),
                1 => {
                    json!({ "id": theirs, "lineage": "theirs", "stack": "synthetic", "suffix": "test" })
                }
                2 => json!({ "id": id, "stack": "synthetic", "suffix": "other" }),
                _ => json!({ "id": id, "stack": "another", "suffix": "test" }),
            };
            // Of a kind whose names are unique one of the same name would be refused.
            let unique = matches!(kind, "net.node" | "data.store" | "net.link");
            let name = if unique { format!("{name}-theirs") } else { name.to_owned() };
            let properties = json!({ "name": name, "size": 9, "parents": [], "tags": tags });
            self.script.say(&format!("> plant {kind} {properties}"));
            let mut properties = properties;
            let whole = tags.as_object().into_iter().flatten();
            properties["tags"] =
                whole.map(|(name, value)| (format!("payctl:{name}"), value.clone())).collect();
            self.world.memory.plant(kind, properties);
        }
        self.foreign = self.by_hand();
    }

    fn by_hand(&self) -> Vec<(String, Value)> {
        let mut things = self.world.memory.things();
        things.retain(|(name, _)| name.contains(":by-hand-"));
        things
    }

    pub(crate) fn edit(&mut self, tally: &mut Tally) {
        for _ in 0..self.rng.usize(0..4) {
            self.script.edit();
            tally.edits += 1;
        }
    }

    /// Changes or removes something of ours by hand.
    pub(crate) fn meddle(&mut self, may_vanish: fn(&Self, &str) -> bool, tally: &mut Tally) {
        let names = self.world.names();
        if names.is_empty() || !self.one_in(3) {
            return;
        }
        tally.by_hand += 1;
        let name = &names[self.rng.usize(..names.len())];
        let address = Address::parse(name).unwrap();
        if self.one_in(3) && may_vanish(self, name) {
            self.script.say(&format!("> vanish {name}"));
            return self.world.memory.vanish(&address);
        }
        let (property, value) = match self.rng.u8(0..4) {
            0 if address.kind() != "net.link" => ("zone", json!("drifted")),
            _ => ("size", json!(77)),
        };
        self.script.say(&format!("> drift {name} {property} {value}"));
        self.world.memory.drift(&address, property, value);
    }

    /// Decides what goes wrong in the next run.
    fn trouble(&mut self, tally: &mut Tally) {
        let mut faults = Faults::seeded(self.rng.u64(1..));
        if self.rng.bool() {
            faults.throttled = self.rng.u8(0..20);
            faults.unavailable = self.rng.u8(0..10);
            faults.lost = self.rng.u8(0..15);
            faults.lag = Duration::from_millis(self.rng.u64(0..1500));
            self.script.say(&format!("# {faults:?}"));
            tally.faulty += 1;
        }
        match self.rng.u8(0..6) {
            0 | 1 => {
                let (nth, applied) = (self.rng.u64(1..16), self.rng.bool());
                faults.dies_at = Some((self.world.memory.changing_calls() + nth, applied));
                let applied = if applied { " applied" } else { "" };
                self.script.say(&format!("> kill-at {nth}{applied}"));
            }
            2 | 3 => {
                let error = if self.rng.bool() { ErrorKind::StorageFull } else { ErrorKind::Other };
                let quarters = self.rng.u8(0..5);
                let trouble = match self.rng.u8(0..6) {
                    0 => Trouble::Fails(error, quarters),
                    1 => Trouble::Keeps(error, quarters),
                    _ => Trouble::Dies,
                };
                let nth = self.rng.u64(1..50);
                self.script.say(&format!("# the disk at operation {nth} from now: {trouble:?}"));
                self.world.disk.trouble_at(nth, trouble);
            }
            4 => {
                let gently = self.rng.usize(1..30);
                let now = self.rng.bool().then(|| gently + self.rng.usize(0..8));
                self.script.say(&format!("# stop at event {gently}, at once at {now:?}"));
                self.world.stops.set((Some(gently), now));
            }
            _ => {}
        }
        self.world.memory.set_faults(faults);
    }

    /// A run in which something may go wrong.
    pub(crate) async fn troubled(&mut self, goal: Goal, tally: &mut Tally) {
        self.trouble(tally);
        self.say_run(goal);
        let stack = self.script.stack();
        let stops = self.world.stops.get().0.is_some();
        let ended = self.world.run(&stack, goal).await;
        tally.runs += 1;
        tally.disk += u64::from(self.world.disk.troubled());
        match &ended {
            End::Killed => tally.kills += 1,
            End::Ran(outcome) => tally.stops += u64::from(stops && outcome.stopped),
            End::Storage(_) | End::Blind(_) => {}
            End::Refused(_) | End::Unsound(_) => panic!("{ended:#?}"),
        }
        let ended = match &ended {
            End::Ran(outcome) => {
                let failed = outcome.failed.iter();
                let failed: Vec<String> =
                    failed.map(|(address, failure)| format!("{address}: {failure}")).collect();
                format!("# ended, failed {failed:?}")
            }
            End::Killed => "# killed".to_owned(),
            ended => format!("# {ended:?}"),
        };
        self.script.say(&ended);
        self.world.no_faults();
        if self.rng.bool() {
            let rng = &mut self.rng;
            let mut lost = 0;
            self.world.disk.lose_power(&mut |count| {
                let chosen = rng.usize(..count);
                lost += u64::from(chosen + 1 < count);
                chosen
            });
            tally.power += u64::from(lost > 0);
            if lost > 0 {
                self.script.say("# the power is lost as well");
            }
        }
    }

    fn say_run(&mut self, goal: Goal) {
        self.script.say(if goal == Goal::Up { "> up" } else { "> destroy" });
    }

    /// A run without faults: everything is as it should be afterwards.
    pub(crate) async fn converges(&mut self, goal: Goal, tally: &mut Tally) {
        self.say_run(goal);
        tally.runs += 1;
        self.world.converges(&self.script.stack(), goal).await;
        assert_eq!(self.by_hand(), self.foreign, "foreign resources stay as they are");
    }

    pub(crate) async fn live(mut self, tally: &mut Tally) {
        for _ in 0..3 {
            if self.one_in(3) {
                self.plant();
            }
            for _ in 0..self.rng.usize(0..4) {
                let goal = if self.one_in(6) { Goal::Destroy } else { Goal::Up };
                self.troubled(goal, tally).await;
                self.meddle(|_, _| true, tally);
                if self.one_in(3) {
                    self.edit(tally);
                }
            }
            self.converges(Goal::Up, tally).await;
            if self.one_in(4) {
                self.script.say("> lose-state");
                self.world.lose_state();
                for _ in 0..self.rng.usize(0..3) {
                    self.troubled(Goal::Up, tally).await;
                }
                self.converges(Goal::Up, tally).await;
            }
            self.meddle(|_, _| true, tally);
            self.edit(tally);
        }
        for _ in 0..self.rng.usize(0..3) {
            self.troubled(Goal::Destroy, tally).await;
        }
        self.converges(Goal::Destroy, tally).await;
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The seeds to try: so many, unless the environment says otherwise.
pub(crate) fn seeds(count: u64) -> RangeInclusive<u64> {
    match number("PAYCTL_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("PAYCTL_SEEDS").unwrap_or(count),
    }
}

#[tokio::test(start_paused = true)]
async fn random_lives_converge() {
    let mut tally = Tally::default();
    let (mut count, mut broken) = (0, Vec::new());
    for seed in seeds(1000) {
        let life = AssertUnwindSafe(Life::new(seed).live(&mut tally));
        if life.catch_unwind().await.is_err() {
            broken.push(seed);
        }
        count += 1;
    }
    tell(&format!("R17: {count} lives, {} broken: {tally:?}", broken.len()));
    assert!(broken.is_empty(), "PAYCTL_SEED repeats one of {broken:?}");
}
