//! What is watched, and who is told.

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::dynamodb::TableRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::sns::TopicRef;
use payctl_engine::{Input, Stack};
use serde_json::{Value, json};

use super::system::{CUSTOMER_INDEX, System};
use crate::parts::alarm::{self, Metric};
use crate::parts::{dashboard, topic};

impl System<'_> {
    /// The alarms, the topic that they tell, and the dashboard with what they look at.
    pub(super) fn watch(
        &self,
        stack: &mut Stack,
        key: &KeyRef,
        function: &FunctionRef,
        table: &TableRef,
    ) {
        let alerts = self.parameters.alerts();
        let publishers = [topic::ALARMS];
        let shown_as = "Payment operations";
        let topic = alerts.topic(stack, self.context, "ops-alerts", shown_as, key, &publishers);
        alerts.note(stack);
        self.alarms(stack, &topic, function, table);
        self.dashboard(stack);
    }

    fn alarms(
        &self,
        stack: &mut Stack,
        topic: &TopicRef,
        function: &FunctionRef,
        table: &TableRef,
    ) {
        let (context, parameters) = (self.context, self.parameters);
        let of_api = |name| {
            let api = ("ApiName", Input::Known(context.name("payment-api")));
            Metric::new("AWS/ApiGateway", name, [api, ("Stage", self.stage().into())])
        };
        let blocked = [
            ("WebACL", Input::Known(context.name("payment-waf"))),
            ("Region", context.region.into()),
            ("Rule", "ALL".into()),
        ];
        let above = |name: &str, description: &str, metric, threshold| {
            alarm::above(context, name, description, metric, threshold)
        };
        let latency = above(
            "api-latency-p99",
            "Payments take long",
            of_api("Latency"),
            parameters.latency_alarm_above_ms,
        );
        let alarms = [
            above(
                "api-4xx-errors",
                "The API turns many requests away",
                of_api("4XXError"),
                parameters.api_4xx_alarm_above,
            ),
            above(
                "api-5xx-errors",
                "The API fails",
                of_api("5XXError"),
                parameters.api_5xx_alarm_above,
            ),
            Alarm { statistic: "p99".to_owned(), evaluation_periods: 2, ..latency },
            above(
                "lambda-errors",
                "Taking payments fails",
                alarm::of_function("Errors", function),
                parameters.error_alarm_above,
            ),
            above(
                "lambda-throttles",
                "Payments are turned away, as too many are taken at once",
                alarm::of_function("Throttles", function),
                parameters.throttle_alarm_above,
            ),
            above(
                "waf-blocked",
                "WAF blocks many requests",
                Metric::new("AWS/WAFV2", "BlockedRequests", blocked),
                parameters.blocked_alarm_above,
            ),
            above(
                "dynamodb-throttle",
                "Writes to the transactions are throttled",
                alarm::throttled_writes(table),
                parameters.throttle_alarm_above,
            ),
            above(
                "dynamodb-index-throttle",
                "Writes to the transactions are throttled, as too many are one customer's",
                alarm::throttled_index_writes(table, CUSTOMER_INDEX),
                parameters.throttle_alarm_above,
            ),
        ];
        let actions = parameters.alerts().actions(topic);
        alarm::add_all(stack, context, &actions, alarms);
    }

    fn dashboard(&self, stack: &mut Stack) {
        let context = self.context;
        let (api, web_acl) = (context.name("payment-api"), context.name("payment-waf"));
        let function = context.name("payment-processor");
        let table = context.name("payment-transactions");
        let graph = |title: &str, statistic: &str, metrics: Value| {
            dashboard::graph(context, title, statistic, metrics)
        };
        let of_api =
            |metric: &str| json!(["AWS/ApiGateway", metric, "ApiName", api, "Stage", self.stage()]);
        let of_function = |metric: &str| json!(["AWS/Lambda", metric, "FunctionName", function]);
        let of_web_acl = |metric: &str| {
            json!(["AWS/WAFV2", metric, "WebACL", web_acl, "Region", context.region, "Rule", "ALL"])
        };
        let throttled = json!(["AWS/DynamoDB", "WriteThrottleEvents", "TableName", table]);
        let of_index = json!([
            "AWS/DynamoDB",
            "WriteThrottleEvents",
            "TableName",
            table,
            "GlobalSecondaryIndexName",
            CUSTOMER_INDEX
        ]);
        let graphs = [
            graph("Requests", "Sum", json!([of_api("Count")])),
            graph("Requests that fail", "Sum", json!([of_api("4XXError"), of_api("5XXError")])),
            graph("Latency", "p99", json!([of_api("Latency")])),
            graph(
                "The function's errors",
                "Sum",
                json!([of_function("Errors"), of_function("Throttles")]),
            ),
            graph(
                "Blocked and let through by WAF",
                "Sum",
                json!([of_web_acl("BlockedRequests"), of_web_acl("AllowedRequests")]),
            ),
            graph("The table's throttled writes", "Sum", json!([throttled, of_index])),
        ];
        let name = "payment-api";
        stack.add(name, dashboard::of(context, name, &graphs));
    }

    /// The stage is named like the environment.
    fn stage(&self) -> &str {
        self.context.suffix.as_str()
    }
}
