//! What is declared, as it is billed: addresses, properties, and what refers to what.

use std::collections::BTreeMap;

use serde_json::Value;

/// The declared resources, by their addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct All<'a>(BTreeMap<&'a str, Resource<'a>>);

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Such as `ec2.vpc:main`.
    pub address: &'a str,
    /// As they are declared, or were applied last.
    pub properties: &'a Value,
    /// What AWS assigned, where it is there: what was applied last has ids in place of references.
    pub outputs: Option<&'a Value>,
}

/// An address and what is declared there.
impl<'a> From<(&'a str, &'a Value)> for Resource<'a> {
    fn from((address, properties): (&'a str, &'a Value)) -> Self {
        Self { address, properties, outputs: None }
    }
}

impl<'a> All<'a> {
    pub(crate) fn new(resources: impl IntoIterator<Item = impl Into<Resource<'a>>>) -> Self {
        let resources = resources.into_iter().map(Into::into);
        Self(resources.map(|one: Resource<'a>| (one.address, one)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their addresses.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Resource<'a>> {
        self.0.values().copied()
    }

    pub(crate) fn of_kind(&self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.iter().filter(move |one| one.kind() == kind)
    }

    /// The one that `value` is an output of: `{"$ref": "ec2.vpc:main.id"}`, or `vpc-0a1b2c`.
    pub(crate) fn referred(&self, value: &Value) -> Option<Resource<'a>> {
        if value.is_string() {
            let has = |one: &Resource<'_>| {
                let outputs = one.outputs.and_then(Value::as_object);
                outputs.is_some_and(|outputs| outputs.values().any(|output| output == value))
            };
            return self.iter().find(has);
        }
        let (address, _output) = value.get("$ref")?.as_str()?.rsplit_once('.')?;
        self.0.get(address).copied()
    }
}

impl<'a> Resource<'a> {
    /// Such as `ec2.vpc`.
    pub(crate) fn kind(&self) -> &'a str {
        self.address.split_once(':').map_or(self.address, |(kind, _)| kind)
    }

    pub(crate) fn text(&self, property: &str) -> &'a str {
        self.properties[property].as_str().unwrap_or_default()
    }

    pub(crate) fn is(&self, property: &str) -> bool {
        self.properties[property] == true
    }

    /// How many a list or a table has.
    pub(crate) fn several(&self, property: &str) -> u64 {
        match &self.properties[property] {
            Value::Array(all) => all.len() as u64,
            Value::Object(all) => all.len() as u64,
            _ => 0,
        }
    }

    pub(crate) fn number(&self, property: &str) -> Option<u64> {
        self.properties[property].as_u64()
    }
}
