//! What is watched, and who is told.

use std::collections::BTreeMap;

use payctl_aws::autoscaling::GroupRef;
use payctl_aws::cloudwatch::Alarm;
use payctl_aws::config::{Rule as ConfigRule, Scope};
use payctl_aws::dynamodb::TableRef;
use payctl_aws::eventbridge::{Rule as EventRule, Target};
use payctl_aws::guardduty::Detector as GuardDuty;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::questions::{DETECTOR, Detector, RECORDER};
use payctl_aws::sns::TopicRef;
use payctl_aws::{Document, Recorder};
use payctl_engine::{Input, Stack};
use serde_json::{Value, json};

use super::instances::of_group;
use super::messages::{Queues, Topics};
use super::month;
use super::system::{STATUS_INDEX, System};
use crate::parts::alarm::{self, Metric};
use crate::parts::{dashboard, queue};

/// The home region of Cost Anomaly Detection.
const COSTS_REGION: &str = "us-east-1";

/// What there is to be watched.
pub(super) struct Watched<'a> {
    /// The one behind the API, and the one that the queue feeds.
    pub(super) functions: [&'a FunctionRef; 2],
    pub(super) table: &'a TableRef,
    pub(super) queues: &'a Queues,
    pub(super) group: &'a GroupRef,
    pub(super) topics: &'a Topics,
}

impl System<'_> {
    pub(super) fn watch(&self, stack: &mut Stack, watched: &Watched<'_>) {
        self.alarms(stack, watched);
        self.events(stack, watched.topics);
        self.judged(stack);
        self.detected(stack);
    }

    fn alarms(&self, stack: &mut Stack, watched: &Watched<'_>) {
        let (context, parameters) = (self.context, self.parameters);
        let [api, events] = watched.functions;
        let of_api = |name| {
            let api = ("ApiName", Input::Known(context.name("payment-api")));
            Metric::new("AWS/ApiGateway", name, [api, ("Stage", Input::from("prod"))])
        };
        let queues = watched.queues;
        let payments = queues.payments.name().when_created().cast();
        let age =
            Metric::new("AWS/SQS", "ApproximateAgeOfOldestMessage", [("QueueName", payments)]);
        let depth = queue::depth(&queues.dead_letters);
        let cpu = Metric::new("AWS/EC2", "CPUUtilization", [of_group(watched.group)]);
        let sum = |name, description, metric, above| {
            alarm::above(context, name, description, metric, above)
        };
        let errors = |function| alarm::of_function("Errors", function);
        let throttled = alarm::throttled_writes(watched.table);
        let throttled_index = alarm::throttled_index_writes(watched.table, STATUS_INDEX);
        let statistic = |statistic: &str, alarm| Alarm { statistic: statistic.to_owned(), ..alarm };
        let alarms = [
            sum(
                "lambda-errors",
                "Taking payments fails",
                errors(api),
                parameters.error_alarm_above,
            ),
            sum(
                "event-handler-errors",
                "Completing payments fails",
                errors(events),
                parameters.error_alarm_above,
            ),
            sum(
                "dynamodb-throttle",
                "Writes to the payments are throttled",
                throttled,
                parameters.throttle_alarm_above,
            ),
            sum(
                "dynamodb-index-throttle",
                "Writes to the payments are throttled, as too many have one status",
                throttled_index,
                parameters.throttle_alarm_above,
            ),
            sum(
                "api-4xx-errors",
                "The API turns many requests away",
                of_api("4XXError"),
                parameters.api_4xx_alarm_above,
            ),
            sum(
                "api-5xx-errors",
                "The API fails",
                of_api("5XXError"),
                parameters.api_5xx_alarm_above,
            ),
            Alarm {
                evaluation_periods: 2,
                ..statistic(
                    "Average",
                    sum(
                        "ec2-cpu-high",
                        "The payment instances are busy",
                        cpu,
                        parameters.cpu_alarm_above,
                    ),
                )
            },
            statistic(
                "Maximum",
                sum("queue-age", "Payments wait for long", age, parameters.queue_age_alarm_above_s),
            ),
            statistic("Maximum", sum("dlq-depth", "Payments could not be completed", depth, 0.0)),
        ];
        let actions = parameters.alerts().actions(&watched.topics.ops);
        alarm::add_all(stack, context, &actions, alarms);
    }

    /// What happens in the account, to the topic of those it concerns.
    fn events(&self, stack: &mut Stack, topics: &Topics) {
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

    /// Last of all, as one of them says what the whole stack costs.
    pub(super) fn dashboards(&self, stack: &mut Stack) {
        let context = self.context;
        let name = |base: &str| context.name(base);
        let (function, handler) = (name("payment-processor"), name("event-handler"));
        let (table, api) = (name("payments"), name("payment-api"));
        let (queue, dead_letters) = (name("payment-queue"), name("payment-dlq"));
        let (group, web_acl) = (name("payment-asg"), name("payment-waf"));
        let operation = |operation: &str| {
            json!([
                "AWS/DynamoDB",
                "SuccessfulRequestLatency",
                "TableName",
                table,
                "Operation",
                operation
            ])
        };
        let mut costs = vec![
            dashboard::graph(
                context,
                "Requests",
                "Sum",
                json!([["AWS/ApiGateway", "Count", "ApiName", api]]),
            ),
            dashboard::graph(
                context,
                "Functions' time",
                "Sum",
                json!([
                    ["AWS/Lambda", "Duration", "FunctionName", function],
                    ["AWS/Lambda", "Duration", "FunctionName", handler],
                ]),
            ),
            dashboard::graph(
                context,
                "Table units",
                "Sum",
                json!([
                    ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", table],
                    ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", table],
                ]),
            ),
            dashboard::graph(
                context,
                "Instances",
                "Average",
                json!([[
                    "AWS/AutoScaling",
                    "GroupInServiceInstances",
                    "AutoScalingGroupName",
                    group
                ]]),
            ),
        ];
        let rules = ["WebACL", &web_acl, "Region", context.region, "Rule", "ALL"];
        let waf = |metric: &str| {
            let names = ["AWS/WAFV2", metric].into_iter().chain(rules);
            json!([names.collect::<Vec<_>>()])
        };
        let security = [
            dashboard::graph(context, "Blocked by WAF", "Sum", waf("BlockedRequests")),
            dashboard::graph(context, "Let through", "Sum", waf("AllowedRequests")),
            dashboard::graph(
                context,
                "Turned away",
                "Sum",
                json!([["AWS/ApiGateway", "4XXError", "ApiName", api]]),
            ),
        ];
        let operations = [
            dashboard::graph(
                context,
                "API latency",
                "p99",
                json!([["AWS/ApiGateway", "Latency", "ApiName", api]]),
            ),
            dashboard::graph(
                context,
                "Functions' errors",
                "Sum",
                json!([
                    ["AWS/Lambda", "Errors", "FunctionName", function],
                    ["AWS/Lambda", "Errors", "FunctionName", handler],
                ]),
            ),
            dashboard::graph(
                context,
                "Table latency",
                "Average",
                json!(["GetItem", "PutItem", "Query", "UpdateItem"].map(operation)),
            ),
            dashboard::graph(
                context,
                "Payments that wait",
                "Maximum",
                json!([
                    ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue],
                    ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", dead_letters],
                ]),
            ),
            dashboard::graph(
                context,
                "Instances' load",
                "Average",
                json!([
                    ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", group],
                    ["CWAgent", "mem_used_percent", "AutoScalingGroupName", group],
                ]),
            ),
        ];
        for (logical, widgets) in
            [("payment-security", &security[..]), ("payment-ops", &operations[..])]
        {
            stack.add(logical, dashboard::of(context, logical, widgets));
        }
        // The one that says so is one more.
        costs.insert(0, dashboard::text(&month::markdown(stack, context.region)));
        let logical = "payment-costs";
        stack.add(logical, dashboard::of(context, logical, &costs));
    }

    /// What AWS Config judges, where it records.
    fn judged(&self, stack: &mut Stack) {
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
    fn detected(&self, stack: &mut Stack) {
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
