//! What a part is: several resources that belong together, with one set of parameters.

use payctl_aws::kms::KeyRef;
use payctl_aws::{Architecture, Arn, Lookup};
use payctl_engine::schema::Schemas;
use payctl_engine::{Input, Stack, StackError};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Context;

/// Where a part is declared, and what it uses that says nothing of it.
#[derive(Clone, Debug)]
pub struct PartContext<'a> {
    /// The environment.
    pub context: &'a Context<'a>,
    /// The key that encrypts what names none, or why it is not known which one that is.
    pub key: Result<KeyRef, String>,
    /// The processors of functions that name none.
    pub architecture: Architecture,
    /// Where the configuration says what its parameters are, of a part of a system.
    pub section: Option<&'static str>,
}

/// Several resources that belong together. Its fields are its parameters, their doc comments the help.
pub trait Part: DeserializeOwned + JsonSchema {
    /// What it is called, as `[part.NAME.…]` says it.
    const NAME: &'static str;
    /// What it declares: kinds, with what the resources are called and when there is one. NAME stands
    /// for what the part itself is called.
    const DECLARES: &'static [(&'static str, &'static str)];
    /// What a document can refer to as `${part.PART:NAME.OUTPUT}` besides the outputs of its resources.
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[];
    /// Handles on what it made.
    type Made;

    /// Declares it, called `logical`.
    ///
    /// # Errors
    /// Why it cannot be made with these parameters, in words that follow its name.
    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<Self::Made, String>;

    /// The values of its [`Part::OUTPUTS`].
    fn outputs(_made: &Self::Made) -> Vec<(String, Value)> {
        Vec::new()
    }

    /// What has to be asked of an account before it is declared there.
    fn lookups() -> Vec<Lookup> {
        Vec::new()
    }

    /// How many zones it is spread over, of its parameters as they are written.
    fn zones(_given: &Value) -> usize {
        0
    }
}

/// The values that a document can refer to, by name.
pub type Outputs = Vec<(String, Value)>;

/// What there is to know of a part.
#[derive(Clone, Copy, Debug)]
pub struct PartInfo {
    /// What it is called.
    pub name: &'static str,
    /// See [`Part::DECLARES`].
    pub declares: &'static [(&'static str, &'static str)],
    /// See [`Part::OUTPUTS`].
    pub outputs: &'static [(&'static str, &'static str)],
    /// See [`Part::lookups`].
    pub lookups: fn() -> Vec<Lookup>,
    /// See [`Part::zones`].
    pub zones: fn(&Value) -> usize,
    schema: fn(&mut Schemas) -> Value,
    declare: fn(&Value, &mut Stack, &PartContext<'_>, &str) -> Result<Outputs, String>,
}

impl PartInfo {
    pub(super) const fn of<P: Part>() -> Self {
        Self {
            name: P::NAME,
            declares: P::DECLARES,
            outputs: P::OUTPUTS,
            lookups: P::lookups,
            zones: P::zones,
            schema: |schemas| {
                let mut schema = schemas.of_type::<P>();
                schema["additionalProperties"] = json!(false);
                schema
            },
            declare: |given, stack, part, logical| {
                let parameters =
                    P::deserialize(given).map_err(|error| unread::<P>(given, &error))?;
                let made = parameters.declare(stack, part, logical)?;
                Ok(P::outputs(&made))
            },
        }
    }

    /// The schema of its parameters.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schemas = Schemas::default();
        let mut schema = self.schema_in(&mut schemas);
        schema["$defs"] = Value::Object(schemas.definitions());
        schema
    }

    /// The same beside other schemas, which share what their parameters are made of.
    pub fn schema_in(&self, schemas: &mut Schemas) -> Value {
        (self.schema)(schemas)
    }

    /// Declares the part with what is `given`, and answers its outputs. What it refers to may be
    /// declared elsewhere.
    ///
    /// # Errors
    /// Why it cannot be made with these parameters, in words that follow its name.
    pub fn declare(
        &self,
        given: &Value,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<Outputs, String> {
        let outputs = (self.declare)(given, stack, part, logical)?;
        match stack.errors().iter().find(|error| !matches!(error, StackError::Dangling(..))) {
            Some(error) => Err(format!("cannot be made: {error}")),
            None => Ok(outputs),
        }
    }
}

/// Which of its parameters cannot be read, and why: serde says only that.
fn unread<P: Part>(given: &Value, error: &serde_json::Error) -> String {
    let why = error.to_string();
    let is_it = |name: &&String| {
        let mut others = given.clone();
        others.as_object_mut().map(|others| others.remove(*name));
        P::deserialize(&others).err().is_none_or(|error| error.to_string() != why)
    };
    match given.as_object().and_then(|all| all.keys().find(is_it)) {
        Some(name) => format!("cannot be made with `{name}` = {}: {why}", given[name]),
        None => why,
    }
}

impl PartContext<'_> {
    /// The key that is named, or that of what names none.
    pub(super) fn key(&self, named: Option<Input<Arn>>) -> Result<Input<Arn>, String> {
        match named {
            Some(key) => Ok(key),
            None => Ok(self.key.as_ref().map_err(|why| format!("needs a key: {why}"))?.arn()),
        }
    }
}

/// What is called `logical` and has no name of its own is called so in AWS, but for the suffix.
pub(super) fn base(name: Option<String>, logical: &str) -> String {
    name.unwrap_or_else(|| logical.replace(['/', '.', '_'], "-"))
}

/// What a part calls its resource `what`: a part that is called `main` is the only one of its sort, and
/// what is in it needs no more than its own name.
pub(super) fn inner(logical: &str, what: &str) -> String {
    match logical {
        "main" => what.to_owned(),
        _ => format!("{logical}-{what}"),
    }
}

/// What is called so in AWS, by a reference to it or its name: what a resource about it is called by.
pub(super) fn called<T: AsRef<str>>(input: &Input<T>, nth: usize) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    match input {
        Input::Ref(reference) => reference.address.name().to_owned(),
        Input::Known(name) if name.as_ref().chars().all(fits) => name.as_ref().to_owned(),
        _ => (nth + 1).to_string(),
    }
}

/// Another output of what `input` is the output `known` of; none where it is something else.
pub(super) fn sibling<T, U>(input: &Input<T>, known: &str, wanted: &str) -> Option<Input<U>> {
    let Input::Ref(reference) = input else { return None };
    let fits = reference.output == known;
    fits.then(|| {
        Input::Ref(payctl_engine::Reference { output: wanted.to_owned(), ..reference.clone() })
    })
}
