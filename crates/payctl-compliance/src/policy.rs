//! What policies say: statements, principals and conditions in all of their forms.

use serde_json::{Map, Value};

/// The items of what may be one or a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(all) => all,
        one => std::slice::from_ref(one),
    }
}

/// The statements of a policy.
pub(crate) fn statements(policy: &Value) -> &[Value] {
    items(&policy["Statement"])
}

/// Its statements that allow.
pub(crate) fn allows(policy: &Value) -> impl Iterator<Item = &Value> {
    statements(policy).iter().filter(|one| one["Effect"] == "Allow")
}

/// Its statements that deny.
pub(crate) fn denies(policy: &Value) -> impl Iterator<Item = &Value> {
    statements(policy).iter().filter(|one| one["Effect"] == "Deny")
}

/// The actions of a statement, in lower case. One that allows all but some allows everything here.
pub(crate) fn actions(statement: &Value) -> Vec<String> {
    if !statement["NotAction"].is_null() {
        return vec!["*".to_owned()];
    }
    items(&statement["Action"]).iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
}

/// Whether a statement is about everything.
pub(crate) fn is_of_everything(statement: &Value) -> bool {
    !statement["NotResource"].is_null()
        || items(&statement["Resource"]).iter().any(|one| one == "*")
}

/// Whether a statement's principal is everybody.
pub(crate) fn is_for_everybody(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    !statement["NotPrincipal"].is_null()
        || principal == "*"
        || items(&principal["AWS"]).iter().any(|one| one == "*")
}

/// The services of a statement's principal.
pub(crate) fn services(statement: &Value) -> impl Iterator<Item = &str> {
    items(&statement["Principal"]["Service"]).iter().filter_map(Value::as_str)
}

/// The values of a condition, whatever its operator; its key without regard to case.
pub(crate) fn condition<'a>(statement: &'a Value, key: &'a str) -> impl Iterator<Item = &'a Value> {
    let operators = statement["Condition"].as_object().into_iter().flat_map(Map::values);
    let keys = operators.filter_map(Value::as_object).flat_map(Map::iter);
    keys.filter(move |(name, _)| name.eq_ignore_ascii_case(key)).flat_map(|(_, value)| items(value))
}

/// Whether a statement says whose account or which source it is for.
pub(crate) fn is_fenced(statement: &Value) -> bool {
    const KEYS: [&str; 9] = [
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOwner",
        "aws:SourceOrgID",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalOrgID",
        "kms:CallerAccount",
        "kms:ViaService",
    ];
    KEYS.iter().any(|key| condition(statement, key).next().is_some())
}

/// What may be read of a statement's name, for people.
pub(crate) fn name(statement: &Value) -> &str {
    statement["Sid"].as_str().unwrap_or("a statement without a name")
}

/// Whether one of the actions covers `action`, which is in lower case and may be all of a service,
/// such as `kms:*`.
pub(crate) fn covers(actions: &[String], action: &str) -> bool {
    actions.iter().any(|pattern| matches(pattern, action))
}

/// Whether a pattern with `*` and `?` covers a text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(one) if *one == b'?' || *one == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((from, taken)) = star else { return false };
                star = Some((from, taken + 1));
                at = from + 1;
                read = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|one| *one == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_cover_what_they_say() {
        for (pattern, text, wanted) in [
            ("*", "kms:decrypt", true),
            ("kms:*", "kms:decrypt", true),
            ("kms:de*pt", "kms:decrypt", true),
            ("kms:decryp?", "kms:decrypt", true),
            ("kms:enc*", "kms:decrypt", false),
            ("s3:get*", "s3:putobject", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn everybody_has_three_forms() {
        for principal in [json!("*"), json!({ "AWS": "*" }), json!({ "AWS": ["1", "*"] })] {
            assert!(is_for_everybody(&json!({ "Principal": principal })));
        }
        assert!(is_for_everybody(&json!({ "NotPrincipal": { "AWS": "1" } })));
        assert!(!is_for_everybody(&json!({ "Principal": { "Service": "s3.amazonaws.com" } })));
    }

    #[test]
    fn a_fence_may_have_any_operator_and_case() {
        let fenced = |condition: Value| is_fenced(&json!({ "Condition": condition }));
        assert!(fenced(json!({ "StringEquals": { "AWS:SourceAccount": "1" } })));
        assert!(fenced(json!({ "ArnLike": { "aws:sourcearn": ["a"] } })));
        assert!(!fenced(json!({ "Bool": { "aws:SecureTransport": "true" } })));
    }
}
