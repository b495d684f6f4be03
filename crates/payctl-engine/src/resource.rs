//! The resource trait: what the engine asks of every kind, and what it knows about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Address, Attachments, Failure, Owner};

/// Where resources live.
pub trait Cloud: Send + Sync + 'static {
    /// What its calls fail with.
    type Error: Into<Failure> + Send;
}

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
pub struct Changed(BTreeSet<String>);

impl Changed {
    /// Those properties.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// Whether `name` has to change.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether one of `names` has to change.
    #[must_use]
    pub fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// Whether nothing has to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
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
    /// Whose it is.
    #[allow(missing_docs)]
    Tags { tags: BTreeMap<String, String> },
    /// Whose it is, and whether it is protected.
    #[allow(missing_docs)]
    Protection { tags: BTreeMap<String, String>, deletion_protection: bool },
    /// Whose it is, and what locks what is in it, null where nothing does.
    #[allow(missing_docs)]
    Lock { tags: BTreeMap<String, String>, lock: Value },
}

/// What makes it safe to repeat a create call whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The call takes our idempotency token.
    Token,
    /// A name or key is unique: the second call answers "already exists", or changes nothing.
    Unique,
    /// Neither: look for our tag before every further try.
    Search,
}

/// Typical seconds, for scheduling, simulation and predicted durations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// Until the create call has answered.
    pub created: f64,
    /// From then until it can be used.
    pub ready: f64,
    /// Until it is gone.
    pub deleted: f64,
}

impl Typical {
    /// Quick calls: nothing to wait for.
    pub const QUICK: Self = Self { created: 0.4, ready: 0.0, deleted: 0.4 };
}

/// How far apart calls have to be where the account may make only so few of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// From one create call to the next.
    pub create: Duration,
    /// From one deletion to the next.
    pub delete: Duration,
}

impl Pace {
    /// As fast as they come.
    pub const FREE: Self = Self { create: Duration::ZERO, delete: Duration::ZERO };
}

/// What a kind's verbs have to be allowed, in the cloud's own words.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// To find it, read it, and see whether it is ready.
    pub look: &'static [&'static str],
    /// To make it.
    pub create: &'static [&'static str],
    /// To change it in place, its first settings included.
    pub change: &'static [&'static str],
    /// To delete it.
    pub delete: &'static [&'static str],
    /// Those of them that name no resource.
    pub unscoped: &'static [&'static str],
    /// The resources that the others name, with properties in braces. Empty: those of what it
    /// belongs to.
    pub on: &'static [&'static str],
    /// What an action names besides: the action, and the property that refers to it.
    pub extra_resources: &'static [(&'static str, &'static str)],
    /// What a service does for it in the caller's name: the action, the property that refers to
    /// what it is done to, and the service. A property of another resource is written behind the
    /// one that refers to that, as in `secret.kms_key`.
    pub delegated: &'static [(&'static str, &'static str, &'static str)],
}

impl Access {
    /// Nothing.
    pub const NONE: Self = Self {
        look: &[],
        create: &[],
        change: &[],
        delete: &[],
        unscoped: &[],
        on: &[],
        extra_resources: &[],
        delegated: &[],
    };
}

/// One kind of resource, declared by its properties.
///
/// Six verbs, and shorter ways to find and to read. `create` is exactly one mutating call; what it cannot set,
/// `converge` sets after it, so that creation, update and recovery are the same code.
pub trait Resource: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// Where it lives.
    type Cloud: Cloud;
    /// What the cloud assigns to it.
    type Outputs: Serialize + DeserializeOwned + Clone + Debug + Send + Sync;
    /// The handle through which others refer to its outputs.
    type Ref: Handle;

    /// The kind's name, such as `ec2.subnet`; the part before the dot is the service.
    const KIND: &'static str;
    /// Properties that only `create` can set: a change replaces the resource.
    const REPLACED_BY: &'static [&'static str] = &[];
    /// Properties that together may exist only once. Empty: two can stand side by side, so a
    /// replacement is made before the old one goes.
    const UNIQUE_BY: &'static [&'static str] = &[];
    /// Properties that `create` cannot set and `converge` sets right after it.
    const SET_LATER: &'static [&'static str] = &[];
    /// Properties that refer to others and keep those from being deleted.
    const HOLDS: &'static [&'static str] = &[];
    /// Outputs that follow from the unique properties: a replacement has the same.
    const STABLE_OUTPUTS: &'static [&'static str] = &[];
    /// Whether deleting it loses data that cannot be made again.
    const KEEPS_DATA: bool = false;
    /// The property that names what it belongs to, where it cannot carry tags of its own.
    const BELONGS_TO: Option<&'static str> = None;
    /// The property whose value only one step at a time may work on.
    const ONE_AT_A_TIME: Option<&'static str> = None;
    /// What makes a repeated create safe.
    const REPEAT: Repeat = Repeat::Unique;
    /// Typical seconds; where from: docs/aws-facts.md.
    const TYPICAL: Typical = Typical::QUICK;
    /// How far apart calls for things of this kind have to be.
    const PACE: Pace = Pace::FREE;
    /// How long a wait for it may last at most: unless it says otherwise as long as
    /// terraform-provider-aws waits for most kinds (docs/aws-facts.md).
    const WAIT_TIMEOUT: Duration = Duration::from_secs(600);
    /// What its verbs have to be allowed.
    const ACCESS: Access = Access::NONE;
    /// The sorts of attachments that are looked for, such as `function URL`. None: not looked for.
    const ATTACHMENTS: &'static [&'static str] = &[];

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
pub type CloudError<R> = <<R as Resource>::Cloud as Cloud>::Error;

/// A typed handle on a declared resource.
pub trait Handle {
    /// The handle on the resource at `address`.
    fn new(address: Address) -> Self;
    /// Whose handle it is.
    fn address(&self) -> &Address;
}

/// Declares what the cloud assigns to a kind, and the handle through which others refer to it.
#[macro_export]
macro_rules! outputs {
    ($(#[$doc:meta])* $outputs:ident via $handle:ident {
        $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[allow(missing_docs)]
        pub struct $outputs { $($(#[$field_doc])* pub $field: $type),* }

        #[doc = concat!("Refers to the outputs of a declared resource: see [`", stringify!($outputs), "`].")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $handle($crate::Address);

        impl $crate::Handle for $handle {
            fn new(address: $crate::Address) -> Self { Self(address) }
            fn address(&self) -> &$crate::Address { &self.0 }
        }

        #[allow(missing_docs)]
        impl $handle {
            $(#[must_use]
            pub fn $field(&self) -> $crate::Input<$type> {
                $crate::Input::output(&self.0, stringify!($field))
            })*
        }
    };
}
