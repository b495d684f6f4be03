//! Lock, lease and journal of a shared state as a model that is searched whole: two processes, each
//! of which may stop anywhere for as long as it likes, or for ever, and go on. What they write and
//! conclude is what the code writes and concludes: [`Document`], [`Watch`] and [`may_change`].
//!
//! Time goes in steps of 15 seconds: a lease has four, and two of them are its guard.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::super::Holder;
use super::super::objects::Tag;
use super::{Document, Verdict, Watch, may_change};

const STEP: Duration = Duration::from_secs(15);
/// Long enough for one to be taken over from and to come back.
const STEPS: u32 = 6;
const PROCESSES: usize = 2;

/// What may be wrong with the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    /// Who takes over closes nobody's epoch.
    NothingIsClosed,
    /// Who takes over does not write the state anew.
    StateIsLeft,
    /// A holder does not look at its lease.
    LeaseIsNotLookedAt,
    /// The lease is read off a clock that is hours ahead.
    ByWallClock,
    /// What is in the journal is read, whoever's it is.
    AllIsRead,
}

/// A record of the journal, by epoch and number.
type Record = (u64, u64);

/// An object of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Object {
    epoch: u64,
    number: u64,
    /// Whether it closes the epoch.
    closes: bool,
    /// Whether its first line is the first of a journal.
    begins: bool,
    /// The version of the state that it goes on from.
    after: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    now: u32,
    /// Its version is epoch and counter: no two documents have the same.
    lock: Option<Document>,
    journal: BTreeSet<Object>,
    /// What the state says, and how often it was written.
    state: (BTreeSet<Record>, u32),
    /// All records that were ever answered.
    answered: BTreeSet<Record>,
    processes: Vec<Process>,
    /// Whether a call was made when another held the lock.
    overlapped: bool,
    /// Whether something was lost that was on record.
    lost: bool,
    /// Whether the journal was such that nobody can read it.
    damaged: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Process {
    at: At,
    watch: Watch,
    held: Option<Held>,
    /// What it wrote last to its journal, and may be on its way once more: a request is repeated where
    /// its answer is late, and whoever carries it may be.
    again: Option<Object>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    document: Document,
    renewed: u32,
    /// The next number of its journal.
    number: u64,
    /// Whether the next record is the first since the journal was emptied.
    begins: bool,
    /// The state that it knows, and its version.
    known: (BTreeSet<Record>, u32),
    lost: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum At {
    #[default]
    Looking,
    /// It may be taken from this version.
    Free(Option<Document>),
    Closing,
    Loading,
    Folding,
    FoldingEmpties,
    Settling,
    /// It may record what it is about to call.
    Running,
    /// It has recorded it.
    Recorded,
    Ending,
    Saving,
    Emptying,
    GivingBack,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Pass,
    /// What it does next.
    Go(usize),
    Renew(usize),
    /// It ends its run rather than call once more.
    End(usize),
    /// What it wrote to the journal arrives once more.
    Again(usize),
}

struct Team(Mistake);

impl World {
    fn time(&self) -> Duration {
        STEP * self.now
    }

    fn next_number(&self, epoch: u64) -> u64 {
        let numbers = self.journal.iter().filter(|one| one.epoch == epoch).map(|one| one.number);
        numbers.max().unwrap_or(0) + 1
    }

    fn has(&self, epoch: u64, number: u64) -> bool {
        self.journal.iter().any(|one| (one.epoch, one.number) == (epoch, number))
    }

    /// Writes an object of the journal where none is.
    fn put(&mut self, object: Object) -> bool {
        let is_free = !self.has(object.epoch, object.number);
        if is_free {
            self.journal.insert(object);
        }
        is_free
    }

    /// The journal's objects that are read.
    fn read(&self, mistake: Mistake) -> impl Iterator<Item = &Object> {
        let open = self.lock.as_ref().map(Document::open_epochs);
        let open = open.filter(|_| mistake != Mistake::AllIsRead);
        let is_open = move |epoch| open.as_ref().is_none_or(|open| open.contains(&epoch));
        self.journal.iter().filter(move |one| !one.closes && is_open(one.epoch))
    }

    /// The journal's records, as far as they go on from the state that is there.
    fn records(&self, mistake: Mistake) -> BTreeSet<Record> {
        let counts = self.read(mistake).filter(|one| one.after == self.state.1);
        counts.map(|one| (one.epoch, one.number)).collect()
    }

    /// A journal has one beginning, which stands first.
    fn look_for_damage(&mut self, mistake: Mistake) {
        let damaged = self.read(mistake).enumerate().any(|(nth, one)| one.begins != (nth == 0));
        self.damaged |= damaged;
    }

    /// Writes the lock's document where it is as `process` wrote it last.
    fn write_lock(&mut self, process: usize, next: impl Fn(&Document) -> Document) -> bool {
        let (now, lock) = (self.now, &mut self.lock);
        let Some(held) = &mut self.processes[process].held else { return false };
        let is_ours = lock.as_ref() == Some(&held.document);
        if is_ours {
            (held.document, held.renewed) = (next(&held.document), now);
            *lock = Some(held.document.clone());
        }
        held.lost |= !is_ours;
        is_ours
    }

    /// Writes the state where it is as `process` knows it.
    fn write_state(&mut self, process: usize, records: BTreeSet<Record>, mistake: Mistake) -> bool {
        let Some(held) = self.processes[process].held.clone() else { return false };
        if self.state.1 != held.known.1 {
            return false;
        }
        let version = self.state.1 + 1;
        self.state = (records.clone(), version);
        if let Some(held) = &mut self.processes[process].held {
            held.known = (records, version);
        }
        self.look_for_loss(mistake);
        true
    }

    fn look_for_loss(&mut self, mistake: Mistake) {
        let known: BTreeSet<Record> = &self.records(mistake) | &self.state.0;
        self.lost |= !self.answered.is_subset(&known);
    }

    /// Goes on with a process by one request.
    fn go(&mut self, process: usize, mistake: Mistake) {
        let at = self.processes[process].at.clone();
        let held = self.processes[process].held.clone();
        let epoch = held.as_ref().map_or(0, |held| held.document.epoch);
        let next = match (at, held) {
            (At::Looking, _) => self.look(process, mistake),
            (At::Free(version), _) => self.take(process, version, mistake),
            (At::Closing, Some(held)) => {
                if mistake != Mistake::NothingIsClosed {
                    for epoch in &held.document.unclosed {
                        self.put(closing(*epoch, self.next_number(*epoch)));
                    }
                }
                At::Loading
            }
            (At::Loading, Some(_)) => {
                let known = (&self.records(mistake) | &self.state.0, self.state.1);
                if let Some(held) = &mut self.processes[process].held {
                    held.known = known;
                }
                if mistake == Mistake::StateIsLeft { At::Settling } else { At::Folding }
            }
            (At::Folding, Some(held)) => match self.write_state(process, held.known.0, mistake) {
                true => At::FoldingEmpties,
                false => At::Loading,
            },
            (At::FoldingEmpties, Some(_)) => {
                self.empty(process, epoch);
                At::Settling
            }
            (At::Settling, Some(_)) => match self.write_lock(process, Document::closed) {
                true => At::Running,
                false => At::Over,
            },
            (At::Running, Some(held)) => {
                let (number, begins, after) = (held.number, held.begins, held.known.1);
                let object = Object { epoch, number, closes: false, begins, after };
                match self.put(object) {
                    true => {
                        let record = (epoch, number);
                        self.answered.insert(record);
                        self.processes[process].again = Some(object);
                        if let Some(held) = &mut self.processes[process].held {
                            (held.number, held.begins) = (number + 1, false);
                            held.known.0.insert(record);
                        }
                        At::Recorded
                    }
                    false => At::Over,
                }
            }
            (At::Recorded, Some(held)) => {
                let in_time = may_change(STEP * held.renewed, self.time()) && !held.lost;
                match in_time || mistake == Mistake::LeaseIsNotLookedAt {
                    true => {
                        // The call itself.
                        let holder = self.lock.as_ref().map(|document| document.epoch);
                        self.overlapped |= holder != Some(epoch);
                        At::Ending
                    }
                    false => At::Over,
                }
            }
            (At::Ending, Some(held)) => match self.put(closing(epoch, held.number)) {
                true => At::Saving,
                false => At::Over,
            },
            (At::Saving, Some(held)) => match self.write_state(process, held.known.0, mistake) {
                true => At::Emptying,
                false => At::Over,
            },
            (At::Emptying, Some(_)) => {
                self.empty(process, epoch);
                self.look_for_loss(mistake);
                At::GivingBack
            }
            (At::GivingBack, Some(_)) => {
                self.write_lock(process, |document| document.given_back(false));
                At::Over
            }
            (_, None) | (At::Over, _) => At::Over,
        };
        self.processes[process].at = next;
    }

    /// Removes what the state has now.
    fn empty(&mut self, process: usize, epoch: u64) {
        self.journal.retain(|one| one.epoch > epoch || (one.closes && one.epoch != epoch));
        if let Some(held) = &mut self.processes[process].held {
            held.begins = true;
        }
    }

    fn look(&mut self, process: usize, mistake: Mistake) -> At {
        let Some(document) = self.lock.clone() else { return At::Free(None) };
        if mistake == Mistake::ByWallClock {
            return At::Free(Some(document));
        }
        let now = self.time();
        let watch = &mut self.processes[process].watch;
        let tag = Tag(format!("{}.{}", document.epoch, document.renewed));
        match watch.look(&tag, &document, now, None) {
            Verdict::Free => At::Free(Some(document)),
            Verdict::Undecided(_) | Verdict::Alive => At::Looking,
        }
    }

    fn take(&mut self, process: usize, version: Option<Document>, mistake: Mistake) -> At {
        if self.lock != version {
            return At::Looking;
        }
        let holder =
            Holder { pid: 0, host: String::new(), command: String::new(), since: String::new() };
        let document =
            Document::taken(self.lock.as_ref(), holder, process.to_string(), String::new());
        let closes = !document.unclosed.is_empty();
        self.lock = Some(document.clone());
        let known = (&self.records(mistake) | &self.state.0, self.state.1);
        let number = self.next_number(document.epoch);
        let held = Held { document, renewed: self.now, number, begins: true, known, lost: false };
        self.processes[process].held = Some(held);
        if closes { At::Closing } else { At::Running }
    }
}

/// What closes an epoch.
fn closing(epoch: u64, number: u64) -> Object {
    Object { epoch, number, closes: true, begins: false, after: 0 }
}

impl Team {
    fn begin() -> World {
        World {
            now: 0,
            lock: None,
            journal: BTreeSet::new(),
            state: (BTreeSet::new(), 0),
            answered: BTreeSet::new(),
            processes: vec![Process::default(); PROCESSES],
            overlapped: false,
            lost: false,
            damaged: false,
        }
    }

    /// What may happen next.
    fn deeds(world: &World) -> Vec<Deed> {
        let mut deeds = Vec::new();
        deeds.extend((world.now < STEPS).then_some(Deed::Pass));
        for (process, Process { at, held, again, .. }) in world.processes.iter().enumerate() {
            // Where it is there it is refused.
            let late = again.filter(|one| !world.has(one.epoch, one.number));
            deeds.extend(late.map(|_| Deed::Again(process)));
            if *at == At::Over {
                continue;
            }
            deeds.push(Deed::Go(process));
            let renews = held.as_ref().is_some_and(|held| held.renewed < world.now && !held.lost);
            deeds.extend(renews.then_some(Deed::Renew(process)));
            deeds.extend((*at == At::Running).then_some(Deed::End(process)));
        }
        deeds
    }

    fn after(&self, before: &World, deed: Deed) -> World {
        let mut world = before.clone();
        match deed {
            Deed::Pass => world.now += 1,
            Deed::Go(process) => world.go(process, self.0),
            Deed::Renew(process) => {
                world.write_lock(process, Document::renewed);
            }
            Deed::End(process) => world.processes[process].at = At::Ending,
            Deed::Again(process) => {
                let again = world.processes[process].again.take();
                again.map(|object| world.put(object));
            }
        }
        world.look_for_damage(self.0);
        world
    }
}

/// What the search of all states comes upon.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    states: usize,
    /// A call is made when another holds the lock.
    overlap: bool,
    /// Something is lost that was on record.
    loss: bool,
    /// Nobody can read the journal.
    damage: bool,
    /// One takes over from another.
    takeover: bool,
    /// Both come to their end.
    both_end: bool,
}

impl Found {
    fn is_wrong(&self) -> bool {
        self.overlap || self.loss || self.damage
    }
}

/// Goes through all states that there can be.
fn found(mistake: Mistake) -> Found {
    let (team, first) = (Team(mistake), Team::begin());
    let mut known: HashSet<World> = HashSet::from([first.clone()]);
    let mut next = vec![first];
    let mut found = Found::default();
    while let Some(world) = next.pop() {
        found.overlap |= world.overlapped;
        found.loss |= world.lost;
        found.damage |= world.damaged;
        let epochs = world.processes.iter().filter_map(|process| process.held.as_ref());
        found.takeover |= epochs.filter(|held| held.document.epoch > 0).count() == PROCESSES;
        let lock = world.lock.as_ref();
        found.both_end |= lock.is_some_and(|lock| lock.epoch == 2 && lock.holder.is_none());
        for deed in Team::deeds(&world) {
            let after = team.after(&world, deed);
            if known.insert(after.clone()) {
                next.push(after);
            }
        }
        if mistake != Mistake::None && found.is_wrong() {
            break;
        }
    }
    found.states = known.len();
    found
}

#[test]
fn in_no_order_of_events_two_make_calls_or_something_is_lost() {
    let found = found(Mistake::None);
    assert!(!found.is_wrong(), "{found:?}");
    assert!(found.takeover && found.both_end && found.states > 10_000, "{found:?}");
}

#[test]
fn each_mistake_is_found() {
    for mistake in [
        Mistake::NothingIsClosed,
        Mistake::StateIsLeft,
        Mistake::LeaseIsNotLookedAt,
        Mistake::ByWallClock,
        Mistake::AllIsRead,
    ] {
        let found = found(mistake);
        assert!(found.is_wrong(), "{mistake:?}: {found:?}");
    }
}
