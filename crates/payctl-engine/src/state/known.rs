//! What a bucket was asked before somebody needs it, and what it is known to hold.
//!
//! While the lock is held nobody else writes below its prefix: what was read under it is not asked
//! for again. One who has lost it without knowing acts on what it knew before, and every write of its
//! own is refused, as the object is not what it was.

use std::collections::BTreeMap;
use std::fmt;

use super::objects::{Asked, Listed, Object, Objects};

/// What is asked and what is known, by key or prefix.
#[derive(Default)]
pub(super) struct Known {
    asked: BTreeMap<String, Asked<Option<Object>>>,
    asked_lists: BTreeMap<String, Asked<Vec<Listed>>>,
    objects: BTreeMap<String, Option<Object>>,
    lists: BTreeMap<String, Vec<Listed>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Known").field(&self.objects.keys()).field(&self.lists.keys()).finish()
    }
}

impl Known {
    /// Asks for an object that will be needed.
    pub(super) fn expect(&mut self, objects: &dyn Objects, key: &str) {
        self.asked.insert(key.to_owned(), objects.get(key));
    }

    /// Asks for a list that will be needed.
    pub(super) fn expect_list(&mut self, objects: &dyn Objects, prefix: &str) {
        self.asked_lists.insert(prefix.to_owned(), objects.list(prefix));
    }

    /// Whether an object was asked for that nobody took yet.
    pub(super) fn expects(&self, key: &str) -> bool {
        self.asked.contains_key(key)
    }

    /// The answer to come, of an object that was asked for.
    pub(super) fn expected(&mut self, key: &str) -> Option<Asked<Option<Object>>> {
        self.asked.remove(key)
    }

    /// The same of a list.
    pub(super) fn expected_list(&mut self, prefix: &str) -> Option<Asked<Vec<Listed>>> {
        self.asked_lists.remove(prefix)
    }

    /// What an object is known to hold; `None` where that is not known.
    pub(super) fn object(&self, key: &str) -> Option<Option<Object>> {
        self.objects.get(key).cloned()
    }

    /// What stands below a prefix, where that is known.
    pub(super) fn listed(&self, prefix: &str) -> Option<Vec<Listed>> {
        self.lists.get(prefix).cloned()
    }

    /// Notes what a list says.
    pub(super) fn note_list(&mut self, prefix: &str, listed: &[Listed]) {
        self.lists.insert(prefix.to_owned(), listed.to_vec());
    }

    /// Notes what an object holds.
    pub(super) fn note(&mut self, key: &str, object: Option<Object>) {
        for (prefix, list) in &mut self.lists {
            if key.starts_with(prefix.as_str()) {
                list.retain(|one| one.key != key);
                if let Some(object) = &object {
                    let size = object.bytes.len() as u64;
                    list.push(Listed { key: key.to_owned(), size });
                    list.sort();
                }
            }
        }
        self.objects.insert(key.to_owned(), object);
    }

    /// Knows nothing more of an object, as nobody knows whether it was written.
    pub(super) fn doubt(&mut self, key: &str) {
        self.objects.remove(key);
        self.lists.retain(|prefix, _| !key.starts_with(prefix.as_str()));
    }
}
