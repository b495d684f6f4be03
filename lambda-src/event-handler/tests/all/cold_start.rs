//! How long a new process takes to its first answer. Only the release build is worth measuring:
//!
//! ```sh
//! ./build.sh
//! PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/event-handler/bootstrap \
//!     cargo test --test all cold_start -- --ignored --nocapture
//! ```

use std::time::Duration;

use crate::common::{Stack, key, start};
use handler_tests::cold_start;
use handler_tests::payments::batch;

const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test]
#[ignore = "measures the release build"]
async fn the_first_answer_of_a_process_comes_at_once() {
    let stack = Stack::new().await;
    for number in 0..100 {
        stack.put(&key(number), "processing").await;
    }
    let start = || start(&stack.at);
    let bad = cold_start("bad message", start, |_| batch([("a", "x")]));
    let one = cold_start("queued payment", start, |spawn| {
        batch([("a", key(u8::try_from(spawn).unwrap()).message().as_str())])
    });
    assert!(bad < LIMIT && one < LIMIT);
}
