//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/payment-processor/bootstrap \
//!     cargo test --test all cold_start -- --ignored --nocapture
//! ```

use std::time::Duration;

use crate::common::{Stack, direct, notification, payment, start};
use handler_tests::cold_start;
use serde_json::json;

const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let stack = Stack::new().await;
    stack.put("payments/a.json", payment("file").to_string()).await;
    let file = notification(&[(stack.bucket(), "payments/a.json", None)]);
    let start = || start(&stack);
    let bad = cold_start("bad event", start, |_| json!({}));
    let one = cold_start("direct payment", start, |spawn| direct(&payment(&format!("tx-{spawn}"))));
    let file = cold_start("file", start, |_| file.clone());
    assert!(bad < LIMIT && one < LIMIT && file < LIMIT);
}
