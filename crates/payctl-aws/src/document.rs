//! JSON documents that AWS keeps for us: event patterns and the like, references included.

use payctl_engine::Unresolved;
use payctl_engine::input::references;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::Result;

/// A JSON document in its one form: the order of an object's members is nothing, that of a list
/// is. An `Input` may stand wherever a text may.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Document(Value);

impl Document {
    /// The document that `value` is.
    #[must_use]
    pub fn new(mut value: Value) -> Self {
        value.sort_all_objects();
        Self(value)
    }

    /// The document that `text` is; what is not JSON stays a text, and so differs from every
    /// document that is declared.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Self {
        serde_json::from_str(text).map_or_else(|_| Self(text.into()), Self::new)
    }

    /// The document, as AWS takes it.
    ///
    /// # Errors
    /// When it still refers to something that does not exist.
    pub(crate) fn text(&self) -> Result<String> {
        match references(&self.0).first() {
            Some(reference) => Err(Unresolved(reference.address.to_string()).into()),
            None => Ok(self.0.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use payctl_engine::{Address, Input};
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_that_mean_the_same_are_equal() {
        let document =
            Document::new(json!({ "source": ["aws.ec2"], "detail": { "b": 1, "a": 2 } }));
        let seen =
            Document::parse("{\n \"detail\": {\"a\": 2, \"b\": 1}, \"source\": [\"aws.ec2\"]}");
        assert_eq!(document, seen);
        let text = r#"{"detail":{"a":2,"b":1},"source":["aws.ec2"]}"#;
        assert_eq!(document.text().unwrap(), text);
        let other = Document::new(json!({ "numeric": [">", 1, "<", 2] }));
        assert_ne!(other, Document::new(json!({ "numeric": ["<", 2, ">", 1] })));
        assert_ne!(Document::parse("{"), Document::parse("{}"));
    }

    #[test]
    fn a_reference_keeps_it_from_being_sent() {
        let name = Input::<String>::output(&Address::new("sqs.queue", "main"), "name");
        let document = Document::new(json!({ "metrics": [["AWS/SQS", name]] }));
        assert!(document.text().is_err());
        let written = serde_json::to_value(&document).unwrap();
        assert_eq!(references(&written).len(), 1);
        let resolved = payctl_engine::input::resolve(&written, &|_| Some(json!("payments")));
        let resolved: Document = serde_json::from_value(resolved).unwrap();
        assert_eq!(resolved.text().unwrap(), r#"{"metrics":[["AWS/SQS","payments"]]}"#);
    }
}
