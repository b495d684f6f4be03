//! Ownership: the tags that tell whose a resource is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Address;

/// The prefix of every ownership tag.
pub const PREFIX: &str = "payctl:";
const STACK: &str = "payctl:stack";
const SUFFIX: &str = "payctl:suffix";
const ID: &str = "payctl:id";
const LINEAGE: &str = "payctl:lineage";

/// Whose resources they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The stack's name, such as `pci-core`.
    pub stack: String,
    /// The environment's suffix, such as `dev`.
    pub suffix: String,
    /// The state's lineage: one per environment, for all its life.
    pub lineage: String,
}

/// What a resource's tags say about its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// This very resource of this stack.
    Ours,
    /// It carries no ownership tag.
    Nobody,
    /// Another stack's, suffix's, lineage's or another resource's of ours; told in words.
    Other(String),
}

impl Owner {
    /// The ownership tags of the resource at `address`.
    #[must_use]
    pub fn tags(&self, address: &Address) -> BTreeMap<String, String> {
        [
            (STACK, self.stack.as_str()),
            (SUFFIX, self.suffix.as_str()),
            (ID, address.as_str()),
            (LINEAGE, self.lineage.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The tags that every resource of this stack and suffix carries, for looking them up.
    #[must_use]
    pub fn search(&self) -> [(&'static str, &str); 2] {
        [(STACK, &self.stack), (SUFFIX, &self.suffix)]
    }

    /// What the `tags` of the resource declared at `address` say.
    #[must_use]
    pub fn ownership(&self, address: &Address, tags: &Value) -> Ownership {
        let tag = |name| tags.get(name).and_then(Value::as_str);
        let (stack, suffix) = match (tag(STACK), tag(SUFFIX)) {
            (None, None) => return Ownership::Nobody,
            (stack, suffix) => (stack.unwrap_or("?"), suffix.unwrap_or("?")),
        };
        if (stack, suffix) != (&self.stack, &self.suffix) {
            return Ownership::Other(format!("it belongs to stack {stack}, suffix {suffix}"));
        }
        match tag(LINEAGE) {
            Some(lineage) if lineage != self.lineage => Ownership::Other(format!(
                "it belongs to another {stack} of suffix {suffix}, with the lineage {lineage}"
            )),
            _ => match tag(ID) {
                Some(id) if id != address.as_str() => {
                    Ownership::Other(format!("it is this stack's {id}"))
                }
                _ => Ownership::Ours,
            },
        }
    }
}

/// The lineage that `tags` name.
#[must_use]
pub fn lineage(tags: &Value) -> Option<&str> {
    tags.get(LINEAGE)?.as_str()
}

/// The address that `tags` name.
#[must_use]
pub fn address(tags: &BTreeMap<String, String>) -> Option<Address> {
    Address::parse(tags.get(ID)?).ok()
}
