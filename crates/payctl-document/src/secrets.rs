//! Secrets that somebody wrote into a document.
//!
//! A document is kept in version control, its values in state and plan; a secret belongs in
//! Secrets Manager, which makes it itself.

use payctl_engine::Address;

use crate::document::Document;
use crate::problem::{Problem, Problems};
use crate::tree::{Node, Span, Table, Value};

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

/// The same of what belongs to no resource.
pub(crate) fn check_plain(document: &Document, outputs: &Table, problems: &mut Problems) {
    let mut tell = |at: Span, what: &str| {
        let message = format!("a secret is written in the document ({what})");
        problems.push(Problem::new(at, message).hint("let Secrets Manager make it"));
    };
    if is_credential(&document.description) {
        tell(Span::default(), "`description`");
    }
    for parameter in &document.parameters {
        let default = parameter.default.as_ref().and_then(|node| Some((node.at, node.text()?)));
        if let Some((at, text)) = default
            && (is_credential(text) || (is_secret_by_name(&parameter.name) && is_literal(text)))
        {
            tell(at, &format!("the default of `{}`", parameter.name));
        }
    }
    for (key, node) in &outputs.0 {
        if node.text().is_some_and(is_credential) {
            tell(node.at, &format!("the output `{}`", key.name));
        }
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
    let is_same = |(a, b): (&u8, &u8)| match a {
        b'-' => *b == b'_',
        a => a.eq_ignore_ascii_case(b),
    };
    let (name, same) = (name.as_bytes(), |a: &[u8], b: &[u8]| a.iter().zip(b).all(is_same));
    NAMES.iter().any(|part| name.windows(part.len()).any(|piece| same(piece, part.as_bytes())))
        && !HARMLESS.iter().any(|end| {
            let from = name.len().checked_sub(end.len());
            from.is_some_and(|from| same(&name[from..], end.as_bytes()))
        })
}

/// Whether a text is a value: neither empty, nor a word of a setting, nor what refers to something.
fn is_literal(text: &str) -> bool {
    !text.is_empty()
        && !text.contains("${")
        && !text.starts_with("arn:")
        && !["true", "false", "enabled", "disabled", "required", "optional"].contains(&text)
}

/// Beginnings of tokens of Stripe's, GitHub's, GitLab's and Slack's (GitHub's page "Supported secret
/// scanning patterns").
const TOKENS: [&str; 8] =
    ["sk_live_", "rk_live_", "whsec_", "ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-"];

/// An access key of AWS's, a private key, a token, or a URL with a password (IAM's reference of
/// identifiers: `AKIA` and `ASIA`; RFC 7468; RFC 3986, 3.2.1).
fn is_credential(text: &str) -> bool {
    let is_key_id = |word: &str| {
        word.len() == 20
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let is_token = |word: &str| {
        TOKENS.iter().any(|token| word.strip_prefix(token).is_some_and(|rest| rest.len() >= 8))
    };
    let has_password = |text: &str| {
        let authority = text.split_once("://").map(|(_, rest)| rest.split('/').next());
        let user = authority.flatten().and_then(|authority| authority.rsplit_once('@'));
        user.is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, pass)| !pass.is_empty()))
    };
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let mut tokens = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)));
    words.any(is_key_id)
        || tokens.any(is_token)
        || has_password(text)
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
            ("A", "sk_live_51H8abcdefgh", true),
            ("A", "postgres://user:pass@host/db", true),
            ("A", "https://host/a:b@c", false),
            ("A", "https://user@host/", false),
            ("A", "sk_live_", false),
        ] {
            let found = is_credential(text) || (is_secret_by_name(name) && is_literal(text));
            assert_eq!(found, secret, "{name} = {text}");
        }
    }
}
