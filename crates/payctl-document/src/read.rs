//! Reads TOML and JSON into one model that knows the place of everything.

use std::collections::HashSet;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Problem, Problems};
use crate::tree::{Key, Node, Span, Table, Value};

/// How many bytes a document may have. A thousand queues take a tenth of a megabyte.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How deep its tables and lists may nest: the deepest property of any kind takes about ten levels.
const DEEPEST: usize = 64;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// JSON.
    Json,
}

/// Reads `text`.
pub(crate) fn read(text: &str, format: Format) -> Result<Table, Problems> {
    if text.len() > MOST_BYTES {
        let most = MOST_BYTES / 1024 / 1024;
        let message = format!("the document has more than {most} MB, which are the most");
        return Err(Problem::new(Span::default(), message).into());
    }
    match format {
        Format::Toml => toml(text),
        Format::Json => json(text),
    }
}

fn toml(text: &str) -> Result<Table, Problems> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems = Problems::default();
    for error in errors {
        let at = error.span().map(Span::new).unwrap_or_default();
        problems.push(Problem::new(at, error.message().trim()));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let read = of_toml_table(table.get_ref(), &mut problems);
    problems.unless_empty(read)
}

fn of_toml_table(table: &DeTable<'_>, problems: &mut Problems) -> Table {
    let mut entries: Vec<(Key, Node)> = table
        .iter()
        .map(|(key, value)| {
            let name = key.get_ref().clone().into_owned();
            (Key { at: Span::new(key.span()), name }, of_toml(value, problems))
        })
        .collect();
    // It comes in the order of the alphabet.
    entries.sort_by_key(|(key, _)| key.at.start);
    Table(entries)
}

fn of_toml(value: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Node {
    let at = Span::new(value.span());
    let mut cannot = |message: &str| {
        problems.push(Problem::new(at, message));
        Value::Null
    };
    let read = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => cannot("the number is too large"),
        },
        DeValue::Float(digits) => match digits.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => cannot("the number is none that AWS could take"),
        },
        DeValue::Datetime(_) => cannot("no property is a date: write it as a text, in quotes"),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| of_toml(item, problems)).collect())
        }
        DeValue::Table(table) => Value::Table(of_toml_table(table, problems)),
    };
    Node::new(at, read)
}

/// JSON as RFC 8259 has it: nothing that the parser would take besides.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

fn json(text: &str) -> Result<Table, Problems> {
    // The parser is recursive, and a message of it has no place for that.
    if let Some(at) = too_deep(text) {
        let message = format!("lists and tables are nested more than {DEEPEST} deep");
        return Err(Problem::new(Span { start: at, end: at + 1 }, message).into());
    }
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let range = error.range();
        Problem::new(Span { start: range.start, end: range.end }, error.kind().to_string())
    })?;
    let mut problems = Problems::default();
    match parsed.value {
        Some(ast::Value::Object(object)) => {
            let read = of_json_object(&object, &mut problems);
            problems.unless_empty(read)
        }
        Some(other) => {
            let at = Span { start: other.start(), end: other.end() };
            Err(Problem::new(at, "a document is an object").into())
        }
        None => Err(Problem::new(Span::default(), "the document is empty").into()),
    }
}

/// Where it is nested deeper than anything a document could need.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(at);
                }
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn of_json_object(object: &ast::Object<'_>, problems: &mut Problems) -> Table {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for property in &object.properties {
        let (name, place) = match &property.name {
            ast::ObjectPropName::String(text) => (text.value.to_string(), text.range()),
            ast::ObjectPropName::Word(word) => (word.value.to_owned(), word.range()),
        };
        let at = Span { start: place.start, end: place.end };
        if !seen.insert(name.clone()) {
            problems.push(Problem::new(at, format!("`{name}` is there twice")));
        }
        entries.push((Key { at, name }, of_json(&property.value, problems)));
    }
    Table(entries)
}

fn of_json(value: &ast::Value<'_>, problems: &mut Problems) -> Node {
    let at = Span { start: value.start(), end: value.end() };
    let read = match value {
        ast::Value::StringLit(text) => Value::Text(text.value.to_string()),
        ast::Value::BooleanLit(value) => Value::Bool(value.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::NumberLit(number) => {
            match (number.value.parse(), number.value.parse::<f64>()) {
                (Ok(number), _) => Value::Integer(number),
                (_, Ok(number)) if number.is_finite() => Value::Float(number),
                _ => {
                    problems.push(Problem::new(at, "the number is too large"));
                    Value::Null
                }
            }
        }
        ast::Value::Array(array) => {
            Value::List(array.elements.iter().map(|item| of_json(item, problems)).collect())
        }
        ast::Value::Object(object) => Value::Table(of_json_object(object, problems)),
    };
    Node::new(at, read)
}
