//! What the handlers' tests share: an emulated AWS, one that answers what a test says, the real
//! binary, and Lambda's side of its runtime interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod emulator;
mod function;
mod scripted;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;

pub use emulator::endpoint;
pub use function::{Function, Outcome};
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

/// Runs all at once, in this thread.
pub async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in &mut futures {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        match futures.iter().all(|(_, output)| output.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
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
        function.answer();
        begun.elapsed()
    };
    let mut times: Vec<Duration> = (0..SPAWNS).map(measure).collect();
    times.sort();
    let (least, median, most) = (times[0], times[SPAWNS / 2], times[SPAWNS - 1]);
    println!("{name}: {least:.1?} to {most:.1?}, median {median:.1?} of {SPAWNS} spawns");
    median
}
