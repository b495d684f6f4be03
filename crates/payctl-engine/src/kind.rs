//! A kind: what it says about itself, once, for engine, schema, help and policies alike.

use std::fmt::Debug;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Address, Failure};

/// Where resources live.
pub trait Cloud: Send + Sync + 'static {
    /// What its calls fail with.
    type Error: Into<Failure> + Send;
}

/// What a kind of resource says about itself; written by `#[kind]`.
pub trait Kind:
    Serialize + DeserializeOwned + JsonSchema + Clone + Debug + Send + Sync + 'static
{
    /// Where it lives.
    type Cloud: Cloud;
    /// What the cloud assigns to it.
    type Outputs: Serialize + DeserializeOwned + Clone + Debug + Send + Sync;
    /// The handle through which others refer to its outputs.
    type Ref: Handle;

    /// All else.
    const INFO: KindInfo;
}

/// What is known of a kind.
#[derive(Clone, Debug)]
pub struct KindInfo {
    /// Its name, such as `ec2.subnet`; the part before the dot is the service.
    pub kind: &'static str,
    /// What it is, in a sentence or more.
    pub doc: &'static str,
    /// The properties in the order of declaration, which is the order of display.
    pub properties: &'static [&'static str],
    /// What is known of each of them, in the same order.
    pub details: &'static [Property],
    /// The outputs, and the name of each one's type.
    pub outputs: &'static [(&'static str, &'static str)],
    /// The outputs that it is known by all over: others that refer to it name one of them.
    pub identity: &'static [&'static str],
    /// Properties that only `create` can set: a change replaces the resource.
    pub replaced_by: &'static [&'static str],
    /// Properties that together may exist only once. Empty: two can stand side by side, so a
    /// replacement is made before the old one goes.
    pub unique_by: &'static [&'static str],
    /// Properties that `create` cannot set and `converge` sets right after it.
    pub set_later: &'static [&'static str],
    /// Properties that refer to others and keep those from being deleted.
    pub holds: &'static [&'static str],
    /// Outputs that follow from the unique properties: a replacement has the same.
    pub stable_outputs: &'static [&'static str],
    /// The property that carries the tags, those of ownership included.
    pub tags: Option<&'static str>,
    /// The property that is true once its deletion is scheduled.
    pub pending_deletion: Option<&'static str>,
    /// Properties that protect it from deletion where they are true, or anything but null.
    pub protected_by: &'static [&'static str],
    /// Whether deleting it loses data that cannot be made again.
    pub keeps_data: bool,
    /// The property that names what it belongs to, where it cannot carry tags of its own.
    pub belongs_to: Option<&'static str>,
    /// The property whose value only one step at a time may work on.
    pub one_at_a_time: Option<&'static str>,
    /// What makes a repeated create safe.
    pub repeat: Repeat,
    /// Typical seconds; where from: docs/aws-facts.md.
    pub typical: Typical,
    /// How far apart calls for things of this kind have to be.
    pub pace: Pace,
    /// How long a wait for it may last at most.
    pub wait_timeout: Duration,
    /// What its verbs have to be allowed.
    pub access: Access,
    /// The sorts of attachments that are looked for, such as `function URL`. None: not looked for.
    pub attachments: &'static [&'static str],
    /// See [`crate::Resource::is_service_made`].
    pub service_made: fn(&Value) -> bool,
    /// Writes properties as the kind writes them: lists in their order, policies in one form; or says
    /// why it cannot.
    pub parse: fn(&Value) -> Result<Value, String>,
    /// The JSON Schema of its properties.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// What is known of a property.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it is; empty where its name says it.
    pub doc: &'static str,
    /// What it is where nothing is declared, if it may be left out.
    pub default: Option<fn() -> Value>,
    /// What the cloud takes.
    pub constraint: Constraint,
    /// Where the constraint is from.
    pub source: Option<&'static str>,
    /// Why it is not read back, where it is not.
    pub unread: Option<&'static str>,
}

/// What values the cloud takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Constraint {
    /// The least and the greatest number.
    pub range: (Option<f64>, Option<f64>),
    /// The fewest and the most characters of a text.
    pub length: (Option<u64>, Option<u64>),
    /// What a whole text has to match.
    pub pattern: Option<&'static str>,
    /// The only texts.
    pub one_of: &'static [&'static str],
}

impl KindInfo {
    /// How long a wait may last where a kind does not say otherwise: as long as
    /// terraform-provider-aws waits for most kinds (docs/aws-facts.md).
    pub const WAIT_TIMEOUT: Duration = Duration::from_secs(600);

    /// The service it belongs to, such as `ec2`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.kind.split_once('.').map_or(self.kind, |(service, _)| service)
    }

    /// Whether it carries tags of its own.
    #[must_use]
    pub fn tagged(&self) -> bool {
        self.tags.is_some()
    }

    /// Properties as the kind writes them; as they are where it cannot read them.
    #[must_use]
    pub fn normalise(&self, properties: &Value) -> Value {
        (self.parse)(properties).unwrap_or_else(|_| properties.clone())
    }

    /// The tags among its properties, null where it has none.
    #[must_use]
    pub fn tags_of<'v>(&self, properties: &'v Value) -> &'v Value {
        self.tags.and_then(|tags| properties.get(tags)).unwrap_or(&Value::Null)
    }

    /// Whether its properties say that something protects it from deletion.
    #[must_use]
    pub fn is_protected(&self, properties: &Value) -> bool {
        let value = |name: &&str| properties.get(*name).unwrap_or(&Value::Null);
        self.protected_by.iter().map(value).any(|value| *value != Value::Null && *value != false)
    }

    /// Whether its properties say that its deletion is scheduled.
    #[must_use]
    pub fn is_pending_deletion(&self, properties: &Value) -> bool {
        self.pending_deletion.is_some_and(|name| properties.get(name) == Some(&Value::Bool(true)))
    }
}

/// See [`KindInfo::parse`].
///
/// # Errors
/// What cannot be read of it.
pub fn parse<K: Kind>(value: &Value) -> Result<Value, String> {
    let kind = K::deserialize(value).map_err(|error| error.to_string())?;
    serde_json::to_value(kind).map_err(|error| error.to_string())
}

/// See [`KindInfo::schema`].
#[must_use]
pub fn schema<K: Kind>(generator: &mut SchemaGenerator) -> Schema {
    K::json_schema(generator)
}

/// A typed handle on a declared resource.
pub trait Handle {
    /// The handle on the resource at `address`.
    fn new(address: Address) -> Self;
    /// Whose handle it is.
    fn address(&self) -> &Address;
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
