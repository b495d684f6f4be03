//! What may only be so large: told before anything is made, as AWS tells it half-way.

use payctl_engine::input::resolve;
use payctl_engine::{Address, Declared, Stack};
use serde_json::Value;

/// What is too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} of {address} would have {size} {unit} or more, and AWS takes {most}")]
pub struct TooLarge {
    /// Whose it is.
    pub address: Address,
    /// What is too large.
    pub what: &'static str,
    /// How large it is without what is not known yet.
    pub size: usize,
    /// In what that is counted.
    pub unit: &'static str,
    /// How large it may be.
    pub most: usize,
}

/// A limit: the kind, the property, what that is to people, what is counted, and how much of it
/// may be.
type Limit = (&'static str, &'static str, &'static str, &'static str, usize);

const LIMITS: &[Limit] = &[
    ("lambda.function", "environment", "the environment", "bytes", 4096),
    // All of a role's together.
    ("iam.role", "inline", "the inline policy", "characters", 10_240),
    // 2048 until a quota is raised.
    ("iam.role", "trust", "the trust policy", "characters", 4096),
    ("iam.policy", "document", "the policy", "characters", 6144),
    ("kms.key", "policy", "the key policy", "bytes", 32_768),
    ("s3.bucket", "policy", "the bucket policy", "bytes", 20_480),
];

/// What of the stack is certainly too large, whatever becomes of what is not known yet.
#[must_use]
pub fn too_large(stack: &Stack) -> Vec<TooLarge> {
    stack.resources().iter().flat_map(of).collect()
}

fn of(declared: &Declared) -> Vec<TooLarge> {
    let kind = declared.address.kind();
    let limits = LIMITS.iter().filter(|(of, ..)| *of == kind);
    let found = limits.filter_map(|&(_, property, what, unit, most)| {
        let value = declared.properties.get(property)?;
        let size = least(property, &resolve(value, &|_| Some(Value::String(String::new()))));
        let address = declared.address.clone();
        (size > most).then_some(TooLarge { address, what, size, unit, most })
    });
    found.collect()
}

/// How large it is at least.
fn least(property: &str, value: &Value) -> usize {
    match (property, value) {
        (_, Value::Null) => 0,
        // Names and values, and nothing of how they are written.
        ("environment", Value::Object(all)) => {
            all.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len)).sum()
        }
        ("inline", Value::Object(all)) => all.values().map(|one| one.to_string().len()).sum(),
        (_, document) => document.to_string().len(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use payctl_engine::Input;
    use serde_json::json;

    use super::*;

    fn found(kind: &str, properties: Value) -> Vec<String> {
        let mut stack = Stack::new("stack", "test");
        let address = Address::new("kms.key", "main");
        let key = Declared { address, properties: json!({}), after: BTreeSet::new() };
        stack.declare(key);
        let address = Address::new(kind, "main");
        stack.declare(Declared { address, properties, after: BTreeSet::new() });
        too_large(&stack).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_environment_has_4_kb() {
        let environment = |length: usize| {
            let key = Input::<String>::output(&Address::new("kms.key", "main"), "arn");
            json!({ "environment": { "NAME": "x".repeat(length), "KEY": key } })
        };
        assert_eq!(found("lambda.function", environment(4096 - 7)), [""; 0]);
        assert_eq!(
            found("lambda.function", environment(4096 - 6)),
            [
                "the environment of lambda.function:main would have 4097 bytes or more, and AWS takes \
              4096"
            ]
        );
    }

    #[test]
    fn the_inline_policies_of_a_role_count_together() {
        let policy = |length: usize| json!({ "Statement": "x".repeat(length - 16) });
        let inline = |length| json!({ "inline": { "a": policy(5120), "b": policy(length) } });
        assert_eq!(found("iam.role", inline(5120)), [""; 0]);
        assert_eq!(found("iam.role", inline(5121)).len(), 1);
        assert_eq!(found("iam.role", json!({ "inline": null })), [""; 0]);
    }

    #[test]
    fn every_limit_is_of_a_property_that_there_is() {
        let kinds = crate::kinds();
        for (kind, property, ..) in LIMITS {
            assert!(kinds.kinds()[kind].properties.contains(property), "{kind} {property}");
        }
    }
}
