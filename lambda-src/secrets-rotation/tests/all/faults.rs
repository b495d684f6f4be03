//! The rotation that is interrupted anywhere, and then goes on or makes room for the next one.

use std::collections::BTreeSet;
use std::net::TcpListener;

use crate::common::{STEPS, Stack, database};
use handler_tests::{Scripted, Wire};
use proptest::prelude::*;
use secrets_rotation::{Deps, RotationError};
use serde_json::{Value, json};
use tokio::runtime::Builder;

/// How often the SDK tries by itself, where its retries are not set.
const TRIES: usize = 3;

/// Where an interruption left a rotation: whether its version has a password, whether that is the
/// database's, and whether the version is the current one.
type Left = (bool, bool, bool);

async fn left(stack: &Stack, token: &str) -> Left {
    let stored = stack.password_of(token).await.is_some();
    let set = stack.version_that_logs_in().await == token;
    (stored, set, stack.version("AWSCURRENT").await.unwrap() == token)
}

/// The process ends at every piece that goes over the wire, in either direction, to Secrets Manager
/// and to the database: before and after every call and every statement, and within every login.
async fn cut_everywhere(next: bool) {
    let wire = Wire::default();
    let emulator = handler_tests::endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let endpoint = format!("http://127.0.0.1:{}", wire.to(emulator));
    let stack = Stack::through(&endpoint, wire.to(database().port)).await;
    let mut seen: BTreeSet<Left> = BTreeSet::new();
    let mut piece = 0;
    loop {
        piece += 1;
        let mut token = stack.begin().await;
        wire.cut_at(piece);
        // What runs is dropped where it waits, as the end of its process drops it.
        let whole = tokio::select! {
            biased;
            () = wire.cut() => false,
            done = stack.steps(&STEPS, &token) => {
                // The end of the last connection is nothing that is waited for.
                assert!(done.is_ok() || wire.is_cut(), "{done:?}");
                done.is_ok()
            }
        };
        wire.mend();
        seen.insert(left(&stack, &token).await);
        if next {
            token = stack.begin().await;
        }
        stack.steps(&STEPS, &token).await.unwrap();
        assert_eq!(stack.version("AWSCURRENT").await.unwrap(), token, "piece {piece}");
        assert!(stack.current_logs_in().await, "piece {piece}");
        if whole {
            break;
        }
    }
    // Every row of the table was met.
    let rows =
        [(false, false, false), (true, false, false), (true, true, false), (true, true, true)];
    assert_eq!(seen, BTreeSet::from(rows));
    assert!(piece > 40, "a rotation has more pieces than {piece}");
    stack.no_secret_leaked("").await;
}

#[tokio::test]
async fn interrupted_anywhere_the_same_rotation_goes_on() {
    cut_everywhere(false).await;
}

#[tokio::test]
async fn interrupted_anywhere_the_next_rotation_finds_its_way() {
    cut_everywhere(true).await;
}

/// Rotations of which each is given up after some of its steps, and a last one that is not.
#[tokio::test]
async fn given_up_one_after_the_other_the_last_one_ends_well() {
    for first in 0..=STEPS.len() {
        let stack = Stack::new().await;
        for second in 0..=STEPS.len() {
            for steps in [first, second] {
                let token = stack.begin().await;
                stack.steps(&STEPS[..steps], &token).await.unwrap();
                stack.version_that_logs_in().await;
            }
            let token = stack.begin().await;
            stack.steps(&STEPS, &token).await.unwrap();
            assert!(stack.current_logs_in().await, "{first} steps, then {second}");
        }
    }
}

/// Steps in any order, of the rotation that runs and of those before.
#[test]
fn asked_for_in_any_order_the_current_version_stays_one_that_logged_in() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // 4 is the begin of another rotation.
    let asked = prop::collection::vec((0..=STEPS.len(), 0..3_usize), 0..12);
    proptest!(ProptestConfig::with_cases(12), |(asked in asked)| {
        runtime.block_on(async {
            let stack = Stack::new().await;
            let mut tokens = vec![stack.begin().await];
            for (step, back) in asked {
                let Some(step) = STEPS.get(step) else {
                    tokens.push(stack.begin().await);
                    continue;
                };
                let before = stack.version("AWSCURRENT").await;
                let token = &tokens[tokens.len().saturating_sub(1 + back)];
                // Whatever comes of it.
                let _ = stack.step(step, token).await;
                let works = stack.version_that_logs_in().await;
                let current = stack.version("AWSCURRENT").await;
                assert!(current == before || current == Some(works), "it moves to what logs in");
            }
            let token = stack.begin().await;
            stack.steps(&STEPS, &token).await.unwrap();
            assert!(stack.current_logs_in().await);
        });
    });
}

/// A step that Secrets Manager asks for twice at once: one password, and both or a repeat succeed.
#[tokio::test]
async fn asked_for_twice_at_once_there_is_one_password() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    for step in STEPS {
        let both = handler_tests::join_all((0..2).map(|_| stack.step(step, &token))).await;
        assert!(both.iter().any(Result::is_ok), "{step}: {both:?}");
        stack.step(step, &token).await.unwrap();
        stack.version_that_logs_in().await;
    }
    assert_eq!(stack.passwords().await.len(), 2);
    assert!(stack.current_logs_in().await);
}

/// A database that takes no connection, or none of us, says nothing of a password: no other version
/// is tried, and nothing is changed.
#[tokio::test]
async fn a_database_that_does_not_answer_fails_the_step_at_once() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    stack.step("createSecret", &token).await.unwrap();
    for (sql, code) in [("NOLOGIN", "28000"), ("LOGIN CONNECTION LIMIT 0", "53300")] {
        crate::common::sql(&format!("ALTER ROLE \"{}\" {sql}", stack.user)).await;
        assert_eq!(stack.step("setSecret", &token).await, Err(RotationError::Database), "{sql}");
        let line = format!(r#""code":"{code}","#);
        assert!(crate::common::said().contains(&line), "{code}\n{}", crate::common::said());
    }
    crate::common::sql(&format!("ALTER ROLE \"{}\" CONNECTION LIMIT -1", stack.user)).await;

    // A port where nobody listens, and one where nobody speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for port in [closed, silent.local_addr().unwrap().port()] {
        let stack = Stack::through(handler_tests::endpoint(), port).await;
        let token = stack.begin().await;
        stack.step("createSecret", &token).await.unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(stack.step("setSecret", &token).await, Err(RotationError::Database));
        assert!(begun.elapsed().as_secs() < 12, "it takes the silent one 8 s");
    }
    assert!(crate::common::said().contains("(timeout)"));
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
}

/// A statement that waits for another one's lock is given up by the server, and is not carried out
/// later, when somebody else may have changed the password by then.
#[tokio::test]
async fn a_change_that_has_to_wait_is_given_up_and_not_made_later() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    stack.step("createSecret", &token).await.unwrap();
    // The row alone: other tests change roles of their own meanwhile.
    let role = format!("SELECT FROM pg_authid WHERE rolname = '{}' FOR UPDATE", stack.user);
    let held = crate::common::hold(&role).await;
    assert_eq!(stack.step("setSecret", &token).await, Err(RotationError::Database));
    assert!(crate::common::said().contains(r#""code":"57014","#), "cancelled by the server");
    drop(held);
    assert!(stack.current_logs_in().await);
    assert_ne!(stack.version_that_logs_in().await, token);
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
}

#[tokio::test]
async fn secrets_manager_that_fails_fails_the_step() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    for (answer, tries) in [
        (Scripted::failure(400, "AccessDeniedException", json!({"message": "secret"})), 1),
        (Scripted::failure(400, "ResourceNotFoundException", json!({"message": "secret"})), 1),
        (Scripted::failure(500, "InternalServiceError", json!({"message": "secret"})), TRIES),
        (Scripted::failure(400, "ThrottlingException", json!({"message": "secret"})), TRIES),
        (None, TRIES),
    ] {
        let scripted = Scripted::start(vec![answer.clone()]);
        let config = handler_tests::config(&scripted.endpoint);
        let deps = Deps::new(&config, crate::common::config());
        let event = stack.event("createSecret", &token);
        let failed = secrets_rotation::handle(&event, &deps).await;
        assert_eq!(failed, Err(RotationError::Secrets), "{answer:?}");
        assert_eq!(scripted.asked().len(), tries, "{answer:?}");
    }
    stack.steps(&STEPS, &token).await.unwrap();
    assert!(stack.current_logs_in().await);
}

/// The requests themselves, as far as no emulator looks at them.
#[tokio::test]
async fn secrets_manager_is_asked_as_it_should_be() {
    let token = crate::common::token();
    let versions = json!({"a": ["AWSCURRENT"], token.as_str(): ["AWSPENDING"]});
    let described =
        Scripted::item(&json!({"RotationEnabled": true, "VersionIdsToStages": versions}));
    let absent = || Scripted::failure(400, "ResourceNotFoundException", json!({}));
    let value = |password: &str| {
        let text = json!({
            "engine": "postgres", "username": "nobody", "password": password,
            "host": "127.0.0.1", "port": database().port, "dbname": "postgres",
        });
        Scripted::item(&json!({"SecretString": text.to_string()}))
    };
    let mut event = json!({
        "Step": "createSecret",
        "SecretId": "arn:s",
        "ClientRequestToken": token,
        "RotationToken": "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    });
    let another = Scripted::failure(400, "ResourceExistsException", json!({}));
    let random = Scripted::item(&json!({"RandomPassword": "r".repeat(48)}));
    let answers = vec![described.clone(), absent(), value(&"p".repeat(48)), random, another];
    let scripted = Scripted::start(answers);
    let deps = Deps::new(&handler_tests::config(&scripted.endpoint), crate::common::config());
    // Another call of the step has stored its password meanwhile.
    assert_eq!(secrets_rotation::handle(&event, &deps).await, Ok(()));
    let asked = scripted.asked();
    let operations: Vec<&str> = asked.iter().map(|it| it.operation.as_str()).collect();
    let wanted = [
        "DescribeSecret",
        "GetSecretValue",
        "GetSecretValue",
        "GetRandomPassword",
        "PutSecretValue",
    ];
    assert_eq!(operations, wanted);
    let password = asked[3].json();
    assert_eq!(password["PasswordLength"], 48, "as long as the one before");
    assert_eq!(password["ExcludePunctuation"], true);
    assert_eq!(password["RequireEachIncludedType"], true);
    let put = asked[4].json();
    assert_eq!(
        (&put["ClientRequestToken"], &put["VersionStages"]),
        (&json!(token), &json!(["AWSPENDING"]))
    );
    assert_eq!(put["RotationToken"], event["RotationToken"]);
    assert!(put["SecretString"].as_str().unwrap().contains(&"r".repeat(48)));

    // Versions without a label are asked for, over all pages, and the newest is tried first.
    event["Step"] = json!("setSecret");
    let page = |next: Option<&str>, version: &str, created: u32| {
        let version = json!({"VersionId": version, "CreatedDate": created});
        Scripted::item(&json!({"Versions": [version], "NextToken": next}))
    };
    let answers = vec![
        described,
        value("a"),
        value("b"),
        page(Some("more"), "old", 1),
        page(None, "new", 2),
        absent(),
    ];
    let scripted = Scripted::start(answers);
    let deps = Deps::new(&handler_tests::config(&scripted.endpoint), crate::common::config());
    let failed = secrets_rotation::handle(&event, &deps).await;
    assert_eq!(failed, Err(RotationError::LockedOut));
    let asked: Vec<_> = scripted.asked().iter().map(|it| it.json()).collect();
    assert_eq!(asked[3]["IncludeDeprecated"], true);
    assert_eq!(asked[4]["NextToken"], "more");
    assert_eq!((&asked[5]["VersionId"], &asked[6]["VersionId"]), (&json!("new"), &json!("old")));
}

/// A reply that is lost makes the SDK ask again, for what is done by then.
#[tokio::test]
async fn a_move_that_was_done_and_not_heard_of_is_done() {
    let stack = Stack::new().await;
    let token = stack.begin().await;
    stack.steps(&STEPS[..2], &token).await.unwrap();
    let value = |text: &Value| Scripted::item(&json!({"SecretString": text.to_string()}));
    let [current, pending] = ["AWSCURRENT", "AWSPENDING"].map(|label| stack.value(label));
    let (current, pending) = (current.await.unwrap(), pending.await.unwrap());
    let described = |labels: [&str; 2]| {
        let versions = json!({"a": [labels[0]], token.as_str(): [labels[1]]});
        Scripted::item(&json!({"RotationEnabled": true, "VersionIdsToStages": versions}))
    };
    let before = described(["AWSCURRENT", "AWSPENDING"]);
    let refused = || Scripted::failure(400, "InvalidParameterException", json!({}));
    for (after, wanted) in [
        (described(["AWSPREVIOUS", "AWSCURRENT"]), Ok(())),
        (before.clone(), Err(RotationError::Secrets)),
    ] {
        let values = [value(&current), value(&pending)];
        let mut answers = [vec![before.clone()], values.to_vec()].concat();
        answers.extend([None, refused(), after]);
        let scripted = Scripted::start(answers);
        let deps = Deps::new(&handler_tests::config(&scripted.endpoint), crate::common::config());
        let done = secrets_rotation::handle(&stack.event("finishSecret", &token), &deps).await;
        assert_eq!(done, wanted);
        let input = scripted.asked()[4].json();
        assert_eq!(input["VersionStage"], "AWSCURRENT");
        assert_eq!(
            (&input["MoveToVersionId"], &input["RemoveFromVersionId"]),
            (&json!(token), &json!("a"))
        );
    }
}
