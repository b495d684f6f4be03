//! Bulk reads: what several resources ask for at the same moment becomes one call.
//!
//! Each kind reads one resource and says its id; whoever asks within a few milliseconds shares
//! one `Describe…` call, so the number of calls does not grow with the number of resources.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, Shared};

use crate::{AwsError, Result};

/// How long the first asker waits for others: short beside a call, long beside starting 96 reads.
const GATHER: Duration = Duration::from_millis(4);
/// How many ids one call names at most; EC2 takes 200 values in a filter, CloudWatch 100 names
/// (docs/aws-facts.md).
const AT_MOST: usize = 100;

type Answers<T> = Arc<HashMap<String, T>>;
type Fetch<T> = dyn Fn(Vec<String>) -> BoxFuture<'static, Result<HashMap<String, T>>> + Send + Sync;
type Round<T> = Shared<BoxFuture<'static, Result<Answers<T>>>>;
/// The round that can still be joined, and the ids it asks for.
type Open<T> = (BTreeSet<String>, Round<T>);

/// Gathers reads of one sort into bulk calls.
pub(crate) struct Loader<T> {
    fetch: Arc<Fetch<T>>,
    open: Arc<Mutex<Option<Open<T>>>>,
}

impl<T: Clone + Send + Sync + 'static> Loader<T> {
    /// A loader that asks for many by `fetch`, which answers by id and leaves out what is absent.
    pub(crate) fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn(Vec<String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HashMap<String, T>>> + Send + 'static,
    {
        Self { fetch: Arc::new(move |ids| fetch(ids).boxed()), open: Arc::default() }
    }

    /// The thing of that id, or `None` when there is none.
    ///
    /// # Errors
    /// When the bulk call failed.
    pub(crate) async fn load(&self, id: impl AsRef<str>) -> Result<Option<T>> {
        let id = id.as_ref();
        let round = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let (ids, round) = open.get_or_insert_with(|| (BTreeSet::new(), self.begin()));
            ids.insert(id.to_owned());
            round.clone()
        };
        Ok(round.await?.get(id).cloned())
    }

    fn begin(&self) -> Round<T> {
        let (fetch, open) = (self.fetch.clone(), self.open.clone());
        async move {
            tokio::time::sleep(GATHER).await;
            let ids = open.lock().unwrap_or_else(PoisonError::into_inner).take();
            let ids: Vec<String> =
                ids.map(|(ids, _)| ids.into_iter().collect()).unwrap_or_default();
            let mut answers = HashMap::new();
            for some in ids.chunks(AT_MOST) {
                answers.extend(fetch(some.to_vec()).await?);
            }
            Ok::<_, AwsError>(Arc::new(answers))
        }
        .boxed()
        .shared()
    }
}

impl<T> fmt::Debug for Loader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loader")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_asked_at_once_are_one_call() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let loader = Loader::new(move |ids: Vec<String>| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move {
                Ok(ids.into_iter().filter(|id| id != "gone").map(|id| (id.clone(), id)).collect())
            }
        });
        let (a, b, gone) = tokio::join!(loader.load("a"), loader.load("b"), loader.load("gone"));
        assert_eq!((a.unwrap().as_deref(), b.unwrap().as_deref()), (Some("a"), Some("b")));
        assert_eq!((gone.unwrap(), calls.load(Ordering::Relaxed)), (None, 1));
        loader.load("a").await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 2, "nothing is remembered");
    }
}
