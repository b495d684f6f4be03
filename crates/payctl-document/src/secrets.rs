//! Secrets that somebody wrote into a document.
//!
//! A document is kept in version control, its values in state and plan; a secret belongs in
//! Secrets Manager, which makes it itself.

use payctl_engine::Address;

use crate::problem::{Problem, Problems};
use crate::tree::{Node, Table, Value};

/// Parts of names whose values are secrets.
const NAMES: [&str; 7] =
    ["password", "passwd", "secret", "api_key", "apikey", "private_key", "access_key"];
/// Ends of names that only say where a secret is, or how it is used.
const HARMLESS: [&str; 12] = [
    "_arn",
    "_id",
    "_name",
    "_url",
    "_key_id",
    "_path",
    "_length",
    "_s",
    "_days",
    "_policy",
    "_version",
    "master_secret",
];

/// Tells of what looks like a secret.
pub(crate) fn check(whose: &Address, table: &Table, problems: &mut Problems) {
    for (key, node) in &table.0 {
        value(whose, &key.name, node, problems);
    }
}

fn value(whose: &Address, name: &str, node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::Text(text)
            if is_credential(text) || (is_secret_by_name(name) && is_literal(text)) =>
        {
            let message = format!("a secret is written in the document (`{name}` of {whose})");
            problems.push(Problem::new(node.at, message).hint(
                "let Secrets Manager make it (secretsmanager.secret), and give the function its ARN",
            ));
        }
        Value::List(items) => items.iter().for_each(|item| value(whose, name, item, problems)),
        Value::Table(table) => check(whose, table, problems),
        _ => {}
    }
}

fn is_secret_by_name(name: &str) -> bool {
    let lower = name.to_lowercase().replace('-', "_");
    NAMES.iter().any(|secret| lower.contains(secret))
        && !HARMLESS.iter().any(|end| lower.ends_with(end))
}

/// Whether a text is a value: neither empty, nor a word of a setting, nor what refers to something.
fn is_literal(text: &str) -> bool {
    !text.is_empty()
        && !text.contains("${")
        && !text.starts_with("arn:")
        && !["true", "false", "enabled", "disabled", "required", "optional"].contains(&text)
}

/// An access key of AWS's, or a private key (IAM's reference of identifiers: `AKIA` and `ASIA`; RFC 7468).
fn is_credential(text: &str) -> bool {
    let is_key_id = |word: &str| {
        word.len() == 20
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(is_key_id)
        || (text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_speaks_of_a_secret_is_none() {
        for (name, text, secret) in [
            ("DB_PASSWORD", "hunter2", true),
            ("api-key", "abc", true),
            ("STRIPE_SECRET", "sk_live_1", true),
            ("note", "key AKIAIOSFODNN7EXAMPLE", true),
            ("pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", true),
            ("DB_SECRET_ARN", "x", false),
            ("DB_PASSWORD", "${secretsmanager.secret:db.arn}", false),
            ("master_secret", "x", false),
            ("SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:x", false),
            ("kms_key", "alias/x", false),
            ("password_policy", "x", false),
            ("note", "AKIA", false),
        ] {
            let found = is_credential(text) || (is_secret_by_name(name) && is_literal(text));
            assert_eq!(found, secret, "{name} = {text}");
        }
    }
}
