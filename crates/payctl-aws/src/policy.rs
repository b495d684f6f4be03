//! Policy documents: who may do what with which resource, references included.
//!
//! Two documents that mean the same compare equal: a text and a list of that one text, the order
//! of actions and resources, and IAM's URL encoding make no difference.

use payctl_engine::Input;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::{AwsError, Result};

/// A policy document in its one form.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "Map<String, Value>")]
pub struct Policy(Value);

/// One statement of a policy, being written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Statement(Map<String, Value>);

impl Policy {
    /// The policy of these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let statements: Vec<Value> =
            statements.into_iter().map(|statement| Value::Object(statement.0)).collect();
        Self(canonical(json!({ "Version": "2012-10-17", "Statement": statements })))
    }

    /// Reads a document as AWS answers it, URL-encoded or not.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(text: &str) -> Result<Self> {
        let decoded = if text.trim_start().starts_with('{') {
            text.into()
        } else {
            percent_decode_str(text).decode_utf8_lossy()
        };
        let value = serde_json::from_str(&decoded)
            .map_err(|source| AwsError::unexpected("policy document", source))?;
        Ok(Self(canonical(value)))
    }

    /// The document, as AWS takes it.
    ///
    /// # Errors
    /// When it still refers to something that does not exist.
    pub fn document(&self) -> Result<String> {
        match payctl_engine::input::references(&self.0).first() {
            Some(reference) => Err(payctl_engine::Unresolved(reference.address.to_string()).into()),
            None => Ok(self.0.to_string()),
        }
    }
}

impl Statement {
    /// Allows `actions`.
    #[must_use]
    pub fn allow(sid: &str, actions: &[&str]) -> Self {
        Self::new("Allow", sid, actions)
    }

    /// Denies `actions`, whatever else allows them.
    #[must_use]
    pub fn deny(sid: &str, actions: &[&str]) -> Self {
        Self::new("Deny", sid, actions)
    }

    fn new(effect: &str, sid: &str, actions: &[&str]) -> Self {
        let fields = [("Effect", json!(effect)), ("Sid", json!(sid)), ("Action", json!(actions))];
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What it is called.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.0.get("Sid")?.as_str()
    }

    /// Whether it allows `action`, by that name, on `resource`.
    #[must_use]
    pub fn allows<T: Serialize>(&self, action: &str, resource: &Input<T>) -> bool {
        let resource = serde_json::to_value(resource).unwrap_or_default();
        let has = |name: &str, wanted: &Value| match self.0.get(name) {
            Some(Value::Array(all)) => all.contains(wanted),
            one => one == Some(wanted),
        };
        self.0.get("Effect") == Some(&json!("Allow"))
            && !self.0.contains_key("Condition")
            && has("Action", &json!(action))
            && has("Resource", &resource)
    }

    /// On these resources.
    #[must_use]
    pub fn on<T: Serialize>(self, resources: impl IntoIterator<Item = Input<T>>) -> Self {
        let resources: Vec<Value> = resources
            .into_iter()
            .map(|resource| serde_json::to_value(resource).unwrap_or_default())
            .collect();
        self.with("Resource", Value::Array(resources))
    }

    /// On every resource the policy can speak of. Every use carries the reason in a comment.
    #[must_use]
    pub fn on_all(self) -> Self {
        self.with("Resource", json!("*"))
    }

    /// For an AWS service, such as `logs.us-east-1.amazonaws.com`.
    #[must_use]
    pub fn for_service(self, service: &str) -> Self {
        self.with("Principal", json!({ "Service": service }))
    }

    /// For the principals of an ARN, such as an account's root.
    #[must_use]
    pub fn for_arn(self, arn: &str) -> Self {
        self.with("Principal", json!({ "AWS": arn }))
    }

    /// For everybody; only right in a deny, or where a condition fences it in.
    #[must_use]
    pub fn for_all(self) -> Self {
        self.with("Principal", json!("*"))
    }

    /// Only where `key` compares to `value` by `operator`.
    #[must_use]
    pub fn when<T: Serialize>(mut self, operator: &str, key: &str, value: T) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        let all = self.0.entry("Condition").or_insert_with(|| json!({}));
        if let Value::Object(all) = all
            && let Value::Object(keys) = all.entry(operator).or_insert_with(|| json!({}))
        {
            keys.insert(key.to_owned(), value);
        }
        self
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

/// Whom a statement is about, in words.
pub(crate) fn principals(statement: &Value) -> String {
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let all = match &statement["Principal"] {
        Value::Object(sorts) => sorts.values().flat_map(texts).collect(),
        text => texts(text),
    };
    match all.iter().any(|whom| whom == "*") || all.is_empty() {
        true => "anyone".to_owned(),
        false => all.join(", "),
    }
}

/// Whom a document as AWS answers it is about, in words.
pub(crate) fn principals_of(document: &str) -> String {
    // API Gateway answers the quotes within it as `\"`.
    let text = document.replace("\\\"", "\"");
    let Ok(Policy(policy)) = Policy::parse(&text) else { return "somebody".to_owned() };
    let all = policy["Statement"].as_array().into_iter().flatten().map(principals);
    all.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(canonical(value)))
    }
}

/// The one form: statements as a list in their order; actions, resources, principals and
/// condition values as sorted lists without repetition, or the one text they hold.
fn canonical(value: Value) -> Value {
    let Value::Object(mut document) = value else { return value };
    let statements = match document.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let statements: Vec<Value> = statements.into_iter().map(statement).collect();
    document.insert("Statement".to_owned(), Value::Array(statements));
    document.entry("Version").or_insert_with(|| json!("2008-10-17"));
    let mut value = Value::Object(document);
    value.sort_all_objects();
    value
}

fn statement(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let fields = fields.into_iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("Action" | "NotAction" | "Resource" | "NotResource", value) => set(value),
            ("Principal" | "NotPrincipal", Value::Object(sorts)) => {
                // IAM writes `"*"` and `{"AWS": "*"}` for the same.
                match sorts.get("AWS") {
                    Some(all) if sorts.len() == 1 && set(all.clone()) == "*" => json!("*"),
                    _ => each(sorts, set),
                }
            }
            ("Condition", Value::Object(operators)) => each(operators, |keys| match keys {
                Value::Object(keys) => each(keys, |value| set(text(value))),
                other => other,
            }),
            (_, value) => value,
        };
        (name, value)
    });
    Value::Object(fields.collect())
}

fn each(map: Map<String, Value>, change: impl Fn(Value) -> Value) -> Value {
    Value::Object(map.into_iter().map(|(name, value)| (name, change(value))).collect())
}

/// Condition values are texts: `true` and `"true"` are the same.
fn text(value: Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(items) => Value::Array(items.into_iter().map(text).collect()),
        other => other,
    }
}

fn set(value: Value) -> Value {
    let Value::Array(mut items) = value else { return value };
    items.sort_by_cached_key(Value::to_string);
    items.dedup();
    match items.len() {
        1 => items.remove(0),
        _ => Value::Array(items),
    }
}

#[cfg(test)]
mod tests {
    use payctl_engine::Address;

    use super::*;
    use crate::Arn;

    #[test]
    fn documents_that_mean_the_same_are_equal() {
        let ours = Policy::new([Statement::deny("Tls", &["s3:PutObject", "s3:GetObject"])
            .for_all()
            .on([Input::Known(Arn::from("arn:b")), Input::Known(Arn::from("arn:a"))])
            .when("Bool", "aws:SecureTransport", false)]);
        let theirs = r#"{"Statement": {"Sid": "Tls", "Effect": "Deny", "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:a", "arn:b"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}, "Version": "2012-10-17"}"#;
        assert_eq!(ours, Policy::parse(theirs).unwrap());
        let encoded =
            percent_encoding::utf8_percent_encode(theirs, percent_encoding::NON_ALPHANUMERIC);
        assert_eq!(ours, Policy::parse(&encoded.to_string()).unwrap());
    }

    #[test]
    fn a_reference_keeps_a_policy_from_being_sent() {
        let bucket = Input::<Arn>::output(&Address::new("s3.bucket", "files"), "arn");
        let policy =
            Policy::new([Statement::allow("Read", &["s3:GetObject"]).on([bucket.then("/*")])]);
        assert!(policy.document().unwrap_err().to_string().contains("s3.bucket:files"));
    }
}
