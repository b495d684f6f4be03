//! Tags and names.

use serde_json::Value;

use crate::rule::{Rule, Said, holds, none};

/// What every resource that takes tags carries: what the systems agreed on, and whose it is.
const TAGS: [&str; 6] = [
    "Environment",
    "DataClassification",
    "ComplianceScope",
    "payctl:stack",
    "payctl:suffix",
    "payctl:id",
];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-TAG-01", &["*"], &["tags"], |of| {
        let Value::Object(tags) = of.this.get("tags") else { return Said::Skip };
        // What the account has once is everybody's.
        if of.this.name().starts_with("account/") {
            return Said::Skip;
        }
        let own = |tag: &&&str| tag.starts_with("payctl:");
        let asked = TAGS.iter().filter(|tag| own(tag) || of.subject.system.is_some());
        none(asked.into_iter().find(|tag| !tags.contains_key(**tag)), "is not among its tags")
    }),
    Rule::of("PAY-TAG-02", &["*"], &["name"], |of| {
        // Within an API, a log group or a key others have the environment's name already.
        let within =
            ["api", "log_group", "function", "bucket", "group"].iter().any(|one| of.this.has(one));
        let name = match of.this.get("name") {
            Value::String(name) if !within && !of.this.name().starts_with("account/") => name,
            _ => return Said::Skip,
        };
        holds(name.contains(of.subject.suffix), format!("`{name}` does not tell the environment"))
    })
    .of_systems(),
];
