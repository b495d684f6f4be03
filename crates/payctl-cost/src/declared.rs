//! What is declared, as it is billed: addresses, properties, and what refers to what.

use std::collections::BTreeMap;

use serde_json::Value;

/// The declared resources, by their addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct All<'a>(BTreeMap<&'a str, &'a Value>);

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) address: &'a str,
    pub(crate) properties: &'a Value,
}

impl<'a> All<'a> {
    pub(crate) fn new(resources: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Self {
        Self(resources.into_iter().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their addresses.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Resource<'a>> {
        self.0.iter().map(|(address, properties)| Resource { address, properties })
    }

    pub(crate) fn of_kind(&self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.iter().filter(move |one| one.kind() == kind)
    }

    /// The one that `value` is an output of: `{"$ref": "ec2.vpc:main.id"}`.
    pub(crate) fn referred(&self, value: &Value) -> Option<Resource<'a>> {
        let (address, _output) = value.get("$ref")?.as_str()?.rsplit_once('.')?;
        let (address, properties) = self.0.get_key_value(address)?;
        Some(Resource { address, properties })
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
