//! A bucket in memory that can be told to fail, to lose answers or to see its user die at any
//! request, and a clock that is set by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::future::FutureExt as _;
use tokio::sync::Notify;

use crate::state::objects::{Asked, Listed, Object, ObjectError, Objects, Tag, When};
use crate::state::{Clock, Store};

/// A bucket in memory; clones are the same bucket.
#[derive(Clone, Debug, Default)]
pub struct MemoryObjects {
    inner: Arc<Mutex<Inner>>,
    death: Arc<Notify>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    objects: BTreeMap<String, Object>,
    /// How often something was written: the next version.
    written: u64,
    requests: u64,
    mishap: Option<(u64, Mishap)>,
    log: Vec<String>,
    dead: bool,
    now: Duration,
}

/// What goes wrong at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It fails, and was not applied.
    Fails,
    /// It and all after it fail so.
    Keeps,
    /// It is applied, and its answer lost.
    Lost,
    /// The process dies; whether the request was applied.
    Dies(bool),
}

impl Store {
    /// The store in a bucket in memory, with a clock of its own. Nobody renews its lock.
    #[must_use]
    pub fn in_memory_bucket(objects: &MemoryObjects, clock: Clock) -> Self {
        Self::in_bucket_by_hand(Arc::new(objects.clone()), "memory", "state", clock)
    }
}

impl MemoryObjects {
    /// An empty bucket.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another bucket that holds the same now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut inner = self.inner().clone();
        (inner.mishap, inner.dead) = (None, false);
        Self { inner: Arc::new(Mutex::new(inner)), death: Arc::default() }
    }

    /// The clock of whoever uses it: set by [`Self::pass`].
    #[must_use]
    pub fn clock(&self) -> Clock {
        let inner = self.inner.clone();
        Clock::new(move || inner.lock().unwrap_or_else(PoisonError::into_inner).now)
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.inner().now += time;
    }

    /// Lets the `nth` request from now go wrong; those that only read count as well.
    pub fn mishap_at(&self, nth: u64, mishap: Mishap) {
        let mut inner = self.inner();
        inner.mishap = Some((inner.requests + nth, mishap));
    }

    /// Lets nothing go wrong any more, and lets a new process begin.
    pub fn no_mishap(&self) {
        let mut inner = self.inner();
        (inner.mishap, inner.dead) = (None, false);
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.inner().requests
    }

    /// The requests so far, such as `put state/lock`.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    /// Whether the process has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inner().dead
    }

    /// Returns when the request has come at which the process dies.
    pub async fn death(&self) {
        while !self.is_dead() {
            self.death.notified().await;
        }
    }

    /// What an object holds.
    #[must_use]
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.inner().objects.get(key).map(|object| object.bytes.clone())
    }

    /// The keys of all objects.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.inner().objects.keys().cloned().collect()
    }

    /// Lets an object hold these bytes, or be gone: done by hand.
    pub fn set(&self, key: &str, bytes: Option<Vec<u8>>) {
        let mut inner = self.inner();
        match bytes {
            Some(bytes) => {
                inner.write(key, bytes);
            }
            None => drop(inner.objects.remove(key)),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a request. It is on its way for a moment, in which others go on.
    fn ask<T: Send + 'static>(
        &self,
        what: &str,
        key: &str,
        apply: impl FnOnce(&mut Inner) -> Result<T, ObjectError>,
    ) -> Asked<T> {
        let mut inner = self.inner();
        let answer = if inner.dead {
            Err(failure("the process is dead"))
        } else {
            inner.requests += 1;
            inner.log.push(format!("{what} {key}"));
            let now = inner.requests;
            let mishap = match inner.mishap {
                Some((at, Mishap::Keeps)) if now >= at => Some(Mishap::Fails),
                Some((at, mishap)) if now == at => Some(mishap),
                _ => None,
            };
            let applied = !matches!(mishap, Some(Mishap::Fails | Mishap::Dies(false)));
            let answer = applied.then(|| apply(&mut inner));
            inner.dead |= matches!(mishap, Some(Mishap::Dies(_)));
            match answer {
                Some(answer) if mishap.is_none() => answer,
                _ => Err(failure("the connection was reset")),
            }
        };
        if inner.dead {
            self.death.notify_waiters();
        }
        drop(inner);
        async {
            let mut asked = false;
            std::future::poll_fn(|cx| {
                if std::mem::replace(&mut asked, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            answer
        }
        .boxed()
    }
}

impl Inner {
    fn write(&mut self, key: &str, bytes: Vec<u8>) -> Tag {
        self.written += 1;
        let tag = Tag(self.written.to_string());
        self.objects.insert(key.to_owned(), Object { bytes, tag: tag.clone() });
        tag
    }
}

fn failure(why: &str) -> ObjectError {
    ObjectError::Failed(why.into())
}

impl Objects for MemoryObjects {
    fn get(&self, key: &str) -> Asked<Option<Object>> {
        self.ask("get", key, |inner| Ok(inner.objects.get(key).cloned()))
    }

    fn put(&self, key: &str, bytes: Vec<u8>, when: When) -> Asked<Tag> {
        self.ask("put", key, |inner| {
            let there = inner.objects.get(key).map(|object| &object.tag);
            let holds = match &when {
                When::Absent => there.is_none(),
                When::Is(tag) => there == Some(tag),
                When::Always => true,
            };
            match holds {
                true => Ok(inner.write(key, bytes)),
                false => Err(ObjectError::Refused),
            }
        })
    }

    fn delete(&self, keys: Vec<String>) -> Asked<()> {
        let key = keys.first().cloned().unwrap_or_default();
        self.ask("delete", &key, |inner| {
            inner.objects.retain(|key, _| !keys.contains(key));
            Ok(())
        })
    }

    fn list(&self, prefix: &str) -> Asked<Vec<Listed>> {
        self.ask("list", prefix, |inner| {
            let all = inner.objects.iter().filter(|(key, _)| key.starts_with(prefix));
            let listed = |(key, object): (&String, &Object)| Listed {
                key: key.clone(),
                size: object.bytes.len() as u64,
            };
            Ok(all.map(listed).collect())
        })
    }

    fn folders(&self, prefix: &str) -> Asked<Vec<String>> {
        self.ask("folders", prefix, |inner| {
            let below = inner.objects.keys().filter_map(|key| key.strip_prefix(prefix));
            let mut names: Vec<String> = below
                .filter_map(|rest| rest.split_once('/').map(|(name, _)| name.to_owned()))
                .collect();
            names.dedup();
            Ok(names)
        })
    }
}
