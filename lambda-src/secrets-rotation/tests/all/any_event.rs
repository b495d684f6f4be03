//! Whatever comes as an event, or stands in the secret: an answer, never a panic, and no change that
//! leaves a secret that does not log in.

use crate::common::{STEPS, Stack};
use handler_tests::any::{any_json, runtime};
use proptest::prelude::*;
use secrets_rotation::handle;
use serde_json::Value;

#[test]
fn any_event_is_done_or_refused() {
    let runtime = runtime();
    let (stack, token) = runtime.block_on(async {
        let stack = Stack::new().await;
        let token = stack.begin().await;
        (stack, token)
    });
    let words = "Step SecretId ClientRequestToken RotationToken";
    let texts = [&[stack.arn.as_str(), &token], &STEPS[..]].concat();
    proptest!(ProptestConfig::with_cases(200), |(event in any_json(words, &texts))| {
        let _ = runtime.block_on(handle(&event, &stack.deps));
    });
    runtime.block_on(stack.version_that_logs_in());
    runtime.block_on(stack.no_secret_leaked(""));
}

#[test]
fn any_value_is_a_login_or_refused() {
    let runtime = runtime();
    let stack = runtime.block_on(Stack::new());
    let words = "engine username password host port dbname";
    let texts = ["postgres", "127.0.0.1", "", "0"];
    proptest!(ProptestConfig::with_cases(60), |(
        value in any_json(words, &texts),
        whole in any::<bool>(),
        step in prop::sample::select(STEPS.to_vec()),
    )| {
        runtime.block_on(async {
            let current = stack.value("AWSCURRENT").await.unwrap();
            let mut pending = value;
            // A value that is right but for some fields.
            if let (true, Value::Object(fields)) = (whole, &mut pending) {
                let mut all = current.as_object().unwrap().clone();
                all.extend(std::mem::take(fields));
                *fields = all;
            }
            let token = stack.begin().await;
            stack.put(&token, "AWSPENDING", &pending.to_string()).await;
            let _ = handle(&stack.event(step, &token), &stack.deps).await;
            stack.version_that_logs_in().await;
        });
    });
    runtime.block_on(async {
        let token = stack.begin().await;
        stack.steps(&STEPS, &token).await.unwrap();
        assert!(stack.current_logs_in().await);
    });
}
