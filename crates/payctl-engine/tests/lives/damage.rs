//! State and journal are damaged at random moments of random lives, and recovered.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::FutureExt as _;
use payctl_engine::Goal;
use payctl_engine::testing::Trouble;

use crate::random::{Life, Tally, seeds};
use crate::tell;
use crate::world::World;

const FILES: [&str; 2] = ["state.json", "journal.jsonl"];

impl Life {
    /// Damages the state, the journal or both.
    fn damage(&mut self) {
        self.world.disk.lose_power(&mut |count| count - 1);
        let which = self.rng.usize(1..4);
        for (nth, name) in FILES.into_iter().enumerate() {
            if which & (nth + 1) != 0 {
                self.damage_one(name);
            }
        }
    }

    fn damage_one(&mut self, name: &str) {
        let disk = self.world.disk.clone();
        let Some(mut bytes) = disk.bytes(name) else { return };
        let at = self.rng.usize(..bytes.len().max(1));
        let how = match self.rng.u8(0..5) {
            0 => {
                bytes.truncate(at);
                disk.set(name, Some(bytes));
                format!("cut at {at}")
            }
            1 | 2 if !bytes.is_empty() => {
                bytes[at] ^= 1 << self.rng.u8(0..8);
                disk.set(name, Some(bytes));
                format!("hurt at {at}")
            }
            3 => {
                let [state, journal] = FILES.map(|name| disk.bytes(name));
                disk.set(FILES[0], journal);
                disk.set(FILES[1], state);
                "exchanged with the other".to_owned()
            }
            4 if name == FILES[0] => {
                let names = disk.names();
                let oldest = names.iter().find(|name| name.starts_with("backups/state-"));
                disk.set(name, oldest.and_then(|oldest| disk.bytes(oldest)));
                "replaced by the oldest copy".to_owned()
            }
            _ => {
                disk.set(name, None);
                "gone".to_owned()
            }
        };
        self.script.say(&format!("# {name} is {how}"));
    }

    /// Recovers, in spite of kills on the way.
    fn recover(&mut self) -> bool {
        let files = self.files();
        for _ in 0..self.rng.usize(0..3) {
            let nth = self.rng.u64(1..25);
            self.world.disk.trouble_at(nth, Trouble::Dies);
            let _ = self.world.recover();
            self.world.no_faults();
            let rng = &mut self.rng;
            self.world.disk.lose_power(&mut |count| rng.usize(..count));
            self.script.say(&format!("# a recovery is killed at operation {nth}"));
        }
        let recovery = self.world.recover().unwrap();
        let known = recovery.state.is_some();
        self.script.say(&format!("# recovered from {:?}: {known}", recovery.from));
        let check = self.world.store.check().unwrap();
        assert!(check.is_sound(), "{check:#?}");
        let left = self.files();
        for (name, bytes) in files.iter().filter(|(name, _)| FILES.contains(&name.as_str())) {
            assert!(
                // The newline at the end of a state is all that may be cut off unseen.
                left.iter().any(|(_, left)| left.trim_ascii() == bytes.trim_ascii()),
                "{name} is lost, of {:?}",
                left.iter().map(|(name, _)| name).collect::<Vec<_>>()
            );
        }
        known
    }

    /// Whether something that has no tags belongs to it: where that is not recorded any more and
    /// this is gone, nothing shows that it is ours.
    fn has_links(&self, name: &str) -> bool {
        let declared = self.script.declared();
        let mut links = declared.iter().filter(|declared| declared.address.kind() == "net.link");
        links.any(|link| link.dependencies().keys().any(|used| used.as_str() == name))
    }

    /// Where all is lost, what has no tags and belongs to something that was being replaced
    /// cannot be shown to be ours, and is refused.
    async fn is_refused(&self) -> bool {
        let plan = self.world.plan(&self.script.stack(), Goal::Up).await;
        assert!(plan.refusals.iter().all(|refusal| refusal.address.kind() == "net.link"));
        !plan.refusals.is_empty()
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let names = self.world.disk.names().into_iter();
        names.filter_map(|name| Some((name.clone(), self.world.disk.bytes(&name)?))).collect()
    }

    async fn be_damaged(mut self, tally: &mut Tally) {
        if self.one_in(3) {
            self.plant();
        }
        for _ in 0..3 {
            for _ in 0..self.rng.usize(1..4) {
                let goal = if self.one_in(6) { Goal::Destroy } else { Goal::Up };
                self.troubled(goal, tally).await;
                self.meddle(|life, name| !life.has_links(name), tally);
            }
            self.damage();
            // It is told, and never a panic.
            let (loads, check) = (self.world.store.load().is_ok(), self.world.store.check());
            assert!(loads || !check.unwrap().is_sound());
            let known = self.recover();
            // Whoever recovers takes longer than what was made last takes to be visible.
            tokio::time::sleep(Duration::from_secs(5)).await;
            if !known && self.is_refused().await {
                tally.refused += 1;
                return;
            }
            self.converges(Goal::Up, tally).await;
            self.edit(tally);
        }
        self.troubled(Goal::Destroy, tally).await;
        self.damage();
        self.recover();
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.converges(Goal::Destroy, tally).await;
    }
}

#[tokio::test(start_paused = true)]
async fn damaged_lives_converge() {
    let mut tally = Tally::default();
    let (mut count, mut broken) = (0, Vec::new());
    for seed in seeds(300) {
        let life = AssertUnwindSafe(Life::new(seed).be_damaged(&mut tally));
        if life.catch_unwind().await.is_err() {
            broken.push(seed);
        }
        count += 1;
    }
    tell(&format!("recovery: {count} damaged lives, {} broken: {tally:?}", broken.len()));
    assert!(broken.is_empty(), "PAYCTL_SEED repeats one of {broken:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_at_all_is_no_state() {
    let world = World::synthetic();
    let recovery = world.recover().unwrap();
    assert_eq!((recovery.state, recovery.moved), (None, Vec::new()));
    world.disk.set("state.json", Some(b"\0\0\0".to_vec()));
    let check = world.store.check().unwrap();
    assert!(!check.is_sound(), "{check:#?}");
    let recovery = world.recover().unwrap();
    assert_eq!((recovery.state, recovery.moved.len()), (None, 1));
    assert_eq!(world.disk.names(), ["damaged/0001-state.json"]);
    assert!(world.store.load().unwrap().state.is_none());
}
