//! Buckets.

use serde_json::Value;

use crate::policy::{
    actions, allows, condition, covers, denies, is_fenced, is_for_everybody, items, name, services,
};
use crate::rule::{Rule, Said, holds, none};
use crate::subject::Of;

const BUCKET: &[&str] = &["s3.bucket"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-S3-01", BUCKET, &["block_public"], |of| {
        holds(of.this.is("block_public"), "public access is not blocked")
    }),
    Rule::asks("PAY-S3-02", "it is the account's: s3:GetAccountPublicAccessBlock tells"),
    Rule::of("PAY-S3-03", BUCKET, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "objects are encrypted with keys of S3's own")
    }),
    Rule::of("PAY-S3-04", BUCKET, &["policy"], |of| {
        let found = denies(of.this.get("policy")).any(|one| {
            is_for_everybody(one)
                && actions(one).iter().any(|action| action == "s3:*" || action == "*")
                && condition(one, "aws:SecureTransport").any(|value| value == "false")
        });
        holds(found, "its policy takes requests without TLS")
    }),
    Rule::of("PAY-S3-05", BUCKET, &["policy"], |of| {
        let found = denies(of.this.get("policy")).any(|one| {
            covers(&actions(one), "s3:putobject")
                && condition(one, "s3:x-amz-server-side-encryption").next().is_some()
        });
        holds(found, "its policy takes uploads that ask for another encryption")
    }),
    Rule::of("PAY-S3-06", BUCKET, &["versioning"], |of| {
        holds(of.this.is("versioning"), "what is written over is gone")
    }),
    Rule::of("PAY-S3-07", BUCKET, &["access_log"], |of| {
        holds(of.this.has("access_log"), "nobody hears who reads it")
    }),
    Rule::of("PAY-S3-08", BUCKET, &["ownership"], owner_enforced),
    // Without access lists, none can grant anything.
    Rule::of("PAY-S3-09", BUCKET, &["ownership"], owner_enforced),
    Rule::of("PAY-S3-10", BUCKET, &["policy"], |of| {
        let open = allows(of.this.get("policy")).find(|one| {
            is_for_everybody(one) && !is_fenced(one) && covers(&actions(one), "s3:putobject")
        });
        none(open.map(name), "lets everybody write")
    }),
    Rule::of("PAY-S3-11", BUCKET, &["policy"], |of| {
        let open = allows(of.this.get("policy")).find(|one| {
            let everybody = is_for_everybody(one) && !is_fenced(one);
            let account = of.all().iter().find_map(own_account);
            let outsider =
                items(&one["Principal"]["AWS"]).iter().filter_map(Value::as_str).any(|arn| {
                    let theirs = arn.split(':').nth(4).unwrap_or(arn);
                    account.as_deref().is_some_and(|own| theirs != own && theirs != "*")
                });
            let service = services(one).next().is_some() && !is_fenced(one);
            everybody || outsider || service
        });
        none(open.map(name), "reaches beyond the account")
    }),
    Rule::of("PAY-S3-12", BUCKET, &["lifecycle"], |of| {
        let rules = of.this.list("lifecycle");
        let moved = rules.iter().any(|one| !one["transition"].is_null());
        let expires = rules.iter().any(|one| !one["expire_days"].is_null());
        let lacks = match (moved, expires) {
            (true, true) => return Said::Pass,
            (true, false) => "objects never expire",
            (false, true) => "objects are not moved to a cheaper class",
            (false, false) => "objects stay where they are for ever",
        };
        Said::Fail(lacks.to_owned())
    }),
    Rule::of("PAY-S3-13", BUCKET, &["lifecycle"], |of| {
        let ends = |one: &Value| one["abort_multipart_days"].as_i64().is_some_and(|days| days <= 7);
        holds(
            of.this.list("lifecycle").iter().any(ends),
            "unfinished uploads stay for more than a week",
        )
    }),
    Rule::of("PAY-S3-14", BUCKET, &["lock"], |of| {
        let is_trail =
            of.all().of("cloudtrail.trail").any(|one| of.all().is(one.get("bucket"), of.this));
        if !is_trail && !of.this.name().contains("audit") {
            return Said::Skip;
        }
        holds(of.this.has("lock"), "what comes in can be changed or deleted")
    }),
    Rule::of("PAY-S3-15", BUCKET, &[], |of| {
        let told = of
            .all()
            .with("s3.notification", "bucket", of.this)
            .any(|one| one.is("event_bridge") || !one.list("functions").is_empty());
        holds(told, "nobody hears of its objects")
    }),
    Rule::of("PAY-S3-16", BUCKET, &["name"], |of| {
        let name = of.this.text("name");
        let named = name.contains(&format!("-{}-", of.subject.suffix)) && name.len() <= 63;
        holds(named, "its name does not tell the environment and the account")
    })
    .of_systems(),
];

fn owner_enforced(of: &Of<'_>) -> Said {
    holds(of.this.text("ownership") == "BucketOwnerEnforced", "access lists count")
}

/// The account, as buckets' names and the ARNs of what exists tell it.
fn own_account(resource: &crate::Resource) -> Option<String> {
    let arn = resource.outputs["arn"].as_str()?;
    let account = arn.split(':').nth(4)?;
    (account.len() == 12).then(|| account.to_owned())
}
