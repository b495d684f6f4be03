//! An in-memory cloud that works for every kind alike: typical times from each kind's own data,
//! seeded failures, answers that are lost, reads that lag, deletes refused while something refers
//! to the thing. On tokio's paused clock a run takes no time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::FutureExt as _;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::provider::Answer;
use crate::{
    Address, Call, Changed, Dependent, Failure, FailureKind, KindInfo, Kinds, Owner, Provider,
    Readiness, Repeat,
};

mod disk;
mod kinds;
mod objects;

pub use disk::{MemoryDisk, Trouble};
pub use kinds::synthetic;
pub use objects::{MemoryObjects, Mishap};

/// A cloud in memory.
#[derive(Debug)]
pub struct Memory {
    kinds: Kinds,
    inner: Mutex<Inner>,
    /// Whether operations take their kind's typical time.
    timed: bool,
    death: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    things: BTreeMap<u64, Thing>,
    next: u64,
    /// Changing calls made so far.
    changing: u64,
    faults: Faults,
    log: Vec<String>,
    tokens: BTreeMap<String, u64>,
    attachments: BTreeMap<Address, BTreeSet<String>>,
    dead: bool,
    watcher: Option<Watcher>,
}

struct Watcher(Box<dyn Fn(&Address) + Send>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// One thing that exists.
#[derive(Clone, Debug)]
pub struct Thing {
    /// The kind it is of.
    pub kind: String,
    /// Its properties.
    pub properties: Value,
    /// Whose creation made it.
    address: String,
    outputs: Value,
    ready_at: Instant,
    visible_at: Instant,
    /// Whether who made it was told so.
    answered: bool,
}

/// What goes wrong, decided by a seed.
#[derive(Debug, Default)]
pub struct Faults {
    /// Throttled out of a hundred calls.
    pub throttled: u8,
    /// Answers lost out of a hundred changing calls: applied, and nobody told.
    pub lost: u8,
    /// Internal errors out of a hundred calls.
    pub unavailable: u8,
    /// How long a new thing stays invisible to reads and searches.
    pub lag: Duration,
    /// The n-th changing call and all after it never answer: the process is to be dropped there.
    /// The bool says whether that call is applied.
    pub dies_at: Option<(u64, bool)>,
    /// The same at the next call so named, such as `create ec2.vpc:main`.
    pub dies_on: Option<(String, bool)>,
    /// The next calls of an operation that fail, such as `create ec2.subnet`.
    pub next: Vec<(String, FailureKind)>,
    /// What chance is drawn from; 0 lets nothing go wrong by chance.
    pub random: u64,
}

impl Faults {
    /// Faults decided by `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { random: seed | 1, ..Self::default() }
    }

    fn roll(&mut self, of_hundred: u8) -> bool {
        // xorshift64*: small, and the same on every machine.
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let drawn = self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        of_hundred > 0 && drawn % 100 < u64::from(of_hundred)
    }
}

impl Memory {
    /// An empty cloud of these kinds.
    #[must_use]
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, inner: Mutex::default(), timed: false, death: Notify::new() }
    }

    /// The same, in which operations take their typical time.
    #[must_use]
    pub fn timed(kinds: Kinds) -> Self {
        Self { timed: true, ..Self::new(kinds) }
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        let mut inner = self.inner();
        inner.faults = faults;
        inner.dead = false;
    }

    /// Lets the next call of `operation`, such as `create ec2.subnet`, fail.
    pub fn fail_next(&self, operation: &str, kind: FailureKind) {
        self.inner().faults.next.push((operation.to_owned(), kind));
    }

    /// Returns when the call of [`Faults::dies_at`] has come: the process is to be dropped then.
    pub async fn death(&self) {
        while !self.inner().dead {
            self.death.notified().await;
        }
    }

    /// How many changing calls were made.
    pub fn changing_calls(&self) -> u64 {
        self.inner().changing
    }

    /// Calls `look` with the address of each changing call when it is begun.
    pub fn watch(&self, look: impl Fn(&Address) + Send + 'static) {
        self.inner().watcher = Some(Watcher(Box::new(look)));
    }

    /// The changing calls so far, in order, such as `create ec2.vpc:main`.
    pub fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    /// What exists: the address and properties of each thing.
    pub fn things(&self) -> Vec<(String, Value)> {
        let inner = self.inner();
        let name = |thing: &Thing| thing.address.clone();
        let mut all: Vec<(String, Value)> =
            inner.things.values().map(|thing| (name(thing), thing.properties.clone())).collect();
        all.sort_by_key(|(name, value)| (name.clone(), value.to_string()));
        all
    }

    /// The addresses in the tags of all that `owner` has.
    pub fn listed(&self, owner: &Owner) -> BTreeSet<Address> {
        let inner = self.inner();
        let tags = inner.things.values().map(|thing| &thing.properties["tags"]);
        let ours = tags.filter(|tags| {
            owner.search().iter().all(|(name, value)| tags[*name].as_str() == Some(*value))
        });
        ours.filter_map(|tags| Address::parse(tags["payctl:id"].as_str()?).ok()).collect()
    }

    /// Changes a property by hand; of two things at one address the newer one's.
    ///
    /// # Panics
    /// When there is no such thing.
    pub fn drift(&self, address: &Address, property: &str, value: Value) {
        let mut inner = self.inner();
        let thing = find_mut(&mut inner, address);
        thing.properties[property] = value;
    }

    /// Attaches something to a thing by hand.
    pub fn attach(&self, address: &Address, what: &str) {
        let mut inner = self.inner();
        inner.attachments.entry(address.clone()).or_default().insert(what.to_owned());
    }

    /// Deletes a thing by hand, whatever refers to it; of two at one address the newer one.
    pub fn vanish(&self, address: &Address) {
        let mut inner = self.inner();
        let newest = inner.things.iter().rfind(|(_, thing)| is_at(thing, address));
        if let Some(id) = newest.map(|(id, _)| *id) {
            inner.things.remove(&id);
        }
    }

    /// Adds a thing by hand.
    pub fn plant(&self, kind: &str, properties: Value) {
        let mut inner = self.inner();
        let id = inner.next;
        inner.next += 1;
        let now = Instant::now();
        let (ready_at, visible_at) = (now, now);
        let outputs = outputs(&self.kinds[kind], id, &properties);
        let (kind, address) = (kind.to_owned(), format!("{kind}:by-hand-{id}"));
        inner.things.insert(
            id,
            Thing { kind, properties, address, outputs, ready_at, visible_at, answered: true },
        );
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn info(&self, address: &Address) -> &KindInfo {
        &self.kinds[address.kind()]
    }

    async fn take(&self, seconds: f64) {
        if self.timed {
            sleep(Duration::from_secs_f64(seconds)).await;
        } else {
            tokio::task::yield_now().await;
        }
    }

    fn watched(&self, address: &Address) {
        if let Some(Watcher(look)) = &self.inner().watcher {
            look(address);
        }
    }

    /// What goes wrong before a call has any effect.
    fn refused(&self, operation: &str, address: &Address) -> Option<Failure> {
        let mut inner = self.inner();
        let name = format!("{operation} {}", address.kind());
        if let Some(at) = inner.faults.next.iter().position(|(next, _)| *next == name) {
            let (_, kind) = inner.faults.next.remove(at);
            return Some(Failure::new(kind, "as asked for").with_code("Injected"));
        }
        let faults = &mut inner.faults;
        if faults.random == 0 {
            return None;
        }
        let (throttled, unavailable) = (faults.throttled, faults.unavailable);
        if faults.roll(throttled) {
            return Some(Failure::new(FailureKind::Throttled, "too fast").with_code("Throttling"));
        }
        faults
            .roll(unavailable)
            .then(|| Failure::new(FailureKind::Unavailable, "broken").with_code("InternalError"))
    }

    /// Counts a changing call; says whether it is applied and whether it is answered.
    fn change(&self, operation: &str, address: &Address) -> (bool, bool) {
        let mut inner = self.inner();
        inner.changing += 1;
        let nth = inner.changing;
        let named = format!("{operation} {address}");
        if let Some((_, applied)) = inner.faults.dies_on.take_if(|(call, _)| *call == named) {
            inner.faults.dies_at = Some((nth, applied));
        }
        if let Some((dies_at, applied)) = inner.faults.dies_at
            && nth >= dies_at
        {
            let applied = applied && nth == dies_at;
            inner.dead = true;
            self.death.notify_one();
            if applied {
                inner.log.push(named);
            }
            return (applied, false);
        }
        inner.log.push(named);
        (true, true)
    }

    fn answer_is_lost(&self) -> bool {
        let faults = &mut self.inner().faults;
        let lost = faults.lost;
        faults.random != 0 && faults.roll(lost)
    }
}

fn is_at(thing: &Thing, address: &Address) -> bool {
    thing.address == address.as_str()
}

fn find_mut<'a>(inner: &'a mut Inner, address: &Address) -> &'a mut Thing {
    let found = inner.things.values_mut().rfind(|thing| is_at(thing, address));
    #[allow(clippy::expect_used, reason = "a test's own mistake")]
    found.expect("it exists")
}

fn id_of(known: &Value) -> u64 {
    known["key"].as_u64().unwrap_or(u64::MAX)
}

/// Every output a kind may be asked for. What is stable follows from what makes it unique; all
/// else from the number it got.
fn outputs(info: &KindInfo, id: u64, properties: &Value) -> Value {
    let unique: Vec<String> =
        info.unique_by.iter().map(|name| properties[name].to_string()).collect();
    let names = [
        "id",
        "arn",
        "name",
        "table",
        "subnet",
        "gateway",
        "function",
        "bucket",
        "public_ip",
        "statement",
        "destination",
    ];
    let mut outputs: serde_json::Map<String, Value> = names
        .into_iter()
        .map(|name| {
            let value = match info.stable_outputs.contains(&name) {
                true => format!("{}/{}", info.kind, unique.join("/")),
                false => format!("{}-{id}", info.kind),
            };
            (name.to_owned(), value.into())
        })
        .collect();
    outputs.insert("key".to_owned(), id.into());
    Value::Object(outputs)
}

/// The texts inside a value that are ids of things.
fn ids_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| ids_in(item, found)),
        Value::Object(map) => map.values().for_each(|item| ids_in(item, found)),
        _ => {}
    }
}

impl Provider for Memory {
    fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    fn find_tagged<'a>(&'a self, call: Call<'a>) -> Answer<'a, Vec<Value>> {
        async move {
            let info = self.info(call.address);
            match info.tagged() && info.unique_by.is_empty() {
                true => self.find(call, &Value::Null).await,
                false => Ok(Vec::new()),
            }
        }
        .boxed()
    }

    fn find<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Vec<Value>> {
        async move {
            self.take(0.1).await;
            if let Some(failure) = self.refused("find", call.address) {
                return Err(failure);
            }
            let info = self.info(call.address);
            let inner = self.inner();
            let now = Instant::now();
            let ours = call.owner.tags(call.address);
            let found = inner.things.iter().filter(|(_, thing)| {
                let by_tag = ours.iter().all(|(name, value)| {
                    name == "payctl:lineage" || thing.properties["tags"][name] == value.as_str()
                });
                let by_name = !info.unique_by.is_empty()
                    && info.unique_by.iter().all(|p| thing.properties[p] == declared[p]);
                let by_address = !info.tagged() && thing.address == call.address.as_str();
                let visible = thing.visible_at <= now;
                thing.kind == info.kind
                    && visible
                    && ((info.tagged() && by_tag) || by_name || by_address)
            });
            Ok(found.map(|(_, thing)| thing.outputs.clone()).collect())
        }
        .boxed()
    }

    fn read<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        async move {
            self.take(0.1).await;
            if let Some(failure) = self.refused("read", call.address) {
                return Err(failure);
            }
            let inner = self.inner();
            let thing = inner.things.get(&id_of(known));
            let thing = thing.filter(|thing| thing.visible_at <= Instant::now());
            Ok(thing.map(|thing| thing.properties.clone()))
        }
        .boxed()
    }

    fn attachments<'a>(
        &'a self,
        call: Call<'a>,
        _known: &'a Value,
        _dependents: &'a [Dependent],
        unwanted: &'a BTreeSet<String>,
    ) -> Answer<'a, BTreeSet<String>> {
        async move {
            let found = self.inner().attachments.get(call.address).cloned().unwrap_or_default();
            if found.is_disjoint(unwanted) {
                return Ok(found);
            }
            self.watched(call.address);
            if let Some(failure) = self.refused("detach", call.address) {
                return Err(failure);
            }
            let (applied, answered) = self.change("detach", call.address);
            if applied && let Some(all) = self.inner().attachments.get_mut(call.address) {
                all.retain(|what| !unwanted.contains(what));
            }
            if !answered {
                return std::future::pending().await;
            }
            Ok(found)
        }
        .boxed()
    }

    fn deletion_view<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        async move {
            let info = self.info(call.address);
            let mut seen = self.read(call, known).await?;
            // No more than what a kind has to tell.
            if let Some(Value::Object(seen)) = seen.as_mut().filter(|_| info.tagged()) {
                let told = ["tags", "deletion_protection", "lock", "pending_deletion"];
                seen.retain(|name, _| told.contains(&name.as_str()));
            }
            Ok(seen)
        }
        .boxed()
    }

    fn create<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Value> {
        async move {
            let info = self.info(call.address);
            self.watched(call.address);
            self.take(info.typical.created).await;
            if let Some(failure) = self.refused("create", call.address) {
                return Err(failure);
            }
            {
                let inner = self.inner();
                let repeated = info.repeat == Repeat::Token;
                let before = inner.tokens.get(call.token).filter(|_| repeated);
                if let Some(thing) = before.and_then(|id| inner.things.get(id)) {
                    return Ok(thing.outputs.clone());
                }
                let taken = !info.unique_by.is_empty()
                    && inner.things.values().any(|thing| {
                        let same =
                            info.unique_by.iter().all(|p| thing.properties[p] == declared[p]);
                        thing.kind == info.kind && same
                    });
                if taken {
                    let failure = Failure::new(FailureKind::Conflict, "the name is taken");
                    return Err(failure.with_code("AlreadyExists"));
                }
            }
            let (applied, answered) = self.change("create", call.address);
            let mut made = Value::Null;
            if applied {
                let mut inner = self.inner();
                let id = inner.next;
                inner.next += 1;
                made = outputs(info, id, declared);
                let mut properties = declared.clone();
                for later in info.set_later {
                    properties[later] = Value::Null;
                }
                let now = Instant::now();
                let ready = if self.timed { info.typical.ready } else { 0.0 };
                let thing = Thing {
                    kind: info.kind.to_owned(),
                    properties,
                    address: call.address.to_string(),
                    outputs: made.clone(),
                    ready_at: now + Duration::from_secs_f64(ready),
                    visible_at: now + inner.faults.lag,
                    answered: false,
                };
                inner.things.insert(id, thing);
                inner.tokens.insert(call.token.to_owned(), id);
            }
            if !answered {
                return std::future::pending().await;
            }
            if self.answer_is_lost() {
                return Err(Failure::new(FailureKind::Lost, "the connection was reset"));
            }
            if let Some(thing) = self.inner().things.get_mut(&id_of(&made)) {
                thing.answered = true;
            }
            Ok(made)
        }
        .boxed()
    }

    fn converge<'a>(
        &'a self,
        call: Call<'a>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()> {
        async move {
            self.watched(call.address);
            // A creation's own settings are part of its typical time.
            self.take(0.0).await;
            if let Some(failure) = self.refused("converge", call.address) {
                return Err(failure);
            }
            let (applied, answered) = self.change("converge", call.address);
            if applied {
                let mut inner = self.inner();
                let Some(thing) = inner.things.get_mut(&id_of(known)) else {
                    return Err(Failure::new(FailureKind::Absent, "it does not exist"));
                };
                assert!(
                    thing.answered || !changed.is_new(),
                    "{}: what a lost call made may have been changed since",
                    call.address
                );
                for property in changed.names() {
                    thing.properties[property] = declared[property].clone();
                }
            }
            if !answered {
                return std::future::pending().await;
            }
            if self.answer_is_lost() {
                return Err(Failure::new(FailureKind::Lost, "the connection was reset"));
            }
            Ok(())
        }
        .boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, ()> {
        async move {
            let info = self.info(call.address);
            self.watched(call.address);
            self.take(info.typical.deleted).await;
            if let Some(failure) = self.refused("delete", call.address) {
                return Err(failure);
            }
            let id = id_of(known);
            // What is known by a stable name may go and come back under what refers to it.
            let own = format!("{}-{id}", info.kind);
            {
                let inner = self.inner();
                let user = inner.things.iter().find(|(other, thing)| {
                    let mut ids = BTreeSet::new();
                    // What can be changed and holds nothing may be left pointing nowhere.
                    let info = &self.kinds[thing.kind.as_str()];
                    let held = info.holds.iter().chain(info.replaced_by);
                    held.for_each(|property| ids_in(&thing.properties[property], &mut ids));
                    **other != id && ids.contains(&own)
                });
                if let Some((_, user)) = user {
                    let why = format!("{} refers to it", user.kind);
                    let failure = Failure::new(FailureKind::Busy, why);
                    return Err(failure.with_code("DependencyViolation"));
                }
                if !inner.things.contains_key(&id) {
                    return Ok(());
                }
            }
            let (applied, answered) = self.change("delete", call.address);
            if applied {
                self.inner().things.remove(&id);
            }
            if !answered {
                return std::future::pending().await;
            }
            if self.answer_is_lost() {
                return Err(Failure::new(FailureKind::Lost, "the connection was reset"));
            }
            Ok(())
        }
        .boxed()
    }

    fn ready<'a>(&'a self, _: Call<'a>, known: &'a Value) -> Answer<'a, Readiness> {
        async move {
            let (inner, now) = (self.inner(), Instant::now());
            match inner.things.get(&id_of(known)) {
                Some(thing) if thing.visible_at > now => {
                    Err(Failure::new(FailureKind::Absent, "it does not exist"))
                }
                Some(thing) if thing.ready_at > now => {
                    Ok(Readiness::NotYet("it to become ready".to_owned()))
                }
                _ => Ok(Readiness::Ready),
            }
        }
        .boxed()
    }
}
