//! What refers to a resource: whoever looks for attachments has to know what of them is ours.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::attachments::Dependent;
use crate::input::resolve;
use crate::state::State;
use crate::{Address, Kinds, Stack};

/// By address, what is declared, was begun or is recorded as referring to it, where it matters.
pub(crate) fn dependents(
    kinds: &Kinds,
    stack: &Stack,
    state: &State,
) -> BTreeMap<Address, Vec<Dependent>> {
    let mut all: BTreeMap<Address, Vec<Dependent>> = BTreeMap::new();
    let matters = |address: &Address| {
        kinds.get(address.kind()).is_some_and(|kind| !kind.attachments.is_empty())
    };
    let mut add = |of: Vec<Address>, address: &Address, properties: &Value| {
        for on in of.into_iter().filter(matters) {
            let properties = resolve(properties, &|reference| {
                let record = state.resources.get(&reference.address)?;
                record.outputs.get(&reference.output).cloned()
            });
            let dependent = Dependent { address: address.clone(), properties };
            all.entry(on).or_default().push(dependent);
        }
    };
    for declared in stack.resources() {
        let on = declared.dependencies().into_keys().collect();
        add(on, &declared.address, &declared.properties);
    }
    for (address, record) in &state.resources {
        add(record.depends_on.iter().cloned().collect(), address, &record.properties);
    }
    for (address, intent) in &state.pending {
        add(intent.depends_on.iter().cloned().collect(), address, &intent.properties);
    }
    all
}
