//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/payment-processor/bootstrap \
//!     cargo test --test cold_start -- --ignored --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::time::{Duration, Instant};

use common::{Function, Stack, direct, notification, payment};
use serde_json::{Value, json};

const SPAWNS: usize = 20;
const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let stack = Stack::new().await;
    stack.put("payments/a.json", payment("file").to_string()).await;
    let file = notification(&[(stack.bucket(), "payments/a.json", None)]);
    let bad = median("bad event", &stack, |_| json!({}));
    let one = median("direct payment", &stack, |spawn| direct(&payment(&format!("tx-{spawn}"))));
    let file = median("file", &stack, |_| file.clone());
    assert!(bad < LIMIT && one < LIMIT && file < LIMIT);
}

fn median(name: &str, stack: &Stack, event: impl Fn(usize) -> Value) -> Duration {
    let measure = |spawn| {
        let event = event(spawn).to_string();
        let start = Instant::now();
        let function = Function::start(stack);
        function.send(event);
        function.answer();
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..SPAWNS).map(measure).collect();
    times.sort();
    let (least, median, most) = (times[0], times[SPAWNS / 2], times[SPAWNS - 1]);
    println!("{name}: {least:.1?} to {most:.1?}, median {median:.1?} of {SPAWNS} spawns");
    median
}
