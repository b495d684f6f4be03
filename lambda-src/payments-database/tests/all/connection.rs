//! The connection: while the password changes, and when the server ends it or is away.

use std::cell::Cell;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::{Stack, another, approved, decide};
use handler_tests::{Customers, Wire, database, join_all};
use serde_json::json;

#[tokio::test]
async fn a_kept_connection_outlives_a_change_of_the_password() {
    let stack = Stack::new().await;
    stack.decide(1, "c-1", "1", &approved()).await.unwrap();
    stack.at.set_password("another").await;
    stack.decide(2, "c-1", "1", &approved()).await.unwrap();
    let ours = format!(
        "pg_stat_activity WHERE usename = '{}' AND application_name = 'tests'",
        stack.at.name
    );
    assert_eq!(stack.at.count(&ours).await, 1, "one connection, and it is kept");
}

/// What a process knows, or reads as `AWSCURRENT`, is refused then.
#[tokio::test]
async fn between_set_secret_and_finish_secret_the_pending_password_is_taken() {
    let stack = Stack::new().await;
    stack.decide(1, "c-1", "1", &approved()).await.unwrap();
    stack.at.put("AWSPENDING", "the next one").await;
    stack.at.set_password("the next one").await;
    // A process that is new, one whose connection ends, and that one again.
    decide(&another(&stack.at), 2, "c-1", "1", &approved()).await.unwrap();
    for number in 3..6 {
        stack.at.terminate().await;
        stack.decide(number, "c-1", "1", &approved()).await.unwrap();
    }
    assert_eq!(stack.at.total("c-1", "EUR").await.unwrap().0, 5);
    stack.at.put("AWSCURRENT", "the next one").await;
    stack.at.terminate().await;
    stack.decide(6, "c-1", "1", &approved()).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_has_changed_is_read_anew() {
    let stack = Stack::new().await;
    stack.decide(1, "c-1", "1", &approved()).await.unwrap();
    stack.at.set_password("elsewhere").await;
    stack.at.terminate().await;
    assert!(stack.decide(2, "c-1", "1", &approved()).await.is_err(), "no version has it");
    stack.at.put("AWSCURRENT", "elsewhere").await;
    stack.decide(2, "c-1", "1", &approved()).await.unwrap();
    assert_eq!(stack.at.total("c-1", "EUR").await.unwrap().0, 2);
}

/// After a database was restored elsewhere, say.
#[tokio::test]
async fn a_secret_that_names_another_host_is_read_anew() {
    let wire = Wire::default();
    let stack = Stack::empty(Customers::through(wire.to(database().port)).await);
    stack.database.migrate().await.unwrap();
    stack.decide(1, "c-1", "1", &approved()).await.unwrap();
    stack.at.put_with("AWSCURRENT", "port", json!(database().port)).await;
    // From now on nobody speaks there.
    wire.cut_at(1);
    stack.decide(2, "c-1", "1", &approved()).await.unwrap();
    assert_eq!(stack.at.total("c-1", "EUR").await.unwrap().0, 2);
}

/// In every round the server ends all connections once, while payments come.
#[tokio::test]
async fn of_a_stream_of_payments_none_is_lost_and_none_counts_twice() {
    let stack = Stack::new().await;
    let processes: Vec<_> = (0..3).map(|_| another(&stack.at)).collect();
    let server = database().superuser("postgres").await;
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'",
        stack.at.name
    );
    let (proposed, mut ended) = (approved(), 0);
    for round in 0..20_u8 {
        let all = (0..9_u8).map(|place| {
            let (process, number) = (&processes[usize::from(place % 3)], round * 9 + place);
            decide(process, number, "c-1", "0.01", &proposed)
        });
        let terminate = async {
            tokio::time::sleep(Duration::from_micros(150 * u64::from(round))).await;
            server.query(&end, &[]).await.unwrap().len()
        };
        let (done, count) = tokio::join!(join_all(all), terminate);
        done.into_iter().for_each(|done| assert_eq!(done.unwrap(), proposed));
        ended += count;
    }
    assert!(ended > 20, "{ended} connections were ended");
    assert_eq!(stack.at.count("decisions").await, 180);
    assert_eq!(stack.at.total("c-1", "EUR").await, Some((180, "1.80".to_owned())));
}

/// Cut at every piece that goes over the wire, in either direction: a statement that is lost, and one
/// that was carried out and whose answer is.
#[tokio::test]
async fn cut_anywhere_the_statement_is_repeated_and_counts_once() {
    let wire = Wire::default();
    let stack = Stack::empty(Customers::through(wire.to(database().port)).await);
    stack.database.migrate().await.unwrap();
    let (mut number, proposed) = (0, approved());
    loop {
        let process = another(&stack.at);
        number += 1;
        let was_cut = Cell::new(false);
        wire.cut_at(usize::from(number));
        let asked = decide(&process, number, "c-1", "1", &proposed);
        let mended = async {
            wire.cut().await;
            // Whatever is under way is lost by now.
            tokio::time::sleep(Duration::from_millis(20)).await;
            was_cut.set(true);
            wire.mend();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = asked => { done.unwrap(); }
            () = mended => {}
        }
        wire.mend();
        let counted = stack.at.total("c-1", "EUR").await.unwrap().0;
        assert_eq!(counted, i64::from(number), "piece {number} was lost, or counts twice");
        if !was_cut.get() {
            break;
        }
    }
    assert!(number > 8, "a login and a statement have more pieces than {number}");
    assert_eq!(stack.at.count("decisions").await, i64::from(number));
}

#[tokio::test]
async fn a_database_that_is_away_is_given_up_in_time() {
    // A port where nobody listens, and one where nobody speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for port in [closed, silent.local_addr().unwrap().port()] {
        let stack = Stack::empty(Customers::through(port).await);
        let begun = Instant::now();
        assert!(stack.decide(1, "c-1", "1", &approved()).await.is_err());
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}

/// Who holds the customer's row for long is not waited for: the server gives the statement up, and
/// nothing of it is done later.
#[tokio::test]
async fn a_statement_that_has_to_wait_is_given_up_and_not_carried_out_later() {
    let stack = Stack::new().await;
    stack.decide(1, "c-1", "1", &approved()).await.unwrap();
    let held = database().superuser(&stack.at.name).await;
    held.batch_execute("BEGIN; SELECT FROM customers FOR UPDATE").await.unwrap();
    assert!(stack.decide(2, "c-1", "1", &approved()).await.is_err());
    held.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(stack.at.count("decisions").await, 1);
    stack.decide(2, "c-1", "1", &approved()).await.unwrap();
    assert_eq!(stack.at.total("c-1", "EUR").await, Some((2, "2.00".to_owned())));
}
