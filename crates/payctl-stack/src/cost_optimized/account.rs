//! What happens in the account and is found there, and who is told.

use std::collections::BTreeMap;

use payctl_aws::config::{Rule as ConfigRule, Scope};
use payctl_aws::eventbridge::{Rule as EventRule, Target};
use payctl_aws::guardduty::Detector as GuardDuty;
use payctl_aws::questions::{DETECTOR, Detector, RECORDER};
use payctl_aws::sns::TopicRef;
use payctl_aws::{Document, Recorder};
use payctl_engine::Stack;
use serde_json::{Value, json};

use super::system::{System, Topics};

/// The home region of Cost Anomaly Detection.
const COSTS_REGION: &str = "us-east-1";

impl System<'_> {
    /// What happens in the account, to the topic of those it concerns.
    pub(super) fn events(&self, stack: &mut Stack, topics: &Topics) {
        let mut rule = |logical: &str, description: &str, pattern: Value, topic: &TopicRef| {
            let name = self.context.name(logical);
            let target = Target { arn: topic.arn(), input: None };
            stack.add(
                logical,
                EventRule {
                    description: description.to_owned(),
                    pattern: Document::new(pattern),
                    enabled: true,
                    targets: [("topic".to_owned(), target)].into(),
                    tags: self.context.tags(&name),
                    name,
                },
            );
        };
        rule(
            "security-findings",
            "What Security Hub, GuardDuty and Config find",
            json!({
                "source": ["aws.securityhub", "aws.guardduty", "aws.config"],
                "detail-type": [
                    "Security Hub Findings - Imported",
                    "GuardDuty Finding",
                    "Config Rules Compliance Change",
                ],
            }),
            &topics.security,
        );
        rule(
            "ec2-state-change",
            "Instances of the group that start and stop",
            // Events of EC2 say no more of an instance than its id; those of Auto Scaling name the
            // group (its guide, "Amazon EC2 Auto Scaling event reference", 2026-11-29).
            json!({
                "source": ["aws.autoscaling"],
                "detail-type": [
                    "EC2 Instance Launch Successful",
                    "EC2 Instance Launch Unsuccessful",
                    "EC2 Instance Terminate Successful",
                    "EC2 Instance Terminate Unsuccessful",
                ],
                "detail": { "AutoScalingGroupName": [self.context.name("payment-asg")] },
            }),
            &topics.ops,
        );
        // Events of Cost Anomaly Detection come in its home region alone, and only of anomalies
        // that a subscription with immediate alerts is told of (its guide, "Using EventBridge with
        // Cost Anomaly Detection").
        if self.context.region == COSTS_REGION {
            rule(
                "cost-anomaly",
                "What Cost Anomaly Detection finds",
                json!({ "source": ["aws.ce"], "detail-type": ["Anomaly Detected"] }),
                &topics.cost,
            );
            stack.note(
                "the rule cost-anomaly hears of anomalies only where a monitor of Cost Anomaly \
                 Detection has a subscription with immediate alerts, which payctl does not make",
            );
        } else {
            stack.note(&format!(
                "no rule cost-anomaly: its events come in {COSTS_REGION} alone, whatever the region \
                 of what costs",
            ));
        }
    }

    /// What AWS Config judges, where it records.
    pub(super) fn judged(&self, stack: &mut Stack) {
        if !self.parameters.config_rules {
            return;
        }
        match self.context.found.get(RECORDER).unwrap_or_default() {
            Recorder::None => {
                return stack.note(
                    "AWS Config has no recorder in this region, so its three rules are left out: set \
                     one up for the account, or `config_rules = false` under [cost-optimized]",
                );
            }
            Recorder::Stopped(name) => stack.note(&format!(
                "AWS Config's recorder {name} is stopped: its rules judge nothing until it is started"
            )),
            Recorder::Recording(name) => {
                stack.note(&format!("AWS Config's recorder {name} is the account's, and is used"));
            }
        }
        let tags = ["Environment", "DataClassification", "ComplianceScope", "ManagedBy"];
        let tags = tags.iter().map(|tag| self.context.tag_name(tag).to_owned()).enumerate();
        let required: BTreeMap<String, String> =
            tags.map(|(nth, tag)| (format!("tag{}Key", nth + 1), tag)).collect();
        let bucket = ["AWS::S3::Bucket"];
        let tagged = ["AWS::DynamoDB::Table", "AWS::EC2::VPC", "AWS::S3::Bucket"];
        for (logical, description, source, types, parameters) in [
            (
                "s3-encryption-check",
                "Buckets are encrypted",
                "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
                &bucket[..],
                BTreeMap::new(),
            ),
            (
                "s3-public-access-check",
                "Buckets are not public",
                "S3_BUCKET_PUBLIC_READ_PROHIBITED",
                &bucket[..],
                BTreeMap::new(),
            ),
            (
                "required-tags-check",
                "Resources say what they are and whose",
                "REQUIRED_TAGS",
                &tagged[..],
                required,
            ),
        ] {
            let name = self.context.name(logical);
            stack.add(
                logical,
                ConfigRule {
                    description: description.to_owned(),
                    source: source.to_owned(),
                    parameters,
                    scope: Scope::Types(types.iter().map(|kind| (*kind).to_owned()).collect()),
                    frequency: None,
                    tags: self.context.tags(&name),
                    name,
                },
            );
        }
    }

    /// GuardDuty: the account's detector, or one of ours where that is asked for.
    pub(super) fn detected(&self, stack: &mut Stack) {
        let create = self.parameters.create_detector;
        match self.context.found.get(DETECTOR).unwrap_or_default() {
            Detector::Other { id, enabled: true } => {
                return stack
                    .note(&format!("GuardDuty's detector {id} is the account's, and is used"));
            }
            Detector::Other { id, enabled: false } => {
                return stack.note(&format!(
                    "GuardDuty's detector {id} is the account's, and suspended: it finds nothing until \
                     it is enabled"
                ));
            }
            Detector::Unknown(why) => {
                return stack.note(&format!("GuardDuty cannot be asked here: {why}"));
            }
            Detector::None if !create => {
                return stack.note(
                    "GuardDuty has no detector in this region, so it finds nothing: \
                     `create_detector = true` under [cost-optimized] makes one",
                );
            }
            Detector::None | Detector::Ours => {}
        }
        if create {
            stack.add(
                "main",
                GuardDuty {
                    region: self.context.region.to_owned(),
                    enabled: true,
                    publishing_frequency: "FIFTEEN_MINUTES".to_owned(),
                    tags: self.context.tags(&self.context.name("payment-detector")),
                },
            );
        }
    }
}
