//! What goes: by its name in AWS, and with what is in it.

use serde_json::Value;

use crate::report::plural;

/// What AWS calls it: its name, its id, or else what its ARN ends in.
pub(super) fn physical(outputs: &Value) -> Option<String> {
    let text = |name: &str| outputs.get(name)?.as_str().filter(|text| !text.is_empty());
    // It is known by its address; once released, AWS gives that to somebody else.
    let name = text("public_ip")
        .or_else(|| text("name"))
        .or_else(|| text("identifier"))
        .or_else(|| text("id"));
    name.or_else(|| text("arn").map(resource)).map(str::to_owned)
}

/// The part of an ARN that names the resource.
fn resource(arn: &str) -> &str {
    arn.splitn(6, ':').last().unwrap_or(arn)
}

/// What happens to what is in a resource of `kind` when that is deleted, as it is set up; `None`
/// where nothing is in it.
///
/// How much there is of it is not told. An exact count takes a call for each thousand objects
/// (S3's `ListObjectVersions`) or reads every item, and what comes for nothing is no count:
/// DynamoDB brings `ItemCount` up to date "approximately every six hours", and SQS's
/// `ApproximateNumberOfMessages` is what it says (botocore's models of the two).
pub(super) fn loss(kind: &str, properties: &Value) -> Option<String> {
    let days = |name: &str| {
        let days = properties.get(name).and_then(Value::as_u64)?;
        let days = plural(usize::try_from(days).unwrap_or(usize::MAX), "day");
        Some(format!("schedule deletion in {days}"))
    };
    let data = match kind {
        // What is encrypted with it can be read until then.
        "kms.key" => return days("deletion_window_days").or(Some(SCHEDULED.to_owned())),
        "secretsmanager.secret" => match days("recovery_window_days") {
            Some(days) => return Some(days),
            None => return Some("delete at once, without a recovery window".to_owned()),
        },
        "s3.bucket" => "all objects and versions",
        "dynamodb.table" => "all items",
        "sqs.queue" => "all messages",
        "logs.group" => "all log events",
        // Automated backups go with a cluster unless DeleteDBCluster is told otherwise, which it is
        // not: botocore's rds 2014-10-31, DeleteAutomatedBackups.
        "rds.cluster" => match properties.get("final_snapshot") {
            Some(Value::Bool(true)) => "all databases, of which a final snapshot is kept",
            _ => "all databases and automated backups, without a final snapshot",
        },
        _ => return None,
    };
    Some(format!("and its data: {data}"))
}

const SCHEDULED: &str = "schedule deletion";

/// What goes and what happens to what is in it, on one line.
pub(super) fn joined(name: &str, loss: Option<&str>) -> String {
    match loss {
        None => name.to_owned(),
        Some(loss) if loss.starts_with("and ") => format!("{name} {loss}"),
        Some(loss) => format!("{name}: {loss}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_is_named_as_aws_does() {
        let named = |outputs| physical(&outputs).unwrap_or_default();
        assert_eq!(named(json!({ "id": "vpc-1", "arn": "arn:…" })), "vpc-1");
        assert_eq!(named(json!({ "id": "a1", "name": "payment-waf-dev" })), "payment-waf-dev");
        let elastic = json!({ "id": "eipalloc-1", "public_ip": "203.0.113.5" });
        assert_eq!(named(elastic), "203.0.113.5");
        let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/50dc/f2f7";
        assert_eq!(named(json!({ "arn": arn })), "listener/app/a/50dc/f2f7");
        assert_eq!(named(json!({ "arn": "arn:aws:logs:r:1:log-group:/a:*" })), "log-group:/a:*");
        assert_eq!(physical(&json!({ "subnet": "subnet-1" })), None);
        assert_eq!(physical(&Value::Null), None);
    }

    #[test]
    fn every_kind_that_keeps_data_says_what_is_lost() {
        let kinds = payctl_aws::kinds();
        for kind in kinds.kinds().values() {
            assert_eq!(loss(kind.kind, &Value::Null).is_some(), kind.keeps_data, "{}", kind.kind);
        }
    }

    #[test]
    fn what_is_lost_depends_on_how_it_is_set_up() {
        let told = |kind, properties| loss(kind, &properties).unwrap_or_default();
        let key = json!({ "deletion_window_days": 10 });
        assert_eq!(told("kms.key", key), "schedule deletion in 10 days");
        let secret = json!({ "recovery_window_days": 7 });
        assert_eq!(told("secretsmanager.secret", secret), "schedule deletion in 7 days");
        let secret = json!({ "recovery_window_days": null });
        let told_of = told("secretsmanager.secret", secret);
        assert_eq!(told_of, "delete at once, without a recovery window");
        let kept = told("rds.cluster", json!({ "final_snapshot": true }));
        assert!(kept.ends_with("a final snapshot is kept"), "{kept}");
        let lost = told("rds.cluster", json!({ "final_snapshot": false }));
        assert!(lost.ends_with("without a final snapshot"), "{lost}");
    }
}
