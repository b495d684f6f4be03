//! Changes what a system declares: removes resources, and sets, adds and takes away properties.

use std::collections::BTreeSet;

use payctl_engine::{Address, Declared, KindInfo, Stack};
use serde_json::Value as Json;

use crate::declaring::{Declaring, Placed};
use crate::problem::Problem;
use crate::scope::Place;
use crate::shape::Shape;
use crate::tree::{Key, Node, Span, Table, Value};

/// Kinds whose only purpose is to control or to record: to remove one is said in the plan.
const CONTROLS: [&str; 12] = [
    "cloudtrail.trail",
    "cloudwatch.alarm",
    "config.rule",
    "ec2.default_network_acl",
    "ec2.default_security_group",
    "ec2.flow_log",
    "guardduty.detector",
    "secretsmanager.resource_policy",
    "secretsmanager.rotation",
    "wafv2.association",
    "wafv2.logging",
    "wafv2.web_acl",
];
/// Properties that control or record: to change one is said in the plan.
const CONTROLLING: [&str; 26] = [
    "access_log",
    "actions",
    "authorization",
    "block_public",
    "data_events",
    "deletion_protection",
    "desync_mode",
    "egress",
    "encryption",
    "iam_authentication",
    "ingress",
    "inline",
    "kms_key",
    "lifecycle",
    "lock",
    "log_file_validation",
    "logging",
    "point_in_time_recovery",
    "policy",
    "publicly_accessible",
    "readers",
    "retention_days",
    "rotation",
    "ssl_policy",
    "trust",
    "versioning",
];

/// Leaves out what the document removes.
pub(crate) fn remove(declaring: &mut Declaring<'_>, base: &Stack, stack: &mut Stack) {
    let removes = &declaring.document.removes;
    let gone: BTreeSet<&Address> = removes.iter().map(|(_, address)| address).collect();
    for (at, address) in removes {
        if declaring.has(address).is_none() {
            declaring.problem(unknown(declaring, *at, address, base));
            continue;
        }
        let refers = |declared: &&Declared| {
            !gone.contains(&declared.address) && declared.dependencies().contains_key(address)
        };
        let users: Vec<&str> =
            base.resources().iter().filter(refers).map(|one| one.address.as_str()).collect();
        let outputs = base.outputs().iter().filter(|(_, value)| {
            payctl_engine::input::references(value).iter().any(|one| one.address == *address)
        });
        let users: Vec<String> = users
            .into_iter()
            .map(str::to_owned)
            .chain(outputs.map(|(name, _)| format!("the output {name}")))
            .collect();
        if !users.is_empty() {
            let shown = users.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            let more = users.len().saturating_sub(4);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            declaring.problem(
                Problem::new(*at, format!("{address} is still needed by {shown}{more}"))
                    .label("remove or change those as well"),
            );
        }
        if CONTROLS.contains(&address.kind()) {
            stack.note(&format!(
                "{address}, a control of {}, is removed by {}",
                base.name, declaring.document.name
            ));
        }
    }
    declaring.addresses.retain(|address| !gone.contains(address));
    declaring.resources.retain(|placed| !gone.contains(&placed.declared.address));
}

/// What a system answers under a name, a document does not answer otherwise.
pub(crate) fn check_outputs(declaring: &Declaring<'_>, base: &Stack) {
    for (key, _) in &declaring.document.outputs.0 {
        if base.outputs().iter().any(|(name, _)| *name == key.name) {
            let message = format!("{} has an output `{}` already", base.name, key.name);
            declaring.problem(Problem::new(key.at, message).label("call it otherwise"));
        }
    }
}

/// Makes the document's changes.
pub(crate) fn change(declaring: &mut Declaring<'_>, stack: &mut Stack) {
    let document = declaring.document;
    for (at, address, table) in &document.changes {
        let place = declaring.resources.iter().position(|one| one.declared.address == *address);
        let (Some(place), Some(kind)) = (place, declaring.kinds.get(address.kind())) else {
            let all: Vec<&str> =
                declaring.resources.iter().map(|one| one.declared.address.as_str()).collect();
            let name = document.extends.map_or("the system", |system| system.name);
            if document.removes.iter().any(|(_, removed)| removed == address) {
                let message = format!("{address} is removed: there is nothing to change");
                declaring.problem(Problem::new(*at, message));
                continue;
            }
            let problem = Problem::new(*at, format!("{name} has no {address}"));
            let near = crate::nearest(address.as_str(), all);
            declaring.problem(match near {
                Some(near) => problem.label(format!("did you mean `{near}`?")),
                None => problem.hint(format!("`payctl plan --stack {name} -v` shows what it has")),
            });
            continue;
        };
        let kind = kind.clone();
        crate::secrets::check(address, table, &mut declaring.world.problems.borrow_mut());
        let before = declaring.resources.remove(place).declared;
        declaring.addresses.remove(address);
        one(declaring, stack, &kind, (*at, table), before);
    }
}

fn one(
    declaring: &mut Declaring<'_>,
    stack: &mut Stack,
    kind: &KindInfo,
    (at, table): (Span, &Table),
    before: Declared,
) {
    let Declared { address, properties, mut after } = before;
    let mut own = table.clone();
    after.extend(declaring.after(&mut own));
    let without = declaring.without(&mut own, kind, &address);
    let known = match Node::of_json(at, &properties).value {
        Value::Table(known) => known,
        _ => Table::default(),
    };
    let place = Place { name: None, logical: Some(address.name()), own: Some(&known) };
    let own = declaring.world.filled_table(&own, &place);
    let mut merged = known.clone();
    for key in without {
        merged.0.retain(|(name, _)| name.name != key.name);
        weakened(declaring, stack, kind, &address, &key.name);
    }
    for (key, given) in own.0 {
        let Some(old) = known.get(&key.name) else {
            weakened(declaring, stack, kind, &address, &key.name);
            // One that it has not is told by its shape.
            merged.0.retain(|(name, _)| name.name != key.name);
            merged.0.push((key, given));
            continue;
        };
        let new = changed(declaring, kind, &key, old, given);
        if new.json() == old.json() {
            continue;
        }
        if kind.unique_by.contains(&key.name.as_str()) {
            let message = format!("`{}` of {address} cannot be changed", key.name);
            declaring.problem(
                Problem::new(key.at, message)
                    .label("that would rename it, and another resource would take its place"),
            );
            continue;
        }
        weakened(declaring, stack, kind, &address, &key.name);
        if let Some(entry) = merged.0.iter_mut().find(|(name, _)| name.name == key.name) {
            *entry = (key, new);
        }
    }
    // What a system leaves open is null, and not there in a document.
    merged.0.retain(|(_, node)| node.value != Value::Null);
    declaring.place(kind, address, at, merged, after, false);
}

/// The old value of a property as the document changes it.
fn changed(
    declaring: &mut Declaring<'_>,
    kind: &KindInfo,
    key: &Key,
    old: &Node,
    given: Node,
) -> Node {
    let (new, missing) = {
        let shape = declaring.shape(kind);
        let mut missing = Vec::new();
        let schema = shape.property(&key.name);
        (merged(shape, schema, old, given, &mut missing), missing)
    };
    for gone in missing {
        let message = format!("`{}` has no such entry to remove: {gone}", key.name);
        declaring.problem(Problem::new(gone.at, message));
    }
    new
}

/// The same at any depth: tables are merged, unless their form is another with each key; lists are
/// replaced, or added to and taken from. What was to be taken and is not there goes to `missing`.
fn merged(
    shape: &Shape,
    schema: Option<&Json>,
    old: &Node,
    given: Node,
    missing: &mut Vec<Node>,
) -> Node {
    if let (Value::List(items), Some(Changes { add, remove })) = (&old.value, list_changes(&given))
    {
        let is_there = |gone: &Node| items.iter().any(|item| item.json() == gone.json());
        missing.extend(remove.iter().filter(|gone| !is_there(gone)).cloned());
        let removed: Vec<Json> = remove.iter().map(Node::json).collect();
        let kept = items.iter().filter(|item| !removed.contains(&item.json())).cloned();
        return Node::new(given.at, Value::List(kept.chain(add).collect()));
    }
    let (Value::Table(before), Value::Table(own)) = (&old.value, &given.value) else {
        return given;
    };
    let schema = schema.map(|schema| shape.resolve(schema));
    if schema.is_some_and(|schema| schema.get("oneOf").is_some() || schema.get("anyOf").is_some()) {
        return given;
    }
    let mut all = before.clone();
    for (key, given) in &own.0 {
        let below = schema.and_then(|schema| {
            let property = schema.get("properties").and_then(|all| all.get(&key.name));
            property.or_else(|| schema.get("additionalProperties"))
        });
        match all.0.iter_mut().find(|(name, _)| name.name == key.name) {
            Some(entry) => {
                let new = merged(shape, below, &entry.1, given.clone(), missing);
                *entry = (key.clone(), new);
            }
            None => all.0.push((key.clone(), given.clone())),
        }
    }
    Node::new(given.at, Value::Table(all))
}

struct Changes {
    add: Vec<Node>,
    remove: Vec<Node>,
}

/// What is added to a list and taken from it, where a value says that.
fn list_changes(given: &Node) -> Option<Changes> {
    let table = given.table()?;
    let of = |name: &str| table.get(name).and_then(Node::list).unwrap_or_default().to_vec();
    let only = table.names().all(|name| name == "add" || name == "remove");
    (only && !table.0.is_empty()).then(|| Changes { add: of("add"), remove: of("remove") })
}

/// Says in the plan that a control is changed.
fn weakened(
    declaring: &Declaring<'_>,
    stack: &mut Stack,
    kind: &KindInfo,
    address: &Address,
    property: &str,
) {
    if CONTROLLING.contains(&property) || kind.protected_by.contains(&property) {
        let of = declaring.document.extends.map_or("the system", |system| system.name);
        stack.note(&format!(
            "`{property}` of {address}, a control of {of}, is changed by {}",
            declaring.document.name
        ));
    }
}

fn unknown(declaring: &Declaring<'_>, at: Span, address: &Address, base: &Stack) -> Problem {
    let all = declaring.resources.iter().map(|Placed { declared, .. }| declared.address.as_str());
    Problem::new(at, format!("{} has no {address}", base.name)).nearest(address.as_str(), all)
}
