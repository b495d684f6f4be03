//! Ownership: the tags that tell whose a resource is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Address;

/// The prefix of every ownership tag.
pub const PREFIX: &str = "payctl:";
const STACK: &str = "payctl:stack";
/// The tag that names the suffix, on everything but what all environments of an account share.
pub const SUFFIX: &str = "payctl:suffix";
const ID: &str = "payctl:id";
/// The tag that names the lineage: one per environment, for all its life.
pub const LINEAGE: &str = "payctl:lineage";
/// On what all environments of an account share, in place of whose it is.
const SHARED: &str = "payctl:shared";
/// How many of its tags payctl sets on a resource at most, besides those that the stack declares.
pub const OWNER_TAGS: usize = 4;

/// The tags of what a resource brings about and its cloud does not give the resource's own tags: of
/// which stack and suffix, and of what they come.
#[must_use]
pub fn tags_of_offspring(stack: &str, suffix: &str, of: &Address) -> BTreeMap<String, String> {
    [(STACK, stack), (SUFFIX, suffix), (ID, of.as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

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
    /// Ours by its lineage, and its other tags were changed; told in words.
    Changed {
        /// How they are now.
        how: String,
        /// What undoes it.
        undo: String,
        /// Whether the resource is left alone where the state forgets it.
        forgettable: bool,
    },
    /// Another stack's, suffix's or lineage's, or, of an age without lineages, another resource's;
    /// told in words.
    Other(String),
}

impl Owner {
    /// The ownership tags of the resource at `address`.
    #[must_use]
    pub fn tags(&self, address: &Address) -> BTreeMap<String, String> {
        if address.is_shared() {
            return [(SHARED, "account"), (ID, address.as_str())]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        }
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
        if address.is_shared() && tag(SHARED).is_some() && tag(ID) == Some(address.as_str()) {
            return Ownership::Ours;
        }
        let (stack, suffix) = match (tag(STACK), tag(SUFFIX)) {
            (None, None) => return Ownership::Nobody,
            (stack, suffix) => (stack.unwrap_or("?"), suffix.unwrap_or("?")),
        };
        if (stack, suffix) != (&self.stack, &self.suffix) {
            if tag(LINEAGE) == Some(&self.lineage) {
                let how = format!(
                    "its tags {STACK} and {SUFFIX} were changed outside payctl, to {stack} and {suffix}"
                );
                let undo = "set them back".to_owned();
                return Ownership::Changed { how, undo, forgettable: true };
            }
            return Ownership::Other(format!("it belongs to stack {stack}, suffix {suffix}"));
        }
        let id = tag(ID).filter(|id| *id != address.as_str());
        match (tag(LINEAGE), id) {
            (Some(lineage), _) if lineage != self.lineage => Ownership::Other(format!(
                "it belongs to another {stack} of suffix {suffix}, with the lineage {lineage}"
            )),
            (_, None) => Ownership::Ours,
            (Some(_), Some(id)) => Ownership::Changed {
                how: format!("its tag {ID} is {id}, which is not its address"),
                undo: format!("set the tag to {address}"),
                // It would be taken for an orphan of the other address, and deleted.
                forgettable: false,
            },
            (None, Some(id)) => Ownership::Other(format!("it is this stack's {id}")),
        }
    }
}

/// The lineage that `tags` name.
#[must_use]
pub fn lineage(tags: &Value) -> Option<&str> {
    tags.get(LINEAGE)?.as_str()
}

/// The stack that `tags` name.
#[must_use]
pub fn stack(tags: &BTreeMap<String, String>) -> Option<&str> {
    tags.get(STACK).map(String::as_str)
}

/// The stack and the suffix that `tags` name.
#[must_use]
pub fn environment(tags: &BTreeMap<String, String>) -> Option<(&str, &str)> {
    Some((tags.get(STACK)?, tags.get(SUFFIX)?))
}

/// The address that `tags` name.
#[must_use]
pub fn address(tags: &BTreeMap<String, String>) -> Option<Address> {
    Address::parse(tags.get(ID)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owner() -> Owner {
        let [stack, suffix, lineage] = ["pci-core", "dev", "one"].map(str::to_owned);
        Owner { stack, suffix, lineage }
    }

    fn vpc() -> Address {
        Address::new("ec2.vpc", "main")
    }

    /// Whose the VPC is when its tags are ours but for these.
    fn whose(changes: &[(&str, Option<&str>)]) -> Ownership {
        let mut tags = owner().tags(&vpc());
        for (name, value) in changes {
            match value {
                Some(value) => tags.insert(format!("{PREFIX}{name}"), (*value).to_owned()),
                None => tags.remove(&format!("{PREFIX}{name}")),
            };
        }
        owner().ownership(&vpc(), &json!(tags))
    }

    #[test]
    fn what_carries_our_tags_is_ours() {
        assert_eq!(whose(&[]), Ownership::Ours);
        // A version that knew no lineage may have made it.
        assert_eq!(whose(&[("lineage", None)]), Ownership::Ours);
        assert_eq!(whose(&[("id", None)]), Ownership::Ours);
    }

    #[test]
    fn what_carries_none_of_our_tags_is_nobodys() {
        assert_eq!(whose(&[("stack", None), ("suffix", None)]), Ownership::Nobody);
        for tags in [json!(null), json!({}), json!({ "Name": "payctl:stack" }), json!([1])] {
            assert_eq!(owner().ownership(&vpc(), &tags), Ownership::Nobody, "{tags}");
        }
    }

    #[test]
    fn one_tag_of_another_makes_it_anothers() {
        let other = "it belongs to another pci-core of suffix dev, with the lineage two";
        assert_eq!(whose(&[("lineage", Some("two"))]), Ownership::Other(other.to_owned()));
        let unknown = whose(&[("id", Some("ec2.vpc:other")), ("lineage", None)]);
        assert_eq!(unknown, Ownership::Other("it is this stack's ec2.vpc:other".to_owned()));
    }

    #[test]
    fn of_one_lineage_other_tags_were_changed() {
        for (change, to) in [
            (("stack", Some("payroll")), "payroll and dev"),
            (("suffix", Some("prod")), "pci-core and prod"),
            (("suffix", None), "pci-core and ?"),
        ] {
            let Ownership::Changed { how, .. } = whose(&[change]) else { panic!("{change:?}") };
            assert!(how.ends_with(to), "{how}");
            let theirs = whose(&[change, ("lineage", Some("two"))]);
            assert!(matches!(theirs, Ownership::Other(_)), "{theirs:?}");
        }
        let moved = whose(&[("id", Some("ec2.vpc:other"))]);
        let how = "its tag payctl:id is ec2.vpc:other, which is not its address".to_owned();
        let undo = "set the tag to ec2.vpc:main".to_owned();
        assert_eq!(moved, Ownership::Changed { how, undo, forgettable: false });
    }

    #[test]
    fn what_is_shared_is_every_environments() {
        let role = Address::new("iam.role", "account/logs");
        let other = Owner { suffix: "other".to_owned(), lineage: "two".to_owned(), ..owner() };
        let tags = json!(other.tags(&role));
        assert_eq!(owner().ownership(&role, &tags), Ownership::Ours);
        assert_eq!(owner().ownership(&role, &json!({})), Ownership::Nobody);
        assert_eq!(owner().ownership(&vpc(), &tags), Ownership::Nobody);
        let theirs = json!(other.tags(&vpc()));
        assert!(matches!(owner().ownership(&role, &theirs), Ownership::Other(_)));
    }

    #[test]
    fn a_tag_that_is_no_text_is_not_ours() {
        let tags = json!({ "payctl:stack": "pci-core", "payctl:suffix": 1 });
        assert!(matches!(owner().ownership(&vpc(), &tags), Ownership::Other(_)));
    }

    #[test]
    fn tags_say_which_resource_of_which_lineage() {
        let tags = owner().tags(&vpc());
        assert_eq!(address(&tags), Some(vpc()));
        assert_eq!(lineage(&json!(tags)), Some("one"));
        assert!(tags.keys().all(|name| name.starts_with(PREFIX)));
        let found = |(name, value): (&str, &str)| tags.get(name).is_some_and(|tag| tag == value);
        assert!(owner().search().into_iter().all(found));
        assert_eq!(address(&[(ID.to_owned(), "no address".to_owned())].into()), None);
        assert_eq!(lineage(&json!({})), None);
    }
}
