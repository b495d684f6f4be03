//! What looks like a secret: where a value that is written down is one.

use serde_json::Value;

/// The beginnings of tokens and keys that services give out.
const BEGINNINGS: &[&str] = &[
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "rk_live_",
    "-----BEGIN",
];
/// What names of secrets have in them.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "credential",
];
/// What names that look so end with where they say where a secret is, and not which.
const PLACES: &[&str] =
    &["_arn", "_name", "_id", "_path", "_url", "_parameter", "_field", "_days", "_seconds"];

/// Whether a value under a name is a secret that is written down.
pub(super) fn is_secret(name: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    if BEGINNINGS.iter().any(|one| text.contains(one)) {
        return true;
    }
    let name = name.to_lowercase();
    let named = NAMES.iter().any(|one| name.contains(one));
    let place = PLACES.iter().any(|one| name.ends_with(one)) || text.starts_with("arn:");
    named && !place && !text.is_empty()
}

/// Whether a text, such as a script, has one in it.
pub(super) fn has_secret(text: &str) -> bool {
    BEGINNINGS.iter().any(|one| text.contains(one))
        || text.lines().any(|line| {
            line.split_once('=').is_some_and(|(name, value)| {
                let value = value.trim().trim_matches(['"', '\'']);
                let name = name.trim().rsplit(' ').next().unwrap_or_default();
                // What is asked of somebody else when it runs is not written down.
                !value.starts_with('$')
                    && !value.starts_with('`')
                    && is_secret(name, &Value::String(value.to_owned()))
            })
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_told_from_where_they_are() {
        assert!(is_secret("DB_PASSWORD", &json!("hunter2")));
        assert!(is_secret("NOTE", &json!("AKIAIOSFODNN7EXAMPLE")));
        assert!(!is_secret("SECRET_ARN", &json!("arn:aws:secretsmanager:…")));
        assert!(!is_secret("SECRET_NAME", &json!("payments")));
        assert!(!is_secret("DB_PASSWORD", &json!({ "$ref": "a.b" })));
        assert!(has_secret("#!/bin/sh\nexport TOKEN='abc'\n"));
        assert!(!has_secret("#!/bin/sh\nTOKEN=$(curl …)\n"));
    }
}
