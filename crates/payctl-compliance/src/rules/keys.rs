//! Requirement 3: keys.

use crate::policy::{allows, condition, is_fenced, is_for_everybody, name, services};
use crate::rule::{Rule, Said, holds, none};

const KEY: &[&str] = &["kms.key"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-KMS-01", KEY, &["rotation"], |of| {
        holds(of.this.is("rotation"), "its material is never made anew")
    }),
    Rule::of("PAY-KMS-02", KEY, &["pending_deletion"], |of| {
        holds(!of.this.is("pending_deletion"), "it waits for its deletion")
    }),
    Rule::of("PAY-KMS-03", KEY, &["policy"], |of| {
        let open =
            allows(of.this.get("policy")).find(|one| is_for_everybody(one) && !is_fenced(one));
        none(open.map(name), "is for everybody")
    }),
    Rule::of("PAY-KMS-04", KEY, &["policy"], |of| {
        let logs = |service: &str| service.starts_with("logs.");
        let mut all =
            allows(of.this.get("policy")).filter(|one| services(one).any(logs)).peekable();
        if all.peek().is_none() {
            return Said::Skip;
        }
        let key = "kms:EncryptionContext:aws:logs:arn";
        let open = all.find(|one| condition(one, key).next().is_none());
        none(open.map(name), "is for the log groups of every account")
    }),
    Rule::of("PAY-KMS-05", KEY, &["policy"], |of| {
        let trail = |service: &str| service == "cloudtrail.amazonaws.com";
        let mut all =
            allows(of.this.get("policy")).filter(|one| services(one).any(trail)).peekable();
        if all.peek().is_none() {
            return Said::Skip;
        }
        let open = all.find(|one| condition(one, "aws:SourceArn").next().is_none());
        none(open.map(name), "is for every trail")
    }),
    Rule::of("PAY-KMS-06", &["rds.cluster"], &["kms_key"], |of| {
        let key = of.all().target("kms.key", of.this.get("kms_key"));
        let shared = of.all().iter().find(|one| {
            let other =
                ["s3.bucket", "dynamodb.table", "secretsmanager.secret"].contains(&one.kind());
            let theirs = of.all().target("kms.key", one.get("kms_key"));
            other && theirs.is_some() && theirs.map(|k| &k.address) == key.map(|k| &k.address)
        });
        none(shared.map(|one| &one.address), "has the same key")
    })
    .of_systems(),
    Rule::of("PAY-KMS-07", KEY, &["deletion_window_days"], |of| {
        let days = of.this.number("deletion_window_days").unwrap_or_default();
        holds((7..=30).contains(&days), "it is deleted after less than 7 or more than 30 days")
    }),
    Rule::of("PAY-KMS-08", KEY, &[], |of| {
        let suffix = of.subject.suffix;
        let mut aliases = of.all().with("kms.alias", "key", of.this);
        holds(
            aliases.any(|one| one.text("name").ends_with(suffix)),
            "no alias names the environment",
        )
    }),
];
