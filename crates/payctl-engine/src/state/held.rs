//! What the holder of a shared state's lock does with it: renews it, writes the journal, gives it
//! back.
//!
//! The journal is objects with numbers, `journal/EPOCH-NUMBER.jsonl`, each written where none is:
//! two cannot have written the same. An epoch is closed by an object that says so under its next
//! number: who thinks that it still holds that epoch can write no record any more, and so makes no
//! call.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt as _};

use super::StateError;
use super::known::Known;
use super::later::Later;
use super::lease::{Document, HEARTBEAT, may_change};
use super::objects::{ObjectError, Objects, Tag, When};

/// Tells the time since some moment.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// A clock that tells what `now` does.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// This machine's, which nobody sets and which goes on while the machine sleeps.
    #[must_use]
    pub fn of_machine() -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let id = rustix::time::ClockId::Boottime;
        // Elsewhere this is such a clock, as macOS's.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let id = rustix::time::ClockId::Monotonic;
        Self::new(move || {
            let now = rustix::time::clock_gettime(id);
            Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
        })
    }

    pub(super) fn now(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// What closes an epoch is shorter than this, and any entry longer.
pub(super) const CLOSED: u64 = 64;
/// How soon a renewal that failed is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// A lock that is held.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) clock: Clock,
    /// For messages.
    pub(super) path: PathBuf,
    pub(super) lock_key: String,
    /// Where the journal's objects are, with the slash behind it.
    pub(super) journal: String,
    lease: Mutex<Lease>,
    /// Held while the lock's document is written: nobody who asks for the lease waits for that.
    renewing: Mutex<()>,
    queue: Mutex<Queue>,
    /// The request that carries entries, should one be on its way: who waited for it may wait no
    /// longer.
    carried: tokio::sync::Mutex<Option<Carried>>,
    /// What else goes on.
    pub(super) later: Mutex<Later>,
    /// What nobody else changes for as long.
    pub(super) known: Mutex<Known>,
    ended: (Mutex<bool>, Condvar),
}

#[derive(Debug)]
struct Lease {
    document: Document,
    tag: Tag,
    /// When the last renewal that came through was begun.
    renewed: Duration,
    /// Whether another has it.
    lost: bool,
}

#[derive(Debug, Default)]
struct Queue {
    /// What no request carries yet.
    waiting: Vec<u8>,
    /// The number of the next object.
    number: u64,
    /// The number of the first that may be there.
    first: u64,
    /// How many entries were queued, and how many of them are in the bucket.
    queued: u64,
    durable: u64,
    /// Whether the bucket has entries that the state may not have.
    kept: bool,
    broken: bool,
}

/// Entries that are on their way to the bucket.
struct Carried {
    put: BoxFuture<'static, Result<Tag, ObjectError>>,
    /// Up to which.
    last: u64,
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Carried").field(&self.last).finish()
    }
}

impl Held {
    pub(super) fn new(
        objects: Arc<dyn Objects>,
        clock: Clock,
        (path, lock_key, journal): (PathBuf, String, String),
        (document, tag, renewed): (Document, Tag, Duration),
        known: Known,
    ) -> Self {
        Self {
            objects,
            clock,
            path,
            lock_key,
            journal,
            lease: Mutex::new(Lease { document, tag, renewed, lost: false }),
            renewing: Mutex::default(),
            queue: Mutex::new(Queue { number: 1, first: 1, ..Queue::default() }),
            carried: tokio::sync::Mutex::default(),
            later: Mutex::default(),
            known: Mutex::new(known),
            ended: (Mutex::new(false), Condvar::new()),
        }
    }

    /// The epoch that is held.
    pub(super) fn epoch(&self) -> u64 {
        lock(&self.lease).document.epoch
    }

    /// The epochs whose journal may say what the state does not; `None` where it is not held any more,
    /// so that another may know better.
    pub(super) fn open_epochs(&self) -> Option<BTreeSet<u64>> {
        let lease = lock(&self.lease);
        let is_held = lease.document.holder.is_some() && !lease.lost;
        is_held.then(|| lease.document.open_epochs())
    }

    /// Whether it is held, as far as is known.
    pub(super) fn is_held(&self) -> bool {
        let lease = lock(&self.lease);
        lease.document.holder.is_some() && !lease.lost
    }

    /// Notes that the journal was emptied, but for what may be left of its first object.
    pub(super) fn emptied(&self) {
        let mut queue = lock(&self.queue);
        (queue.kept, queue.first) = (false, queue.number);
    }

    /// The keys of the journal's objects that were written under this epoch and may be there.
    pub(super) fn own_keys(&self) -> Vec<String> {
        let (epoch, queue) = (self.epoch(), lock(&self.queue));
        (queue.first..queue.number).map(|number| key(&self.journal, epoch, number)).collect()
    }

    /// Whether a changing call may begin.
    pub(super) fn check(&self) -> Result<(), StateError> {
        let lease = lock(&self.lease);
        if lease.lost {
            return Err(self.taken_over());
        }
        match may_change(lease.renewed, self.clock.now()) {
            true => Ok(()),
            false => Err(StateError::NotRenewed { path: self.path.clone() }),
        }
    }

    /// Queues an entry for the journal.
    pub(super) fn queue(&self, line: &[u8]) -> Result<(), StateError> {
        let mut queue = lock(&self.queue);
        if queue.broken {
            return Err(StateError::JournalBroken { path: self.path.clone() });
        }
        queue.waiting.extend_from_slice(line);
        queue.queued += 1;
        queue.kept = true;
        Ok(())
    }

    /// Returns when all that was queued so far is in the bucket. One request carries all that wait
    /// for the one before it.
    pub(super) async fn sync(self: Arc<Self>) -> Result<(), StateError> {
        let wanted = lock(&self.queue).queued;
        let mut carried = self.carried.lock().await;
        while lock(&self.queue).durable < wanted {
            if carried.is_none() {
                // Others that are about to queue theirs do so first.
                let_others_go_first().await;
                *carried = Some(self.next_request()?);
            }
            self.answered(&mut carried).await?;
        }
        Ok(())
    }

    /// Returns when no request is on its way that carries entries.
    async fn arrive(self: Arc<Self>) -> Result<(), StateError> {
        let mut carried = self.carried.lock().await;
        self.answered(&mut carried).await?;
        match lock(&self.queue).broken {
            true => Err(StateError::JournalBroken { path: self.path.clone() }),
            false => Ok(()),
        }
    }

    /// Waits for the request that is on its way, if there is one.
    async fn answered(&self, carried: &mut Option<Carried>) -> Result<(), StateError> {
        let Some(Carried { put, last }) = carried else { return Ok(()) };
        let (put, last) = (put.await, *last);
        *carried = None;
        let mut queue = lock(&self.queue);
        match put {
            Ok(_) => {
                queue.durable = last;
                Ok(())
            }
            Err(error) => {
                queue.broken = true;
                Err(self.failed("write", error))
            }
        }
    }

    /// Sends what waits.
    fn next_request(&self) -> Result<Carried, StateError> {
        let epoch = self.epoch();
        let mut queue = lock(&self.queue);
        if queue.broken {
            return Err(StateError::JournalBroken { path: self.path.clone() });
        }
        let (bytes, last) = (std::mem::take(&mut queue.waiting), queue.queued);
        let key = key(&self.journal, epoch, queue.number);
        // Its number is taken, whatever comes of it.
        queue.number += 1;
        Ok(Carried { put: put(&self.objects, &key, bytes, When::Absent).boxed(), last })
    }

    /// Closes what was journaled so far, which shows that nobody else has taken over. What no request
    /// carries yet is not sent any more: the state that is written next has it, and without that it is
    /// as if the process had died before, which the intents that are there are for.
    pub(super) fn close(self: &Arc<Self>) -> Result<(), StateError> {
        block_on(self.clone().arrive())?;
        let (epoch, number) = {
            let (epoch, mut queue) = (self.epoch(), lock(&self.queue));
            queue.waiting.clear();
            queue.durable = queue.queued;
            queue.number += 1;
            (epoch, queue.number - 1)
        };
        let text = closing(&lock(&self.lease).document.nonce);
        let put = put(&self.objects, &key(&self.journal, epoch, number), text, When::Absent);
        block_on(put).map(drop).map_err(|error| self.failed("write", error))
    }

    /// Closes the journals of those who did not give the lock back.
    pub(super) fn close_others(&self) -> Result<(), StateError> {
        let (unclosed, nonce) = {
            let lease = lock(&self.lease);
            (lease.document.unclosed.clone(), lease.document.nonce.clone())
        };
        for epoch in unclosed {
            // One that is alive all the same may write until we have closed it.
            loop {
                let listed = self.objects.list(&format!("{}{epoch:08}-", self.journal));
                let listed = block_on(listed).map_err(|error| self.failed("list", error))?;
                let last = listed.last().and_then(|one| parse(&self.journal, &one.key));
                let number = last.map_or(0, |(_, number)| number) + 1;
                let key = key(&self.journal, epoch, number);
                let put = put(&self.objects, &key, closing(&nonce), When::Absent);
                match block_on(put) {
                    Ok(_) => break,
                    Err(ObjectError::Refused) => {}
                    Err(error) => return Err(self.failed("write", error)),
                }
            }
        }
        Ok(())
    }

    /// Notes that all others' journals are closed, and what they said is in the state.
    pub(super) fn note_closed(&self) -> Result<(), StateError> {
        self.write(Document::closed).map_err(|error| self.failed("renew", error))
    }

    /// Renews the lock; answers whether it is still ours.
    pub(super) fn renew(&self) -> Result<(), ObjectError> {
        self.write(Document::renewed)
    }

    /// Writes the document that comes next, if it is ours still.
    fn write(&self, next: impl Fn(&Document) -> Document) -> Result<(), ObjectError> {
        let _one_at_a_time = lock(&self.renewing);
        let (mut document, mut tag) = {
            let lease = lock(&self.lease);
            if lease.lost {
                return Err(ObjectError::Refused);
            }
            (lease.document.clone(), lease.tag.clone())
        };
        let began = self.clock.now();
        let put = |document: &Document, tag: &Tag| {
            let bytes = encode(document);
            block_on(put(&self.objects, &self.lock_key, bytes, When::Is(tag.clone())))
        };
        let mut written = put(&next(&document), &tag);
        // A write of ours that nobody was told of may be why.
        if matches!(written, Err(ObjectError::Refused))
            && let Ok(Some(there)) = block_on(self.objects.get(&self.lock_key))
            && let Ok(known) = serde_json::from_slice::<Document>(&there.bytes)
            && known.nonce == document.nonce
        {
            (document, tag) = (known, there.tag);
            written = put(&next(&document), &tag);
        }
        let mut lease = lock(&self.lease);
        match written {
            Ok(tag) => {
                (lease.document, lease.tag, lease.renewed) = (next(&document), tag, began);
                Ok(())
            }
            Err(error) => {
                lease.lost |= matches!(error, ObjectError::Refused);
                Err(error)
            }
        }
    }

    fn taken_over(&self) -> StateError {
        StateError::TakenOver { path: self.path.clone() }
    }

    fn failed(&self, what: &'static str, error: ObjectError) -> StateError {
        match error {
            ObjectError::Refused => self.taken_over(),
            ObjectError::Failed(source) => {
                StateError::Bucket { what, path: self.path.clone(), source }
            }
        }
    }

    /// Renews the lock until it is given back or lost.
    fn keep(&self) {
        let (ended, bell) = &self.ended;
        let mut pause = HEARTBEAT;
        let mut guard = lock(ended);
        loop {
            guard = match bell.wait_timeout(guard, pause) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
            if *guard {
                return;
            }
            drop(guard);
            pause = match self.renew() {
                Ok(()) => HEARTBEAT,
                Err(ObjectError::Refused) => return,
                Err(ObjectError::Failed(_)) => AGAIN,
            };
            guard = lock(ended);
        }
    }
}

/// The upkeep of a lock; gives it back when it is dropped.
#[derive(Debug)]
pub(crate) struct Upkeep {
    held: Arc<Held>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Renews it from now on, unless that is done by hand.
    pub(super) fn start(held: Arc<Held>, by_hand: bool) -> Self {
        let renewed = held.clone();
        let thread = std::thread::Builder::new().name("lease".to_owned());
        // Without it the lock is held for as long as its lease, and no changing call follows.
        let keep = move || thread.spawn(move || renewed.keep()).ok();
        let thread = if by_hand { None } else { keep() };
        Self { held, thread }
    }

    /// What is kept.
    pub(super) fn held(&self) -> &Arc<Held> {
        &self.held
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        let (ended, bell) = &self.held.ended;
        *lock(ended) = true;
        bell.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // What is on its way may arrive when another holds it, and what is on record may be nowhere
        // else.
        let on_its_way = self.held.carried.try_lock().map_or(true, |carried| carried.is_some());
        let unsure = {
            let queue = lock(&self.held.queue);
            queue.broken || on_its_way || queue.kept
        };
        let mut later = std::mem::take(&mut *lock(&self.held.later));
        // What is left of a journal that counts no more need not be gone first.
        let loose = later.take_loose();
        later.finish();
        // Where it fails, the next one waits for the end of the lease.
        let _ = self.held.write(|document| document.given_back(unsure));
        // Whatever came of that: what it knows counts no more.
        lock(&self.held.lease).lost = true;
        if let Some(loose) = loose {
            let _ = block_on(loose);
        }
    }
}

/// Lets others go first that are ready. It needs no runtime: some wait with a blocked thread.
async fn let_others_go_first() {
    let mut asked = false;
    std::future::poll_fn(|cx| match std::mem::replace(&mut asked, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// Writes an object, and finds out whether one try of several was applied that nobody was told of.
/// It is on its way when this returns.
pub(super) fn put(
    objects: &Arc<dyn Objects>,
    key: &str,
    bytes: Vec<u8>,
    when: When,
) -> impl Future<Output = Result<Tag, ObjectError>> + Send + use<> {
    let asked = objects.put(key, bytes.clone(), when);
    let (objects, key) = (objects.clone(), key.to_owned());
    async move {
        let error = match asked.await {
            Err(error) => error,
            put => return put,
        };
        match objects.get(&key).await {
            Ok(Some(there)) if there.bytes == bytes => Ok(there.tag),
            _ => Err(error),
        }
    }
}

/// The key of an object of the journal.
pub(super) fn key(journal: &str, epoch: u64, number: u64) -> String {
    format!("{journal}{epoch:08}-{number:08}.jsonl")
}

/// Epoch and number of an object of the journal.
pub(super) fn parse(journal: &str, key: &str) -> Option<(u64, u64)> {
    let name = key.strip_prefix(journal)?.strip_suffix(".jsonl")?;
    let (epoch, number) = name.split_once('-')?;
    Some((epoch.parse().ok()?, number.parse().ok()?))
}

/// What closes an epoch.
fn closing(nonce: &str) -> Vec<u8> {
    format!("# closed by {nonce}\n").into_bytes()
}

pub(super) fn encode(document: &Document) -> Vec<u8> {
    // Numbers, texts and names: it cannot fail.
    serde_json::to_vec_pretty(document).unwrap_or_default()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
