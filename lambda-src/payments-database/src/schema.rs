//! The schema, in numbered migrations.

use handler_kit::log;
use serde::Serialize;
use serde_json::json;
use tokio_postgres::types::Type;

use crate::connector::{Failed, Session, failed};
use crate::database::Database;

/// One step of the schema.
struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

/// In their order, from 1 on without a gap.
const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    name: "customers",
    sql: include_str!("../migrations/0001_customers.sql"),
}];

/// Others wait here. The number is ours, and means nothing.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = '20s'; SET LOCAL lock_timeout = '10s';
    SELECT pg_advisory_xact_lock(7265012);
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version integer PRIMARY KEY,
        name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )";
const NEWEST: &str = "SELECT coalesce(max(version), 0) FROM schema_migrations";
const RECORD: &str = "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)";

/// What became of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The version that it has.
    pub schema: i32,
    /// The versions that were applied just now, in their order.
    pub applied: Vec<i32>,
}

impl Database {
    /// Brings the schema to the newest version that this function knows, if it is older.
    ///
    /// # Errors
    /// [`Failed`]: nothing was applied, as far as is known. It may be tried again.
    pub async fn migrate(&self) -> Result<Migrated, Failed> {
        let (session, _) = self.connect(None).await?;
        let done = migrate(&session, &MIGRATIONS).await;
        // An open transaction ends with its connection.
        session.close().await;
        let done = done?;
        log::info("schema migrated", json!({"schema": done.schema, "applied": done.applied}));
        Ok(done)
    }
}

async fn migrate(session: &Session, migrations: &[Migration]) -> Result<Migrated, Failed> {
    let wrong = |error| failed("migrate the schema", &error);
    let client = &session.client;
    client.batch_execute(BEGIN).await.map_err(wrong)?;
    let newest = client.query_typed(NEWEST, &[]).await.map_err(wrong)?;
    let mut schema: i32 = newest.first().ok_or(Failed)?.try_get(0).map_err(wrong)?;
    let mut applied = Vec::new();
    for Migration { version, name, sql } in migrations {
        if *version <= schema {
            continue;
        }
        client.batch_execute(sql).await.map_err(wrong)?;
        let record = [(version as _, Type::INT4), (name as _, Type::TEXT)];
        client.query_typed(RECORD, &record).await.map_err(wrong)?;
        schema = *version;
        applied.push(schema);
    }
    client.batch_execute("COMMIT").await.map_err(wrong)?;
    Ok(Migrated { schema, applied })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_a_gap_and_are_the_files() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
        let mut names: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let ours = MIGRATIONS.iter().map(|it| format!("{:04}_{}.sql", it.version, it.name));
        assert_eq!(names, ours.collect::<Vec<_>>());
        let versions: Vec<i32> = MIGRATIONS.iter().map(|it| it.version).collect();
        assert_eq!(versions, (1..=versions.len() as i32).collect::<Vec<_>>());
    }
}
