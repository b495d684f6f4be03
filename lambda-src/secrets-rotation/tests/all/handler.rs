//! The four steps against a real PostgreSQL, over TLS, and an emulated Secrets Manager.

use crate::common::{STEPS, Stack, config, logs_in, logs_in_plainly, sql, token};
use secrets_rotation::{Config, CredentialsError, Deps, EventError, RotationError, handle};
use serde_json::json;

#[tokio::test]
async fn a_rotation_ends_with_a_new_password_that_logs_in() {
    let stack = Stack::new().await;
    let before = stack.value("AWSCURRENT").await.unwrap();
    let token = stack.begin().await;
    stack.steps(&STEPS, &token).await.unwrap();

    assert_eq!(stack.version("AWSCURRENT").await.unwrap(), token);
    assert_eq!(stack.value("AWSPREVIOUS").await.unwrap(), before);
    let mut after = stack.value("AWSCURRENT").await.unwrap();
    let password = after["password"].as_str().unwrap().to_owned();
    assert!(logs_in(&stack.user, &password).await);
    assert!(!logs_in(&stack.user, before["password"].as_str().unwrap()).await);
    assert_eq!(password.len(), 32);
    assert!(password.chars().all(|it| it.is_ascii_alphanumeric()), "it fits into a URL");
    after["password"] = before["password"].clone();
    assert_eq!(after, before, "all else is kept");
    assert!(!logs_in_plainly(&stack.user, &password).await, "the server takes TLS only");
    stack.no_secret_leaked("").await;
}

#[tokio::test]
async fn every_step_may_be_repeated() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    stack.steps(&["createSecret"], &token).await.unwrap();
    let pending = stack.value("AWSPENDING").await.unwrap();
    for number in 1..=STEPS.len() {
        stack.steps(&STEPS[..number], &token).await.unwrap();
        stack.steps(&STEPS[..number], &token).await.unwrap();
        assert_eq!(stack.value("AWSPENDING").await.unwrap(), pending, "one password a rotation");
        stack.version_that_logs_in().await;
    }
    // By now the version is the current one: every step leaves all as it is.
    let versions = stack.passwords().await;
    for step in STEPS {
        stack.step(step, &token).await.unwrap();
    }
    assert_eq!(stack.passwords().await, versions);
    assert!(stack.current_logs_in().await);
}

#[tokio::test]
async fn rotations_follow_each_other() {
    let stack = Stack::new().await;
    let mut passwords = vec![stack.password("AWSCURRENT").await.unwrap()];
    for _ in 0..3 {
        let token = stack.begin().await;
        stack.steps(&STEPS, &token).await.unwrap();
        assert!(stack.current_logs_in().await);
        passwords.push(stack.password("AWSCURRENT").await.unwrap());
    }
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), 4);
}

#[tokio::test]
async fn a_step_is_refused_that_is_none_of_a_rotation_that_runs() {
    let stack = Stack::new().await;
    let old = stack.begin().await;
    stack.steps(&STEPS[..2], &old).await.unwrap();
    let new = stack.begin().await;
    for step in STEPS {
        let refused = stack.step(step, &token()).await;
        assert_eq!(refused, Err(RotationError::NotAVersion), "{step}");
        let refused = stack.step(step, &old).await;
        assert_eq!(refused, Err(RotationError::NotAVersion), "{step}: its label is gone");
    }
    assert_eq!(stack.version_that_logs_in().await, old);
    stack.steps(&STEPS, &new).await.unwrap();
    let refused = stack.step("setSecret", &old).await;
    assert_eq!(refused, Err(RotationError::NotAVersion));

    // With a label, but not with that one.
    let previous = stack.version("AWSPREVIOUS").await.unwrap();
    assert_eq!(stack.step("setSecret", &previous).await, Err(RotationError::NotPending));
    assert!(stack.current_logs_in().await);

    let secret = stack.secrets.create_secret().name(token()).secret_string("{}").send().await;
    let event = json!({
        "Step": "createSecret",
        "SecretId": secret.unwrap().arn.unwrap(),
        "ClientRequestToken": token(),
    });
    assert_eq!(handle(&event, &stack.deps).await, Err(RotationError::NotEnabled));
    assert_eq!(handle(&json!({}), &stack.deps).await, Err(RotationError::Event(EventError)));
}

#[tokio::test]
async fn nothing_is_done_out_of_order() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    for step in &STEPS[1..] {
        let refused = stack.step(step, &token).await;
        assert_eq!(refused, Err(RotationError::NoValue("AWSPENDING")), "{step}");
    }
    stack.step("createSecret", &token).await.unwrap();
    for step in &STEPS[2..] {
        let refused = stack.step(step, &token).await;
        assert_eq!(refused, Err(RotationError::DoesNotLogIn), "{step}");
    }
    assert!(stack.current_logs_in().await, "the current version is the one it was");
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
}

#[tokio::test]
async fn a_password_is_set_with_the_newest_version_that_still_logs_in() {
    let stack = Stack::new().await;
    let mut abandoned = Vec::new();
    for number in 0..4 {
        let token = stack.begin().await;
        // The first of them gets as far as the database, the others lose their label before.
        stack.steps(&STEPS[..if number == 0 { 2 } else { 1 }], &token).await.unwrap();
        abandoned.push(token);
    }
    // Neither pending, current nor previous.
    assert_eq!(stack.version_that_logs_in().await, abandoned[0]);
    let token = stack.begin().await;
    stack.steps(&STEPS, &token).await.unwrap();
    assert_eq!(stack.version_that_logs_in().await, token);
    assert!(stack.current_logs_in().await);

    // Somebody gave the user the password of before.
    let previous = stack.password("AWSPREVIOUS").await.unwrap();
    sql(&format!("ALTER ROLE \"{}\" PASSWORD '{previous}' /* CREATE ROLE */", stack.user)).await;
    assert!(!stack.current_logs_in().await);
    let token = stack.begin().await;
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
    stack.no_secret_leaked("").await;
}

#[tokio::test]
async fn a_password_that_nobody_has_stored_is_an_error_and_changes_nothing() {
    let stack = Stack::new().await;
    sql(&format!("ALTER ROLE \"{}\" PASSWORD 'elsewhere'", stack.user)).await;
    let token = stack.begin().await;
    stack.step("createSecret", &token).await.unwrap();
    assert_eq!(stack.step("setSecret", &token).await, Err(RotationError::LockedOut));
    assert!(logs_in(&stack.user, "elsewhere").await);
    // The administrator's way out: the current password, as it is stored.
    let current = stack.password("AWSCURRENT").await.unwrap();
    sql(&format!("ALTER ROLE \"{}\" PASSWORD '{current}'", stack.user)).await;
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
}

#[tokio::test]
async fn a_value_for_somebody_else_is_refused() {
    let stack = Stack::new().await;
    for (field, other) in [
        ("username", json!("postgres")),
        ("host", json!("127.0.0.2")),
        ("port", json!(1)),
        ("dbname", json!("template1")),
    ] {
        let token = stack.begin().await;
        let mut value = stack.value("AWSCURRENT").await.unwrap();
        value[field] = other;
        stack.put(&token, "AWSPENDING", &value.to_string()).await;
        for step in &STEPS[1..] {
            let refused = stack.step(step, &token).await;
            assert_eq!(refused, Err(RotationError::OtherLogin), "{step} {field}");
        }
    }
    let token = stack.begin().await;
    stack.put(&token, "AWSPENDING", "not JSON").await;
    let wrong = RotationError::Value("AWSPENDING", CredentialsError::NoObject);
    for step in &STEPS[1..] {
        assert_eq!(stack.step(step, &token).await, Err(wrong));
    }
    assert!(stack.current_logs_in().await);
    // Versions that are not a login are no obstacle later.
    let token = stack.begin().await;
    stack.steps(&STEPS[..2], &token).await.unwrap();
    let token = stack.begin().await;
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
}

/// The user may have a name that needs quoting, and rights of nothing but a login.
#[tokio::test]
async fn a_name_needs_no_quoting() {
    let stack = Stack::new().await;
    let name = format!("Robert\"; DROP ROLE x; -- {}", stack.user);
    let quoted = name.replace('"', "\"\"");
    sql(&format!("ALTER ROLE \"{}\" RENAME TO \"{quoted}\"", stack.user)).await;
    let mut value = stack.value("AWSCURRENT").await.unwrap();
    value["username"] = json!(name);
    stack.put(&token(), "AWSCURRENT", &value.to_string()).await;
    let token = stack.begin().await;
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(logs_in(&name, &stack.password("AWSCURRENT").await.unwrap()).await);
}

#[tokio::test]
async fn a_server_is_trusted_only_with_its_chain_and_its_name() {
    let mut stack = Stack::new().await;
    let token = stack.begin().await;
    stack.step("createSecret", &token).await.unwrap();
    // Amazon RDS does not vouch for this one.
    stack.deps = Deps { config: Config::read(|_| None).unwrap(), ..stack.deps };
    for step in &STEPS[1..] {
        assert_eq!(stack.step(step, &token).await, Err(RotationError::Database), "{step}");
    }
    // The right authority, and a name that is not in the certificate.
    stack.deps.config = config();
    let mut value = stack.value("AWSCURRENT").await.unwrap();
    value["host"] = json!("localhost");
    stack.put(&crate::common::token(), "AWSCURRENT", &value.to_string()).await;
    let token = stack.begin().await;
    stack.step("createSecret", &token).await.unwrap();
    assert_eq!(stack.step("setSecret", &token).await, Err(RotationError::Database));
    let said = crate::common::said();
    assert!(said.contains("(certificate not trusted)"), "{said}");
    assert_eq!(said.matches("(certificate not trusted)").count(), 4, "{said}");
    stack.no_secret_leaked("").await;
}
