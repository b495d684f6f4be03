//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/fraud-detection/bootstrap \
//!     cargo test --test all cold_start -- --ignored --nocapture
//! ```

use std::time::Duration;

use crate::common::{event, start};
use handler_tests::cold_start;
use handler_tests::transactions::Transactions;

const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let at = Transactions::new().await;
    let one = cold_start("scored transaction", || start(&at), |_| event());
    assert!(one < LIMIT);
}
