//! Kinds as the engine sees them: facts and verbs over JSON, whatever the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::marker::PhantomData;

use futures::future::{BoxFuture, FutureExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::kind::Cloud;
use crate::resource::{CloudError, Resource};
use crate::{
    Address, Attachments, Changed, Cx, Dependent, Failure, FailureKind, KindInfo, Owner, Readiness,
};

/// All kinds by name.
pub type Kinds = BTreeMap<&'static str, KindInfo>;

/// What a verb is told besides properties and outputs.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Call<'a> {
    pub address: &'a Address,
    pub owner: &'a Owner,
    pub token: &'a str,
    /// The properties last recorded or declared.
    pub properties: &'a Value,
}

/// The outcome of a verb.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// A cloud behind the verbs of [`Resource`], over JSON.
pub trait Provider: Sync {
    /// The kinds it knows.
    fn kinds(&self) -> &Kinds;
    /// See [`Resource::find_tagged`].
    fn find_tagged<'a>(&'a self, call: Call<'a>) -> Answer<'a, Vec<Value>>;
    /// See [`Resource::find`].
    fn find<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Vec<Value>>;
    /// See [`Resource::read`].
    fn read<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>>;
    /// See [`Resource::attachments`]: what is there besides `dependents`, in words. What of it is
    /// unwanted is removed.
    fn attachments<'a>(
        &'a self,
        call: Call<'a>,
        known: &'a Value,
        dependents: &'a [Dependent],
        unwanted: &'a BTreeSet<String>,
    ) -> Answer<'a, BTreeSet<String>>;
    /// See [`Resource::deletion_view`].
    fn deletion_view<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>>;
    /// See [`Resource::create`].
    fn create<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Value>;
    /// See [`Resource::converge`].
    fn converge<'a>(
        &'a self,
        call: Call<'a>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()>;
    /// See [`Resource::delete`].
    fn delete<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, ()>;
    /// See [`Resource::ready`].
    fn ready<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Readiness>;
}

/// The kinds of one cloud.
pub struct Registry<C> {
    kinds: Kinds,
    verbs: BTreeMap<&'static str, Box<dyn Verbs<C>>>,
}

impl<C: Cloud> Registry<C> {
    /// No kinds yet.
    #[must_use]
    pub fn new() -> Self {
        Self { kinds: BTreeMap::new(), verbs: BTreeMap::new() }
    }

    /// Also the kind `R`.
    #[must_use]
    pub fn with<R: Resource<Cloud = C>>(mut self) -> Self {
        self.kinds.insert(R::INFO.kind, info::<R>());
        self.verbs.insert(R::INFO.kind, Box::new(Typed::<R>(PhantomData)));
        self
    }

    /// The kinds' data.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// These kinds in a cloud. `create` uses `no_retry`, whose calls are never repeated by the SDK:
    /// a repeated create whose first answer was lost makes two (docs: RELIABILITY §1).
    #[must_use]
    pub fn bind(self, retrying: C, no_retry: C) -> Bound<C> {
        Bound { registry: self, retrying, no_retry, ignored: Vec::new() }
    }

    fn verbs(&self, address: &Address) -> Result<&dyn Verbs<C>, Failure> {
        self.verbs.get(address.kind()).map(AsRef::as_ref).ok_or_else(|| {
            let message = format!("this version of payctl knows no kind `{}`", address.kind());
            Failure::new(FailureKind::Unexpected, message)
        })
    }
}

impl<C: Cloud> Default for Registry<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> Debug for Registry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds.keys()).finish()
    }
}

/// Kinds together with the cloud they live in.
#[derive(Debug)]
pub struct Bound<C> {
    registry: Registry<C>,
    retrying: C,
    no_retry: C,
    ignored: Vec<String>,
}

impl<C: Cloud> Bound<C> {
    /// But for attachments of these sorts, which are others' to make.
    #[must_use]
    pub fn ignoring(self, sorts: &[String]) -> Self {
        Self { ignored: sorts.to_vec(), ..self }
    }

    /// The cloud, for calls that may be repeated.
    pub fn cloud(&self) -> &C {
        &self.retrying
    }
}

impl<C: Cloud> Provider for Bound<C> {
    fn kinds(&self) -> &Kinds {
        &self.registry.kinds
    }

    fn find_tagged<'a>(&'a self, call: Call<'a>) -> Answer<'a, Vec<Value>> {
        async move { self.registry.verbs(call.address)?.find_tagged(cx(&self.retrying, call)).await }
            .boxed()
    }

    fn find<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Vec<Value>> {
        async move { self.registry.verbs(call.address)?.find(cx(&self.retrying, call), declared).await }
            .boxed()
    }

    fn read<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        async move { self.registry.verbs(call.address)?.read(cx(&self.retrying, call), known).await }
            .boxed()
    }

    fn attachments<'a>(
        &'a self,
        call: Call<'a>,
        known: &'a Value,
        dependents: &'a [Dependent],
        unwanted: &'a BTreeSet<String>,
    ) -> Answer<'a, BTreeSet<String>> {
        async move {
            let verbs = self.registry.verbs(call.address)?;
            // What is left to others is not asked for either.
            let sorts = self.registry.kinds.get(call.address.kind()).map(|kind| kind.attachments);
            let looked_for = |sort: &&&str| !self.ignored.iter().any(|ignored| ignored == **sort);
            if sorts.is_none_or(|sorts| sorts.iter().find(looked_for).is_none()) {
                return Ok(BTreeSet::new());
            }
            let attachments = Attachments::new(dependents, unwanted);
            let mut found = verbs.attachments(cx(&self.retrying, call), known, attachments).await?;
            let is_of = |what: &str, sort: &str| {
                what.strip_prefix(sort).is_some_and(|which| which.starts_with(' '))
            };
            found.retain(|what| !self.ignored.iter().any(|sort| is_of(what, sort)));
            Ok(found)
        }
        .boxed()
    }

    fn deletion_view<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        async move {
            self.registry.verbs(call.address)?.deletion_view(cx(&self.retrying, call), known).await
        }
        .boxed()
    }

    fn create<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Value> {
        async move {
            self.registry.verbs(call.address)?.create(cx(&self.no_retry, call), declared).await
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
            let verbs = self.registry.verbs(call.address)?;
            verbs.converge(cx(&self.retrying, call), declared, known, changed).await
        }
        .boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, ()> {
        async move { self.registry.verbs(call.address)?.delete(cx(&self.retrying, call), known).await }
            .boxed()
    }

    fn ready<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Readiness> {
        async move { self.registry.verbs(call.address)?.ready(cx(&self.retrying, call), known).await }
            .boxed()
    }
}

fn cx<'a, C>(cloud: &'a C, call: Call<'a>) -> Cx<'a, C> {
    let Call { address, owner, token, properties } = call;
    Cx { cloud, owner, address, token, properties }
}

/// [`Resource`]'s verbs with the types erased.
trait Verbs<C>: Send + Sync {
    fn find_tagged<'a>(&'a self, cx: Cx<'a, C>) -> Answer<'a, Vec<Value>>;
    fn find<'a>(&'a self, cx: Cx<'a, C>, declared: &'a Value) -> Answer<'a, Vec<Value>>;
    fn read<'a>(&'a self, cx: Cx<'a, C>, known: &'a Value) -> Answer<'a, Option<Value>>;
    fn attachments<'a>(
        &'a self,
        cx: Cx<'a, C>,
        known: &'a Value,
        attachments: Attachments<'a>,
    ) -> Answer<'a, BTreeSet<String>>;
    fn deletion_view<'a>(&'a self, cx: Cx<'a, C>, known: &'a Value) -> Answer<'a, Option<Value>>;
    fn create<'a>(&'a self, cx: Cx<'a, C>, declared: &'a Value) -> Answer<'a, Value>;
    fn converge<'a>(
        &'a self,
        cx: Cx<'a, C>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()>;
    fn delete<'a>(&'a self, cx: Cx<'a, C>, known: &'a Value) -> Answer<'a, ()>;
    fn ready<'a>(&'a self, cx: Cx<'a, C>, known: &'a Value) -> Answer<'a, Readiness>;
}

struct Typed<R>(PhantomData<fn() -> R>);

impl<R: Resource> Verbs<R::Cloud> for Typed<R> {
    fn find_tagged<'a>(&'a self, cx: Cx<'a, R::Cloud>) -> Answer<'a, Vec<Value>> {
        async move {
            let found = R::find_tagged(&cx).await.map_err(failure::<R>)?;
            found.iter().map(write).collect()
        }
        .boxed()
    }

    fn find<'a>(&'a self, cx: Cx<'a, R::Cloud>, declared: &'a Value) -> Answer<'a, Vec<Value>> {
        async move {
            let found = parse::<R>(declared)?.find(&cx).await.map_err(failure::<R>)?;
            found.iter().map(write).collect()
        }
        .boxed()
    }

    fn read<'a>(&'a self, cx: Cx<'a, R::Cloud>, known: &'a Value) -> Answer<'a, Option<Value>> {
        async move {
            let seen = R::read(&cx, &parse(known)?).await.map_err(failure::<R>)?;
            seen.as_ref().map(write).transpose()
        }
        .boxed()
    }

    fn attachments<'a>(
        &'a self,
        cx: Cx<'a, R::Cloud>,
        known: &'a Value,
        mut attachments: Attachments<'a>,
    ) -> Answer<'a, BTreeSet<String>> {
        async move {
            let known = parse(known)?;
            R::attachments(&cx, &known, &mut attachments).await.map_err(failure::<R>)?;
            Ok(attachments.found())
        }
        .boxed()
    }

    fn deletion_view<'a>(
        &'a self,
        cx: Cx<'a, R::Cloud>,
        known: &'a Value,
    ) -> Answer<'a, Option<Value>> {
        async move {
            let seen = R::deletion_view(&cx, &parse(known)?).await.map_err(failure::<R>)?;
            seen.as_ref().map(write).transpose()
        }
        .boxed()
    }

    fn create<'a>(&'a self, cx: Cx<'a, R::Cloud>, declared: &'a Value) -> Answer<'a, Value> {
        async move {
            let outputs = parse::<R>(declared)?.create(&cx).await.map_err(failure::<R>)?;
            write(&outputs)
        }
        .boxed()
    }

    fn converge<'a>(
        &'a self,
        cx: Cx<'a, R::Cloud>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()> {
        async move {
            let declared = parse::<R>(declared)?;
            declared.converge(&cx, &parse(known)?, changed).await.map_err(failure::<R>)
        }
        .boxed()
    }

    fn delete<'a>(&'a self, cx: Cx<'a, R::Cloud>, known: &'a Value) -> Answer<'a, ()> {
        async move { R::delete(&cx, &parse(known)?).await.map_err(failure::<R>) }.boxed()
    }

    fn ready<'a>(&'a self, cx: Cx<'a, R::Cloud>, known: &'a Value) -> Answer<'a, Readiness> {
        async move { R::ready(&cx, &parse(known)?).await.map_err(failure::<R>) }.boxed()
    }
}

/// What is known of a kind, with what only its verbs tell.
fn info<R: Resource>() -> KindInfo {
    let service_made = |value: &Value| parse::<R>(value).is_ok_and(|seen| seen.is_service_made());
    KindInfo { service_made, ..R::INFO }
}

fn failure<R: Resource>(error: CloudError<R>) -> Failure {
    error.into()
}

fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, Failure> {
    T::deserialize(value).map_err(|source| {
        Failure::new(FailureKind::Unexpected, format!("the recorded values do not fit: {source}"))
    })
}

fn write<T: Serialize>(value: &T) -> Result<Value, Failure> {
    serde_json::to_value(value)
        .map_err(|source| Failure::new(FailureKind::Unexpected, source.to_string()))
}
