//! The trail: who did what with payments, in a bucket for years and in a log group at once.

use payctl_aws::cloudtrail::{DataEvents, LogDelivery, Trail};
use payctl_aws::dynamodb::TableRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::logs::LogGroupRef;
use payctl_aws::s3::BucketRef;
use payctl_aws::{Arn, Set, Statement};
use payctl_engine::{Input, Stack};

use super::system::System;
use crate::parts::bucket::{self, Retention};
use crate::parts::role;

/// The bucket that it writes to.
pub(super) const BUCKET: &str = "payment-cloudtrail";
/// Calls and errors that are more or fewer than usual.
const INSIGHTS: [&str; 2] = ["ApiCallRateInsight", "ApiErrorRateInsight"];

impl System<'_> {
    /// The trail, which writes to the bucket `audit`; answers its name, and the log group that it
    /// writes to as well.
    pub(super) fn trail(
        &self,
        stack: &mut Stack,
        name: String,
        key: &KeyRef,
        audit: &BucketRef,
        files: &BucketRef,
        table: &TableRef,
    ) -> (Input<String>, LogGroupRef) {
        let (context, parameters) = (self.context, self.parameters);
        let events = |kind: &str, arn: Input<Arn>| DataEvents {
            kind: kind.to_owned(),
            arns: [arn].into_iter().collect(),
        };
        let (records, delivery) = self.records(stack, &name, key);
        let insights = INSIGHTS.map(str::to_owned).into_iter();
        let trail = stack.add(
            "main",
            Trail {
                bucket: audit.name(),
                kms_key: Some(key.arn()),
                multi_region: parameters.trail_multi_region,
                global_events: true,
                log_file_validation: true,
                logging: true,
                management_events: true,
                data_events: [
                    events("AWS::S3::Object", files.arn().then("/")),
                    events("AWS::DynamoDB::Table", table.arn()),
                ]
                .into_iter()
                .collect(),
                log_delivery: Some(delivery),
                insights: if self.is_strict() { insights.collect() } else { Set::new() },
                tags: context.tags(&name),
                name,
            },
        );
        (trail.name().cast(), records)
    }

    /// The log group that the trail of that name writes to, and as what. Its role names no trail as
    /// what it may be taken on for: the guide's sample has no condition, and whether CloudTrail says
    /// then for which trail is not known.
    fn records(&self, stack: &mut Stack, trail: &str, key: &KeyRef) -> (LogGroupRef, LogDelivery) {
        let group = self.log_group(format!("/aws/cloudtrail/{trail}"), key);
        let group = stack.add("trail", group);
        let trust = role::trust("cloudtrail.amazonaws.com");
        let description = "Lets the trail write to its log group";
        let write = [role::write_logs(&group)];
        let role = role::of_service(self.context, "payment-trail-role", description, trust, write);
        let role = stack.add("trail", role);
        let delivery = LogDelivery { group: group.arn().then(":*"), role: role.arn() };
        (group, delivery)
    }

    /// The bucket that the trail of that name writes to. Its files name the key; its digests, which
    /// S3's own key encrypts, name none (CloudTrail's guide,
    /// encrypting-cloudtrail-log-files-with-aws-kms).
    pub(super) fn audit_bucket(
        &self,
        stack: &mut Stack,
        logs: &BucketRef,
        key: &KeyRef,
        trail: &str,
    ) -> BucketRef {
        let (context, parameters) = (self.context, self.parameters);
        let trail = context.arn("cloudtrail", &format!("trail/{trail}"));
        let name = context.bucket_name(BUCKET);
        let arn = bucket::arn(context, &name);
        let by_trail = |sid: &str, action: &str| {
            Statement::allow(sid, &[action]).for_service("cloudtrail.amazonaws.com").when(
                "StringEquals",
                "aws:SourceArn",
                trail.clone(),
            )
        };
        let look = by_trail("CloudTrailLook", "s3:GetBucketAcl").on([Input::Known(arn.clone())]);
        let write = by_trail("CloudTrailWrite", "s3:PutObject")
            .on([bucket::within(&arn, &format!("/AWSLogs/{}/*", context.account))])
            .when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control");
        let retention = Retention {
            archive_after_days: Some(parameters.audit_archive_after_days),
            expire_after_days: Some(parameters.audit_expire_after_days),
            versions_only: false,
        };
        let statements = [look, write, bucket::no_other_key(context, &name, &key.arn())];
        let bucket =
            bucket::encrypted(context, name, logs, Some(key.arn()), Some(retention), statements);
        let bucket = stack.add("audit", bucket::locked(bucket, parameters.posture));
        if self.is_strict() {
            bucket::announced(stack, "audit", &bucket);
        }
        bucket
    }
}
