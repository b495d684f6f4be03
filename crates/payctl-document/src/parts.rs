//! Parts of documents, as they are written: what there is of them before anything is declared.

use std::collections::BTreeSet;

use payctl_aws::Lookup;
use payctl_stack::parts::{self, PARTS};
use serde_json::Value as Json;

use crate::item::Item;
use crate::tree::Node;

/// What parts are called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PARTS.into_iter().map(|part| part.name)
}

/// The handlers that a part names, and zips as `zip:PATH`.
pub(crate) fn handlers(item: &Item) -> impl Iterator<Item = String> {
    let text = |name: &str| item.properties.get(name).and_then(Node::text).map(str::to_owned);
    text("handler").into_iter().chain(text("zip").map(|path| format!("zip:{path}")))
}

/// How many zones the part is spread over.
pub(crate) fn zones(item: &Item) -> usize {
    let given = Json::Object(item.properties.json());
    parts::named(&item.what).map_or(0, |part| (part.zones)(&given))
}

/// What is to be asked of an account for the parts, each once.
pub(crate) fn lookups(items: &[Item]) -> Vec<Lookup> {
    let mut seen = BTreeSet::new();
    let of = |item: &Item| parts::named(&item.what).map(|part| (part.lookups)());
    let all = items.iter().filter_map(of).flatten();
    all.filter(|lookup| seen.insert(lookup.name())).collect()
}
