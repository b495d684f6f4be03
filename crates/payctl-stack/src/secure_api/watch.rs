//! What is watched, and who is told.

use payctl_aws::dynamodb::TableRef;
use payctl_aws::lambda::FunctionRef;
use payctl_engine::Stack;
use serde_json::{Value, json};

use super::{API, CUSTOMER_INDEX, System, WEB_ACL};
use crate::parts::{Alarms, OtherAlarm, Part as _, PartContext, PublisherName, Topic, dashboard};

impl System<'_> {
    /// The alarms, and the topic that they tell.
    pub(super) fn alerts(
        &self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        function: &FunctionRef,
        table: &TableRef,
    ) -> Result<(), String> {
        let (context, parameters) = (self.context, self.parameters);
        let topic = Topic {
            display_name: "Payment operations".to_owned(),
            mail: parameters.alert_email.iter().cloned().collect(),
            publishers: vec![PublisherName::Alarms],
            ..Topic::default()
        };
        let topic = topic.declare(stack, part, "ops-alerts")?;
        parameters.alerts().note(stack);
        let stage = context.suffix.as_str();
        let api = [("ApiName", context.name(API).into()), ("Stage", stage.into())];
        let of_api = |called: &str, description: &str, metric: &str, above| {
            OtherAlarm::new(called, description, ("AWS/ApiGateway", metric), &api, above)
        };
        let of_function = [("FunctionName", function.name().when_created().cast())];
        let throttled = |called: &str, description: &str, index| {
            let above = parameters.throttle_alarm_above;
            OtherAlarm::throttled_writes(called, description, table, index, above)
        };
        let web_acl = [
            ("WebACL", context.name(WEB_ACL).into()),
            ("Region", context.region.into()),
            ("Rule", "ALL".into()),
        ];
        let above = parameters.throttle_alarm_above;
        let (blocked, many) = (("AWS/WAFV2", "BlockedRequests"), parameters.blocked_alarm_above);
        let throttles = ("AWS/Lambda", "Throttles");
        let turned_away = "Payments are turned away, as too many are taken at once";
        let of_table = "Writes to the transactions are throttled";
        let of_index = "Writes to the transactions are throttled, as too many are one customer's";
        let (refused, failed) = (parameters.api_4xx_alarm_above, parameters.api_5xx_alarm_above);
        let (slow, errors) = (parameters.latency_alarm_above_ms, parameters.error_alarm_above);
        let alarms = Alarms {
            tell: parameters.alerts().actions(&topic).iter().cloned().collect(),
            others: vec![
                of_api("api-4xx-errors", "The API turns many requests away", "4XXError", refused),
                of_api("api-5xx-errors", "The API fails", "5XXError", failed),
                of_api("api-latency-p99", "Payments take long", "Latency", slow)
                    .of("p99")
                    .for_periods(2),
                OtherAlarm::errors("lambda-errors", "Taking payments fails", function, errors),
                OtherAlarm::new("lambda-throttles", turned_away, throttles, &of_function, above),
                OtherAlarm::new("waf-blocked", "WAF blocks many requests", blocked, &web_acl, many),
                throttled("dynamodb-throttle", of_table, None),
                throttled("dynamodb-index-throttle", of_index, Some(CUSTOMER_INDEX)),
            ],
            ..Alarms::default()
        };
        alarms.declare(stack, part, "main")
    }

    /// What the alarms look at, as graphs.
    pub(super) fn dashboard(&self, stack: &mut Stack) {
        let context = self.context;
        let graph = |title: &str, statistic: &str, metrics: &[Value]| {
            dashboard::graph(context, title, statistic, json!(metrics))
        };
        let (api, stage) = (context.name(API), context.suffix.as_str());
        let of_api = |metric| json!(["AWS/ApiGateway", metric, "ApiName", api, "Stage", stage]);
        let function = context.name("payment-processor");
        let of_function = |metric: &str| json!(["AWS/Lambda", metric, "FunctionName", function]);
        let (web_acl, region) = (context.name(WEB_ACL), context.region);
        let of_web_acl = |metric| {
            json!(["AWS/WAFV2", metric, "WebACL", web_acl, "Region", region, "Rule", "ALL"])
        };
        let table = context.name("payment-transactions");
        let throttled = ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", &table];
        let index = ["GlobalSecondaryIndexName", CUSTOMER_INDEX];
        let of_index = json!(throttled.iter().chain(&index).collect::<Vec<_>>());
        let seen = [of_web_acl("BlockedRequests"), of_web_acl("AllowedRequests")];
        let graphs = [
            graph("Requests", "Sum", &[of_api("Count")]),
            graph("Requests that fail", "Sum", &[of_api("4XXError"), of_api("5XXError")]),
            graph("Latency", "p99", &[of_api("Latency")]),
            graph(
                "The function's errors",
                "Sum",
                &[of_function("Errors"), of_function("Throttles")],
            ),
            graph("Blocked and let through by WAF", "Sum", &seen),
            graph("The table's throttled writes", "Sum", &[json!(throttled), of_index]),
        ];
        stack.add(API, dashboard::of(context, API, &graphs));
    }
}
