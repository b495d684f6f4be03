//! JSON Schema of kinds: what an editor, a generator or `payctl explain` is told of their properties.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex_lite::Regex;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::{Constraint, KindInfo, Property};

/// The schemas of several kinds, which share what their properties are made of.
#[derive(Debug)]
pub struct Schemas(SchemaGenerator);

impl Default for Schemas {
    fn default() -> Self {
        Self(SchemaSettings::draft2020_12().into_generator())
    }
}

impl Schemas {
    /// The schema of a kind's properties; what they are made of is in [`Schemas::definitions`].
    pub fn of(&mut self, kind: &KindInfo) -> Value {
        let mut schema = (kind.schema)(&mut self.0);
        let root = schema.ensure_object();
        root.insert("additionalProperties".to_owned(), Value::Bool(false));
        if let Some(Value::Object(properties)) = root.get_mut("properties") {
            for property in kind.details {
                if let Some(of_property) = properties.get_mut(property.name) {
                    constrain(of_property, property);
                }
            }
        }
        let required = kind.details.iter().filter(|property| property.default.is_none());
        let required: Vec<&str> = required.map(|property| property.name).collect();
        root.insert("required".to_owned(), json!(required));
        schema.to_value()
    }

    /// The schema of another type; what its fields are made of is in [`Schemas::definitions`].
    pub fn of_type<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.0).to_value()
    }

    /// What the properties are made of, by name.
    pub fn definitions(&mut self) -> Map<String, Value> {
        self.0.take_definitions(true)
    }
}

/// The whole schema of one kind.
#[must_use]
pub fn of(kind: &KindInfo) -> Value {
    let mut schemas = Schemas::default();
    let mut schema = schemas.of(kind);
    let definitions = schemas.definitions();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(kind.kind);
    if !definitions.is_empty() {
        schema["$defs"] = Value::Object(definitions);
    }
    schema
}

/// Adds what a property says of itself besides its type.
fn constrain(schema: &mut Value, property: &Property) {
    // What is anything at all is written as `true`.
    if schema.is_boolean() {
        *schema = json!({});
    }
    let Value::Object(schema) = schema else { return };
    let Constraint { range, length, pattern, one_of } = property.constraint;
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            schema.insert(name.to_owned(), value);
        }
    };
    add("minimum", range.0.map(number));
    add("maximum", range.1.map(number));
    add("minLength", length.0.map(Value::from));
    add("maxLength", length.1.map(Value::from));
    add("pattern", pattern.map(|pattern| json!(anchored(pattern))));
    let default = property.default.map(|default| default());
    if !one_of.is_empty() {
        let nothing = default.as_ref().filter(|value| value.is_null()).cloned();
        let words = one_of.iter().map(|word| json!(word)).chain(nothing);
        add("enum", Some(words.collect()));
    }
    add("default", default);
}

/// A whole number without the point that JSON would show.
fn number(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "it is a whole number of i64")]
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => json!(value as i64),
        false => json!(value),
    }
}

/// The pattern for a whole text: AWS's models leave that out as a rule.
fn anchored(pattern: &str) -> String {
    format!("^(?:{})$", pattern.trim_start_matches('^').trim_end_matches('$'))
}

/// A pattern, read once: a stack has thousands of values, and few patterns.
fn read(pattern: &'static str) -> Option<Regex> {
    static KNOWN: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(pattern).or_insert_with(|| Regex::new(&anchored(pattern)).ok()).clone()
}

impl Constraint {
    /// Why `value` is not taken, in words that fit behind the property's name: "is 4, and must be
    /// 7 to 30". What is not known yet, and what is no scalar, is taken.
    ///
    /// # Errors
    /// Those words.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let must = |fits: bool| match fits {
            true => Ok(()),
            false => Err(format!("is {value}, and must be {self}")),
        };
        match value {
            Value::Number(seen) => {
                let seen = seen.as_f64().unwrap_or_default();
                let (least, most) = self.range;
                must(
                    least.is_none_or(|least| seen >= least) && most.is_none_or(|most| seen <= most),
                )
            }
            Value::String(text) => {
                let (least, most) = self.length;
                let length = text.chars().count() as u64;
                // A test of the kinds holds that each can be read.
                let matches = |pattern| read(pattern).is_none_or(|p| p.is_match(text));
                let long = least.is_none_or(|l| length >= l) && most.is_none_or(|m| length <= m);
                let word = self.one_of.is_empty() || self.one_of.contains(&text.as_str());
                must(long && word && self.pattern.is_none_or(matches))
            }
            _ => Ok(()),
        }
    }

    /// Whether its pattern can be read: one that cannot binds nobody.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.pattern.is_none_or(|pattern| read(pattern).is_some())
    }

    /// Whether anything is taken.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// In words that fit behind "must be": "7 to 30", "at most 256 characters".
impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut words: Vec<String> = Vec::new();
        match self.range {
            (Some(least), Some(most)) => words.push(format!("{least} to {most}")),
            (Some(least), None) => words.push(format!("at least {least}")),
            (None, Some(most)) => words.push(format!("at most {most}")),
            (None, None) => {}
        }
        match self.length {
            (Some(least), Some(most)) => words.push(format!("{least} to {most} characters")),
            (Some(least), None) => words.push(format!("at least {least} characters")),
            (None, Some(most)) => words.push(format!("at most {most} characters")),
            (None, None) => {}
        }
        if let Some(pattern) = self.pattern {
            words.push(format!("like {pattern}"));
        }
        if !self.one_of.is_empty() {
            words.push(format!("one of {}", self.one_of.join(", ")));
        }
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_told_with_what_is() {
        let window = Constraint { range: (Some(7.0), Some(30.0)), ..Constraint::default() };
        assert_eq!(window.check(&json!(4)), Err("is 4, and must be 7 to 30".to_owned()));
        for fits in [json!(7), json!(30), json!(null), json!({ "$ref": "a.b:c.d" })] {
            assert_eq!(window.check(&fits), Ok(()), "{fits}");
        }
        let name = Constraint {
            length: (Some(1), Some(3)),
            pattern: Some("[a-z]+"),
            ..Constraint::default()
        };
        for wrong in ["", "abcd", "a-b", "A", "é"] {
            assert!(name.check(&json!(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(name.check(&json!("abc")), Ok(()));
        assert_eq!(name.to_string(), "1 to 3 characters, like [a-z]+");
        let word = Constraint { one_of: &["Active", "PassThrough"], ..Constraint::default() };
        let why = word.check(&json!("active")).unwrap_err();
        assert_eq!(why, "is \"active\", and must be one of Active, PassThrough");
    }
}
