//! What is watched, and who is told.

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::dynamodb::TableRef;
use payctl_engine::{Input, Stack};
use serde_json::{Value, json};

use super::api::Api;
use super::balancer::Balancer;
use super::database::Database;
use super::functions::Functions;
use super::system::{HANDLERS, STATUS_INDEX, System, Topics};
use crate::parts::alarm::{self, Metric};
use crate::parts::{dashboard, note};

/// What there is to be watched.
pub(super) struct Watched<'a> {
    pub(super) api: &'a Api,
    pub(super) balancer: &'a Balancer,
    pub(super) database: &'a Database,
    pub(super) functions: &'a Functions,
    pub(super) table: &'a TableRef,
    pub(super) topics: &'a Topics,
}

impl System<'_> {
    pub(super) fn watch(&self, stack: &mut Stack, watched: &Watched<'_>) {
        note::open_api(stack, super::NAME, self.parameters.authorization());
        self.alarms(stack, watched);
        self.dashboard(stack, watched);
    }

    fn alarms(&self, stack: &mut Stack, watched: &Watched<'_>) {
        let (context, parameters) = (self.context, self.parameters);
        let api = Input::when_created(watched.api.api.id()).cast();
        let latency = Metric::new("AWS/ApiGateway", "IntegrationLatency", [("ApiId", api)]);
        let of_cluster = |name| {
            let cluster = Input::when_created(watched.database.cluster.identifier()).cast();
            Metric::new("AWS/RDS", name, [("DBClusterIdentifier", cluster)])
        };
        let cpu = of_cluster("CPUUtilization");
        let balancer = watched.balancer;
        let of_green = |name| {
            let group = balancer.green.full_name().when_created();
            let load_balancer = balancer.balancer.full_name().when_created();
            let of = [("TargetGroup", group), ("LoadBalancer", load_balancer)];
            Metric::new("AWS/ApplicationELB", name, of)
        };
        let load_balancer = [("LoadBalancer", balancer.balancer.full_name().when_created())];
        let failed = Metric::new("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", load_balancer);
        let above = |name: &str, description: &str, metric, threshold| {
            alarm::above(context, name, description, metric, threshold)
        };
        let statistic = |statistic: &str, alarm| Alarm { statistic: statistic.to_owned(), ..alarm };
        let mut alarms = vec![
            Alarm {
                evaluation_periods: 2,
                ..statistic(
                    "p99",
                    above(
                        "api-latency-p99",
                        "Payments take long",
                        latency,
                        parameters.latency_alarm_above_ms,
                    ),
                )
            },
            Alarm {
                evaluation_periods: 2,
                ..statistic(
                    "Average",
                    above("rds-cpu", "The database is busy", cpu, parameters.cpu_alarm_above),
                )
            },
            statistic(
                "Maximum",
                above(
                    "rds-connections",
                    "The database has many connections",
                    of_cluster("DatabaseConnections"),
                    parameters.connections_alarm_above,
                ),
            ),
            Alarm {
                evaluation_periods: 2,
                ..statistic(
                    "Average",
                    above(
                        "rds-commit-latency",
                        "The database takes long to keep what was paid",
                        of_cluster("CommitLatency"),
                        parameters.commit_latency_alarm_above_ms,
                    ),
                )
            },
            above(
                "dynamodb-throttle",
                "Writes to the transactions are throttled",
                alarm::throttled_writes(watched.table),
                parameters.throttle_alarm_above,
            ),
            above(
                "dynamodb-index-throttle",
                "Writes to the transactions are throttled, as too many have one status",
                alarm::throttled_index_writes(watched.table, STATUS_INDEX),
                parameters.throttle_alarm_above,
            ),
            Alarm {
                period_s: 60,
                ..statistic(
                    "Maximum",
                    above(
                        "green-unhealthy",
                        "A target of the green group is not well",
                        of_green("UnHealthyHostCount"),
                        0.0,
                    ),
                )
            },
            Alarm {
                period_s: 60,
                ..above(
                    "green-5xx",
                    "The green group fails",
                    of_green("HTTPCode_Target_5XX_Count"),
                    parameters.balancer_5xx_alarm_above,
                )
            },
            Alarm {
                period_s: 60,
                ..above(
                    "balancer-5xx",
                    "The load balancer fails requests by itself",
                    failed,
                    parameters.balancer_5xx_alarm_above,
                )
            },
        ];
        for (function, name) in watched.functions.all().into_iter().zip(HANDLERS) {
            // A rotation that failed leaves a password that is getting old: the first one counts.
            let most =
                if *name == super::system::ROTATION { 0.0 } else { parameters.error_alarm_above };
            alarms.push(above(
                &format!("{name}-errors"),
                &format!("{name} fails"),
                alarm::of_function("Errors", function),
                most,
            ));
        }
        let actions = parameters.alerts().actions(&watched.topics.errors);
        alarm::add_all(stack, context, &actions, alarms);
    }

    fn dashboard(&self, stack: &mut Stack, watched: &Watched<'_>) {
        let context = self.context;
        let graph = |title: &str, statistic: &str, metrics: Value| {
            dashboard::graph(context, title, statistic, metrics)
        };
        let api = watched.api.api.id();
        let balancer = watched.balancer.balancer.full_name();
        let of_group = |group: &payctl_aws::elbv2::TargetGroupRef, metric: &str| {
            json!([
                "AWS/ApplicationELB",
                metric,
                "TargetGroup",
                group.full_name(),
                "LoadBalancer",
                balancer
            ])
        };
        let (blue, green) = (&watched.balancer.blue, &watched.balancer.green);
        let function = |metric: &str| {
            let names = HANDLERS.iter().map(|name| context.name(name));
            Value::from_iter(names.map(|name| json!(["AWS/Lambda", metric, "FunctionName", name])))
        };
        let database = context.name("payment-db");
        let table = context.name("transactions");
        let graphs = [
            graph("Requests", "Sum", json!([["AWS/ApiGateway", "Count", "ApiId", api]])),
            graph(
                "Latency",
                "p99",
                json!([["AWS/ApiGateway", "IntegrationLatency", "ApiId", api]]),
            ),
            graph("Functions' errors", "Sum", function("Errors")),
            graph("Functions' time", "p99", function("Duration")),
            graph(
                "Requests, blue and green",
                "Sum",
                json!([of_group(blue, "RequestCount"), of_group(green, "RequestCount")]),
            ),
            graph(
                "Targets that are not well",
                "Maximum",
                json!([
                    of_group(blue, "UnHealthyHostCount"),
                    of_group(green, "UnHealthyHostCount")
                ]),
            ),
            graph(
                "The database's load",
                "Average",
                json!([["AWS/RDS", "CPUUtilization", "DBClusterIdentifier", database]]),
            ),
            graph(
                "The database's connections",
                "Maximum",
                json!([["AWS/RDS", "DatabaseConnections", "DBClusterIdentifier", database]]),
            ),
            graph(
                "The table's units",
                "Sum",
                json!([
                    ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", table],
                    ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", table],
                ]),
            ),
            graph(
                "The table's throttled writes",
                "Sum",
                json!([["AWS/DynamoDB", "WriteThrottleEvents", "TableName", table]]),
            ),
        ];
        let name = "payment-processing";
        stack.add(name, dashboard::of(context, name, &graphs));
    }
}
