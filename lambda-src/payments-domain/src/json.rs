//! Reading JSON more strictly than `serde_json` does by itself.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// The bytes are not JSON that is accepted. Says where, never what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not valid JSON, or a field name given twice (line {line}, column {column})")]
pub struct JsonError {
    /// Line of the fault, from 1.
    pub line: usize,
    /// Column of the fault, from 1; 0 at the end of a line.
    pub column: usize,
}

/// Reads one JSON value and refuses an object that gives a field name twice.
///
/// `serde_json` would keep the last of the two. Other readers keep the first: two systems could
/// then see two different payments in the same bytes.
///
/// # Errors
/// A [`JsonError`] with the position of what could not be read.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| JsonError { line: error.line(), column: error.column() })
}

/// With `arbitrary_precision`, `serde_json` hands a number to a visitor as a map with this one
/// field. An object that really has such a field is therefore read as the number it spells, which
/// is what `serde_json` itself makes of it.
const NUMBER: &str = "$serde_json::private::Number";

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seen: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seen.next_element_seed(Strict)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut seen: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = seen.next_key::<String>()? {
            if name == NUMBER {
                let text: String = seen.next_value()?;
                let number: Number = text.parse().map_err(|_| A::Error::custom("no number"))?;
                return Ok(Value::Number(number));
            }
            let value = seen.next_value_seed(Strict)?;
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a field name given twice"));
            }
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::Unexpected;

    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        for text in ["10.50", "0.1", "7", "-7", "123456789012345678901234567890.10"] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_other_kind_of_value_is_read() {
        let text = r#"[null,true,false,"text",{"nested":[{}]}]"#;
        assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn a_field_given_twice_is_refused_at_any_depth() {
        assert!(parse(br#"{"a":1,"b":{"a":1}}"#).is_ok());
        assert!(parse(br#"{"a":1,"a":1}"#).is_err());
        assert!(parse(br#"[{"b":{"a":1,"\u0061":2}}]"#).is_err());
    }

    #[test]
    fn a_fault_is_recognized_by_its_place_alone() {
        let error = parse(b"{\n\"card\": secret}").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(!error.to_string().contains("secret"));
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"\xff").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(br#"{"$serde_json::private::Number":"x"}"#).is_err());
    }

    #[test]
    fn a_reader_of_another_format_is_told_what_is_expected() {
        let error = serde_json::Error::invalid_type(Unexpected::Bytes(b"x"), &Strict);
        assert_eq!(error.to_string(), "invalid type: byte array, expected a JSON value");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn near_json_is_read_as_serde_json_does(
            text in "[\\[\\]{}:,\"a1.e\\-\\\\ ntrulfs$]{0,40}",
        ) {
            if let Ok(value) = parse(text.as_bytes()) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
