//! What the tests share: a database with a user, the secret of that user, and the rotation, which
//! the tests ask for as Secrets Manager does.

use std::sync::Mutex;

use aws_sdk_secretsmanager::Client;
pub use handler_tests::database;
use handler_tests::{Function, unique};
use secrets_rotation::{Config, Deps, RotationError, handle};
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;

pub const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// All that handlers in this process have logged.
static SAID: Mutex<String> = Mutex::new(String::new());

/// A user of the database and its secret, with one version, the current one.
pub struct Stack {
    pub deps: Deps,
    /// Reaches Secrets Manager on no detour.
    pub secrets: Client,
    pub arn: String,
    pub user: String,
}

/// Trusts the server's certificate.
pub fn config() -> Config {
    let authority = database().authority().to_str().unwrap().to_owned();
    Config::read(|name| (name == "SSL_CERT_FILE").then(|| authority.clone())).unwrap()
}

fn keep(line: &str) {
    let mut said = SAID.lock().unwrap();
    said.push_str(line);
    said.push('\n');
}

impl Stack {
    pub async fn new() -> Self {
        Self::through(handler_tests::endpoint(), database().port).await
    }

    /// A stack whose handler reaches Secrets Manager and the database elsewhere.
    pub async fn through(endpoint: &str, port: u16) -> Self {
        handler_kit::log::to(keep);
        let deps = Deps::new(&handler_tests::config(endpoint), config());
        let secrets = Client::new(&handler_tests::config(handler_tests::endpoint()));
        let user = unique();
        let password = format!("{user:x<32}");
        sql(&format!("CREATE ROLE \"{user}\" LOGIN PASSWORD '{password}'")).await;
        let value = json!({
            "engine": "postgres",
            "username": user,
            "password": password,
            "host": "127.0.0.1",
            "port": port,
            "dbname": "postgres",
            "kept": [1.50, null],
        });
        // Without a version, nothing is rotated yet: the rotation is only switched on.
        let made = secrets.create_secret().name(&user).send().await.unwrap();
        let stack = Self { deps, secrets, arn: made.arn.unwrap(), user };
        stack.secrets.rotate_secret().secret_id(&stack.arn).send().await.unwrap();
        stack.put(&token(), "AWSCURRENT", &value.to_string()).await;
        stack
    }

    /// Puts the value of a version.
    pub async fn put(&self, token: &str, label: &str, value: &str) {
        let request = self.secrets.put_secret_value().secret_id(&self.arn).secret_string(value);
        request.version_stages(label).client_request_token(token).send().await.unwrap();
    }

    /// Begins a rotation as Secrets Manager does, and returns its token.
    pub async fn begin(&self) -> String {
        let token = token();
        let request = self.secrets.rotate_secret().secret_id(&self.arn);
        request.client_request_token(&token).send().await.unwrap();
        token
    }

    pub fn event(&self, step: &str, token: &str) -> Value {
        json!({"Step": step, "SecretId": self.arn, "ClientRequestToken": token})
    }

    pub async fn step(&self, step: &str, token: &str) -> Result<(), RotationError> {
        handle(&self.event(step, token), &self.deps).await
    }

    /// Asks for the steps, one after the other, until one fails.
    pub async fn steps(&self, steps: &[&str], token: &str) -> Result<(), RotationError> {
        for step in steps {
            self.step(step, token).await?;
        }
        Ok(())
    }

    /// The value of the version with a label.
    pub async fn value(&self, label: &str) -> Option<Value> {
        let request = self.secrets.get_secret_value().secret_id(&self.arn).version_stage(label);
        let reply = request.send().await.ok()?;
        Some(serde_json::from_str(&reply.secret_string.unwrap()).unwrap())
    }

    /// The password of the version with a label.
    pub async fn password(&self, label: &str) -> Option<String> {
        Some(self.value(label).await?["password"].as_str().unwrap().to_owned())
    }

    /// The version that has a label.
    pub async fn version(&self, label: &str) -> Option<String> {
        let reply = self.secrets.describe_secret().secret_id(&self.arn).send().await.unwrap();
        let versions = reply.version_ids_to_stages.unwrap();
        let has = |labels: &Vec<String>| labels.iter().any(|it| it == label);
        Some(versions.into_iter().find(|(_, labels)| has(labels))?.0)
    }

    /// The versions, the newest first.
    async fn versions(&self) -> Vec<String> {
        let request = self.secrets.list_secret_version_ids().secret_id(&self.arn);
        let reply = request.include_deprecated(true).send().await.unwrap();
        let mut versions = reply.versions.unwrap();
        versions.sort_by_key(|version| std::cmp::Reverse(version.created_date));
        versions.into_iter().map(|version| version.version_id.unwrap()).collect()
    }

    /// The password of a version. One that a rotation has only begun with has none.
    pub async fn password_of(&self, version: &str) -> Option<String> {
        let request = self.secrets.get_secret_value().secret_id(&self.arn).version_id(version);
        let value = request.send().await.ok()?.secret_string.unwrap();
        let value: Value = serde_json::from_str(&value).unwrap_or_default();
        Some(value["password"].as_str()?.to_owned())
    }

    /// The passwords of all versions, with their ids.
    pub async fn passwords(&self) -> Vec<(String, String)> {
        let mut passwords = Vec::new();
        for version in self.versions().await {
            if let Some(password) = self.password_of(&version).await {
                passwords.push((version, password));
            }
        }
        passwords
    }

    /// The version whose password is the database's; there always is one.
    pub async fn version_that_logs_in(&self) -> String {
        // The newest is asked first. Where the password was changed to that one after it was asked
        // and before the others were, it is known the second time.
        for _ in 0..2 {
            for version in self.versions().await {
                if let Some(password) = self.password_of(&version).await
                    && logs_in(&self.user, &password).await
                {
                    return version;
                }
            }
        }
        panic!("no version of the secret can log in");
    }

    pub async fn current_logs_in(&self) -> bool {
        logs_in(&self.user, &self.password("AWSCURRENT").await.unwrap()).await
    }

    /// Holds all logs, and what else was said, against all passwords there have been.
    pub async fn no_secret_leaked(&self, more: &str) {
        let said = SAID.lock().unwrap().clone();
        let database = database().log();
        assert!(database.contains(&self.user), "the log of the database is not the right one");
        for (_, password) in self.passwords().await {
            for text in [&said, &database, more] {
                // The first one is in the statement that made the user, which was ours.
                let told = text
                    .lines()
                    .find(|line| line.contains(&password) && !line.contains("CREATE ROLE"));
                assert_eq!(told, None);
            }
        }
    }
}

/// The id of a new version: 32 characters at least.
pub fn token() -> String {
    format!("{:0>36}", unique())
}

/// Whether the database lets a user in.
pub async fn logs_in(user: &str, password: &str) -> bool {
    match database().connect(user, password, "postgres").await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code(), Some(&SqlState::INVALID_PASSWORD), "{error:?}");
            false
        }
    }
}

/// Whether the database lets anybody in without TLS.
pub async fn logs_in_plainly(user: &str, password: &str) -> bool {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(database().port).dbname("postgres");
    config.user(user).password(password).ssl_mode(SslMode::Disable);
    config.connect(NoTls).await.is_ok()
}

/// Runs statements as the superuser.
pub async fn sql(statements: &str) {
    database().sql(statements).await;
}

/// Runs a statement as the superuser, in a transaction that ends when the answer is dropped.
pub async fn hold(statement: &str) -> tokio_postgres::Client {
    let client = database().superuser("postgres").await;
    client.batch_execute(&format!("BEGIN; {statement}")).await.unwrap();
    client
}

/// Starts the real binary.
pub fn start(endpoint: &str) -> Function {
    let authority = database().authority();
    start_with(&[("SSL_CERT_FILE", authority.to_str().unwrap())], endpoint)
}

pub fn start_with(environment: &[(&str, &str)], endpoint: &str) -> Function {
    Function::start(env!("CARGO_BIN_EXE_secrets-rotation"), environment, endpoint)
}

/// All that handlers in this process have logged.
pub fn said() -> String {
    SAID.lock().unwrap().clone()
}
