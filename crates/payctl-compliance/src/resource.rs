//! Resources as rules see them: declared ones, which refer to each other, or those that were read,
//! which name each other.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One resource.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// `KIND:NAME`.
    pub address: String,
    /// Its properties, as documents write them.
    pub properties: Value,
    /// What the cloud assigned; null where it does not exist yet.
    pub outputs: Value,
    /// What others attached to it, in words; of one that exists.
    pub attached: Vec<String>,
}

impl Resource {
    /// Its kind, such as `s3.bucket`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.address.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// Its name within the stack.
    #[must_use]
    pub fn name(&self) -> &str {
        self.address.split_once(':').map_or("", |(_, name)| name)
    }

    /// A property; null where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        &self.properties[name]
    }

    /// Whether a property is `true`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.get(name) == &Value::Bool(true)
    }

    /// Whether a property is there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.get(name).is_null()
    }

    /// A property that is a text; empty where it is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// A property that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).as_i64()
    }

    /// The items of a property that is a list.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.get(name).as_array().map_or(&[], Vec::as_slice)
    }

    /// The items of a property that is a table.
    pub(crate) fn table(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.get(name).as_object().into_iter().flat_map(Map::iter)
    }
}

/// All resources of a stack.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    all: Vec<Resource>,
    by_address: BTreeMap<String, usize>,
    /// By what the cloud assigned: ids, ARNs and names.
    by_output: BTreeMap<String, Vec<usize>>,
}

impl Resources {
    /// Those.
    #[must_use]
    pub fn new(all: Vec<Resource>) -> Self {
        let mut by_address = BTreeMap::new();
        let mut by_output: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, one) in all.iter().enumerate() {
            by_address.insert(one.address.clone(), index);
            let outputs = one.outputs.as_object().into_iter().flat_map(Map::values);
            for text in outputs.filter_map(Value::as_str) {
                by_output.entry(text.to_owned()).or_default().push(index);
            }
        }
        Self { all, by_address, by_output }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.all.iter()
    }

    /// Those of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.all.iter().filter(move |one| one.kind() == kind)
    }

    /// The resource of `kind` that a value refers to or names.
    #[must_use]
    pub fn target(&self, kind: &str, value: &Value) -> Option<&Resource> {
        match value {
            Value::String(text) => {
                let found = self.by_output.get(text)?;
                found.iter().map(|index| &self.all[*index]).find(|one| one.kind() == kind)
            }
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let (address, _) = reference.rsplit_once('.')?;
                    let found = &self.all[*self.by_address.get(address)?];
                    return (found.kind() == kind).then_some(found);
                }
                let parts = map.get("$join")?.as_array()?;
                parts.iter().find_map(|part| self.target(kind, part))
            }
            _ => None,
        }
    }

    /// Whether a value refers to or names that resource.
    pub(crate) fn is(&self, value: &Value, resource: &Resource) -> bool {
        self.target(resource.kind(), value).is_some_and(|one| one.address == resource.address)
    }

    /// Those of a kind one of whose properties refers to or names `resource`.
    pub(crate) fn with<'a>(
        &'a self,
        kind: &'a str,
        property: &'a str,
        resource: &'a Resource,
    ) -> impl Iterator<Item = &'a Resource> {
        self.of(kind).filter(move |one| self.is(one.get(property), resource))
    }

    /// The zones of the subnets that a list refers to or names; `None` where one is not known.
    pub(crate) fn zones(&self, subnets: &[Value]) -> Option<std::collections::BTreeSet<&str>> {
        subnets.iter().map(|one| Some(self.target("ec2.subnet", one)?.text("zone"))).collect()
    }
}
