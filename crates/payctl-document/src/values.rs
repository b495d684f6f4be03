//! The values of parameters, from all places that may give them.
//!
//! The later wins: the default, the document's `[parameters]`, those of the configuration, the
//! process's environment, the command line.

use std::collections::BTreeMap;

use payctl_aws::Architecture;
use payctl_stack::System;
use payctl_stack::config::Config;
use serde_json::Value as Json;

use crate::document::Document;
use crate::parameter::as_toml;
use crate::problem::{Problem, Problems};
use crate::tree::{Node, Span, Value};

/// The values of a document's parameters.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// Those of its own.
    pub(crate) own: BTreeMap<String, Node>,
    /// Those of the system it extends.
    pub(crate) base: Vec<(Span, String, Node)>,
}

/// All that is given.
pub(crate) fn of(document: &Document, config: &Config, problems: &mut Problems) -> Values {
    let begin = Span { start: 0, end: document.source.text.lines().next().map_or(0, str::len) };
    let mut values = Values::default();
    let has = |name: &str| document.parameters.iter().find(|one| one.name == name);
    for (key, node) in &document.given.0 {
        values.base.push((key.at, key.name.clone(), node.clone()));
    }
    let base = document.extends.and_then(|system| section(system, config));
    for parameter in &document.parameters {
        if base.as_ref().is_some_and(|base| base.get(&parameter.name).is_some()) {
            let of = document.extends.map_or("", |system| system.name);
            let message = format!("{of} has a parameter `{}` already", parameter.name);
            problems.push(Problem::new(parameter.at, message).label("call it otherwise"));
        }
        if let Some(default) = &parameter.default {
            values.own.insert(parameter.name.clone(), default.clone());
        }
    }
    let given =
        config.parameters.iter().map(|(name, value)| (name, Node::of_json(begin, value), false));
    let typed = config.typed_parameters.iter().map(|(name, text)| {
        let node = match has(name) {
            Some(parameter) => parameter.typed(text),
            None => as_toml(text),
        };
        (name, node, true)
    });
    for (name, node, by_hand) in given.chain(typed) {
        if let Some(parameter) = has(name) {
            if let Err(why) = parameter.check(&node) {
                let message = format!("the parameter `{name}` {why}");
                problems.push(Problem::new(parameter.at, message).label(parameter.about()));
                values.own.insert(name.clone(), unknown(parameter.at));
                continue;
            }
            values.own.insert(name.clone(), node);
        } else if base.as_ref().is_some_and(|base| base.get(name).is_some()) {
            values.base.push((begin, name.clone(), node));
        } else {
            let own = document.parameters.iter().map(|one| one.name.as_str());
            let of_base = base.iter().filter_map(Json::as_object).flat_map(|all| all.keys());
            let known: Vec<&str> = own.chain(of_base.map(String::as_str)).collect();
            let from = if by_hand { "--set" } else { "[parameters] of the configuration" };
            let message =
                format!("{from} gives `{name}`, which is no parameter of {}", document.name);
            let near = crate::nearest(name, known.iter().copied());
            problems.push(Problem::new(Span::default(), message).hint(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has none".to_owned(),
                None => format!("there are {}", known.join(", ")),
            }));
        }
    }
    for parameter in &document.parameters {
        if !values.own.contains_key(&parameter.name) {
            let name = &parameter.name;
            let message = format!("the parameter `{name}` has no value");
            problems.push(Problem::new(parameter.at, message).label(parameter.about()).hint(format!(
                "give it with --set {name}=VALUE, as PAYCTL_PARAM_{}, or under [parameters] in payctl.toml",
                name.to_uppercase()
            )));
            // One mistake, not one more for each text that names it.
            values.own.insert(name.clone(), unknown(parameter.at));
        }
    }
    values
}

/// A value that is not known, of which somebody has been told.
fn unknown(at: Span) -> Node {
    Node::new(at, Value::Input(Json::Null))
}

/// What the configuration says of a system's parameters.
fn section(system: &System, config: &Config) -> Option<Json> {
    serde_json::to_value(config).ok()?.get(system.name).cloned()
}

/// The configuration with the values that are given for the system that is extended.
pub(crate) fn of_base(
    document: &Document,
    system: &System,
    config: &Config,
    given: &[(Span, String, Node)],
    problems: &mut Problems,
) -> Config {
    let begin = Span { start: 0, end: document.source.text.lines().next().map_or(0, str::len) };
    let Ok(mut all) = serde_json::to_value(config) else { return config.clone() };
    for (at, name, node) in given {
        let Some(section) = all.get_mut(system.name).and_then(Json::as_object_mut) else {
            continue;
        };
        if !section.contains_key(name) {
            let known = section.keys().map(String::as_str);
            let problem = Problem::new(*at, format!("{} has no parameter `{name}`", system.name));
            problems.push(problem.nearest(name, known));
            continue;
        }
        let before = section.insert(name.clone(), node.json());
        // Each by itself, so that each mistake has its place.
        if let Err(error) = serde_json::from_value::<Config>(all.clone()) {
            let message = format!("`{name}` of {}: {error}", system.name);
            problems.push(Problem::new(node_at(*at, node), message));
            if let Some(section) = all.get_mut(system.name).and_then(Json::as_object_mut) {
                section.insert(name.clone(), before.unwrap_or_default());
            }
        }
    }
    let Ok(mut read) = serde_json::from_value::<Config>(all) else { return config.clone() };
    read.keep_unwritten(config);
    if let Err(bad) = read.check() {
        let of = given.iter().find(|(_, name, _)| bad.key == format!("{}.{name}", system.name));
        let at = of.map_or(begin, |(at, _, node)| node_at(*at, node));
        problems.push(Problem::new(at, bad.to_string()));
    }
    read
}

fn node_at(key: Span, node: &Node) -> Span {
    if node.at == Span::default() { key } else { node.at }
}

/// The processors that functions run on where nothing is said and no system is extended.
pub(crate) fn own_architecture(config: &Config) -> Architecture {
    config.architecture_here.unwrap_or(Architecture::X86_64)
}
