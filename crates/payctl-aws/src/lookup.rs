//! A lookup: a question to AWS whose answer a system is declared with.

use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;
use std::sync::Arc;

use futures::future::{BoxFuture, try_join_all};
use payctl_engine::{Address, Failure, retry_lookup};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Aws, AwsError, Connection, Result};

/// What an answer is known by, and of which type it is.
#[derive(Debug)]
pub struct Question<T> {
    name: &'static str,
    answer: PhantomData<fn() -> T>,
}

/// A question to AWS whose answer a system is declared with.
#[derive(Clone)]
pub struct Lookup {
    name: &'static str,
    about: &'static str,
    actions: &'static [&'static str],
    kept_as: Option<String>,
    assumed: Option<Value>,
    fits: fn(&Value) -> bool,
    ask: Arc<Ask>,
}

type Ask = dyn for<'a> Fn(&'a Inquiry<'a>) -> BoxFuture<'a, Result<Answer>> + Send + Sync;

/// Who asks, and where.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// The account and region.
    pub connection: &'a Connection,
    /// The clients whose calls may be repeated.
    pub aws: &'a Aws,
    /// The stack that is to be declared.
    pub stack: &'a str,
    /// Its suffix.
    pub suffix: &'a str,
}

/// What AWS answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The answer.
    pub value: Value,
    /// What was found of the environment's own that AWS's list of tags leaves out.
    pub unlisted: Option<Address>,
}

/// A question that stays open.
#[derive(Debug)]
pub struct Unanswered {
    /// What it is about.
    pub about: &'static str,
    /// Why.
    pub source: AwsError,
}

impl<T> Question<T> {
    /// A question whose answer is known by `name`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self { name, answer: PhantomData }
    }

    /// What its answer is known by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl<T> Clone for Question<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Question<T> {}

impl Lookup {
    /// Asks `question`, which is about what `about` says, such as `the latest image`. `actions` is
    /// what an operator has to be allowed for it.
    pub fn new<T, F>(
        question: Question<T>,
        about: &'static str,
        actions: &'static [&'static str],
        ask: F,
    ) -> Self
    where
        T: Serialize + DeserializeOwned,
        F: for<'a> Fn(&'a Inquiry<'a>) -> BoxFuture<'a, Result<Answer>> + Send + Sync + 'static,
    {
        Self {
            name: question.name,
            about,
            actions,
            kept_as: None,
            assumed: None,
            fits: |value| T::deserialize(value).is_ok(),
            ask: Arc::new(ask),
        }
    }

    /// Keeps the answer in the state under that name: what AWS adds later changes nothing. Such a
    /// question is not asked where things are only deleted, as AWS may offer the answer no more.
    #[must_use]
    pub fn kept_as(mut self, name: String) -> Self {
        self.kept_as = Some(name);
        self
    }

    /// What is taken for the answer where AWS is not asked, so that everything is declared that may be.
    #[must_use]
    pub fn assuming(mut self, value: Value) -> Self {
        self.assumed = Some(value);
        self
    }

    /// What the answer is known by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What an operator has to be allowed for it.
    #[must_use]
    pub fn actions(&self) -> &'static [&'static str] {
        self.actions
    }

    /// The name under which the answer is kept, where it is.
    #[must_use]
    pub fn choice(&self) -> Option<&str> {
        self.kept_as.as_deref()
    }

    /// What is taken for the answer where AWS is not asked.
    #[must_use]
    pub fn assumed(&self) -> Option<&Value> {
        self.assumed.as_ref()
    }

    /// Whether `value` can be its answer.
    #[must_use]
    pub fn fits(&self, value: &Value) -> bool {
        (self.fits)(value)
    }

    /// Asks all of `lookups` at once.
    ///
    /// # Errors
    /// The first that stays open.
    pub async fn ask_all(
        lookups: &[&Self],
        inquiry: &Inquiry<'_>,
    ) -> Result<Vec<Answer>, Unanswered> {
        let asked = lookups.iter().map(|lookup| async move {
            let ask = || async { (lookup.ask)(inquiry).await.map_err(Failure::from) };
            let unanswered =
                |source: Failure| Unanswered { about: lookup.about, source: source.into() };
            retry_lookup(ask).await.map_err(unanswered)
        });
        try_join_all(asked).await
    }
}

impl Debug for Lookup {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Answer {
    /// An answer that names nothing of the environment's own.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn of(value: &impl Serialize) -> Result<Self> {
        let value = serde_json::to_value(value)
            .map_err(|source| AwsError::unexpected("the answer to a lookup", source))?;
        Ok(Self { value, unlisted: None })
    }
}
