//! House defaults: what a resource of a document gets where the document says nothing.
//!
//! They are written as documents are, in `house.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use payctl_engine::Address;

use crate::item::Item;
use crate::read::{self, Format};
use crate::tree::{Span, Table, Value};

const TEXT: &str = include_str!("house.toml");
/// The section of what is added where the stack's key is needed and there is none.
const STACK_KEY: &str = "stack_key";

struct House {
    kinds: BTreeMap<String, Table>,
    stack_key: Vec<(String, String, Table)>,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    // A test holds that it can be read.
    let mut house = House { kinds: BTreeMap::new(), stack_key: Vec::new() };
    for (service, node) in read::read(TEXT, Format::Toml).unwrap_or_default().0 {
        let Value::Table(kinds) = node.value else { continue };
        if service.name == STACK_KEY {
            for (kind, logical, properties) in items(kinds) {
                house.stack_key.push((kind, logical, properties));
            }
            continue;
        }
        for (kind, node) in kinds.0 {
            let Value::Table(properties) = node.value else { continue };
            house.kinds.insert(format!("{}.{}", service.name, kind.name), properties);
        }
    }
    house
});

/// What a table of services has: kind, logical name, properties.
fn items(services: Table) -> Vec<(String, String, Table)> {
    let mut all = Vec::new();
    for (service, node) in services.0 {
        let Value::Table(kinds) = node.value else { continue };
        for (kind, node) in kinds.0 {
            let Value::Table(named) = node.value else { continue };
            for (logical, node) in named.0 {
                let Value::Table(properties) = node.value else { continue };
                all.push((format!("{}.{}", service.name, kind.name), logical.name, properties));
            }
        }
    }
    all
}

/// The defaults of a kind.
pub(crate) fn of(kind: &str) -> Option<&'static Table> {
    HOUSE.kinds.get(kind)
}

/// The address of the key that a stack gets where it needs one and has none.
pub(crate) fn stack_key() -> Address {
    Address::new("kms.key", "stack")
}

/// That key, and what belongs to it, as if it stood at `at`.
pub(crate) fn stack_key_items(at: Span) -> Vec<Item> {
    let items = HOUSE.stack_key.iter().map(|(what, logical, properties)| Item {
        at,
        what: what.clone(),
        logical: logical.clone(),
        properties: properties.placed(at),
    });
    items.collect()
}

/// The kinds that have defaults.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    HOUSE.kinds.keys().map(String::as_str)
}

/// The default of a property, if it has one, as JSON with variables in it.
#[must_use]
pub fn default_of(kind: &str, property: &str) -> Option<String> {
    of(kind)?.get(property).map(ToString::to_string)
}
