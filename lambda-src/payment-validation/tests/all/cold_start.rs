//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/payment-validation/bootstrap \
//!     cargo test --test all cold_start -- --ignored --nocapture
//! ```

use std::time::Duration;

use crate::common::Stack;
use handler_tests::cold_start;
use handler_tests::transactions::{payment, posted};
use serde_json::json;

const LIMIT: Duration = Duration::from_millis(50);
/// A login to the database is a handshake, and 4096 rounds of a hash on either side.
const WITH_LOGIN: Duration = Duration::from_millis(250);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let stack = Stack::new().await;
    let start = || stack.start();
    let bad = cold_start("bad request", start, |_| json!({}));
    let body = payment().to_string();
    let one = cold_start("valid payment", start, |_| posted("/validate", None, &body));
    assert!(bad < LIMIT && one < WITH_LOGIN);
}
