//! Tables and databases.

use serde_json::Value;

use crate::rule::{Rule, Said, holds, none};
use crate::subject::Of;

const TABLE: &[&str] = &["dynamodb.table"];
const CLUSTER: &[&str] = &["rds.cluster"];
const INSTANCE: &[&str] = &["rds.instance"];
/// Names that everybody tries first.
const DEFAULT_USERS: [&str; 4] = ["admin", "postgres", "root", "awsuser"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-DDB-01", TABLE, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "it is encrypted with a key of DynamoDB's own")
    }),
    Rule::of("PAY-DDB-02", TABLE, &["point_in_time_recovery"], |of| {
        holds(
            of.this.is("point_in_time_recovery"),
            "it cannot be brought back to an earlier moment",
        )
    }),
    Rule::of("PAY-DDB-03", TABLE, &["deletion_protection"], |of| {
        holds(of.this.is("deletion_protection"), "it can be deleted")
    }),
    // The kind declares no policy: one that somebody attached is told where it exists, and for whom.
    Rule::of("PAY-DDB-04", TABLE, &[], |of| {
        let own = of.this.outputs["arn"].as_str().and_then(|arn| arn.split(':').nth(4));
        let open = of.this.attached.iter().find(|one| {
            let whom = one.strip_prefix("resource policy for ");
            whom.is_some_and(|whom| whom.split(", ").any(|one| !is_of_account(one, own)))
        });
        none(open, "was attached")
    }),
    Rule::of("PAY-DDB-05", TABLE, &["billing"], |of| {
        holds(of.this.text("billing") == "PAY_PER_REQUEST", "its capacity is provisioned")
    })
    .of_systems(),
    Rule::of("PAY-DDB-06", TABLE, &["stream", "ttl"], |of| {
        let asked = of.this.text("stream") == "NEW_AND_OLD_IMAGES" && of.this.has("ttl");
        holds(asked, "no stream of both images, or nothing expires")
    })
    .of_systems(),
    Rule::of("PAY-RDS-01", CLUSTER, &["kms_key"], |of| {
        holds(of.this.has("kms_key"), "no customer's key")
    }),
    // An instance of Aurora's has its cluster's storage.
    Rule::of("PAY-RDS-02", INSTANCE, &["cluster"], |of| {
        match of.all().target("rds.cluster", of.this.get("cluster")) {
            Some(cluster) => {
                holds(cluster.has("kms_key"), "its cluster's storage has no customer's key")
            }
            None => Said::Unknown("its cluster is not of this stack".to_owned()),
        }
    }),
    Rule::asks(
        "PAY-RDS-03",
        "snapshots are made by the service: rds:DescribeDBClusterSnapshots tells",
    ),
    Rule::of("PAY-RDS-04", INSTANCE, &["publicly_accessible"], |of| {
        holds(!of.this.is("publicly_accessible"), "it has a public address")
    }),
    Rule::of("PAY-RDS-05", CLUSTER, &["master_username"], |of| {
        let user = of.this.text("master_username");
        holds(!DEFAULT_USERS.contains(&user), format!("`{user}` is tried first by everybody"))
    }),
    Rule::of("PAY-RDS-06", CLUSTER, &["master_secret"], |of| {
        holds(of.this.has("master_secret"), "its password does not come from Secrets Manager")
    }),
    Rule::of("PAY-RDS-07", CLUSTER, &["backup_retention_days"], |of| {
        let days = of.this.number("backup_retention_days").unwrap_or_default();
        holds(days >= 30, format!("backups are kept for {days} days"))
    }),
    Rule::of("PAY-RDS-08", CLUSTER, &["iam_authentication"], |of| {
        holds(of.this.is("iam_authentication"), "passwords are the only way in")
    }),
    Rule::of("PAY-RDS-09", CLUSTER, &["log_exports"], |of| {
        let sent = of.this.list("log_exports").iter().any(|one| one == "postgresql");
        holds(sent, "its log does not go to CloudWatch")
    }),
    Rule::of("PAY-RDS-10", &["rds.cluster_parameter_group"], &["parameters"], |of| {
        let forced = of.this.get("parameters")["rds.force_ssl"] == "1";
        holds(forced, "connections without TLS are taken")
    }),
    Rule::of("PAY-RDS-11", INSTANCE, &["auto_minor_version_upgrade"], |of| {
        holds(of.this.is("auto_minor_version_upgrade"), "mends have to be applied by hand")
    }),
    Rule::asks("PAY-RDS-12", "versions come and go: rds:DescribeDBEngineVersions tells"),
    Rule::of("PAY-RDS-13", CLUSTER, &["zones"], |of| {
        let zones: std::collections::BTreeSet<&str> =
            of.all().with("rds.instance", "cluster", of.this).map(|one| one.text("zone")).collect();
        holds(zones.len() >= 2, "its instances are in one zone")
    }),
    Rule::of("PAY-RDS-14", CLUSTER, &["deletion_protection"], |of| {
        holds(of.this.is("deletion_protection"), "it can be deleted")
    }),
    Rule::of("PAY-RDS-15", CLUSTER, &["copy_tags_to_snapshots"], |of| {
        holds(of.this.is("copy_tags_to_snapshots"), "nobody can tell whose its snapshots are")
    }),
    Rule::of("PAY-RDS-16", INSTANCE, &["monitoring"], |of| {
        let seconds = of.this.get("monitoring")["interval_s"].as_i64().unwrap_or_default();
        holds(seconds > 0, "the machine does not report")
    }),
    Rule::of("PAY-RDS-17", CLUSTER, &[], |of| {
        const ASKED: [&str; 3] = ["db-instance", "db-parameter-group", "db-security-group"];
        let lacks = ASKED.into_iter().find(|kind| !is_subscribed(of, kind));
        none(lacks, "events are told to nobody")
    }),
];

fn is_subscribed(of: &Of<'_>, kind: &str) -> bool {
    of.all().of("rds.event_subscription").any(|one| {
        let told = one.list("categories").iter().any(|one: &Value| one == "configuration change");
        one.text("source_type") == kind && one.is("enabled") && told
    })
}

/// Whether a principal is of the account: its number, or an ARN with it.
fn is_of_account(principal: &str, account: Option<&str>) -> bool {
    account.is_some_and(|own| principal == own || principal.split(':').nth(4) == Some(own))
}
