//! Declares a document in an environment: what it extends, its parts and its resources.

use std::cell::RefCell;

use payctl_engine::{Address, Declared, Kinds, Stack};
use payctl_stack::Context;
use payctl_stack::config::Config;
use serde_json::Value as Json;

use crate::declaring::{Declaring, Placed};
use crate::document::Document;
use crate::item::Item;
use crate::problem::{Problem, Problems};
use crate::scope::{Place, World};
use crate::tree::{Node, Span, Table, Value};
use crate::{extend, house, parts, secrets, values};

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
    let architecture = architecture.unwrap_or_else(|| values::own_architecture(config)).to_string();
    let world = World {
        context,
        stack: &document.name,
        architecture: &architecture,
        parameters: &values.own,
        key: Ok(house::stack_key()),
        references: RefCell::default(),
        asked_for_key: RefCell::default(),
        problems: RefCell::new(problems),
        source: &document.source.text,
    };
    let mut declaring = Declaring::new(document, kinds, world);
    let mut stack = Stack::new(&document.name, context.suffix.as_str());
    if let Some(base) = &base {
        let here = |declared: &Declared| Placed {
            at: Span::default(),
            declared: declared.clone(),
            table: None,
        };
        declaring.addresses = base.resources().iter().map(|one| one.address.clone()).collect();
        declaring.resources = base.resources().iter().map(here).collect();
        base.notes().iter().for_each(|note| stack.note(note));
        extend::remove(&mut declaring, base, &mut stack);
    }
    declaring.choose_key();
    if base.is_some() {
        extend::change(&mut declaring, &mut stack);
    }
    for part in &document.parts {
        self::part(&mut declaring, part);
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

/// Declares what a part is made of.
fn part(declaring: &mut Declaring<'_>, item: &Item) {
    let Some(known) = parts::named(&item.what) else { return };
    let whose = format!("part.{}.{}", item.what, item.logical);
    let address = Address::new("part", &item.logical);
    let name = declaring.default_name(&item.logical);
    let place = Place { name: Some(&name), logical: Some(&item.logical), own: None };
    let mut given = declaring.world.filled_table(&item.properties, &place);
    secrets::check(&address, &given, &mut declaring.world.problems.borrow_mut());
    let mut problems = Problems::default();
    let typed = &mut declaring.typed;
    let shape = known.shape();
    shape.fit(&mut given, declaring.world.source);
    shape.check(&whose, item.at, &given, &mut problems, typed);
    if !problems.is_empty() {
        declaring.world.problems.borrow_mut().extend(problems);
        declaring.failed_parts.push(item.logical.clone());
        return;
    }
    // What is filled in already is not filled in once more.
    let given = Json::Object(Table::escaped(&given).json());
    let made = match known.resources(&given, &item.logical) {
        Ok(made) => made,
        Err(why) => {
            declaring.problem(Problem::new(item.at, format!("{whose} {why}")));
            declaring.failed_parts.push(item.logical.clone());
            return;
        }
    };
    for (kind, logical, properties) in made {
        let properties = match Node::of_json(item.at, &properties).value {
            Value::Table(properties) => properties,
            _ => Table::default(),
        };
        declaring.resource(&Item {
            at: item.at,
            what: kind.to_owned(),
            logical,
            properties,
            is_of_part: true,
        });
    }
}
