//! A sandbox's life with the real server: needs a Python environment, so it installs one unless
//! `PAYCTL_SANDBOX_VENV` names one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use payctl_sandbox::{Running, Sandbox, StartOptions, Status};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends a signed-looking request to S3 and returns the status line and the body.
async fn s3(port: u16, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/s3/aws4_request, \
         SignedHeaders=host, Signature=none\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn started(sandbox: &Sandbox, options: &StartOptions) -> Running {
    sandbox.start(options, &|_| {}).await.unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn a_sandbox_starts_once_keeps_its_contents_and_can_be_emptied() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::at(folder.path().join("home"));
    assert_eq!(sandbox.status().await.unwrap(), Status::Stopped);
    assert!(!sandbox.stop().await.unwrap());

    let said = Mutex::new(Vec::new());
    let progress = |text: &str| said.lock().unwrap().push(text.to_owned());
    let first = sandbox.start(&StartOptions::default(), &progress).await.unwrap();
    assert!(said.lock().unwrap().iter().any(|text| text == "starting the sandbox"));
    assert_eq!(first.endpoint, format!("http://127.0.0.1:{}", first.port));
    assert_eq!(first.log, sandbox.log_path());

    // Two at once find the one that runs.
    let options = StartOptions::default();
    let (second, third) = tokio::join!(started(&sandbox, &options), started(&sandbox, &options));
    assert_eq!((&second, &third), (&first, &first));
    assert_eq!(sandbox.status().await.unwrap(), Status::Running(first.clone()));

    assert_eq!(status(&s3(first.port, "PUT", "/kept", "").await), "200");
    assert_eq!(status(&s3(first.port, "PUT", "/kept/object", "whole").await), "200");
    assert!(sandbox.stop().await.unwrap());
    assert!(!sandbox.stop().await.unwrap());
    assert_eq!(sandbox.status().await.unwrap(), Status::Stopped);

    let again = started(&sandbox, &options).await;
    assert_ne!(again.pid, first.pid);
    assert_eq!(again.port, first.port, "state files name the endpoint");
    assert!(s3(again.port, "GET", "/kept/object", "").await.ends_with("whole"));

    sandbox.reset().await.unwrap();
    assert_eq!(status(&s3(again.port, "GET", "/kept/object", "").await), "404");

    // Emptied while stopped as well.
    assert_eq!(status(&s3(again.port, "PUT", "/other", "").await), "200");
    assert!(sandbox.stop().await.unwrap());
    sandbox.reset().await.unwrap();
    let last = started(&sandbox, &options).await;
    assert_eq!(status(&s3(last.port, "HEAD", "/other", "").await), "404");
    assert!(sandbox.stop().await.unwrap());
}

#[tokio::test]
async fn two_starts_at_once_start_one_server_with_the_options_asked_for() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::at(folder.path());
    let options = StartOptions { time_scale: Some(100.0), port: None, ..StartOptions::default() };
    let (one, other) = tokio::join!(started(&sandbox, &options), started(&sandbox, &options));
    assert_eq!(one, other);
    assert_eq!(one.time_scale, Some(100.0));

    let slower = StartOptions { time_scale: Some(10.0), port: None, ..StartOptions::default() };
    let error = sandbox.start(&slower, &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("payctl sandbox stop"), "{error}");
    assert!(sandbox.stop().await.unwrap());
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::at(folder.path());
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = StartOptions { time_scale: None, port: Some(port), ..StartOptions::default() };
    let error = sandbox.start(&options, &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    assert_eq!(sandbox.status().await.unwrap(), Status::Stopped);
}
