//! Bulk reads: what several resources ask for at the same moment becomes one call.
//!
//! Each kind reads one resource and says its id; whoever asks within a few milliseconds shares
//! one `Describe…` call, so the number of calls does not grow with the number of resources.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, Shared};
use payctl_engine::{Address, Owner as Environment};

use crate::witness::{self, Reply, witnessed};
use crate::{AwsError, Result};

/// How long the first asker waits for others: short beside a call, long beside starting 96 reads.
const GATHER: Duration = Duration::from_millis(4);
/// How many ids one call names at most; EC2 takes 200 values in a filter, CloudWatch 100 names
/// (docs/aws-facts.md).
const AT_MOST: usize = 100;

/// By key, what was found, and the replies that show it.
type Found<K, T> = HashMap<K, (T, Arc<[Reply]>)>;
type Answers<K, T> = Arc<Found<K, T>>;
type Fetch<K, T> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<Found<K, T>>> + Send + Sync;
type Round<K, T> = Shared<BoxFuture<'static, Result<Answers<K, T>>>>;
/// The round that can still be joined, and the keys it asks for.
type Open<K, T> = (BTreeSet<K>, Round<K, T>);

/// Gathers reads of one sort into bulk calls. What is asked for is told by its key, mostly its id.
pub(crate) struct Loader<T, K = String> {
    fetch: Arc<Fetch<K, T>>,
    open: Arc<Mutex<Option<Open<K, T>>>>,
}

/// What can tell one thing from another.
pub(crate) trait Key: Clone + Ord + Hash + Send + Sync + 'static {}

impl<K: Clone + Ord + Hash + Send + Sync + 'static> Key for K {}

impl<T: Clone + Send + Sync + 'static, K: Key> Loader<T, K> {
    /// A loader that asks for many by `fetch`, which answers by key and leaves out what is absent.
    pub(crate) fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HashMap<K, T>>> + Send + 'static,
    {
        Self::of(move |keys| {
            let fetch = witnessed(fetch(keys));
            async move {
                let (found, replies) = fetch.await;
                let replies: Arc<[Reply]> = replies.into();
                let shown = |(key, seen)| (key, (seen, replies.clone()));
                Ok(found?.into_iter().map(shown).collect())
            }
        })
    }

    fn of<F, Fut>(fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Found<K, T>>> + Send + 'static,
    {
        Self { fetch: Arc::new(move |keys| fetch(keys).boxed()), open: Arc::default() }
    }

    /// A loader for what there is no bulk call for: all who ask for the same at once share the call
    /// that `look` makes.
    pub(crate) fn each<F, Fut>(look: F) -> Self
    where
        F: Fn(K) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<T>>> + Send + 'static,
    {
        Self::of(move |keys: Vec<K>| {
            let look = look.clone();
            async move {
                let looks = keys.into_iter().map(|key| {
                    let look = witnessed(look(key.clone()));
                    async move {
                        let (seen, replies) = look.await;
                        Ok::<_, AwsError>(seen?.map(|seen| (key, (seen, replies.into()))))
                    }
                });
                let seen = futures::future::try_join_all(looks).await?;
                Ok(seen.into_iter().flatten().collect())
            }
        })
    }

    /// The thing of that key, or `None` when there is none.
    ///
    /// # Errors
    /// When the bulk call failed.
    pub(crate) async fn get(&self, key: &K) -> Result<Option<T>> {
        let round = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let (keys, round) = open.get_or_insert_with(|| (BTreeSet::new(), self.begin()));
            keys.insert(key.clone());
            round.clone()
        };
        let found = round.await?.get(key).cloned();
        Ok(found.map(|(seen, replies)| {
            witness::note(replies.iter().cloned());
            seen
        }))
    }

    fn begin(&self) -> Round<K, T> {
        let (fetch, open) = (self.fetch.clone(), self.open.clone());
        async move {
            tokio::time::sleep(GATHER).await;
            let keys = open.lock().unwrap_or_else(PoisonError::into_inner).take();
            let keys: Vec<K> = keys.map(|(keys, _)| keys.into_iter().collect()).unwrap_or_default();
            let mut answers = HashMap::new();
            for some in keys.chunks(AT_MOST) {
                answers.extend(fetch(some.to_vec()).await?);
            }
            Ok::<_, AwsError>(Arc::new(answers))
        }
        .boxed()
        .shared()
    }
}

impl<T: Clone + Send + Sync + 'static> Loader<T> {
    /// The thing of that id, or `None` when there is none.
    ///
    /// # Errors
    /// When the bulk call failed.
    pub(crate) async fn load(&self, id: impl AsRef<str>) -> Result<Option<T>> {
        self.get(&id.as_ref().to_owned()).await
    }
}

/// The tags of a stack and a suffix, by which all of an environment are found.
type Owner = [(&'static str, String); 2];

/// What the ownership tags of one resource say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    owner: Owner,
    /// Its address.
    address: String,
}

/// The tag that says which resource it is.
const ID: &str = "payctl:id";

impl Mark {
    /// That of the resource declared at `address`.
    pub(crate) fn of(owner: &Environment, address: &Address) -> Self {
        let owner = owner.search().map(|(name, value)| (name, value.to_owned()));
        Self { owner, address: address.to_string() }
    }

    /// The tags of any of `marks`, an environment after the other: each name with the values
    /// that it may have.
    pub(crate) fn filters(marks: &[Self]) -> Vec<[(&'static str, Vec<String>); 3]> {
        let mut owners: BTreeMap<&Owner, Vec<String>> = BTreeMap::new();
        for mark in marks {
            owners.entry(&mark.owner).or_default().push(mark.address.clone());
        }
        let mut filters = Vec::new();
        for ([(stack, name), (suffix, value)], addresses) in owners {
            filters.push([
                (*stack, vec![name.clone()]),
                (*suffix, vec![value.clone()]),
                (ID, addresses),
            ]);
        }
        filters
    }

    /// Which of `marks` the tags are, that `tag` tells by name.
    pub(crate) fn told<'m, 't>(
        marks: &'m [Self],
        tag: impl Fn(&str) -> Option<&'t str>,
    ) -> Option<&'m Self> {
        marks.iter().find(|mark| {
            let mut owner = mark.owner.iter();
            tag(ID) == Some(&mark.address)
                && owner.all(|(name, value)| tag(name) == Some(value.as_str()))
        })
    }
}

impl<T, K> fmt::Debug for Loader<T, K> {
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

    #[tokio::test]
    async fn who_asks_for_the_same_at_once_shares_the_call() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let loader = Loader::each(move |id: String| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move { Ok((id != "gone").then_some(id)) }
        });
        let (one, same, gone) =
            tokio::join!(loader.load("a"), loader.load("a"), loader.load("gone"));
        assert_eq!((one.unwrap(), same.unwrap()), (Some("a".to_owned()), Some("a".to_owned())));
        assert_eq!((gone.unwrap(), calls.load(Ordering::Relaxed)), (None, 2));
    }

    #[test]
    fn tags_tell_which_of_several_environments_it_is_of() {
        let mark = |suffix: &str, address: &str| Mark {
            owner: [("payctl:stack", "pci-core".to_owned()), ("payctl:suffix", suffix.to_owned())],
            address: address.to_owned(),
        };
        let marks = [
            mark("dev", "ec2.vpc:main"),
            mark("pr-1", "ec2.vpc:main"),
            mark("dev", "kms.key:main"),
        ];
        let asked = Mark::filters(&marks);
        let addresses: Vec<usize> =
            asked.iter().map(|[.., (_, addresses)]| addresses.len()).collect();
        assert_eq!(addresses, [2, 1], "an environment after the other");
        let told = |suffix: &'static str| {
            Mark::told(&marks, |name| match name {
                "payctl:stack" => Some("pci-core"),
                "payctl:suffix" => Some(suffix),
                "payctl:id" => Some("ec2.vpc:main"),
                _ => None,
            })
        };
        assert_eq!((told("pr-1"), told("dev"), told("qa")), (marks.get(1), marks.first(), None));
    }
}
