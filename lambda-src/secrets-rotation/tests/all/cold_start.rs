//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/secrets-rotation/bootstrap \
//!     cargo test --test all cold_start -- --ignored --nocapture
//! ```

use std::time::Duration;

use crate::common::{STEPS, Stack, start};
use handler_tests::cold_start;

const LIMIT: Duration = Duration::from_millis(50);
/// A login is twice 4096 rounds of SHA-256, and four turns over TLS.
const WITH_A_LOGIN: Duration = Duration::from_millis(100);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    let start = || start(handler_tests::endpoint());
    let create = cold_start("createSecret", start, |_| stack.event("createSecret", &token));
    stack.steps(&STEPS[..2], &token).await.unwrap();
    let test = cold_start("testSecret", start, |_| stack.event("testSecret", &token));
    assert!(create < LIMIT && test < WITH_A_LOGIN);
}
