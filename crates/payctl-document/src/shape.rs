//! Holds values against a JSON Schema as schemars writes it, and says what is wrong where.
//!
//! A validator of any schema would say that a value fits none of four alternatives; whoever wrote it
//! has to be told which word was meant. What schemars makes of our types is little: objects, maps,
//! lists, tuples, `anyOf` with null, and `oneOf` of words and tables with one key.

use std::collections::HashSet;

use payctl_engine::input::MAY_REFER;
use payctl_engine::{Constraint, KindInfo, Property, Reference};
use serde_json::{Map, Value as Json};

use crate::problem::{Problem, Problems};
use crate::tree::{Node, Span, Table, Value};

/// A schema with the definitions it refers to.
#[derive(Debug)]
pub(crate) struct Shape {
    schema: Json,
    /// What is known of the outermost properties besides.
    details: &'static [Property],
}

impl Shape {
    pub(crate) fn of(kind: &KindInfo) -> Self {
        Self { schema: payctl_engine::schema::of(kind), details: kind.details }
    }

    pub(crate) fn new(schema: Json) -> Self {
        Self { schema, details: &[] }
    }

    /// Makes texts of numbers and the like that a variable stands for where a text is taken.
    pub(crate) fn fit(&self, table: &mut Table, source: &str) {
        self.fit_table(&self.schema, table, source);
    }

    fn fit_table(&self, schema: &Json, table: &mut Table, source: &str) {
        for (key, node) in &mut table.0 {
            let property = schema.get("properties").and_then(|all| all.get(&key.name));
            if let Some(schema) = property.or_else(|| schema.get("additionalProperties")) {
                self.fit_value(schema, node, source);
            }
        }
    }

    fn fit_value(&self, schema: &Json, node: &mut Node, source: &str) {
        let (schema, _) = self.resolved(schema);
        match &mut node.value {
            Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
                let written = source.get(node.at.start..node.at.end).unwrap_or_default();
                let in_quotes = written.starts_with(['"', '\'']);
                if in_quotes && schema.get("type").and_then(Json::as_str) == Some("string") {
                    node.value = Value::Text(node.to_string());
                }
            }
            Value::List(items) => {
                if let Some(schema) = schema.get("items") {
                    items.iter_mut().for_each(|item| self.fit_value(schema, item, source));
                }
            }
            Value::Table(table) => self.fit_table(schema, table, source),
            _ => {}
        }
    }

    /// What is wrong with the properties of `whose`, which stand at `at`.
    /// Outputs that stand for texts whose type has a name go to `typed`.
    pub(crate) fn check(
        &self,
        whose: &str,
        at: Span,
        given: &Table,
        problems: &mut Problems,
        typed: &mut Vec<(Span, String, Reference)>,
    ) {
        let mut check = Check { shape: self, whose, problems, typed };
        check.object(&self.schema, at, given, "");
    }

    /// `given` with the defaults that it does not have. What is a table in both is merged, unless its
    /// form is another with each key, or free; `free` are defaults that are not wanted.
    pub(crate) fn merged(&self, defaults: Table, mut given: Table, free: &[&str]) -> Table {
        for (key, default) in defaults.0 {
            if free.contains(&key.name.as_str()) {
                continue;
            }
            let property = self.schema.get("properties").and_then(|all| all.get(&key.name));
            let place = given.0.iter().position(|(own, _)| own.name == key.name);
            match (place, property) {
                (None, _) => given.0.push((key, default)),
                (Some(place), Some(property)) => {
                    let own = &mut given.0[place].1;
                    *own = self.merged_value(property, &default, own.clone());
                }
                (Some(_), None) => {}
            }
        }
        given
    }

    /// The same for one value.
    pub(crate) fn merged_value(&self, schema: &Json, default: &Node, given: Node) -> Node {
        let (Value::Table(defaults), Value::Table(own)) = (&default.value, &given.value) else {
            return given;
        };
        let (schema, _) = self.resolved(schema);
        let properties = schema.get("properties");
        // Of a map, only one whose entries have a type: policies and the like are one whole.
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        if properties.is_none() && others.is_none() {
            return given;
        }
        let mut all = own.0.clone();
        for (key, default) in &defaults.0 {
            let below = properties.and_then(|all| all.get(&key.name)).or(others);
            match (all.iter().position(|(own, _)| own.name == key.name), below) {
                (None, _) => all.push((key.clone(), default.clone())),
                (Some(place), Some(below)) => {
                    let own = &mut all[place].1;
                    *own = self.merged_value(below, default, own.clone());
                }
                (Some(_), None) => {}
            }
        }
        Node::new(given.at, Value::Table(Table(all)))
    }

    /// What a schema is once references are followed and null is left out.
    pub(crate) fn resolve<'s>(&'s self, schema: &'s Json) -> &'s Json {
        self.resolved(schema).0
    }

    /// The schema of a property.
    pub(crate) fn property(&self, name: &str) -> Option<&Json> {
        self.schema.get("properties")?.get(name)
    }

    /// What `schema` is once references are followed and null is left out, and its name.
    fn resolved<'s>(&'s self, schema: &'s Json) -> (&'s Json, Option<&'s str>) {
        let mut name = None;
        let mut schema = schema;
        loop {
            if let Some(path) = schema.get("$ref").and_then(Json::as_str) {
                let defined = path.trim_start_matches("#/$defs/");
                name = Some(defined);
                match self.schema.get("$defs").and_then(|all| all.get(defined)) {
                    Some(next) => schema = next,
                    None => return (schema, name),
                }
                continue;
            }
            let some = schema.get("anyOf").and_then(Json::as_array);
            let some = some.map(|all| all.iter().filter(|one| !is_null(one)).collect::<Vec<_>>());
            match some.as_deref() {
                Some([one]) => schema = one,
                _ => return (schema, name),
            }
        }
    }
}

fn is_null(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("null")
}

/// Whether null fits.
fn takes_null(schema: &Json) -> bool {
    let some = |name: &str| schema.get(name).and_then(Json::as_array);
    let in_type = some("type").is_some_and(|all| all.iter().any(|one| one == "null"));
    in_type
        || is_null(schema)
        || schema.is_boolean()
        || schema.as_object().is_some_and(Map::is_empty)
        || some("enum").is_some_and(|all| all.contains(&Json::Null))
        || some("anyOf").is_some_and(|all| all.iter().any(takes_null))
}

struct Check<'a> {
    shape: &'a Shape,
    whose: &'a str,
    problems: &'a mut Problems,
    typed: &'a mut Vec<(Span, String, Reference)>,
}

impl Check<'_> {
    fn wrong(&mut self, at: Span, message: String, label: impl Into<String>) {
        self.problems.push(Problem::new(at, message).label(label));
    }

    /// How messages call what is at `path`.
    fn called(&self, path: &str) -> String {
        match path.is_empty() {
            true => self.whose.to_owned(),
            false => format!("`{path}` of {}", self.whose),
        }
    }

    fn object(&mut self, schema: &Json, at: Span, given: &Table, path: &str) {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&none);
        let others = schema.get("additionalProperties").filter(|others| **others != false);
        let free =
            others.is_some() || (properties.is_empty() && schema.get("properties").is_none());
        for (key, node) in &given.0 {
            let below = match path.is_empty() {
                true => key.name.clone(),
                false => format!("{path}.{}", key.name),
            };
            if let Some(property) = properties.get(&key.name) {
                self.value(property, node, &below);
            } else if let Some(others) = others {
                self.value(others, node, &below);
            } else if !free {
                let message = format!("{} has no property `{}`", self.called(path), key.name);
                let known = properties.keys().map(String::as_str);
                self.problems.push(Problem::new(key.at, message).nearest(&key.name, known));
            }
        }
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
        for name in required.filter_map(Json::as_str) {
            if given.get(name).is_none() && !takes_null(&properties[name]) {
                let message = format!("{} needs `{name}`", self.called(path));
                let doc = properties[name].get("description").and_then(Json::as_str);
                let doc = doc.and_then(|doc| doc.lines().next()).unwrap_or_default();
                let first = doc.split_once(". ").map_or(doc, |(first, _)| first);
                self.wrong(at, message, first.trim_end_matches('.'));
            }
        }
    }

    fn value(&mut self, schema: &Json, node: &Node, path: &str) {
        if let Value::Input(input) = &node.value {
            // What could not be filled in has been told.
            if input.is_null() {
                return;
            }
            if let (Some(reference), (resolved, Some(name))) =
                (Reference::from_value(input), self.shape.resolved(schema))
                && resolved.get("type").and_then(Json::as_str) == Some("string")
            {
                self.typed.push((node.at, name.to_owned(), reference));
            }
            let resolved = self.shape.resolve(schema);
            let is_compound = ["array", "object"]
                .into_iter()
                .find(|one| resolved.get("type").and_then(Json::as_str) == Some(one));
            if let Some(compound) = is_compound.filter(|_| !self.may_refer(schema)) {
                let message = format!("{} has to be {}", self.called(path), sort(compound));
                self.wrong(node.at, message, "this is a reference");
            } else if !self.may_refer(schema) {
                let message =
                    format!("{} has to be known before anything is made", self.called(path));
                self.wrong(node.at, message, "it cannot refer to an output");
            }
            return;
        }
        if node.value == Value::Null {
            if !takes_null(schema) {
                self.wrong(node.at, format!("{} cannot be null", self.called(path)), "");
            }
            return;
        }
        let (schema, _) = self.shape.resolved(schema);
        if let Some(variants) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
            let variants: Vec<&Json> = variants.as_array().into_iter().flatten().collect();
            return self.one_of(&variants, node, path);
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Json::String(one)) => vec![one],
            Some(Json::Array(all)) => all.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let fits = |one: &&str| match &node.value {
            Value::Text(_) => *one == "string",
            Value::Bool(_) => *one == "boolean",
            Value::Integer(_) => matches!(*one, "integer" | "number"),
            Value::Float(_) => *one == "number",
            Value::List(_) => *one == "array",
            Value::Table(_) => *one == "object",
            Value::Null | Value::Input(_) => true,
        };
        if !types.is_empty() && !types.iter().any(fits) {
            let wanted = types.iter().filter(|one| **one != "null").map(|one| sort(one));
            let wanted = wanted.collect::<Vec<_>>().join(" or ");
            let message = format!("{} has to be {wanted}", self.called(path));
            return self.wrong(node.at, message, format!("this is {}", node.sort()));
        }
        match &node.value {
            Value::Table(table) => self.object(schema, node.at, table, path),
            Value::List(items) => self.list(schema, node, items, path),
            _ => self.scalar(schema, node, path),
        }
    }

    /// Whether a reference to an output may stand there. What may be anything may be that, too.
    fn may_refer(&self, schema: &Json) -> bool {
        let marked = |schema: &Json| {
            schema.get("$comment").and_then(Json::as_str) == Some(MAY_REFER)
                || schema.is_boolean()
                || schema.as_object().is_some_and(|object| {
                    !object.contains_key("type")
                        && !object.contains_key("$ref")
                        && !object.contains_key("anyOf")
                        && !object.contains_key("oneOf")
                        && !object.contains_key("enum")
                })
        };
        let within = |name: &str| {
            let all = schema.get(name).and_then(Json::as_array);
            all.is_some_and(|all| all.iter().any(|one| self.may_refer(one)))
        };
        marked(schema)
            || within("anyOf")
            || within("oneOf")
            || (schema.get("$ref").is_some() && {
                let (resolved, _) = self.shape.resolved(schema);
                resolved != schema && self.may_refer(resolved)
            })
    }

    fn list(&mut self, schema: &Json, node: &Node, items: &[Node], path: &str) {
        let places = schema.get("prefixItems").and_then(Json::as_array);
        for (nth, item) in items.iter().enumerate() {
            let of_place = places.and_then(|places| places.get(nth));
            if let Some(of_item) = of_place.or_else(|| schema.get("items")) {
                self.value(of_item, item, &format!("{path}[{nth}]"));
            }
        }
        let count = |name: &str| schema.get(name).and_then(Json::as_u64);
        let length = items.len() as u64;
        if count("minItems").is_some_and(|least| length < least)
            || count("maxItems").is_some_and(|most| length > most)
        {
            let wanted = count("minItems").or_else(|| count("maxItems")).unwrap_or_default();
            let message = format!("{} has to have {wanted} entries", self.called(path));
            self.wrong(node.at, message, format!("it has {length}"));
        }
        if schema.get("uniqueItems") == Some(&Json::Bool(true)) {
            let mut seen = HashSet::new();
            for item in items {
                if !seen.insert(item.to_string()) {
                    let message = format!("{} has an entry twice", self.called(path));
                    self.wrong(item.at, message, "this one is there already");
                }
            }
        }
    }

    fn scalar(&mut self, schema: &Json, node: &Node, path: &str) {
        if let Some(of_kind) = self.shape.details.iter().find(|property| property.name == path) {
            return self.constraint(&of_kind.constraint, node, path);
        }
        if let Some(words) = schema.get("enum").and_then(Json::as_array)
            && !words.contains(&node.json())
        {
            let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
            return self.no_such_word(&words, node, path);
        }
        if let Some(word) = schema.get("const")
            && *word != node.json()
        {
            let message = format!("{} has to be {word}", self.called(path));
            return self.wrong(node.at, message, "");
        }
        let limit = |name: &str| schema.get(name).and_then(Json::as_f64);
        let constraint =
            Constraint { range: (limit("minimum"), limit("maximum")), ..Constraint::default() };
        self.constraint(&constraint, node, path);
    }

    fn constraint(&mut self, constraint: &Constraint, node: &Node, path: &str) {
        if !constraint.one_of.is_empty()
            && !node.text().is_some_and(|t| constraint.one_of.contains(&t))
        {
            return self.no_such_word(constraint.one_of, node, path);
        }
        if constraint.check(&node.json()).is_err() {
            let message = format!("{} has to be {constraint}", self.called(path));
            self.wrong(node.at, message, filled(node));
        }
    }

    fn no_such_word(&mut self, words: &[&str], node: &Node, path: &str) {
        let given = node.text().unwrap_or_default();
        let message = format!("{} has to be one of {}", self.called(path), words.join(", "));
        let problem = Problem::new(node.at, message);
        let problem = match crate::problem::nearest(given, words.iter().copied()) {
            Some(near) => problem.label(format!("did you mean `{near}`?")),
            None => problem,
        };
        self.problems.push(problem);
    }

    /// One of several forms: words, and tables with one key each.
    fn one_of(&mut self, variants: &[&Json], node: &Node, path: &str) {
        let mut words: Vec<&str> = Vec::new();
        let mut tables: Vec<(&str, &Json)> = Vec::new();
        let mut others: Vec<&Json> = Vec::new();
        for variant in variants {
            let (variant, _) = self.shape.resolved(variant);
            let properties = variant.get("properties").and_then(Json::as_object);
            if let Some(word) = variant.get("const").and_then(Json::as_str) {
                words.push(word);
            } else if let Some(all) = variant.get("enum").and_then(Json::as_array) {
                words.extend(all.iter().filter_map(Json::as_str));
            } else if let Some(properties) = properties.filter(|all| all.len() == 1)
                && let Some((key, of_key)) = properties.iter().next()
            {
                tables.push((key, of_key));
            } else if !is_null(variant) {
                others.push(variant);
            }
        }
        match &node.value {
            Value::Text(text) if words.contains(&text.as_str()) => return,
            Value::Table(table) => {
                if let [(key, below)] = &table.0[..]
                    && let Some((_, of_key)) = tables.iter().find(|(name, _)| *name == key.name)
                {
                    return self.value(of_key, below, &format!("{path}.{}", key.name));
                }
            }
            _ => {}
        }
        for other in others {
            let mut problems = Problems::default();
            let mut check = Check {
                shape: self.shape,
                whose: self.whose,
                problems: &mut problems,
                typed: self.typed,
            };
            check.value(other, node, path);
            if problems.is_empty() {
                return;
            }
        }
        if !words.is_empty() && tables.is_empty() && node.text().is_some() {
            return self.no_such_word(&words, node, path);
        }
        let forms = words.iter().map(|word| format!("\"{word}\""));
        let forms = forms.chain(tables.iter().map(|(key, _)| format!("{{ {key} = … }}")));
        let forms = forms.collect::<Vec<_>>().join(", ");
        let given = match &node.value {
            Value::Table(table) => table.names().next(),
            _ => node.text(),
        };
        let known = words.iter().copied().chain(tables.iter().map(|(key, _)| *key));
        let near = given.and_then(|given| crate::problem::nearest(given, known));
        let message = match forms.is_empty() {
            true => format!("{} has none of the forms it may have", self.called(path)),
            false => format!("{} has to be one of {forms}", self.called(path)),
        };
        self.wrong(
            node.at,
            message,
            near.map_or_else(String::new, |w| format!("did you mean `{w}`?")),
        );
    }
}

/// A text that is not what stands in the document, as it has been filled in.
fn filled(node: &Node) -> String {
    match node.text() {
        Some(text) if node.at.end.saturating_sub(node.at.start) != text.len() + 2 => {
            let count = text.chars().count();
            format!("it is \"{text}\" with the longest suffix there may be, {count} characters")
        }
        _ => String::new(),
    }
}

/// A type of JSON in words.
fn sort(of_json: &str) -> &'static str {
    match of_json {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        _ => "a table",
    }
}
