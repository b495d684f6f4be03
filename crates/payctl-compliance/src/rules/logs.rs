//! Requirement 10: logs, trails and alarms.

use serde_json::Value;

use super::account;
use crate::Resource;
use crate::policy::{allows, condition, name, services};
use crate::rule::{Rule, Said, holds, none};
use crate::subject::Of;

const GROUP: &[&str] = &["logs.group"];
const TRAIL: &[&str] = &["cloudtrail.trail"];
const ALARM: &[&str] = &["cloudwatch.alarm"];
/// What the CIS AWS Foundations Benchmark filters the trail for: each is recognised by words of its
/// pattern, all of which have to be in one.
const FILTERS: &[(&str, &[&str])] = &[
    ("use of the root", &["userIdentity.type", "Root"]),
    ("denied calls", &["UnauthorizedOperation", "AccessDenied"]),
    ("console without MFA", &["ConsoleLogin", "MFAUsed"]),
    ("changes of IAM's policies", &["PutRolePolicy", "AttachRolePolicy"]),
    ("changes of trails", &["UpdateTrail", "StopLogging"]),
    ("failures at the console", &["ConsoleLogin", "Failed authentication"]),
    ("keys that are disabled or deleted", &["DisableKey", "ScheduleKeyDeletion"]),
    ("changes of buckets' policies", &["PutBucketPolicy", "DeleteBucketPolicy"]),
    ("changes of AWS Config", &["StopConfigurationRecorder", "DeleteDeliveryChannel"]),
    (
        "changes of security groups",
        &["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"],
    ),
    ("changes of network lists", &["CreateNetworkAcl", "ReplaceNetworkAclEntry"]),
    ("changes of gateways", &["AttachInternetGateway", "DeleteInternetGateway"]),
    ("changes of route tables", &["CreateRoute", "ReplaceRoute"]),
    ("changes of VPCs", &["CreateVpc", "ModifyVpcAttribute"]),
];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-LOG-01", GROUP, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "it is encrypted with a key of AWS's own")
    }),
    Rule::of("PAY-LOG-02", GROUP, &["retention_days"], |of| {
        let days = of.this.number("retention_days").unwrap_or_default();
        holds(days == 0 || days >= 365, format!("lines are kept for {days} days"))
    }),
    Rule::of("PAY-LOG-03", GROUP, &["retention_days"], |of| {
        holds(of.this.has("retention_days"), "how long lines are kept is not said")
    }),
    // The kind declares no policy, and CloudWatch Logs has them for the account.
    account::LOG_POLICIES,
    Rule::of("PAY-LOG-05", TRAIL, &["logging"], |of| {
        holds(of.this.is("logging"), "it does not log")
    }),
    Rule::of("PAY-LOG-06", TRAIL, &["multi_region", "global_events", "management_events"], |of| {
        let lacks = ["multi_region", "global_events", "management_events"]
            .into_iter()
            .find(|one| !of.this.is(one));
        none(lacks, "is off")
    }),
    Rule::of("PAY-LOG-07", TRAIL, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "its files are encrypted with keys of S3's own")
    }),
    Rule::of("PAY-LOG-08", TRAIL, &["log_file_validation"], |of| {
        holds(of.this.is("log_file_validation"), "nobody could tell that a file was changed")
    }),
    Rule::of("PAY-LOG-09", TRAIL, &["log_delivery"], |of| {
        holds(of.this.has("log_delivery"), "it does not deliver to CloudWatch Logs")
    }),
    Rule::of("PAY-LOG-10", TRAIL, &["data_events"], |of| {
        let objects =
            of.this.list("data_events").iter().any(|one| one["kind"] == "AWS::S3::Object");
        holds(objects, "what is done to objects is not recorded")
    }),
    Rule::of("PAY-LOG-11", TRAIL, &["insights"], |of| {
        holds(!of.this.list("insights").is_empty(), "nobody compares calls with what is usual")
    }),
    Rule::of("PAY-LOG-12", TRAIL, &["bucket"], |of| {
        with_bucket(of, |bucket| {
            holds(bucket.is("block_public"), "its bucket does not block public access")
        })
    }),
    Rule::of("PAY-LOG-13", TRAIL, &["bucket"], |of| {
        with_bucket(of, |bucket| {
            holds(bucket.has("access_log"), "nobody hears who reads its bucket")
        })
    }),
    Rule::of("PAY-LOG-14", TRAIL, &["bucket"], |of| {
        with_bucket(of, |bucket| {
            let trail = |service: &str| service == "cloudtrail.amazonaws.com";
            let mut all = allows(bucket.get("policy")).filter(|one| services(one).any(trail));
            let open = all.find(|one| condition(one, "aws:SourceArn").next().is_none());
            none(open.map(name), "lets every trail write")
        })
    }),
    Rule::of("PAY-LOG-15", ALARM, &["actions", "actions_enabled"], |of| {
        let off = of.this.get("actions_enabled") == &Value::Bool(false)
            || of.this.attached.iter().any(|one| one.contains("actions"));
        holds(!of.this.list("actions").is_empty() && !off, "nobody hears of it")
    }),
    Rule::of("PAY-LOG-16", ALARM, &["statistic", "threshold"], |of| {
        if of.this.text("metric") != "IntegrationLatency" {
            return Said::Skip;
        }
        let asked =
            of.this.text("statistic") == "p99" && of.this.get("threshold").as_f64() == Some(1000.0);
        holds(asked, "it does not watch the slowest of a hundred")
    })
    .of_systems(),
    Rule::of("PAY-LOG-17", TRAIL, &["log_delivery"], |of| {
        let lacks: Vec<&str> = FILTERS
            .iter()
            .filter(|(_, words)| !has_alarm(of, words))
            .map(|(what, _)| *what)
            .collect();
        holds(lacks.is_empty(), format!("no alarm for {}", lacks.join(", ")))
    }),
    account::DETECTOR,
    account::DETECTOR_FEATURES,
    account::RECORDER,
    Rule::of("PAY-LOG-21", &["s3.bucket"], &[], |of| {
        // Once for the stack, at its first bucket.
        let first = of.all().of("s3.bucket").next();
        if first.is_none_or(|one| one.address != of.this.address) {
            return Said::Skip;
        }
        const ASKED: [&str; 3] = [
            "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
            "S3_BUCKET_PUBLIC_READ_PROHIBITED",
            "REQUIRED_TAGS",
        ];
        if of.all().of("config.rule").next().is_none() {
            return Said::Unknown(
                "no rule is declared, as where the account records nothing".to_owned(),
            );
        }
        let rules: Vec<String> =
            of.all().of("config.rule").map(|one| one.properties.to_string()).collect();
        let lacks = ASKED.into_iter().find(|name| !rules.iter().any(|rule| rule.contains(name)));
        none(lacks, "is asked by no rule of AWS Config")
    })
    .of_systems(),
];

fn with_bucket(of: &Of<'_>, judge: impl Fn(&Resource) -> Said) -> Said {
    match of.all().target("s3.bucket", of.this.get("bucket")) {
        Some(bucket) => judge(bucket),
        None => Said::Unknown("its bucket is not of this stack".to_owned()),
    }
}

/// Whether a filter has all of these words, and an alarm watches what it counts.
fn has_alarm(of: &Of<'_>, words: &[&str]) -> bool {
    of.all().of("logs.metric_filter").any(|filter| {
        let pattern = filter.text("pattern");
        words.iter().all(|word| pattern.contains(word))
            && of.all().of("cloudwatch.alarm").any(|alarm| {
                alarm.text("namespace") == filter.text("namespace")
                    && alarm.text("metric") == filter.text("metric")
            })
    })
}
