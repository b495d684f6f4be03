//! Inputs: property values that may only be known once another resource exists.
//!
//! A reference is data, never a closure, so that graph, plan and state can hold it:
//! `{"$ref": "ec2.vpc:main.id"}`, or `{"$join": ["arn:…/", {"$ref": …}]}` for a text around one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::Address;

/// What has to have happened to a resource before another may use its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// Its id is known; it may still be on its way.
    Created,
    /// It can be used.
    Ready,
}

/// One output of one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Whose output.
    pub address: Address,
    /// The output's name.
    pub output: String,
    /// How far the resource must have come.
    pub needs: Needs,
}

/// A property's value: known, another resource's output, or a text around outputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<T> {
    /// A value.
    Known(T),
    /// Another resource's output.
    Ref(Reference),
    /// Texts and outputs, one after the other.
    Join(Vec<Part>),
}

/// A piece of an [`Input::Join`].
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A fixed text.
    Text(String),
    /// An output.
    Ref(Reference),
}

/// An input was asked for its value before the value was known.
#[derive(Clone, Debug, thiserror::Error)]
#[error("needs a value that is only known after {0} exists")]
pub struct Unresolved(pub String);

impl Reference {
    /// The output `output` of `address`, once that is ready.
    #[must_use]
    pub fn new(address: &Address, output: &str) -> Self {
        Self { address: address.clone(), output: output.to_owned(), needs: Needs::Ready }
    }

    fn to_value(&self) -> Value {
        let path = format!("{}.{}", self.address, self.output);
        match self.needs {
            Needs::Ready => json!({ "$ref": path }),
            Needs::Created => json!({ "$ref": path, "$needs": "created" }),
        }
    }

    /// The reference that `value` is, if it is one.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        // It has no further key; most of what is asked about is none.
        let map = value.as_object().filter(|map| map.len() <= 2)?;
        let (address, output) = map.get("$ref")?.as_str()?.rsplit_once('.')?;
        let needs = match map.get("$needs").and_then(Value::as_str) {
            Some("created") => Needs::Created,
            _ => Needs::Ready,
        };
        Some(Self { address: Address::parse(address).ok()?, output: output.to_owned(), needs })
    }
}

impl<T> Input<T> {
    /// The output `output` of `address`.
    #[must_use]
    pub fn output(address: &Address, output: &str) -> Self {
        Self::Ref(Reference::new(address, output))
    }

    /// The value.
    ///
    /// # Errors
    /// When the value depends on something that does not exist yet.
    pub fn get(&self) -> Result<&T, Unresolved> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Ref(reference) => Err(Unresolved(reference.address.to_string())),
            Self::Join(parts) => {
                let missing = parts.iter().find_map(|part| match part {
                    Part::Ref(reference) => Some(reference.address.to_string()),
                    Part::Text(_) => None,
                });
                Err(Unresolved(missing.unwrap_or_default()))
            }
        }
    }

    /// The same input, content with the other resource's id being known: it need not be ready.
    #[must_use]
    pub fn when_created(self) -> Self {
        let relax = |reference: Reference| Reference { needs: Needs::Created, ..reference };
        match self {
            Self::Known(value) => Self::Known(value),
            Self::Ref(reference) => Self::Ref(relax(reference)),
            Self::Join(parts) => Self::Join(
                parts
                    .into_iter()
                    .map(|part| match part {
                        Part::Ref(reference) => Part::Ref(relax(reference)),
                        text @ Part::Text(_) => text,
                    })
                    .collect(),
            ),
        }
    }
}

impl<T: AsRef<str> + From<String>> Input<T> {
    /// `before`, this input and `after` as one text.
    #[must_use]
    pub fn within<U: From<String>>(&self, before: &str, after: &str) -> Input<U> {
        let text = |text: &str| (!text.is_empty()).then(|| Part::Text(text.to_owned()));
        let middle = match self {
            Self::Known(value) => {
                return Input::Known(U::from(format!("{before}{}{after}", value.as_ref())));
            }
            Self::Ref(reference) => vec![Part::Ref(reference.clone())],
            Self::Join(parts) => parts.clone(),
        };
        Input::Join(text(before).into_iter().chain(middle).chain(text(after)).collect())
    }

    /// This input and `after` as one text.
    #[must_use]
    pub fn then(&self, after: &str) -> Self {
        self.within("", after)
    }

    /// The same text under another type.
    #[must_use]
    pub fn cast<U: From<String>>(&self) -> Input<U> {
        match self {
            Self::Known(value) => Input::Known(U::from(value.as_ref().to_owned())),
            Self::Ref(reference) => Input::Ref(reference.clone()),
            Self::Join(parts) => Input::Join(parts.clone()),
        }
    }
}

impl<T> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl From<&str> for Input<String> {
    fn from(value: &str) -> Self {
        Self::Known(value.to_owned())
    }
}

/// What the schema of an [`Input`] says of itself.
pub const MAY_REFER: &str = "may refer to an output";

/// That of the value: a document writes a reference as a text such as `${ADDRESS.OUTPUT}`.
impl<T: JsonSchema> JsonSchema for Input<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        schema.insert("$comment".to_owned(), MAY_REFER.into());
        schema
    }
}

impl<T: Serialize> Serialize for Input<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Ref(reference) => reference.to_value().serialize(serializer),
            Self::Join(parts) => {
                let parts: Vec<Value> = parts
                    .iter()
                    .map(|part| match part {
                        Part::Text(text) => Value::String(text.clone()),
                        Part::Ref(reference) => reference.to_value(),
                    })
                    .collect();
                json!({ "$join": parts }).serialize(serializer)
            }
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Input<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some(reference) = Reference::from_value(&value) {
            return Ok(Self::Ref(reference));
        }
        if let Some(parts) = join_parts(&value) {
            let parts = parts.iter().map(|part| match part {
                Value::String(text) => Ok(Part::Text(text.clone())),
                other => Reference::from_value(other)
                    .map(Part::Ref)
                    .ok_or_else(|| D::Error::custom("a $join holds texts and references only")),
            });
            return Ok(Self::Join(parts.collect::<Result<_, _>>()?));
        }
        T::deserialize(value).map(Self::Known).map_err(D::Error::custom)
    }
}

fn join_parts(value: &Value) -> Option<&Vec<Value>> {
    let map = value.as_object()?;
    (map.len() == 1).then(|| map.get("$join")?.as_array()).flatten()
}

/// Every reference inside `value`.
#[must_use]
pub fn references(value: &Value) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<Reference>) {
    if let Some(reference) = Reference::from_value(value) {
        found.insert(reference);
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// `value` with every reference that `lookup` knows replaced by what it stands for.
#[must_use]
pub fn resolve(value: &Value, lookup: &dyn Fn(&Reference) -> Option<Value>) -> Value {
    if let Some(reference) = Reference::from_value(value) {
        return lookup(&reference).unwrap_or_else(|| value.clone());
    }
    if let Some(parts) = join_parts(value) {
        let parts: Vec<Value> = parts.iter().map(|part| resolve(part, lookup)).collect();
        let known: Option<String> = parts.iter().map(Value::as_str).collect();
        return known.map_or_else(|| json!({ "$join": parts }), Value::String);
    }
    match value {
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| resolve(item, lookup)).collect())
        }
        Value::Object(map) => Value::Object(
            map.iter().map(|(name, item)| (name.clone(), resolve(item, lookup))).collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vpc() -> Address {
        Address::new("ec2.vpc", "main")
    }

    #[test]
    fn inputs_survive_json() {
        let known: Input<String> = "a".into();
        let reference: Input<String> = Input::output(&vpc(), "id");
        let join = reference.within::<String>("arn:", "/*").when_created();
        for input in [known, reference, join] {
            let text = serde_json::to_string(&input).unwrap();
            assert_eq!(serde_json::from_str::<Input<String>>(&text).unwrap(), input);
        }
    }

    #[test]
    fn a_join_resolves_only_when_all_of_it_is_known() {
        let join: Input<String> = Input::<String>::output(&vpc(), "id").within("x-", "-y");
        let value = serde_json::to_value(&join).unwrap();
        assert_eq!(resolve(&value, &|_| None), value);
        assert_eq!(resolve(&value, &|_| Some(json!("vpc-1"))), json!("x-vpc-1-y"));
        assert_eq!(references(&value).len(), 1);
    }
}
