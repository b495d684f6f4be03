//! What is watched, and what shows it.

use payctl_aws::autoscaling::GroupRef;
use payctl_aws::dynamodb::TableRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::sqs::QueueRef;
use payctl_engine::Stack;
use serde_json::json;

use super::instances::of_group;
use super::month;
use super::system::{API, STATUS_INDEX, System, Topics};
use crate::parts::{Alarms, OtherAlarm, dashboard};

/// What there is to be watched.
pub(super) struct Watched<'a> {
    /// The one behind the API, and the one that the queue feeds.
    pub(super) functions: [&'a FunctionRef; 2],
    pub(super) table: &'a TableRef,
    pub(super) queue: &'a QueueRef,
    pub(super) group: &'a GroupRef,
    pub(super) topics: &'a Topics,
}

impl System<'_> {
    pub(super) fn alarms(&self, watched: &Watched<'_>) -> Alarms {
        let (context, parameters) = (self.context, self.parameters);
        let [api, events] = watched.functions;
        let errors = |called: &str, description: &str, function| {
            OtherAlarm::errors(called, description, function, parameters.error_alarm_above)
        };
        let throttled = |called: &str, description: &str, index| {
            let (table, above) = (watched.table, parameters.throttle_alarm_above);
            OtherAlarm::throttled_writes(called, description, table, index, above)
        };
        let of_table = "Writes to the payments are throttled";
        let of_index = "Writes to the payments are throttled, as too many have one status";
        let stage = [("ApiName", context.name(API).into()), ("Stage", "prod".into())];
        let of_api = |called: &str, description: &str, metric: &str, above| {
            OtherAlarm::new(called, description, ("AWS/ApiGateway", metric), &stage, above)
        };
        let (refused, failed) = (parameters.api_4xx_alarm_above, parameters.api_5xx_alarm_above);
        let cpu = OtherAlarm::new(
            "ec2-cpu-high",
            "The payment instances are busy",
            ("AWS/EC2", "CPUUtilization"),
            &[of_group(watched.group)],
            parameters.cpu_alarm_above,
        );
        let age = OtherAlarm::new(
            "queue-age",
            "Payments wait for long",
            ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
            &[("QueueName", watched.queue.name().when_created().cast())],
            parameters.queue_age_alarm_above_s,
        );
        Alarms {
            tell: parameters.alerts().actions(&watched.topics.ops).iter().cloned().collect(),
            others: vec![
                errors("lambda-errors", "Taking payments fails", api),
                errors("event-handler-errors", "Completing payments fails", events),
                throttled("dynamodb-throttle", of_table, None),
                throttled("dynamodb-index-throttle", of_index, Some(STATUS_INDEX)),
                of_api("api-4xx-errors", "The API turns many requests away", "4XXError", refused),
                of_api("api-5xx-errors", "The API fails", "5XXError", failed),
                cpu.of("Average").for_periods(2),
                age.of("Maximum"),
            ],
            ..Alarms::default()
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
}
