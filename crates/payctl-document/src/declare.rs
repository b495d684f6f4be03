//! Declares a document in an environment: what it extends, its parts and its resources.

use std::cell::RefCell;
use std::collections::BTreeSet;

use payctl_engine::{Declared, Kinds, Stack};
use payctl_stack::Context;
use payctl_stack::config::Config;

use crate::declaring::{Declaring, Placed};
use crate::document::Document;
use crate::problem::Problems;
use crate::scope::{Place, World};
use crate::tree::Span;
use crate::{assemble, extend, house, secrets, values};

/// Declares `document` in `context`, with all that is wrong with it.
pub(crate) fn declare(
    document: &Document,
    kinds: &Kinds,
    context: &Context<'_>,
    config: &Config,
) -> (Stack, Problems) {
    let mut problems = Problems::default();
    let values = values::of(document, config, &mut problems);
    let base = document.extends.map(|system| {
        let config = values::of_base(document, system, config, &values.base, &mut problems);
        (system.declare(context, &config), system.architecture(&config))
    });
    let (base, architecture) = base.unzip();
    let architecture = architecture.unwrap_or_else(|| values::own_architecture(config));
    let processors = architecture.to_string();
    let world = World {
        context,
        stack: &document.name,
        architecture: &processors,
        parameters: &values.own,
        key: Ok(house::stack_key()),
        references: RefCell::default(),
        asked_for_key: RefCell::default(),
        problems: RefCell::new(problems),
        parts: RefCell::default(),
        parts_there: BTreeSet::new(),
        source: &document.source.text,
    };
    let mut declaring = Declaring::new(document, kinds, world);
    let mut stack = Stack::new(&document.name, context.suffix.as_str());
    if let Some(base) = &base {
        let here = |declared: &Declared| Placed {
            at: Span::default(),
            declared: declared.clone(),
            is_own: false,
        };
        declaring.addresses = base.resources().iter().map(|one| one.address.clone()).collect();
        declaring.resources = base.resources().iter().map(here).collect();
        base.notes().iter().for_each(|note| stack.note(note));
        extend::remove(&mut declaring, base, &mut stack);
    }
    declaring.choose_key();
    assemble::declare(&mut declaring, architecture);
    declaring.notes.iter().for_each(|note| stack.note(note));
    if base.is_some() {
        extend::change(&mut declaring, &mut stack);
    }
    for item in &document.resources {
        declaring.resource(item);
    }
    let asked = *declaring.world.asked_for_key.borrow();
    let is_new = declaring.world.key.as_ref() == Ok(&house::stack_key());
    if asked && is_new && !declaring.addresses.contains(&house::stack_key()) {
        let at =
            document.resources.first().or(document.parts.first()).map_or(Span::default(), |i| i.at);
        for item in house::stack_key_items(at) {
            declaring.resource(&item);
        }
    }
    let outputs = declaring.world.filled_table(&document.outputs, &Place::default());
    secrets::check_plain(document, &outputs, &mut declaring.world.problems.borrow_mut());
    if let Some(base) = &base {
        extend::check_outputs(&declaring, base);
    }
    declaring.fill_contents();
    declaring.check_references();
    declaring.check_names();
    declaring.finish(&mut stack, base.as_ref(), &outputs);
    let problems = declaring.world.problems.into_inner();
    (stack, problems)
}
