//! What a caller may keep beside a payment.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

const MAX_ENTRIES: usize = 32;
const MAX_NAME: usize = 64;
const MAX_TEXT: usize = 512;
/// Digits of a number; DynamoDB keeps 38.
const MAX_DIGITS: usize = 18;

/// Sensitive authentication data, which PCI-DSS forbids to store after authorisation (3.3.1), and
/// names under which callers put full card data. Compared in lower case, letters and digits only.
const FORBIDDEN: &[&str] = &[
    "cardnumber",
    "cav2",
    "ccnumber",
    "cid",
    "cvc",
    "cvc2",
    "cvv",
    "cvv2",
    "pan",
    "pin",
    "pinblock",
    "securitycode",
    "track",
    "track1",
    "track2",
    "trackdata",
];

/// A flat object of at most 32 entries beside a payment.
///
/// Names have 1 to 64 printable ASCII characters; a text at most 512 bytes and no control
/// characters; a number is a plain decimal of at most 18 digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, MetadataValue>);

/// One value of [`Metadata`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataValue {
    /// A string.
    Text(String),
    /// A number, as it was written.
    Number(String),
    /// A boolean.
    Flag(bool),
}

/// Why a JSON value is not metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MetadataError {
    /// Not an object.
    #[error("metadata must be an object")]
    NotAnObject,
    /// More entries than allowed.
    #[error("metadata must have at most {MAX_ENTRIES} entries")]
    TooMany,
    /// A name breaks the rules.
    #[error("metadata names must be 1 to {MAX_NAME} printable ASCII characters")]
    Name,
    /// A name under which sensitive authentication data travels.
    #[error("metadata must not carry card data or authentication data (CVV, PIN, track)")]
    Forbidden,
    /// Something else than a string, a number or a boolean.
    #[error("metadata values must be strings, numbers or booleans")]
    Kind,
    /// A text is too long or holds control characters.
    #[error("metadata texts must have at most {MAX_TEXT} bytes and no control characters")]
    Text,
    /// A number is not plain.
    #[error("metadata numbers must be plain decimals of at most {MAX_DIGITS} digits")]
    Number,
}

impl Metadata {
    /// The entries, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &MetadataValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The entries as parts of a digest: of each its name, its kind and its text.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.entries().flat_map(|(name, value)| {
            let (kind, text) = match value {
                MetadataValue::Text(text) => ("text", text.as_str()),
                MetadataValue::Number(text) => ("number", text.as_str()),
                MetadataValue::Flag(flag) => ("flag", if *flag { "true" } else { "false" }),
            };
            [name, kind, text]
        })
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<&Value> for Metadata {
    type Error = MetadataError;

    fn try_from(value: &Value) -> Result<Self, Self::Error> {
        let Value::Object(fields) = value else {
            return Err(MetadataError::NotAnObject);
        };
        if fields.len() > MAX_ENTRIES {
            return Err(MetadataError::TooMany);
        }
        let entry = |(name, value): (&String, &Value)| {
            check_name(name)?;
            Ok((name.clone(), MetadataValue::try_from(value)?))
        };
        fields.iter().map(entry).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<&Value> for MetadataValue {
    type Error = MetadataError;

    fn try_from(value: &Value) -> Result<Self, Self::Error> {
        match value {
            Value::Bool(flag) => Ok(Self::Flag(*flag)),
            Value::Number(number) => {
                let text = number.to_string();
                if is_plain(&text) { Ok(Self::Number(text)) } else { Err(MetadataError::Number) }
            }
            Value::String(text) if text.len() <= MAX_TEXT && !text.contains(char::is_control) => {
                Ok(Self::Text(text.clone()))
            }
            Value::String(_) => Err(MetadataError::Text),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(MetadataError::Kind),
        }
    }
}

fn check_name(name: &str) -> Result<(), MetadataError> {
    let printable = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !(1..=MAX_NAME).contains(&name.len()) || !printable {
        return Err(MetadataError::Name);
    }
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    if FORBIDDEN.contains(&plain.as_str()) { Err(MetadataError::Forbidden) } else { Ok(()) }
}

/// Digits with at most one point, and a sign: what a JSON number is without its exponent.
fn is_plain(number: &str) -> bool {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let rest = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    rest && digits <= MAX_DIGITS
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(value: &Value) -> MetadataError {
        Metadata::try_from(value).unwrap_err()
    }

    #[test]
    fn flat_values_are_kept() {
        let metadata =
            Metadata::try_from(&json!({"order": "A-1", "items": 3, "gift": true})).unwrap();
        let names: Vec<&str> = metadata.entries().map(|(name, _)| name).collect();
        assert_eq!(names, ["gift", "items", "order"]);
    }

    #[test]
    fn a_digest_is_told_of_each_kind_of_value() {
        let metadata = json!({"a": "1", "b": 1, "c": true, "d": false});
        let metadata = Metadata::try_from(&metadata).unwrap();
        let parts: Vec<&str> = metadata.parts().collect();
        assert_eq!(parts.join(" "), "a text 1 b number 1 c flag true d flag false");
    }

    #[test]
    fn the_rest_is_refused() {
        assert_eq!(refused(&json!([])), MetadataError::NotAnObject);
        assert_eq!(refused(&json!({"a": null})), MetadataError::Kind);
        assert_eq!(refused(&json!({"a": {}})), MetadataError::Kind);
        assert_eq!(refused(&json!({"": 1})), MetadataError::Name);
        assert_eq!(refused(&json!({"é": 1})), MetadataError::Name);
        assert_eq!(refused(&json!({"a": "x".repeat(513)})), MetadataError::Text);
        assert_eq!(refused(&json!({"a": "x\u{0}"})), MetadataError::Text);
        assert_eq!(refused(&json!({"a": 1e300})), MetadataError::Number);
        assert_eq!(refused(&json!({"a": 1_234_567_890_123_456_789_u64})), MetadataError::Number);
        assert_eq!(refused(&json!({"Card-Number": "x"})), MetadataError::Forbidden);
        assert_eq!(refused(&json!({"CVV": "123"})), MetadataError::Forbidden);
        let many: Value = (0..33).map(|place| (place.to_string(), json!(1))).collect();
        assert_eq!(refused(&many), MetadataError::TooMany);
    }
}
