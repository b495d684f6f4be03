//! The JSON Schema of stack documents, for editors, validators and generators.

use std::collections::BTreeSet;

use payctl_aws::{Aws, kinds};
use payctl_engine::schema::Schemas;
use payctl_engine::{KindInfo, Registry};
use payctl_stack::Systems;
use payctl_stack::parts::PARTS;
use serde_json::{Map, Value, json};

use crate::item::{AFTER, WITHOUT};
use crate::{house, parameter};

/// What a text has to have in it for that its pattern does not matter.
const VARIABLE: &str = r"\$\{";

/// The schema of a document of any stack.
#[must_use]
pub fn of_documents(systems: Systems) -> Value {
    let registry = kinds();
    let mut schemas = Schemas::default();
    let mut services: Map<String, Value> = Map::new();
    let mut change = Vec::new();
    for kind in registry.kinds().values() {
        let schema = of_resource(kind, schemas.of(kind));
        let name = kind.kind.split_once('.').map_or(kind.kind, |(_, name)| name);
        let service = services.entry(kind.service()).or_insert_with(
            || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
        );
        service["properties"][name] = json!({
            "type": "object", "description": kind.doc, "additionalProperties": schema,
        });
        change.push(kind.kind);
    }
    let mut parts_of: Map<String, Value> = Map::new();
    for part in PARTS {
        let (name, mut schema) = (part.name, part.schema_in(&mut schemas));
        schema.as_object_mut().and_then(|all| all.remove("title"));
        open(&mut schema);
        let doc = schema["description"].clone();
        parts_of.insert(
            name.to_owned(),
            json!({ "type": "object", "description": doc, "additionalProperties": schema }),
        );
    }
    let mut definitions = schemas.definitions();
    for name in partly_given(&registry, &definitions) {
        definitions.get_mut(&name).and_then(Value::as_object_mut).map(|all| all.remove("required"));
    }
    definitions.values_mut().for_each(open);
    let table = || json!({ "type": "object" });
    let names: Vec<&str> = systems.listed().map(|system| system.name).collect();
    let mut properties = json!({
        "$schema": { "type": "string" },
        "name": {
            "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 24,
            "description": "The stack's name.",
        },
        "description": { "type": "string", "description": "What it is, in a line." },
        "extends": {
            "enum": names,
            "description": "A system of payctl's whose resources, parameters and outputs come along.",
        },
        "parameters": {
            "type": "object", "description": "Values of the parameters of the system that is extended.",
        },
        "parameter": {
            "type": "object", "additionalProperties": parameter::schema(),
            "description": "Parameters of one's own: ${param.NAME} stands for the value.",
        },
        "change": {
            "type": "object", "additionalProperties": table(),
            "description": "Changes of what the system declares, by address.",
        },
        "remove": {
            "type": "array", "items": { "type": "string" }, "uniqueItems": true,
            "description": "Addresses of the system that are left out.",
        },
        "part": {
            "type": "object", "additionalProperties": false, "properties": parts_of,
            "description": "Several resources that belong together, with one table.",
        },
        "outputs": { "type": "object", "description": "What `payctl output` prints." },
    });
    if let Value::Object(properties) = &mut properties {
        properties.extend(services);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "payctl stack document",
        "type": "object",
        "properties": properties,
        "required": ["name"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// The definitions of which a house default gives a part, so that a document need not give all.
fn partly_given(registry: &Registry<Aws>, definitions: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for kind in registry.kinds().values() {
        let schema = payctl_engine::schema::of(kind);
        for (name, default) in house::of(kind.kind).iter().flat_map(|table| &table.0) {
            if default.table().is_some() {
                let text = schema["properties"][&name.name].to_string();
                let named = definitions.keys().filter(|name| text.contains(&format!("/{name}\"")));
                found.extend(named.cloned());
            }
        }
    }
    found
}

/// The schema of a resource of a document: what has a house default need not be there, and a text may
/// have a variable in it.
fn of_resource(kind: &KindInfo, mut schema: Value) -> Value {
    open(&mut schema);
    let defaults = house::of(kind.kind);
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| {
            let name = name.as_str().unwrap_or_default();
            let by_house = defaults.is_some_and(|defaults| defaults.get(name).is_some());
            !by_house && kind.tags != Some(name) && name != "content"
        });
    }
    for name in kind.properties {
        if let Some(default) = house::default_of(kind.kind, name)
            && let Some(Value::Object(property)) =
                schema.get_mut("properties").and_then(|all| all.get_mut(*name))
        {
            let doc = property.get("description").and_then(Value::as_str).unwrap_or_default();
            let doc = format!("{doc}\n\nWhere nothing is said: {default}").trim().to_owned();
            property.insert("description".to_owned(), Value::String(doc));
        }
    }
    let list = json!({ "type": "array", "items": { "type": "string" } });
    schema["properties"][AFTER] = list.clone();
    schema["properties"][WITHOUT] = list;
    schema
}

/// Lets variables stand where values do: alone in place of a number and the like, within a text.
fn open(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    for key in ["properties", "$defs"] {
        if let Some(Value::Object(all)) = object.get_mut(key) {
            all.values_mut().for_each(open);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(below) = object.get_mut(key) {
            open(below);
        }
    }
    for key in ["anyOf", "oneOf", "prefixItems"] {
        if let Some(Value::Array(all)) = object.get_mut(key) {
            all.iter_mut().for_each(open);
        }
    }
    // A struct's fields are all that it takes.
    if object.contains_key("properties") && !object.contains_key("additionalProperties") {
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    let types: Vec<String> = match object.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let is = |name: &str| types.iter().any(|one| one == name);
    let alone = json!({ "type": "string", "pattern": r"^\$\{[^}]+\}$" });
    if let Some(Value::Array(all)) = object.get_mut("oneOf") {
        all.push(alone);
    } else if is("array") {
        let list: Map<String, Value> = std::mem::take(object).into_iter().collect();
        let (about, list): (Map<_, _>, Map<_, _>) =
            list.into_iter().partition(|(key, _)| key == "description" || key == "default");
        object.extend(about);
        object.insert("anyOf".to_owned(), json!([list, alone]));
    } else if is("string") {
        let limited = ["minLength", "maxLength", "enum", "pattern"];
        let limits: Map<String, Value> = limited
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), object.remove(*key)?)))
            .collect();
        if !limits.is_empty() {
            object.insert("anyOf".to_owned(), json!([limits, { "pattern": VARIABLE }]));
        }
    } else if ["integer", "number", "boolean"].into_iter().any(is) {
        let mut value = Map::new();
        for key in ["type", "format", "minimum", "maximum"] {
            value.extend(object.remove(key).map(|of_key| (key.to_owned(), of_key)));
        }
        object.insert("anyOf".to_owned(), json!([value, alone]));
    }
}
