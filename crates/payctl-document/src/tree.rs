//! The values of a document, each with its place in the text.

use std::fmt::{self, Display, Formatter};

use serde_json::{Map, Number, Value as Json};

/// A place in a document: its first byte, and the one behind its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The one behind the last.
    pub end: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: Span,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// JSON alone has it.
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// What is only known once something exists, as the engine writes it.
    Input(Json),
}

/// A table in the order of the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table(pub(crate) Vec<(Key, Node)>);

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) at: Span,
    pub(crate) name: String,
}

impl Span {
    pub(crate) fn new(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl Node {
    pub(crate) fn new(at: Span, value: Value) -> Self {
        Self { at, value }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value without its places.
    pub(crate) fn json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => Json::Number((*value).into()),
            Value::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::json).collect()),
            Value::Table(table) => Json::Object(table.json()),
            Value::Input(input) => input.clone(),
        }
    }

    /// The same of a value that is not needed any more.
    pub(crate) fn into_json(self) -> Json {
        match self.value {
            Value::Text(text) => Json::String(text),
            Value::List(items) => Json::Array(items.into_iter().map(Self::into_json).collect()),
            Value::Table(table) => Json::Object(table.into_json()),
            Value::Input(input) => input,
            other => Self { at: self.at, value: other }.json(),
        }
    }

    /// `json`, as the engine writes it, as if all of it stood at one place.
    pub(crate) fn of_json(at: Span, json: &Json) -> Self {
        if json.get("$ref").is_some() || json.get("$join").is_some() {
            return Self { at, value: Value::Input(json.clone()) };
        }
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Value::Integer(number),
                None => Value::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => {
                Value::List(items.iter().map(|item| Self::of_json(at, item)).collect())
            }
            Json::Object(map) => Value::Table(Table(
                map.iter()
                    .map(|(name, item)| (Key { at, name: name.clone() }, Self::of_json(at, item)))
                    .collect(),
            )),
        };
        Self { at, value }
    }

    /// The same with all of it at `at`, as what was filled in has no place of its own.
    pub(crate) fn placed(&self, at: Span) -> Self {
        let value = match &self.value {
            Value::List(items) => Value::List(items.iter().map(|item| item.placed(at)).collect()),
            Value::Table(table) => Value::Table(table.placed(at)),
            other => other.clone(),
        };
        Self { at, value }
    }

    /// What sort of value it is, in words.
    pub(crate) fn sort(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Input(_) => "a reference",
        }
    }
}

impl Table {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.name.as_str())
    }

    pub(crate) fn into_json(self) -> Map<String, Json> {
        self.0.into_iter().map(|(key, node)| (key.name, node.into_json())).collect()
    }

    /// The same with all of it at `at`.
    pub(crate) fn placed(&self, at: Span) -> Self {
        let placed =
            |(key, item): &(Key, Node)| (Key { at, name: key.name.clone() }, item.placed(at));
        Self(self.0.iter().map(placed).collect())
    }

    pub(crate) fn json(&self) -> Map<String, Json> {
        self.0.iter().map(|(key, node)| (key.name.clone(), node.json())).collect()
    }
}

/// As it would be written, for messages.
impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.json())
    }
}
