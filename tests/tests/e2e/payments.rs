//! `migration`: payments flow while the password of their database changes and while its
//! connections end, and each is counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use payctl_tests::binary::Payctl;
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::http::request;
use serde_json::Value;

use crate::credentials::{Credentials, asked};

/// How many payments, and how many a second.
const PAYMENTS: u32 = 240;
const A_SECOND: u32 = 20;
/// Who sends them, so that one that waits holds no other up.
const SENDERS: usize = 8;

/// How often which answer came.
type Statuses = BTreeMap<String, u32>;

/// Sends the payments that are due, until there are no more.
fn send(server: &Server, url: &str, next: &AtomicU32, began: Instant) -> Statuses {
    let mut statuses = Statuses::new();
    loop {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        if nth >= PAYMENTS {
            return statuses;
        }
        let due = Duration::from_millis(u64::from(nth * 1000 / A_SECOND));
        thread::sleep(due.saturating_sub(began.elapsed()));
        let key = format!("Idempotency-Key: flow-{nth}\r\n");
        // Two of each customer, so that nobody's burst is held.
        let customer = nth % (PAYMENTS / 2);
        let body =
            format!(r#"{{"customerId": "c-{customer}", "amount": "10.01", "currency": "EUR"}}"#);
        let (status, answer) = request(server, "POST", url, &key, &body);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let said = answer["status"].as_str().unwrap_or("none");
        *statuses.entry(format!("{status} {said}")).or_default() += 1;
    }
}

#[tokio::test]
async fn none_fails_none_is_lost_and_none_is_made_twice() {
    let server = Arc::new(Server::start(Emulator::Sandbox));
    let payctl = Payctl::new(&server).of("migration").with_real_handlers();
    let payctl = payctl.under_its_own_policy(&server);
    let aws = clients(&server).await;
    payctl.up();
    // Secrets Manager rotates once as soon as it is told how.
    let secret = Credentials { aws: &aws };
    loop {
        let pending = secret.version("AWSPENDING").await;
        let through = pending.is_none() || pending == secret.version("AWSCURRENT").await;
        if through && !secret.value().await["password"].is_null() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let url =
        payctl.run(&["output", "--raw", "api_endpoint"]).stdout.trim().to_owned() + "/process";

    let (next, began) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (server, url, next) = (server.clone(), url.clone(), next.clone());
            thread::spawn(move || send(&server, &url, &next, began))
        })
        .collect();

    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = secret.version("AWSCURRENT").await;
    aws.secretsmanager.rotate_secret().secret_id("db-credentials-dev").send().await.unwrap();
    secret.moved_from(before.as_ref()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(next.load(Ordering::Relaxed) < PAYMENTS, "the payments are through already");
    // As a failover does to whoever is connected.
    let ended = asked(
        &secret.value().await,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND application_name = 'transaction-processing'",
    );
    assert!(ended.parse::<u32>().unwrap() > 0, "nobody was connected");

    let mut statuses = Statuses::new();
    for sender in senders {
        for (status, count) in sender.join().unwrap() {
            *statuses.entry(status).or_default() += count;
        }
    }
    let took = began.elapsed();
    let all = [("200 approved".to_owned(), PAYMENTS)].into();
    assert_eq!(statuses, all, "of {PAYMENTS} payments in {took:.1?}");

    let secret = secret.value().await;
    let all = format!("{PAYMENTS}|{PAYMENTS}|approved");
    let decisions = "SELECT count(*), count(DISTINCT transaction_id), string_agg(DISTINCT status, ',') \
         FROM decisions";
    assert_eq!(asked(&secret, decisions), all);
    let totals =
        "SELECT sum(payments), sum(total), count(DISTINCT customer_id) FROM customer_totals";
    let amount = format!("{}.{:02}", PAYMENTS * 1001 / 100, PAYMENTS * 1001 % 100);
    assert_eq!(asked(&secret, totals), format!("{PAYMENTS}|{amount}|{}", PAYMENTS / 2));
    let mut rows =
        aws.dynamodb.scan().table_name("transactions-dev").into_paginator().items().send();
    let mut approved = 0;
    while let Some(row) = rows.next().await {
        let row = row.unwrap();
        assert_eq!(row["status"].as_s().unwrap(), "approved");
        approved += 1;
    }
    assert_eq!(approved, PAYMENTS);
    let bucket = payctl.run(&["output", "--raw", "bucket_name"]).stdout.trim().to_owned();
    let versions =
        aws.s3.list_object_versions().bucket(bucket).prefix("audit/").send().await.unwrap();
    assert_eq!(versions.versions().len(), PAYMENTS as usize, "one record each, in one version");
}
