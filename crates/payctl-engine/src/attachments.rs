//! What others attached to a resource: a function's URL, a key's grant, a route. A stack does not
//! declare it, and it may open what the stack keeps shut.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Address;
use crate::input::references;

/// What is looked for at one resource, and what of it is to go.
#[derive(Debug)]
pub struct Attachments<'a> {
    dependents: &'a [Dependent],
    unwanted: &'a BTreeSet<String>,
    /// What was found, in words.
    found: BTreeSet<String>,
}

/// What the stack has, or had, that refers to the resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependent {
    /// Its address.
    pub address: Address,
    /// Its properties, with references to what is known resolved.
    pub properties: Value,
}

impl<'a> Attachments<'a> {
    /// To find what there is besides `dependents`, and to remove what is unwanted of it.
    #[must_use]
    pub fn new(dependents: &'a [Dependent], unwanted: &'a BTreeSet<String>) -> Self {
        Self { dependents, unwanted, found: BTreeSet::new() }
    }

    /// Whether the stack has one of this kind with these properties. What refers to something that
    /// is not known yet may be any: what might be ours is never taken for others'.
    #[must_use]
    pub fn is_declared(&self, kind: &str, properties: &[(&str, &str)]) -> bool {
        let fits = |one: &Dependent, name: &str, value: &str| {
            let there = &one.properties[name];
            there.as_str() == Some(value) || !references(there).is_empty()
        };
        let mut same = self.dependents.iter().filter(|one| one.address.kind() == kind);
        same.any(|one| properties.iter().all(|(name, value)| fits(one, name, value)))
    }

    /// Whether nothing is to be removed.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        self.unwanted.is_empty()
    }

    /// Notes one that the stack does not have: its sort and which it is. Answers whether it is to
    /// be removed.
    #[must_use]
    pub fn meets(&mut self, sort: &str, which: &str) -> bool {
        let what = format!("{sort} {which}");
        let unwanted = self.unwanted.contains(&what);
        self.found.insert(what);
        unwanted
    }

    /// What was found.
    #[must_use]
    pub fn found(self) -> BTreeSet<String> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Input;

    #[test]
    fn what_might_be_ours_is_never_others() {
        let role = Address::new("iam.role", "main");
        let door = |properties| Dependent { address: Address::new("net.door", "main"), properties };
        let unknown = json!({ "name": Input::<String>::output(&role, "arn"), "side": "out" });
        let doors = [door(json!({ "name": "front", "side": "in" })), door(unknown)];
        let nothing = BTreeSet::new();
        let attachments = Attachments::new(&doors, &nothing);
        assert!(attachments.is_declared("net.door", &[("name", "front"), ("side", "in")]));
        assert!(!attachments.is_declared("net.door", &[("name", "back"), ("side", "in")]));
        assert!(attachments.is_declared("net.door", &[("name", "back"), ("side", "out")]));
        assert!(!attachments.is_declared("net.window", &[("name", "front")]));
    }

    #[test]
    fn only_what_a_plan_showed_is_removed() {
        let unwanted = ["URL https://a".to_owned()].into();
        let mut attachments = Attachments::new(&[], &unwanted);
        assert!(attachments.meets("URL", "https://a"));
        assert!(!attachments.meets("URL", "https://b"));
        let found: Vec<String> = attachments.found().into_iter().collect();
        assert_eq!(found, ["URL https://a", "URL https://b"]);
    }
}
