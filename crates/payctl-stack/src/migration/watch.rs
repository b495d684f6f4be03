//! What is watched, and what shows it.

use payctl_aws::dynamodb::TableRef;
use payctl_aws::elbv2::TargetGroupRef;
use payctl_engine::{Input, Stack};
use serde_json::{Value, json};

use super::balancer::Balancer;
use super::database::Database;
use super::functions::Functions;
use super::system::{HANDLERS, ROTATION, STATUS_INDEX, System, Topics};
use crate::parts::{Alarms, HttpApiMade, OtherAlarm, dashboard};

/// What there is to be watched.
pub(super) struct Watched<'a> {
    pub(super) api: &'a HttpApiMade,
    pub(super) balancer: &'a Balancer,
    pub(super) database: &'a Database,
    pub(super) functions: &'a Functions,
    pub(super) table: &'a TableRef,
    pub(super) topics: &'a Topics,
}

impl System<'_> {
    pub(super) fn alarms(&self, watched: &Watched<'_>) -> Alarms {
        let parameters = self.parameters;
        let latency = OtherAlarm::new(
            "api-latency-p99",
            "Payments take long",
            ("AWS/ApiGateway", "IntegrationLatency"),
            &[("ApiId", Input::when_created(watched.api.api.id()).cast())],
            parameters.latency_alarm_above_ms,
        );
        let cluster = Input::when_created(watched.database.cluster.identifier()).cast();
        let of_cluster = |called: &str, description: &str, metric: &str, above| {
            let cluster = [("DBClusterIdentifier", cluster.clone())];
            OtherAlarm::new(called, description, ("AWS/RDS", metric), &cluster, above)
        };
        let (busy, slow) = (parameters.cpu_alarm_above, parameters.commit_latency_alarm_above_ms);
        let many = parameters.connections_alarm_above;
        let late = "The database takes long to keep what was paid";
        let connections = "The database has many connections";
        let throttled = |called: &str, description: &str, index| {
            let (table, above) = (watched.table, parameters.throttle_alarm_above);
            OtherAlarm::throttled_writes(called, description, table, index, above)
        };
        let of_table = "Writes to the transactions are throttled";
        let of_index = "Writes to the transactions are throttled, as too many have one status";
        let Balancer { balancer, green, .. } = watched.balancer;
        let balancer = ("LoadBalancer", balancer.full_name().when_created());
        let of_green = [("TargetGroup", green.full_name().when_created()), balancer.clone()];
        let of_balancer = |called: &str, description: &str, metric: &str, of: &[_], above| {
            let metric = ("AWS/ApplicationELB", metric);
            OtherAlarm::new(called, description, metric, of, above).by_the_minute()
        };
        let (ill, itself) = (
            "A target of the green group is not well",
            "The load balancer fails requests by itself",
        );
        let (of_target, of_itself) = ("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count");
        let failed = parameters.balancer_5xx_alarm_above;
        let mut others = vec![
            latency.of("p99").for_periods(2),
            of_cluster("rds-cpu", "The database is busy", "CPUUtilization", busy)
                .of("Average")
                .for_periods(2),
            of_cluster("rds-connections", connections, "DatabaseConnections", many).of("Maximum"),
            of_cluster("rds-commit-latency", late, "CommitLatency", slow)
                .of("Average")
                .for_periods(2),
            throttled("dynamodb-throttle", of_table, None),
            throttled("dynamodb-index-throttle", of_index, Some(STATUS_INDEX)),
            of_balancer("green-unhealthy", ill, "UnHealthyHostCount", &of_green, 0.0).of("Maximum"),
            of_balancer("green-5xx", "The green group fails", of_target, &of_green, failed),
            of_balancer("balancer-5xx", itself, of_itself, &[balancer], failed),
        ];
        for (function, name) in watched.functions.all().into_iter().zip(HANDLERS) {
            // A rotation that failed leaves a password that is getting old: the first one counts.
            let above = if *name == ROTATION { 0.0 } else { parameters.error_alarm_above };
            let (called, description) = (format!("{name}-errors"), format!("{name} fails"));
            others.push(OtherAlarm::errors(&called, &description, function, above));
        }
        Alarms {
            tell: parameters.alerts().actions(&watched.topics.errors).iter().cloned().collect(),
            others,
            ..Alarms::default()
        }
    }

    pub(super) fn dashboard(&self, stack: &mut Stack, watched: &Watched<'_>) {
        let context = self.context;
        let graph = |title: &str, statistic: &str, metrics: Value| {
            dashboard::graph(context, title, statistic, metrics)
        };
        let api = watched.api.api.id();
        let balancer = watched.balancer.balancer.full_name();
        let of_group = |group: &TargetGroupRef, metric: &str| {
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
