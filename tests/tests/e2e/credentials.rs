//! The secret of `migration`'s database: its versions while it rotates, and what the database answers
//! to whoever logs in with it.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use payctl_aws::Aws;
use serde_json::Value;

/// The database's secret.
pub(crate) struct Credentials<'a> {
    pub(crate) aws: &'a Aws,
}

impl Credentials<'_> {
    pub(crate) async fn version(&self, label: &str) -> Option<String> {
        let secret = self.aws.secretsmanager.describe_secret().secret_id("db-credentials-dev");
        let versions = secret.send().await.unwrap().version_ids_to_stages.unwrap();
        let has = |labels: &Vec<String>| labels.iter().any(|one| one == label);
        versions.into_iter().find_map(|(version, labels)| has(&labels).then_some(version))
    }

    pub(crate) async fn value(&self) -> Value {
        let secret = self.aws.secretsmanager.get_secret_value().secret_id("db-credentials-dev");
        serde_json::from_str(&secret.send().await.unwrap().secret_string.unwrap()).unwrap()
    }

    /// Waits until the rotation that is under way has moved the label from `version`.
    pub(crate) async fn moved_from(&self, version: Option<&String>) -> String {
        let began = Instant::now();
        loop {
            let (current, pending) =
                (self.version("AWSCURRENT").await, self.version("AWSPENDING").await);
            if current.as_ref() != version && (pending.is_none() || pending == current) {
                return current.unwrap();
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not rotate");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Logs in as the secret says, over TLS; says whether that goes.
pub(crate) fn logs_in(secret: &Value) -> bool {
    let answer = psql(secret, "SELECT 1");
    let refused =
        String::from_utf8_lossy(&answer.stderr).contains("password authentication failed");
    assert!(answer.status.success() || refused, "{answer:?}");
    answer.status.success()
}

/// What a statement answers, as whoever the secret names.
pub(crate) fn asked(secret: &Value, statement: &str) -> String {
    let answer = psql(secret, statement);
    assert!(answer.status.success(), "{answer:?}");
    String::from_utf8(answer.stdout).unwrap().trim().to_owned()
}

fn psql(secret: &Value, statement: &str) -> Output {
    let text = |name: &str| secret[name].as_str().unwrap().to_owned();
    let folder = std::env::var_os("PAYCTL_POSTGRES").map(PathBuf::from).unwrap_or_default();
    let own = folder.join("psql");
    let mut psql = Command::new(if own.exists() { own } else { "psql".into() });
    psql.env("PGPASSWORD", text("password")).env("PGSSLMODE", "require");
    psql.args(["-h", &text("host"), "-p", &text("port"), "-U", &text("username")]);
    psql.args(["-d", &text("dbname"), "-Atc", statement]).output().unwrap()
}
