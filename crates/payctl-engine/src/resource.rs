//! The resource trait: what the engine asks of every kind, and what it knows about it.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;

use serde::Serialize;
use serde_json::Value;

use crate::kind::Cloud;
use crate::{Address, Attachments, Kind, Owner};

/// What a verb is given besides the resource.
#[derive(Debug)]
pub struct Cx<'a, C> {
    /// The cloud's clients.
    pub cloud: &'a C,
    /// Whose resource it is.
    pub owner: &'a Owner,
    /// Which resource it is.
    pub address: &'a Address,
    /// The idempotency token of this step, the same however often it is tried.
    pub token: &'a str,
    /// The properties last recorded or declared: what a deletion needs (a key's deletion window),
    /// and what a read cannot ask the cloud for.
    pub properties: &'a Value,
}

/// The names of the properties to bring to their declared values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    names: BTreeSet<String>,
    new: bool,
}

impl Changed {
    /// Those properties.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), new: false }
    }

    /// Those properties of what was made a moment ago.
    pub fn of_new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { new: true, ..Self::new(names) }
    }

    /// Whether the resource was made a moment ago and is as the cloud makes one: what it is anyway
    /// need be neither asked for nor set.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Whether `name` has to change.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether `name` has to change: of what is new only where it is wanted `otherwise` than the cloud
    /// makes one.
    #[must_use]
    pub fn needs(&self, name: &str, otherwise: bool) -> bool {
        self.has(name) && (otherwise || !self.new)
    }

    /// Whether one of `names` has to change.
    #[must_use]
    pub fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// Whether nothing has to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Whether a resource can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// Not yet; what it waits for, such as "the gateway to become available".
    NotYet(String),
}

/// What decides whether a resource may be deleted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DeletionView<R> {
    /// All of it.
    Whole(R),
    /// The properties that tell whose it is, and whether something protects it.
    Some(Value),
}

/// One kind of resource, declared by its properties.
///
/// What is known of it is [`Kind`]; here are six verbs, and shorter ways to find and to read. `create` is exactly one mutating call; what it cannot set,
/// `converge` sets after it, so that creation, update and recovery are the same code.
pub trait Resource: Kind {
    /// Whether this is what a service makes by itself where it is missing, and what nobody has
    /// chosen anything of: then it is taken for the declared one of its name, and becomes that.
    fn is_service_made(&self) -> bool {
        false
    }

    /// Looks for it by its ownership tags alone, where the cloud can be asked that. A kind that
    /// is found by its name has nothing here.
    fn find_tagged(
        _cx: &Cx<'_, Self::Cloud>,
    ) -> impl Future<Output = Result<Vec<Self::Outputs>, CloudError<Self>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Looks for it by ownership tag or name, for when the state does not know it. All that
    /// match: after a crash there may be more than one.
    fn find(
        &self,
        cx: &Cx<'_, Self::Cloud>,
    ) -> impl Future<Output = Result<Vec<Self::Outputs>, CloudError<Self>>> + Send {
        Self::find_tagged(cx)
    }

    /// Reads it as it is now, or `None` when it is gone. Tags include the ownership tags.
    fn read(
        cx: &Cx<'_, Self::Cloud>,
        known: &Self::Outputs,
    ) -> impl Future<Output = Result<Option<Self>, CloudError<Self>>> + Send;

    /// Finds what others attached to it and the stack does not declare, and removes what is
    /// unwanted of that.
    fn attachments(
        _cx: &Cx<'_, Self::Cloud>,
        _known: &Self::Outputs,
        _attachments: &mut Attachments<'_>,
    ) -> impl Future<Output = Result<(), CloudError<Self>>> + Send {
        async { Ok(()) }
    }

    /// Reads what decides whether it may be deleted, or `None` when it is gone. A kind that takes
    /// several calls for all its properties has fewer here.
    fn deletion_view(
        cx: &Cx<'_, Self::Cloud>,
        known: &Self::Outputs,
    ) -> impl Future<Output = Result<Option<DeletionView<Self>>, CloudError<Self>>> + Send {
        async { Ok(Self::read(cx, known).await?.map(DeletionView::Whole)) }
    }

    /// Makes it: exactly one mutating call, tags included where the API takes them.
    fn create(
        &self,
        cx: &Cx<'_, Self::Cloud>,
    ) -> impl Future<Output = Result<Self::Outputs, CloudError<Self>>> + Send;

    /// Brings the changed properties to their declared values; safe to repeat.
    fn converge(
        &self,
        cx: &Cx<'_, Self::Cloud>,
        known: &Self::Outputs,
        changed: &Changed,
    ) -> impl Future<Output = Result<(), CloudError<Self>>> + Send;

    /// Deletes it; safe to repeat, and content when it is already gone. Answers a failure of
    /// kind [`crate::FailureKind::Pending`] while it is on its way out.
    fn delete(
        cx: &Cx<'_, Self::Cloud>,
        known: &Self::Outputs,
    ) -> impl Future<Output = Result<(), CloudError<Self>>> + Send;

    /// One look whether it can be used.
    fn ready(
        _cx: &Cx<'_, Self::Cloud>,
        _known: &Self::Outputs,
    ) -> impl Future<Output = Result<Readiness, CloudError<Self>>> + Send {
        async { Ok(Readiness::Ready) }
    }
}

/// What the calls of a resource's cloud fail with.
pub type CloudError<R> = <<R as Kind>::Cloud as Cloud>::Error;
