//! Alarms of functions, queues, tables, APIs and databases, that tell whoever has to act.

use std::collections::BTreeSet;

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::dynamodb::TableName;
use payctl_aws::lambda::FunctionName;
use payctl_aws::rds::ClusterId;
use payctl_aws::sqs::QueueName;
use payctl_aws::{Arn, apigatewayv2};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarm::{self, Metric};
use super::other_alarm::OtherAlarm;
use super::part::{self, Part, PartContext};

/// Alarms of what is named, each with a threshold that may be said, and whom they tell.
///
/// Those of a set that is called `main` are called without `main-`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Alarms {
    /// What the alarms do, such as the ARNs of topics.
    pub tell: Vec<Input<Arn>>,
    /// Names of functions: `errors_above` and `throttles_above`.
    pub functions: Vec<Input<FunctionName>>,
    /// Names of queues that are worked off: `queue_age_above_s`.
    pub queues: Vec<Input<QueueName>>,
    /// Names of queues of what nobody could work on: an alarm as soon as something is in one.
    pub dead_letters: Vec<Input<QueueName>>,
    /// Names of tables: `throttles_above`, of reads and of writes.
    pub tables: Vec<Input<TableName>>,
    /// Ids of HTTP APIs: `api_errors_above` and `api_latency_above_ms`.
    pub http_apis: Vec<Input<apigatewayv2::ApiId>>,
    /// Names of REST APIs, such as `${part.rest_api:pay.name}`: the same.
    pub rest_apis: Vec<String>,
    /// Identifiers of Aurora clusters: `database_cpu_above_percent`, `database_connections_above` and
    /// `database_commit_above_ms`.
    pub databases: Vec<Input<ClusterId>>,
    /// Alarms of other metrics.
    pub others: Vec<OtherAlarm>,
    /// More failed calls of a function than this within 5 minutes.
    #[schemars(range(min = 0))]
    pub errors_above: f64,
    /// More calls, reads or writes than this that were turned away within 5 minutes.
    #[schemars(range(min = 0))]
    pub throttles_above: f64,
    /// A message that waits longer than this.
    #[schemars(range(min = 0))]
    pub queue_age_above_s: f64,
    /// More requests than this that an API failed at within 5 minutes.
    #[schemars(range(min = 0))]
    pub api_errors_above: f64,
    /// One request of a hundred that takes an API longer than this, for 10 minutes.
    #[schemars(range(min = 0))]
    pub api_latency_above_ms: f64,
    /// A database that is busier than this, for 10 minutes.
    #[schemars(range(min = 0, max = 100))]
    pub database_cpu_above_percent: f64,
    /// More connections than this, of which small instances have few.
    #[schemars(range(min = 0))]
    pub database_connections_above: f64,
    /// A database that takes longer than this to keep what it is told, for 10 minutes.
    #[schemars(range(min = 0))]
    pub database_commit_above_ms: f64,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            tell: Vec::new(),
            functions: Vec::new(),
            queues: Vec::new(),
            dead_letters: Vec::new(),
            tables: Vec::new(),
            http_apis: Vec::new(),
            rest_apis: Vec::new(),
            databases: Vec::new(),
            others: Vec::new(),
            errors_above: 0.0,
            throttles_above: 0.0,
            queue_age_above_s: 900.0,
            api_errors_above: 0.0,
            api_latency_above_ms: 3000.0,
            database_cpu_above_percent: 80.0,
            database_connections_above: 500.0,
            database_commit_above_ms: 100.0,
        }
    }
}

impl Part for Alarms {
    const NAME: &'static str = "alarms";
    const DECLARES: &'static [(&'static str, &'static str)] =
        &[("cloudwatch.alarm", "NAME-TARGET-WHAT, such as shop-pay-errors of a function `pay`")];
    type Made = ();

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<(), String> {
        let specs = self.specs(part.context.suffix.as_str());
        if specs.is_empty() && self.others.is_empty() {
            return Err(
                "watches nothing: name `functions`, `queues`, `tables` or other things".to_owned()
            );
        }
        let actions: payctl_aws::Set<Input<Arn>> = self.tell.iter().cloned().collect();
        let mut seen = BTreeSet::new();
        for AlarmSpec { target, what, description, metric, threshold, shape } in specs {
            let logical = part::inner(logical, &format!("{target}-{what}"));
            if !seen.insert(logical.clone()) {
                return Err(format!("watches {target} twice"));
            }
            let name = part::base(None, &logical);
            let alarm = alarm::above(part.context, &name, &description, metric, threshold);
            let alarm = Alarm { actions: actions.clone(), ..alarm };
            stack.add(
                &logical,
                match shape {
                    Shape::Sum => alarm,
                    Shape::Highest => Alarm { statistic: "Maximum".to_owned(), ..alarm },
                    Shape::Lasting(statistic) => {
                        Alarm { statistic: statistic.to_owned(), evaluation_periods: 2, ..alarm }
                    }
                },
            );
        }
        for other in self.others {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            if other.called.is_empty() || !other.called.chars().all(fits) {
                let called = other.called;
                return Err(format!("has an alarm `{called}`: letters, digits and - _ . /"));
            }
            let logical = part::inner(logical, &other.called);
            if !seen.insert(logical.clone()) {
                return Err(format!("has two alarms `{}`", other.called));
            }
            if let Some(period) = other.period_s
                && ![10, 30].contains(&period)
                && (period == 0 || period % 60 != 0)
            {
                let called = other.called;
                return Err(format!(
                    "has an alarm `{called}` with `period_s` = {period}: 10, 30, or minutes"
                ));
            }
            let name = part::base(other.name, &logical);
            let metric = Metric {
                namespace: other.namespace,
                name: other.metric,
                dimensions: other.dimensions,
            };
            let alarm = alarm::above(part.context, &name, &other.description, metric, other.above);
            stack.add(
                &logical,
                Alarm {
                    actions: actions.clone(),
                    statistic: other.statistic.unwrap_or(alarm.statistic),
                    period_s: other.period_s.unwrap_or(alarm.period_s),
                    evaluation_periods: other.periods.unwrap_or(alarm.evaluation_periods),
                    ..alarm
                },
            );
        }
        if self.tell.is_empty() {
            stack.note(&format!("nobody hears the alarms of {logical}: `tell` names topics"));
        }
        Ok(())
    }
}

/// An alarm that is to be.
struct AlarmSpec {
    target: String,
    what: &'static str,
    description: String,
    metric: Metric,
    threshold: f64,
    shape: Shape,
}

/// How the values of a period become one, and for how long that has to be above the threshold.
enum Shape {
    /// Their sum, at once.
    Sum,
    /// The highest, at once.
    Highest,
    /// This statistic, in two periods of five minutes.
    Lasting(&'static str),
}

impl Alarms {
    fn specs(&self, suffix: &str) -> Vec<AlarmSpec> {
        let mut all = self.of_functions();
        all.extend(self.of_queues());
        all.extend(self.of_tables());
        all.extend(self.of_apis(suffix));
        all.extend(self.of_databases());
        all
    }

    fn of_functions(&self) -> Vec<AlarmSpec> {
        let of = |(nth, function): (usize, &Input<FunctionName>)| {
            let target = part::called(function, nth);
            [
                ("errors", "Errors", "fails", self.errors_above),
                ("throttles", "Throttles", "is turned away, as too many run", self.throttles_above),
            ]
            .map(|(what, metric, does, threshold)| {
                let name = function.clone().when_created().cast();
                AlarmSpec {
                    what,
                    description: format!("The function {target} {does}"),
                    metric: Metric::new("AWS/Lambda", metric, [("FunctionName", name)]),
                    threshold,
                    shape: Shape::Sum,
                    target: target.clone(),
                }
            })
        };
        self.functions.iter().enumerate().flat_map(of).collect()
    }

    fn of_queues(&self) -> Vec<AlarmSpec> {
        let of = |queue: &Input<QueueName>, metric: &str| {
            let name = queue.clone().when_created().cast();
            Metric::new("AWS/SQS", metric, [("QueueName", name)])
        };
        let aged = self.queues.iter().enumerate().map(|(nth, queue)| {
            let target = part::called(queue, nth);
            AlarmSpec {
                what: "age",
                description: format!("Messages of {target} wait for long"),
                metric: of(queue, "ApproximateAgeOfOldestMessage"),
                threshold: self.queue_age_above_s,
                shape: Shape::Highest,
                target,
            }
        });
        let dead = self.dead_letters.iter().enumerate().map(|(nth, queue)| {
            let target = part::called(queue, nth);
            AlarmSpec {
                what: "depth",
                description: format!("Messages are in {target} that nobody could work on"),
                metric: of(queue, "ApproximateNumberOfMessagesVisible"),
                threshold: 0.0,
                shape: Shape::Highest,
                target,
            }
        });
        aged.chain(dead).collect()
    }

    fn of_tables(&self) -> Vec<AlarmSpec> {
        let of = |(nth, table): (usize, &Input<TableName>)| {
            let target = part::called(table, nth);
            // ThrottledRequests exists per operation only; these are the table's as a whole (DynamoDB's guide,
            // "CloudWatch throttling metrics").
            [
                ("read-throttles", "ReadThrottleEvents", "Reads of"),
                ("write-throttles", "WriteThrottleEvents", "Writes to"),
            ]
            .map(|(what, metric, which)| {
                let name = table.clone().when_created().cast();
                AlarmSpec {
                    what,
                    description: format!("{which} the table {target} are turned away"),
                    metric: Metric::new("AWS/DynamoDB", metric, [("TableName", name)]),
                    threshold: self.throttles_above,
                    shape: Shape::Sum,
                    target: target.clone(),
                }
            })
        };
        self.tables.iter().enumerate().flat_map(of).collect()
    }

    /// Metrics of HTTP APIs are called otherwise than those of REST APIs (API Gateway's guide,
    /// http-api-metrics and api-gateway-metrics-and-dimensions, 2026-11-30).
    fn of_apis(&self, suffix: &str) -> Vec<AlarmSpec> {
        let http = self.http_apis.iter().enumerate().map(|(nth, api)| {
            let id: Input<String> = api.clone().when_created().cast();
            (part::called(api, nth), "5xx", ("ApiId", id))
        });
        let rest = self.rest_apis.iter().map(|name| {
            let target = name.strip_suffix(&format!("-{suffix}")).unwrap_or(name);
            (target.to_owned(), "5XXError", ("ApiName", Input::Known(name.clone())))
        });
        let of = |(target, errors, dimension): (String, &str, (&'static str, Input<String>))| {
            let metric = |name: &str| Metric::new("AWS/ApiGateway", name, [dimension.clone()]);
            [
                AlarmSpec {
                    target: target.clone(),
                    what: "errors",
                    description: format!("The API {target} fails"),
                    metric: metric(errors),
                    threshold: self.api_errors_above,
                    shape: Shape::Sum,
                },
                AlarmSpec {
                    what: "latency",
                    description: format!("The API {target} is slow"),
                    metric: metric("Latency"),
                    threshold: self.api_latency_above_ms,
                    shape: Shape::Lasting("p99"),
                    target,
                },
            ]
        };
        http.chain(rest).flat_map(of).collect()
    }

    fn of_databases(&self) -> Vec<AlarmSpec> {
        let of = |(nth, cluster): (usize, &Input<ClusterId>)| {
            let target = part::called(cluster, nth);
            let [cpu, connections, commit] = [
                self.database_cpu_above_percent,
                self.database_connections_above,
                self.database_commit_above_ms,
            ];
            let average = || Shape::Lasting("Average");
            [
                ("cpu", "CPUUtilization", "is busy", cpu, average()),
                (
                    "connections",
                    "DatabaseConnections",
                    "has many connections",
                    connections,
                    Shape::Highest,
                ),
                (
                    "commit",
                    "CommitLatency",
                    "takes long to keep what it is told",
                    commit,
                    average(),
                ),
            ]
            .map(|(what, metric, does, threshold, shape)| {
                let id = cluster.clone().when_created().cast();
                AlarmSpec {
                    what,
                    description: format!("The database {target} {does}"),
                    metric: Metric::new("AWS/RDS", metric, [("DBClusterIdentifier", id)]),
                    threshold,
                    shape,
                    target: target.clone(),
                }
            })
        };
        self.databases.iter().enumerate().flat_map(of).collect()
    }
}
