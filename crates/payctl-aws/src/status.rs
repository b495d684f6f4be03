//! How an environment's resources are, beyond being there: alarms that fire, functions that fail,
//! databases, targets, and what expires. All is asked for at the same time, in as few calls as AWS
//! has for it. Every member that is read stands in the service's model (botocore 2026-11).

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, StateValue,
};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_smithy_types::DateTime;
use futures::future::{join, join_all};
use payctl_engine::Address;
use serde::Serialize;
use serde_json::Value;

use crate::elbv2::{HEALTH, health};
use crate::rds::is_terminal;
use crate::{Absent as _, Arn, Aws, Result};

/// How a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It does not do what it is there for, or says that something else does not.
    Unhealthy,
    /// It works, and somebody should look at it.
    Attention,
    /// It could not be asked.
    Unknown,
    /// Nothing speaks against it.
    Healthy,
}

/// How one resource is, and why that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Which resource.
    pub address: Address,
    /// How it is.
    pub health: Health,
    /// Why, in a line.
    pub what: String,
}

/// What IAM has to allow besides what is read to plan, by the kind that it is about.
pub(crate) const STATUS: &[(&str, &[&str])] =
    &[("elbv2.target_group", &[HEALTH]), ("lambda.function", &[METRICS])];

/// Allowed everywhere: a metric is no resource (service authorization reference, 2026-10-27).
pub(crate) const METRICS: &str = "cloudwatch:GetMetricData";

/// What is told before it expires. Our choice: payctl renews its certificates then.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How far back failures are counted.
const WINDOW: Duration = Duration::from_secs(60 * 60);
/// The period of their sums, in seconds.
const PERIOD: i32 = 300;
/// How many functions fit one call, of two queries each: 500 at most
/// (GetMetricData.MetricDataQueries, botocore 2026-11).
const MOST: usize = 250;

/// A verdict and why.
type Verdict = (Health, String);

/// How those of `resources` are of which there is more to know than that they exist, each given
/// with its outputs. What cannot be asked is [`Health::Unknown`], and says why.
pub async fn conditions<'a>(
    aws: &Aws,
    resources: impl IntoIterator<Item = (&'a Address, &'a Value)>,
) -> Vec<Condition> {
    let now = SystemTime::now();
    let is_function = |(address, _): &(&Address, &Value)| address.kind() == "lambda.function";
    let (functions, others): (Vec<_>, Vec<_>) = resources.into_iter().partition(is_function);
    let named = |(address, outputs): (&'a Address, &'a Value)| (address, text(outputs, "name"));
    let functions: Vec<(&Address, &str)> = functions.into_iter().map(named).collect();
    let functions = functions.chunks(MOST).map(|chunk| failures(aws, chunk, now));
    let others = others.into_iter().map(|(address, outputs)| one(aws, address, outputs, now));
    let (functions, others) = join(join_all(functions), join_all(others)).await;
    let mut found: Vec<Condition> =
        functions.into_iter().flatten().chain(others.into_iter().flatten()).collect();
    found.sort_by(|a, b| (a.health, &a.address).cmp(&(b.health, &b.address)));
    found
}

fn text<'a>(outputs: &'a Value, name: &str) -> &'a str {
    outputs.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What AWS says of one resource; nothing of kinds of which it has nothing to say.
async fn one(aws: &Aws, address: &Address, outputs: &Value, now: SystemTime) -> Option<Condition> {
    let id = |name| text(outputs, name);
    let verdict = match address.kind() {
        "cloudwatch.alarm" => aws.alarms.load(id("name")).await.map(alarm),
        "rds.cluster" => {
            let seen = aws.clusters.load(id("identifier")).await;
            seen.map(|seen| database(seen.map(|seen| seen.status.unwrap_or_default())))
        }
        "rds.instance" => {
            let seen = aws.instances.load(id("identifier")).await;
            seen.map(|seen| database(seen.map(|seen| seen.db_instance_status.unwrap_or_default())))
        }
        "elbv2.target_group" => targets(aws, &Arn::from(id("arn"))).await,
        "acm.certificate" => {
            let request = aws.acm.describe_certificate().certificate_arn(id("arn"));
            let reply = request.send().await.unless_absent("ResourceNotFoundException");
            reply.map(|reply| certificate(reply.and_then(|reply| reply.certificate), now))
        }
        "secretsmanager.secret" => {
            let request = aws.secretsmanager.describe_secret().secret_id(id("arn"));
            let reply = request.send().await.unless_absent("ResourceNotFoundException");
            reply.map(|reply| secret(reply, now))
        }
        _ => return None,
    };
    Some(condition(address, verdict))
}

fn condition(address: &Address, verdict: Result<Verdict>) -> Condition {
    let (health, what) = verdict.unwrap_or_else(|error| (Health::Unknown, error.to_string()));
    Condition { address: address.clone(), health, what }
}

fn gone() -> Verdict {
    (Health::Unhealthy, "is gone: `payctl plan` says what to do".to_owned())
}

fn alarm(seen: Option<MetricAlarm>) -> Verdict {
    let Some(seen) = seen else { return gone() };
    match seen.state_value {
        Some(StateValue::Alarm) => {
            let since = seen.state_transitioned_timestamp.or(seen.state_updated_timestamp);
            let since = since.map(|at| format!(" since {}", minute(&at))).unwrap_or_default();
            let why = seen.state_reason.map(|why| format!(": {why}")).unwrap_or_default();
            (Health::Unhealthy, format!("is firing{since}{why}"))
        }
        Some(StateValue::InsufficientData) => (Health::Healthy, "has no data".to_owned()),
        Some(StateValue::Ok) => (Health::Healthy, "is not firing".to_owned()),
        other => {
            let state = other.map_or("no state".to_owned(), |state| state.as_str().to_owned());
            (Health::Unknown, format!("has {state}"))
        }
    }
}

/// A database, by its status.
fn database(status: Option<String>) -> Verdict {
    match status.as_deref() {
        None => gone(),
        Some("available") => (Health::Healthy, "is available".to_owned()),
        Some(status) if is_terminal(status) => (Health::Unhealthy, format!("is {status}")),
        Some(status) => (Health::Attention, format!("is {status}")),
    }
}

async fn targets(aws: &Aws, group: &Arn) -> Result<Verdict> {
    let Some(states) = health(aws, group).await.unless_absent("TargetGroupNotFound")? else {
        return Ok(gone());
    };
    let counts = states.iter().map(|(state, targets)| (state.as_str(), targets.len()));
    let why = states.get("unhealthy").into_iter().flatten().find_map(|one| one.description.clone());
    Ok(of_targets(&counts.collect::<Vec<_>>(), why))
}

/// A target group, by how many of its targets are how.
fn of_targets(states: &[(&str, usize)], why: Option<String>) -> Verdict {
    let all: usize = states.iter().map(|(_, count)| count).sum();
    let of = |wanted: &str| -> usize {
        states.iter().filter(|(state, _)| *state == wanted).map(|(_, count)| count).sum()
    };
    let (healthy, going) = (of("healthy"), of("draining"));
    if all == 0 {
        return (Health::Healthy, "has no targets".to_owned());
    }
    let each = states.iter().map(|(state, count)| format!("{count} {state}"));
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let what = each.collect::<Vec<_>>().join(", ") + " of its targets" + &why;
    match healthy {
        _ if healthy + going == all => (Health::Healthy, what),
        0 => (Health::Unhealthy, what),
        _ => (Health::Attention, what),
    }
}

fn certificate(seen: Option<CertificateDetail>, now: SystemTime) -> Verdict {
    let Some(seen) = seen else { return gone() };
    match (seen.status, seen.not_after) {
        (Some(CertificateStatus::Issued), Some(until)) => {
            expiry(&until, now, |day| format!("is valid until {day}"))
        }
        (Some(CertificateStatus::Expired), Some(until)) => {
            (Health::Unhealthy, format!("expired on {}", day(&until)))
        }
        (status, _) => {
            let status =
                status.map_or("without a status".to_owned(), |one| one.as_str().to_owned());
            (Health::Unhealthy, format!("is {status}"))
        }
    }
}

fn expiry(until: &DateTime, now: SystemTime, fine: impl Fn(&str) -> String) -> Verdict {
    let day = day(until);
    if *until <= DateTime::from(now) {
        (Health::Unhealthy, format!("expired on {day}"))
    } else if *until <= DateTime::from(now + SOON) {
        (Health::Attention, format!("expires on {day}"))
    } else {
        (Health::Healthy, fine(&day))
    }
}

fn secret(seen: Option<DescribeSecretOutput>, now: SystemTime) -> Verdict {
    let Some(seen) = seen else { return gone() };
    if let Some(until) = seen.deleted_date {
        return (Health::Unhealthy, format!("is deleted, and gone after {}", day(&until)));
    }
    if !seen.rotation_enabled.unwrap_or_default() {
        return (Health::Healthy, "is not rotated".to_owned());
    }
    match seen.next_rotation_date {
        // "If rotation is unsuccessful, this date may be in the past"
        // (DescribeSecret.NextRotationDate, botocore 2026-11).
        Some(at) if at < DateTime::from(now) => {
            (Health::Unhealthy, format!("should have been rotated by {}", day(&at)))
        }
        Some(at) => (Health::Healthy, format!("is rotated by {}", day(&at))),
        None => (Health::Healthy, "is rotated".to_owned()),
    }
}

/// How functions, each given with its name, did in the last [`WINDOW`], all in one call.
async fn failures(aws: &Aws, functions: &[(&Address, &str)], now: SystemTime) -> Vec<Condition> {
    let sums = sums(aws, functions, now).await;
    let each = functions.iter().enumerate().map(|(nth, (address, _))| {
        let verdict = sums.as_ref().map_err(Clone::clone).map(|sums| {
            let sum = |letter| sums.get(&format!("{letter}{nth}")).copied().unwrap_or_default();
            function(sum(CALLS), sum(ERRORS))
        });
        condition(address, verdict)
    });
    each.collect()
}

/// What the queries' ids begin with.
const CALLS: char = 'c';
const ERRORS: char = 'e';

async fn sums(
    aws: &Aws,
    functions: &[(&Address, &str)],
    now: SystemTime,
) -> Result<HashMap<String, f64>> {
    let queries = functions.iter().enumerate().flat_map(|(nth, (_, name))| {
        let query = |letter: char, metric: &str| {
            let dimension = Dimension::builder().name("FunctionName").value(*name).build();
            let metric = Metric::builder().namespace("AWS/Lambda").metric_name(metric);
            let metric = metric.dimensions(dimension).build();
            let sum = MetricStat::builder().metric(metric).period(PERIOD).stat("Sum").build();
            MetricDataQuery::builder().id(format!("{letter}{nth}")).metric_stat(sum).build()
        };
        [query(CALLS, "Invocations"), query(ERRORS, "Errors")]
    });
    let request = aws.cloudwatch.get_metric_data().set_metric_data_queries(Some(queries.collect()));
    let request = request.start_time((now - WINDOW).into()).end_time(now.into());
    let mut pages = request.into_paginator().send();
    let mut sums = HashMap::new();
    while let Some(page) = pages.next().await {
        for result in page?.metric_data_results.unwrap_or_default() {
            let sum: f64 = result.values.unwrap_or_default().iter().sum();
            *sums.entry(result.id.unwrap_or_default()).or_default() += sum;
        }
    }
    Ok(sums)
}

/// A function, by its calls and the errors among them.
fn function(calls: f64, errors: f64) -> Verdict {
    match (calls, errors) {
        (_, errors) if errors > 0.0 && errors >= calls => {
            (Health::Unhealthy, format!("failed each of {errors} calls in the last hour"))
        }
        (_, errors) if errors > 0.0 => {
            (Health::Attention, format!("failed {errors} of {calls} calls in the last hour"))
        }
        (calls, _) if calls > 0.0 => {
            (Health::Healthy, format!("failed none of {calls} calls in the last hour"))
        }
        _ => (Health::Healthy, "was not called in the last hour".to_owned()),
    }
}

/// `2026-11-30`.
fn day(at: &DateTime) -> String {
    written(at).chars().take(10).collect()
}

/// `2026-11-30 22:10 UTC`.
fn minute(at: &DateTime) -> String {
    let text: String = written(at).chars().take(16).collect();
    format!("{} UTC", text.replace('T', " "))
}

fn written(at: &DateTime) -> String {
    at.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    /// 2026-11-30 22:10 UTC, and so many days later.
    fn at(days: i64) -> DateTime {
        DateTime::from_secs(1_796_076_600 + days * DAY)
    }

    fn now() -> SystemTime {
        SystemTime::try_from(at(0)).unwrap()
    }

    #[test]
    fn an_alarm_is_told_with_its_reason() {
        let seen = |state| MetricAlarm::builder().state_value(state).state_reason("5 > 1");
        let firing = seen(StateValue::Alarm).state_updated_timestamp(at(0)).build();
        let (health, what) = alarm(Some(firing));
        assert_eq!(health, Health::Unhealthy);
        assert_eq!(what, "is firing since 2026-11-30 22:10 UTC: 5 > 1");
        assert_eq!(alarm(Some(seen(StateValue::Ok).build())).0, Health::Healthy);
        assert_eq!(alarm(Some(seen(StateValue::InsufficientData).build())).0, Health::Healthy);
        assert_eq!(alarm(Some(seen("NEW".into()).build())).0, Health::Unknown);
        assert_eq!(alarm(None).0, Health::Unhealthy);
    }

    #[test]
    fn a_database_that_comes_back_by_itself_only_wants_attention() {
        let health = |status: &str| database(Some(status.to_owned())).0;
        assert_eq!(health("available"), Health::Healthy);
        assert_eq!(health("backing-up"), Health::Attention);
        assert_eq!(health("stopped"), Health::Unhealthy);
        assert_eq!(health("inaccessible-encryption-credentials"), Health::Unhealthy);
        assert_eq!(database(None).0, Health::Unhealthy);
    }

    #[test]
    fn a_group_without_a_healthy_target_is_unhealthy() {
        let health = |states: &[(&str, usize)]| of_targets(states, None).0;
        assert_eq!(health(&[]), Health::Healthy);
        assert_eq!(health(&[("draining", 1), ("healthy", 2)]), Health::Healthy);
        assert_eq!(health(&[("healthy", 1), ("unhealthy", 1)]), Health::Attention);
        assert_eq!(health(&[("initial", 2)]), Health::Unhealthy);
        let (_, what) = of_targets(&[("unhealthy", 2)], Some("Request timed out".to_owned()));
        assert_eq!(what, "2 unhealthy of its targets: Request timed out");
    }

    #[test]
    fn what_expires_within_a_month_is_told_before() {
        let valid = |days| {
            let seen = CertificateDetail::builder().status(CertificateStatus::Issued);
            certificate(Some(seen.not_after(at(days)).build()), now())
        };
        assert_eq!(valid(31), (Health::Healthy, "is valid until 2026-12-31".to_owned()));
        assert_eq!(valid(29), (Health::Attention, "expires on 2026-12-29".to_owned()));
        assert_eq!(valid(-1), (Health::Unhealthy, "expired on 2026-11-29".to_owned()));
        let pending = CertificateDetail::builder().status(CertificateStatus::PendingValidation);
        assert_eq!(certificate(Some(pending.build()), now()).1, "is PENDING_VALIDATION");
    }

    #[test]
    fn a_rotation_that_is_overdue_has_failed() {
        let seen = || DescribeSecretOutput::builder().rotation_enabled(true);
        let overdue = secret(Some(seen().next_rotation_date(at(-1)).build()), now());
        assert_eq!(overdue.0, Health::Unhealthy);
        let next = secret(Some(seen().next_rotation_date(at(3)).build()), now());
        assert_eq!(next, (Health::Healthy, "is rotated by 2026-12-03".to_owned()));
        let deleted = secret(Some(seen().deleted_date(at(7)).build()), now());
        assert_eq!(deleted.0, Health::Unhealthy);
        let plain = secret(Some(DescribeSecretOutput::builder().build()), now());
        assert_eq!(plain.0, Health::Healthy);
    }

    #[test]
    fn a_function_of_which_every_call_fails_is_unhealthy() {
        assert_eq!(function(0.0, 0.0).0, Health::Healthy);
        assert_eq!(function(9.0, 0.0).1, "failed none of 9 calls in the last hour");
        let some = (Health::Attention, "failed 2 of 9 calls in the last hour".to_owned());
        assert_eq!(function(9.0, 2.0), some);
        assert_eq!(function(2.0, 2.0).0, Health::Unhealthy);
    }
}
