//! A kind for people: what can be declared of it, what it is known by, and what its calls are.

use std::fmt::Write as _;

use payctl_engine::{KindInfo, Property, Repeat};
use serde_json::{Map, Value};

use super::text::wrapped;
use super::{BOLD, DIM, paint, width};

/// The units that a property's name may end with.
const UNITS: [(&str, &str); 9] = [
    ("_s", "seconds"),
    ("_ms", "milliseconds"),
    ("_days", "days"),
    ("_minutes", "minutes"),
    ("_bytes", "bytes"),
    ("_mb", "MiB"),
    ("_gb", "GiB"),
    ("_percent", "percent"),
    ("_acu", "Aurora capacity units"),
];

/// How long a default may be to be shown among others.
pub(super) const LONGEST_DEFAULT: usize = 60;

/// Everything that a kind says of itself.
pub(crate) fn kind(kind: &KindInfo) -> String {
    let schema = payctl_engine::schema::of(kind);
    let mut text = format!("{}\n{}\n", paint(BOLD, kind.kind), wrapped("", 0, kind.doc, columns()));
    let _ = write!(text, "\n{}\n", paint(DIM, "Properties"));
    for property in kind.details {
        text += &entry(kind, property, &schema);
    }
    let _ = write!(text, "\n{}\n", paint(DIM, "Outputs"));
    for (name, ty) in kind.outputs {
        let stable = match kind.stable_outputs.contains(name) {
            true => " · a replacement has the same",
            false => "",
        };
        let _ = writeln!(text, "  {name}: {ty}{stable}");
    }
    let _ = write!(text, "\n{}\n", paint(DIM, "Behaviour"));
    for line in behaviour(kind) {
        let _ = writeln!(text, "{}", wrapped("  ", 4, &line, columns()));
    }
    let _ = write!(text, "\n{}\n", paint(DIM, "Actions"));
    for (verb, actions) in actions(kind) {
        let _ = writeln!(text, "{}", wrapped(&format!("  {verb}: "), 4, &actions, columns()));
    }
    text
}

/// What a kind says of one of its properties.
pub(crate) fn property(kind: &KindInfo, property: &Property) -> String {
    let schema = payctl_engine::schema::of(kind);
    let mut text = format!("{}\n", paint(BOLD, format!("{}.{}", kind.kind, property.name)));
    text += &entry(kind, property, &schema);
    if let Some(default) = payctl_document::house::default_of(kind.kind, property.name)
        .filter(|default| default.len() > LONGEST_DEFAULT)
    {
        let _ = write!(
            text,
            "\n{}\n{}\n",
            paint(DIM, "Where a document says nothing"),
            pretty(&default)
        );
    }
    let parts = parts(&schema["properties"][property.name], &schema);
    for (name, of_part) in parts {
        let _ = writeln!(text, "\n{}", paint(DIM, name));
        for line in members(of_part, &schema) {
            let _ = writeln!(text, "{}", wrapped("  ", 6, &line, columns()));
        }
    }
    text
}

/// JSON in lines.
fn pretty(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    let lines =
        value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_default();
    lines.lines().map(|line| format!("  {line}\n")).collect::<String>().trim_end().to_owned()
}

/// The kind as a section of a page.
pub(crate) fn markdown(kind: &KindInfo) -> String {
    let schema = payctl_engine::schema::of(kind);
    let mut text = format!("## {}\n\n{}\n\n", kind.kind, kind.doc);
    text += "| property | type | takes | what it is |\n|---|---|---|---|\n";
    for property in kind.details {
        let of_property = &schema["properties"][property.name];
        let takes = takes(kind, property).join("; ").replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{}` | {} | {takes} | {} |",
            property.name,
            words(of_property, &schema, property.name).replace('|', "\\|"),
            property.doc.replace('\n', " ").replace('|', "\\|"),
        );
    }
    for (name, of_part) in all_parts(kind, &schema) {
        let _ = write!(text, "\n`{name}`: {}\n\n", said(of_part));
        for line in members(of_part, &schema) {
            let _ = writeln!(text, "- {line}");
        }
    }
    let outputs: Vec<String> = kind.outputs.iter().map(|(name, _)| format!("`{name}`")).collect();
    let _ = write!(text, "\nOutputs: {}.\n\n", outputs.join(", "));
    for line in behaviour(kind) {
        let _ = writeln!(text, "- {line}");
    }
    for (verb, actions) in actions(kind) {
        let _ = writeln!(text, "- {verb}: {actions}");
    }
    text
}

/// A property's line, and what it is below.
fn entry(kind: &KindInfo, property: &Property, schema: &Value) -> String {
    let of_property = &schema["properties"][property.name];
    let mut head = vec![words(of_property, schema, property.name)];
    head.extend(takes(kind, property));
    let begin = format!("  {}: ", property.name);
    let mut text = wrapped(&begin, 6, &head.join(" · "), columns()) + "\n";
    for paragraph in property.doc.split("\n\n").filter(|text| !text.is_empty()) {
        text += &(wrapped("      ", 6, paragraph, columns()) + "\n");
    }
    text
}

/// What a property takes, and what its change does.
fn takes(kind: &KindInfo, property: &Property) -> Vec<String> {
    let mut all = Vec::new();
    let by_house = payctl_document::house::default_of(kind.kind, property.name);
    match property.default.map(|default| default()) {
        _ if by_house.is_some() => {}
        None if kind.tags == Some(property.name) => {
            all.push("payctl's, and those that are declared".to_owned());
        }
        None => all.push("required".to_owned()),
        Some(Value::Null) => all.push("may be left out".to_owned()),
        Some(default) => all.push(format!("{default} where it is left out")),
    }
    if let Some(default) = by_house {
        // A policy is shown where one asks for it.
        all.push(match default.len() > LONGEST_DEFAULT {
            true => "a document need not say it".to_owned(),
            false => format!("{default} where a document says nothing"),
        });
    }
    if !property.constraint.is_nothing() {
        let source = property.source.map(|source| format!(" ({source})")).unwrap_or_default();
        all.push(format!("{}{source}", property.constraint));
    }
    if kind.replaced_by.contains(&property.name) {
        all.push("a change replaces it".to_owned());
    }
    if let Some(why) = property.unread {
        all.push(format!("not read back: {why}"));
    }
    all
}

/// How it is made, found, replaced and deleted.
fn behaviour(kind: &KindInfo) -> Vec<String> {
    let list = |names: &[&str]| names.join(", ");
    let mut all = Vec::new();
    all.push(match (kind.tags, kind.belongs_to) {
        (Some(_), _) => "It carries tags, those of ownership included.".to_owned(),
        (None, Some(parent)) => format!("It has no tags, and belongs to its `{parent}`."),
        (None, None) => "It has no tags, and is the account's.".to_owned(),
    });
    match kind.unique_by {
        [] => all.push(
            "Several can stand side by side: it is found by its tags, and a replacement is made \
             before the old one goes."
                .to_owned(),
        ),
        names => all.push(format!(
            "There is one of the same {}: it is found by that, and a replacement comes after the \
             old one went.",
            list(names)
        )),
    }
    all.push(format!(
        "A create call that got no answer is safe to repeat: {}.",
        match kind.repeat {
            Repeat::Token => "it carries a token",
            Repeat::Unique => "a second one is refused, or changes nothing",
            Repeat::Search => "what it may have made is looked for first",
        }
    ));
    if kind.keeps_data {
        all.push("It keeps data: its deletion and replacement are asked for.".to_owned());
    }
    if !kind.protected_by.is_empty() {
        all.push(format!("Protected against deletion by: {}.", list(kind.protected_by)));
    }
    if !kind.holds.is_empty() {
        all.push(format!("Keeps from being deleted what it names as: {}.", list(kind.holds)));
    }
    if !kind.attachments.is_empty() {
        all.push(format!("Looked for besides: {}.", list(kind.attachments)));
    }
    let typical = kind.typical;
    all.push(format!(
        "Takes about {} s to be made, {} s more until it can be used, {} s to be deleted.",
        typical.created, typical.ready, typical.deleted
    ));
    all
}

/// The actions of each verb.
fn actions(kind: &KindInfo) -> Vec<(&'static str, String)> {
    let access = kind.access;
    [
        ("look", access.look),
        ("create", access.create),
        ("change", access.change),
        ("delete", access.delete),
    ]
    .into_iter()
    .filter(|(_, actions)| !actions.is_empty())
    .map(|(verb, actions)| (verb, actions.join(", ")))
    .collect()
}

/// A type in words.
pub(super) fn words(schema: &Value, root: &Value, name: &str) -> String {
    let resolved = resolve(schema, root);
    if let Some(reference) = schema["$ref"].as_str()
        && resolved["type"] != "string"
        && resolved["anyOf"].is_null()
    {
        return format!("`{}`", reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(choices) = resolved["anyOf"].as_array() {
        let choices: Vec<String> = choices
            .iter()
            .filter(|one| one["type"] != "null")
            .map(|one| words(one, root, name))
            .collect();
        return choices.join(" or ");
    }
    let sort = match &resolved["type"] {
        Value::String(sort) => sort.as_str(),
        Value::Array(sorts) => {
            sorts.iter().filter_map(Value::as_str).find(|sort| *sort != "null").unwrap_or_default()
        }
        _ => "",
    };
    let unit = UNITS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, unit)| *unit);
    match (sort, unit) {
        ("integer", Some(unit)) => format!("whole number of {unit}"),
        ("integer", None) => "whole number".to_owned(),
        ("number", _) => "number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) => format!("list of {}", words(&resolved["items"], root, name)),
        ("string", _) => match schema["$ref"].as_str().and_then(|text| text.rsplit('/').next()) {
            Some(id) => format!("text ({id})"),
            None => "text".to_owned(),
        },
        ("object", _) if resolved["additionalProperties"].is_object() => {
            format!("table of {}", words(&resolved["additionalProperties"], root, name))
        }
        ("object", _) => "table".to_owned(),
        _ => "anything".to_owned(),
    }
}

/// The structures that a kind's properties are made of, by name.
fn all_parts<'s>(kind: &KindInfo, root: &'s Value) -> Vec<(&'s str, &'s Value)> {
    let of_all = kind.properties.iter();
    let mut all: Vec<_> = of_all.flat_map(|name| parts(&root["properties"][*name], root)).collect();
    all.sort_by_key(|(name, _)| *name);
    all.dedup_by_key(|(name, _)| *name);
    all
}

/// The structures that a schema is made of, by name: those that are no plain texts.
pub(super) fn parts<'s>(schema: &Value, root: &'s Value) -> Vec<(&'s str, &'s Value)> {
    let mut found: Vec<(&str, &Value)> = Vec::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(name) = map.get("$ref").and_then(Value::as_str)
                    && let Some((name, part)) = root["$defs"].as_object().and_then(|all| {
                        all.get_key_value(name.rsplit('/').next().unwrap_or_default())
                    })
                    && part["type"] != "string"
                    && found.iter().all(|(known, _)| *known != name)
                {
                    found.push((name, part));
                    open.push(part);
                }
                open.extend(map.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    // Of a document of any form there is nothing to say.
    found.retain(|(_, part)| part["properties"].is_object() || part["oneOf"].is_array());
    found.reverse();
    found
}

/// A structure's members, or the choices that there are.
pub(super) fn members(part: &Value, root: &Value) -> Vec<String> {
    let with = |name: String, about: String| match about.is_empty() {
        true => name,
        false => format!("{name}: {about}"),
    };
    let named = |properties: &Map<String, Value>| -> Vec<(String, String)> {
        let each = properties.iter().map(|(name, of_member)| {
            (format!("{name} = {}", words(of_member, root, name)), said(of_member))
        });
        each.collect()
    };
    let mut all = Vec::new();
    if let Some(properties) = part["properties"].as_object() {
        all.extend(named(properties).into_iter().map(|(name, about)| with(name, about)));
    }
    for choice in part["oneOf"].as_array().into_iter().flatten() {
        let names: Vec<String> = match (&choice["const"], choice["properties"].as_object()) {
            (Value::String(word), _) => vec![format!("{word:?}")],
            (_, Some(properties)) => named(properties).into_iter().map(|(name, _)| name).collect(),
            _ => choice["enum"].as_array().into_iter().flatten().map(Value::to_string).collect(),
        };
        all.push(with(names.join(", "), said(choice)));
    }
    all
}

pub(super) fn said(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

fn resolve<'v>(schema: &'v Value, root: &'v Value) -> &'v Value {
    match schema["$ref"].as_str().and_then(|text| text.rsplit('/').next()) {
        Some(name) => &root["$defs"][name],
        None => schema,
    }
}

/// Lines longer than this are not read with pleasure.
pub(super) fn columns() -> usize {
    width().min(100)
}
