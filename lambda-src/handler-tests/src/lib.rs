//! What the handlers' tests share: an emulated AWS, one that answers what a test says, a real
//! database, the real binary, and Lambda's side of its runtime interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

pub mod any;
mod customers;
mod cut;
mod emulator;
mod function;
pub mod payments;
mod postgres;
mod resources;
mod scripted;
pub mod transactions;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use handler_kit::api::Reply;
use serde_json::Value;

pub use customers::Customers;
pub use cut::Wire;
pub use emulator::endpoint;
pub use function::{Function, Outcome};
pub use handler_kit::join_all;
pub use postgres::{Postgres, database};
pub use resources::{Item, Key, items, make_bucket, make_table, object, versions};
pub use scripted::{Request, Scripted};

/// A number that no card network would give out, and that passes the Luhn check.
pub const CARD: &str = "4111111111111111";

/// What clients of one endpoint share. The log goes where the test runner can hold it back.
pub fn config(endpoint: &str) -> SdkConfig {
    handler_kit::log::to(|line| println!("{line}"));
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// A name no other test has.
pub fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The log without its times, whose digits are anybody's.
pub fn untimed(said: &str) -> String {
    let untimed = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("timestamp");
        line.to_string()
    };
    said.lines().map(untimed).collect::<Vec<_>>().join("\n")
}

/// An event with a few bytes of it changed, two hundred times, the same ones in every run.
pub fn garbled(event: &Value) -> impl Iterator<Item = Vec<u8>> {
    let event = event.to_string().into_bytes();
    let mut seed = 7_u64;
    (0..200).map(move |_| {
        let mut event = event.clone();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let place = usize::try_from(seed >> 33).unwrap() % event.len();
            event[place] = seed.to_be_bytes()[0];
        }
        event
    })
}

/// Holds an answer to the form that API Gateway takes; anything else becomes its 502.
pub fn check_reply(reply: &Reply, statuses: &[u16]) {
    assert!(statuses.contains(&reply.status_code), "{reply:?}");
    let written: Value = serde_json::to_value(reply).unwrap();
    let mut names: Vec<&String> = written.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["body", "headers", "isBase64Encoded", "statusCode"]);
    assert_eq!(written["isBase64Encoded"], false);
    assert!(written["headers"].as_object().unwrap().values().all(Value::is_string));
    assert!(serde_json::from_str::<Value>(&reply.body).unwrap().is_object());
    assert!(!reply.body.contains(CARD));
}

/// A function without one of its variables ends before its first event, and says which it is.
pub fn every_variable_is_needed(
    all: &[(&str, &str)],
    start: impl Fn(&[(&str, &str)], &str) -> Function,
) {
    for (place, (missing, _)) in all.iter().enumerate() {
        let mut environment = all.to_vec();
        environment.remove(place);
        let mut function = start(&environment, "http://127.0.0.1:1");
        let Outcome::InitError(error) = function.outcome() else { panic!("no init error") };
        let reason = format!("environment variable {missing} is missing");
        assert_eq!(error["errorMessage"], *reason);
        assert!(!function.ended().success());
        assert!(function.said().contains(&reason));
    }
}

/// How long new processes take to their first answers: prints the range, returns the median.
pub fn cold_start(
    name: &str,
    start: impl Fn() -> Function,
    event: impl Fn(usize) -> Value,
) -> Duration {
    const SPAWNS: usize = 20;
    let measure = |spawn| {
        let event = event(spawn).to_string();
        let begun = Instant::now();
        let function = start();
        function.send(event);
        function.response();
        begun.elapsed()
    };
    let mut times: Vec<Duration> = (0..SPAWNS).map(measure).collect();
    times.sort();
    let (least, median, most) = (times[0], times[SPAWNS / 2], times[SPAWNS - 1]);
    println!("{name}: {least:.1?} to {most:.1?}, median {median:.1?} of {SPAWNS} spawns");
    median
}
