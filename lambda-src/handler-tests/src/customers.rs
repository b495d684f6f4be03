//! What `migration` keeps its customers in: a database of their own for one test, and the secret of
//! its user.

use std::path::PathBuf;

use aws_sdk_secretsmanager::Client;
use serde_json::{Value, json};
use tokio_postgres::Row;

use crate::{database, unique};

/// A database of the server, its owner, and the secret of that.
pub struct Customers {
    /// The name of user, database and secret.
    pub name: String,
    /// The secret's ARN.
    pub secret: String,
    secrets: Client,
    authority: PathBuf,
}

impl Customers {
    /// Makes them, empty.
    pub async fn new() -> Self {
        Self::through(database().port).await
    }

    /// The same, where the handler reaches the server by another port.
    pub async fn through(port: u16) -> Self {
        let secrets = Client::new(&crate::config(crate::endpoint()));
        let name = unique();
        let server = database().superuser("postgres").await;
        let password = format!("{name:x<32}");
        let role = format!("CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'");
        server.batch_execute(&role).await.unwrap();
        let owned = format!("CREATE DATABASE \"{name}\" OWNER \"{name}\"");
        server.batch_execute(&owned).await.unwrap();
        let value = json!({
            "engine": "postgres",
            "username": name,
            "password": password,
            "host": "127.0.0.1",
            "port": port,
            "dbname": name,
        });
        let made = secrets.create_secret().name(&name).secret_string(value.to_string());
        let secret = made.send().await.unwrap().arn.unwrap();
        Self { name, secret, secrets, authority: database().authority() }
    }

    /// What a function's environment says of them.
    pub fn environment(&self) -> [(&str, &str); 2] {
        [("SECRET_ARN", &self.secret), ("SSL_CERT_FILE", self.authority.to_str().unwrap())]
    }

    /// Asks the database as the superuser.
    pub async fn query(&self, statement: &str) -> Vec<Row> {
        database().superuser(&self.name).await.query(statement, &[]).await.unwrap()
    }

    /// Counts what a statement finds.
    pub async fn count(&self, from: &str) -> i64 {
        self.query(&format!("SELECT count(*) FROM {from}")).await[0].get(0)
    }

    /// Blocks a customer, known or not.
    pub async fn block(&self, customer: &str) {
        let blocked = format!(
            "INSERT INTO customers (customer_id, status) VALUES ('{customer}', 'blocked')
             ON CONFLICT (customer_id) DO UPDATE SET status = 'blocked'"
        );
        self.query(&blocked).await;
    }

    /// How many payments of a customer were approved in a currency, and their sum.
    pub async fn total(&self, customer: &str, currency: &str) -> Option<(i64, String)> {
        let total = format!(
            "SELECT payments, total::text FROM customer_totals
             WHERE customer_id = '{customer}' AND currency = '{currency}'"
        );
        self.query(&total).await.first().map(|row| (row.get(0), row.get(1)))
    }

    /// Ends every connection that the user has.
    pub async fn terminate(&self) {
        let all = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'",
            self.name
        );
        self.query(&all).await;
    }

    /// Gives the user a password.
    pub async fn set_password(&self, password: &str) {
        database().sql(&format!("ALTER ROLE \"{}\" PASSWORD '{password}'", self.name)).await;
    }

    /// Begins a rotation as Secrets Manager does, and returns the event of one of its steps.
    pub async fn begin_rotation(&self) -> impl Fn(&str) -> Value + use<> {
        let token = format!("{:0>36}", unique());
        let request = self.secrets.rotate_secret().secret_id(&self.secret);
        request.client_request_token(&token).send().await.unwrap();
        let secret = self.secret.clone();
        move |step| json!({"Step": step, "SecretId": secret, "ClientRequestToken": token})
    }

    /// Puts a version of the secret with a password, under a label.
    pub async fn put(&self, label: &str, password: &str) {
        self.put_with(label, "password", json!(password)).await;
    }

    /// Puts a version of the secret with a field changed, under a label.
    pub async fn put_with(&self, label: &str, field: &str, changed: Value) {
        let request = self.secrets.get_secret_value().secret_id(&self.secret);
        let current = request.send().await.unwrap().secret_string.unwrap();
        let mut value: Value = serde_json::from_str(&current).unwrap();
        value[field] = changed;
        let request = self.secrets.put_secret_value().secret_id(&self.secret);
        let request = request.secret_string(value.to_string()).version_stages(label);
        request.client_request_token(format!("{:0>36}", unique())).send().await.unwrap();
    }
}
