//! Declares the parts of a document: several resources that belong together, each part with one table.

use std::collections::{BTreeMap, BTreeSet};

use payctl_aws::Architecture;
use payctl_aws::kms::KeyRef;
use payctl_engine::{Handle as _, Reference, Stack};
use payctl_stack::parts::{self, PartContext, PartInfo};
use serde_json::{Value as Json, json};

use crate::declaring::Declaring;
use crate::item::Item;
use crate::problem::{Problem, Problems};
use crate::scope::{PartOutputs, Place, named};
use crate::shape::Shape;
use crate::tree::{Node, Span, Table, Value};

/// Declares the parts, each after those that it refers to.
pub(crate) fn declare(declaring: &mut Declaring<'_>, architecture: Architecture) {
    let items: &[Item] = &declaring.document.parts;
    let places: BTreeMap<String, usize> =
        items.iter().enumerate().map(|(nth, item)| (key(item), nth)).collect();
    declaring.world.parts_there = places.keys().cloned().collect();
    let mut marks = vec![Mark::New; items.len()];
    for nth in 0..items.len() {
        let mut way = Vec::new();
        visit(declaring, architecture, (items, &places), nth, &mut marks, &mut way);
    }
}

/// How references call it, but for `part.`.
fn key(item: &Item) -> String {
    format!("{}:{}", item.what, item.logical)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Begun,
    Done,
}

fn visit(
    declaring: &mut Declaring<'_>,
    architecture: Architecture,
    all: (&[Item], &BTreeMap<String, usize>),
    nth: usize,
    marks: &mut [Mark],
    way: &mut Vec<usize>,
) {
    let (items, places) = all;
    match marks[nth] {
        Mark::Done => return,
        Mark::Begun => {
            let begin = way.iter().position(|one| *one == nth).unwrap_or_default();
            let cycle = way[begin..].iter().chain([&nth]);
            let cycle: Vec<String> =
                cycle.map(|nth| format!("part.{}", key(&items[*nth]))).collect();
            let message = format!("dependency cycle: {}", cycle.join(" → "));
            declaring
                .problem(Problem::new(items[nth].at, message).label("each refers to the next"));
            for nth in &way[begin..] {
                declaring.world.parts.borrow_mut().insert(key(&items[*nth]), None);
            }
            return;
        }
        Mark::New => {}
    }
    marks[nth] = Mark::Begun;
    way.push(nth);
    let mut found = BTreeSet::new();
    named(&items[nth].properties, "part.", &mut found);
    for (path, _) in found {
        let needed = path.rsplit_once('.').and_then(|(part, _)| places.get(part));
        if let Some(needed) = needed {
            visit(declaring, architecture, all, *needed, marks, way);
        }
    }
    way.pop();
    marks[nth] = Mark::Done;
    let outputs = one(declaring, architecture, &items[nth]);
    declaring.world.parts.borrow_mut().insert(key(&items[nth]), outputs);
}

/// Declares what a part is made of.
fn one(declaring: &mut Declaring<'_>, architecture: Architecture, item: &Item) -> PartOutputs {
    let info = parts::named(&item.what)?;
    let before = declaring.typed.len();
    let made = made(declaring, architecture, info, item);
    let given: Vec<Reference> =
        declaring.typed[before..].iter().map(|(_, _, one)| one.clone()).collect();
    if made.is_none() {
        declaring.failed_parts.push((info, item.logical.clone()));
    }
    let (stack, outputs) = made?;
    stack.notes().iter().for_each(|note| declaring.notes.push(note.clone()));
    for declared in stack.resources() {
        // What the account has once may be another part's, or the system's, as well.
        if declared.address.is_shared() && declaring.addresses.contains(&declared.address) {
            continue;
        }
        let Ok(key) = &declaring.world.key else { continue };
        if declared.dependencies().contains_key(key) {
            *declaring.world.asked_for_key.borrow_mut() = true;
        }
    }
    for declared in stack.resources() {
        if declared.address.is_shared() && declaring.addresses.contains(&declared.address) {
            continue;
        }
        declaring.made(item.at, declared);
    }
    // An output of the wrong type is one mistake: where it is given.
    let mut nth = 0;
    declaring.typed.retain(|(_, _, one)| {
        nth += 1;
        nth <= before + given.len() || !given.contains(one)
    });
    Some(outputs)
}

/// What a part makes, and its outputs.
fn made(
    declaring: &mut Declaring<'_>,
    architecture: Architecture,
    info: &PartInfo,
    item: &Item,
) -> Option<(Stack, BTreeMap<String, Node>)> {
    let whose = format!("part.{}.{}", item.what, item.logical);
    let name = declaring.default_name(&item.logical);
    let place = Place { name: Some(&name), logical: Some(&item.logical), own: None };
    let mut problems = Problems::default();
    // How many zones there have to be is known before anything is asked.
    if let Some(node) = item.properties.get("zones").filter(|node| node.text().is_some()) {
        let message = format!("`zones` of {whose} has to be written as a number");
        let why = "it has to be known before anything is asked of AWS";
        problems.push(Problem::new(node.at, message).label(why));
    }
    let mut given = declaring.world.filled_table(&item.properties, &place);
    given.0.retain(|(_, node)| node.value != Value::Null);
    let address = item.address();
    crate::secrets::check(&address, &given, &mut problems);
    let shape = Shape::new(info.schema());
    shape.fit(&mut given, declaring.world.source);
    shape.check(&whose, item.at, &given, &mut problems, &mut declaring.typed);
    let sound = problems.is_empty() && !has_unknown(&given);
    declaring.world.problems.borrow_mut().extend(problems);
    if !sound {
        return None;
    }
    let context = PartContext {
        context: declaring.world.context,
        key: declaring.world.key.clone().map(KeyRef::new),
        architecture,
        section: None,
    };
    let mut stack = Stack::new("", "");
    let given = Json::Object(given.json());
    match info.declare(&given, &mut stack, &context, &item.logical) {
        Ok(outputs) => {
            let node = |value: &Json| Node::of_json(Span::default(), value);
            let outputs = outputs.iter().map(|(name, value)| (name.clone(), node(value)));
            Some((stack, outputs.collect()))
        }
        Err(why) => {
            // Where it speaks of a parameter that is said, it is that.
            let words = why.split('`').skip(1).step_by(2);
            let of = words.filter_map(|word| item.properties.get(word)).next();
            let at = of.map_or(item.at, |node| node.at);
            declaring.problem(Problem::new(at, format!("{whose} {why}")));
            None
        }
    }
}

/// Whether something could not be filled in, of which somebody has been told.
fn has_unknown(table: &Table) -> bool {
    fn unknown(node: &Node) -> bool {
        match &node.value {
            Value::Input(input) => *input == json!(null),
            Value::List(items) => items.iter().any(unknown),
            Value::Table(table) => has_unknown(table),
            _ => false,
        }
    }
    table.0.iter().any(|(_, node)| unknown(node))
}
