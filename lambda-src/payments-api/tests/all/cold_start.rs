//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/payments-api/bootstrap \
//!     cargo test --test all cold_start -- --ignored --nocapture
//! ```

use std::time::Duration;

use crate::common::start;
use handler_tests::cold_start;
use handler_tests::payments::{Payments, asked, order, posted};
use serde_json::json;

const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let at = Payments::new().await;
    let start = || start(&at);
    let bad = cold_start("bad request", start, |_| json!({}));
    let list = cold_start("list", start, |_| asked("GET", "/payments"));
    let order = order().to_string();
    let one = cold_start("posted payment", start, |spawn| {
        posted(Some(&format!("order-{spawn}")), &order)
    });
    assert!(bad < LIMIT && list < LIMIT && one < LIMIT);
}
