//! What a part is.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// A part: its parameters are its fields, its help their doc comments.
pub(crate) trait Part: DeserializeOwned + JsonSchema {
    /// The resources that it is made of, in the language of documents.
    fn resources(self, logical: &str) -> Result<Made, String>;
}

/// The resources of a part: kind, logical name, properties.
pub(crate) type Made = Vec<(&'static str, String, Json)>;
