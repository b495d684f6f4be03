//! The compiled function against Lambda's runtime interface, a real PostgreSQL and an emulated
//! Secrets Manager.

use crate::common::{STEPS, Stack, database, start, start_with};
use handler_tests::{Outcome, Wire, garbled};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_does_step_after_step_and_tells_nothing() {
    let stack = Stack::new().await;
    let function = start(handler_tests::endpoint());
    let mut answers = String::new();
    let abandoned = stack.begin().await;
    for step in &STEPS[..2] {
        function.send(stack.event(step, &abandoned).to_string());
        assert_eq!(function.response(), Value::Null);
    }
    let token = stack.begin().await;
    // Out of order: an error of every kind that has to do with a password.
    for step in [STEPS[1], STEPS[0], STEPS[2]] {
        function.send(stack.event(step, &token).to_string());
        answers += &format!("{:?}", function.outcome());
    }
    for step in STEPS {
        function.send(stack.event(step, &token).to_string());
        assert_eq!(function.response(), Value::Null, "{step}");
    }
    assert_eq!(stack.version("AWSCURRENT").await.unwrap(), token);
    assert!(stack.current_logs_in().await);

    let said = function.said();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let hows: Vec<&str> = lines.iter().filter_map(|line| line["how"].as_str()).collect();
    let wanted = [
        "a new password",
        "logged in as AWSCURRENT",
        "a new password",
        "the version has its password already",
        "logged in as an older version",
        "the version logs in",
        "the version is current",
    ];
    assert_eq!(hows, wanted);
    let reasons: Vec<&str> = lines.iter().filter_map(|line| line["reason"].as_str()).collect();
    assert_eq!(
        reasons,
        ["the secret has no value AWSPENDING", "the AWSPENDING version cannot log in"]
    );
    // What the database has seen of the change is what it stores.
    assert!(database().log().contains("ALTER ROLE SESSION_USER PASSWORD 'SCRAM-SHA-256$4096:"));
    stack.no_secret_leaked(&(said + &answers)).await;
}

#[tokio::test]
async fn what_is_no_step_is_a_function_error_and_the_process_goes_on() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    let function = start(handler_tests::endpoint());
    let good = stack.event("createSecret", &token);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let twice = good.to_string().replacen('{', r#"{"Step":"setSecret","#, 1);
    for event in ["null", "{}", r#"{"Step":"x"}"#, &twice, &deep] {
        function.send(event);
        let Outcome::Error(error) = function.outcome() else { panic!("{event:.60} is not a step") };
        assert_eq!(error["errorType"], "RotationError");
    }
    for noise in garbled(&good) {
        function.send(noise);
        function.outcome();
    }
    for step in STEPS {
        function.send(stack.event(step, &token).to_string());
        assert_eq!(function.response(), Value::Null);
    }
    assert!(stack.current_logs_in().await);
    let said = function.said();
    assert!(!said.contains("panicked"), "{said}");
    stack.no_secret_leaked(&said).await;
}

/// Killed while it waits for the database to say that the password is changed.
#[tokio::test]
async fn what_a_kill_leaves_is_finished_by_the_next_process() {
    let wire = Wire::default();
    let stack = Stack::through(handler_tests::endpoint(), wire.to(database().port)).await;
    let token = stack.begin().await;
    stack.step("createSecret", &token).await.unwrap();
    let mut killed_after = 0;
    for piece in 1.. {
        let function = start(handler_tests::endpoint());
        wire.cut_at(piece);
        function.send(stack.event("setSecret", &token).to_string());
        while !wire.is_cut() && stack.version_that_logs_in().await != token {
            tokio::task::yield_now().await;
        }
        let said = function.said();
        wire.mend();
        stack.no_secret_leaked(&said).await;
        killed_after = piece;
        if stack.version_that_logs_in().await == token {
            break;
        }
    }
    assert!(killed_after > 8, "two handshakes have more than {killed_after} pieces");
    let function = start(handler_tests::endpoint());
    for step in STEPS {
        function.send(stack.event(step, &token).to_string());
        assert_eq!(function.response(), Value::Null);
    }
    assert!(stack.current_logs_in().await);
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_an_initialisation_error() {
    for (file, reason) in [
        ("/absent.pem", "the file /absent.pem that SSL_CERT_FILE names cannot be read"),
        ("/dev/null", "/dev/null must contain PEM certificates and nothing else"),
    ] {
        let mut function = start_with(&[("SSL_CERT_FILE", file)], "http://127.0.0.1:1");
        let Outcome::InitError(error) = function.outcome() else { panic!("no init error") };
        assert_eq!(error["errorMessage"], *reason);
        assert!(!function.ended().success());
        assert!(function.said().contains(reason));
    }
}

/// Without the file, the function trusts Amazon RDS, which does not vouch for this server.
#[tokio::test]
async fn without_a_file_the_function_starts_and_trusts_amazon_rds() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    let function = start_with(&[], handler_tests::endpoint());
    function.send(stack.event("createSecret", &token).to_string());
    assert_eq!(function.response(), Value::Null);
    function.send(stack.event("setSecret", &token).to_string());
    let Outcome::Error(error) = function.outcome() else { panic!("it trusts anybody") };
    let wanted = json!({"errorType": "RotationError", "errorMessage": "the database could not complete the statement"});
    assert_eq!(
        (&error["errorType"], &error["errorMessage"]),
        (&wanted["errorType"], &wanted["errorMessage"])
    );
    assert!(function.said().contains("(certificate not trusted)"));
    assert!(stack.current_logs_in().await);
}
