//! Orphans, which were found and are in neither the stack nor the state: nothing tells what one
//! depends on but the ids it carries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::observe::{Observed, Seen, is_orphaned};
use crate::{Address, Kinds, Stack, State};

/// What refers to orphans, and what those refer to.
#[derive(Debug, Default)]
pub(super) struct Orphans<'a> {
    /// What is unknown.
    unknown: BTreeSet<&'a Address>,
    /// What carries which id; empty where nothing is unknown.
    ids: BTreeMap<&'a str, &'a Address>,
}

impl<'a> Orphans<'a> {
    pub(super) fn new(stack: &Stack, state: &State, observed: &'a Observed, kinds: &Kinds) -> Self {
        let unknown: BTreeSet<&Address> = observed
            .resources
            .keys()
            .filter(|address| is_orphaned(stack, state, address))
            .collect();
        if unknown.is_empty() {
            return Self::default();
        }
        let ids = observed.resources.iter().flat_map(|(address, seen)| {
            let names = kinds.get(address.kind()).map_or(&[][..], |kind| kind.identity);
            let ids = seen.all_outputs().flat_map(|one| names.iter().map(|name| one.get(*name)));
            ids.filter_map(move |id| Some((id?.as_str()?, address)))
        });
        Self { unknown, ids: ids.collect() }
    }

    /// Whether there is nothing of that sort.
    pub(super) fn is_empty(&self) -> bool {
        self.unknown.is_empty()
    }

    /// What the thing at `address` refers to, so far as nothing else tells: all where it is unknown
    /// itself, else what is unknown.
    pub(super) fn of(&self, address: &Address, seen: Option<&Seen>) -> BTreeSet<Address> {
        let mut found = BTreeSet::new();
        if let Some(seen) = seen.filter(|_| !self.is_empty()) {
            self.collect(&seen.properties, &mut found);
            found.remove(address);
            if !self.unknown.contains(address) {
                found.retain(|address| self.unknown.contains(address));
            }
        }
        found
    }

    fn collect(&self, value: &Value, found: &mut BTreeSet<Address>) {
        match value {
            Value::String(text) => {
                found.extend(self.ids.get(text.as_str()).map(|address| (*address).clone()));
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, found)),
            Value::Object(map) => map.values().for_each(|item| self.collect(item, found)),
            _ => {}
        }
    }
}
