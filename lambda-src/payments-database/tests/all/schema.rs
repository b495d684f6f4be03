//! Migrations.

use crate::common::{Stack, another, approved};
use handler_tests::{Customers, join_all};
use payments_database::Migrated;

#[tokio::test]
async fn a_schema_is_made_once() {
    let stack = Stack::empty(Customers::new().await);
    let migrate = || stack.database.migrate();
    assert_eq!(migrate().await.unwrap(), Migrated { schema: 1, applied: vec![1] });
    let before =
        stack.at.query("SELECT version, name, applied_at::text FROM schema_migrations").await;
    stack.decide(1, "c-1", "12.50", &approved()).await.unwrap();
    assert_eq!(migrate().await.unwrap(), Migrated { schema: 1, applied: vec![] });
    let after =
        stack.at.query("SELECT version, name, applied_at::text FROM schema_migrations").await;
    assert_eq!((after.len(), after[0].get::<_, String>(1)), (1, "customers".to_owned()));
    assert_eq!(after[0].get::<_, String>(2), before[0].get::<_, String>(2));
    assert_eq!(stack.at.count("decisions").await, 1);
}

/// Where nobody asked for it, whoever needs it first has it made, be it several at once.
#[tokio::test]
async fn a_statement_that_meets_no_schema_has_it_made() {
    let stack = Stack::empty(Customers::new().await);
    stack.decide(1, "c-1", "12.50", &approved()).await.unwrap();
    assert_eq!(stack.at.count("schema_migrations").await, 1);
    assert_eq!(stack.at.count("decisions").await, 1);

    let at = Customers::new().await;
    let customer = "c-1".parse().unwrap();
    let processes: Vec<_> = (0..5).map(|_| another(&at)).collect();
    let looked = join_all(processes.iter().map(|it| it.is_blocked(&customer))).await;
    assert!(looked.into_iter().all(|blocked| blocked == Ok(false)));
    assert_eq!(at.count("schema_migrations").await, 1);
}

#[tokio::test]
async fn of_several_at_once_one_makes_it() {
    for _ in 0..3 {
        let at = Customers::new().await;
        let processes: Vec<_> = (0..5).map(|_| another(&at)).collect();
        let done = join_all(processes.iter().map(|it| it.migrate())).await;
        let mut done: Vec<Migrated> = done.into_iter().map(Result::unwrap).collect();
        done.sort_by_key(|it| it.applied.len());
        assert!(done.iter().all(|it| it.schema == 1));
        assert_eq!(done[4].applied, [1]);
        assert!(done[..4].iter().all(|it| it.applied.is_empty()), "{done:?}");
        assert_eq!(at.count("schema_migrations").await, 1);
    }
}

#[tokio::test]
async fn an_older_function_leaves_a_newer_schema_as_it_is() {
    let stack = Stack::new().await;
    stack.at.query("INSERT INTO schema_migrations VALUES (7, 'newer')").await;
    assert_eq!(stack.database.migrate().await.unwrap(), Migrated { schema: 7, applied: vec![] });
    stack.decide(1, "c-1", "12.50", &approved()).await.unwrap();
    assert_eq!(stack.at.count("schema_migrations").await, 2);
}

/// One that fails half way leaves nothing, and the next makes it whole.
#[tokio::test]
async fn a_migration_is_whole_or_not_at_all() {
    let stack = Stack::empty(Customers::new().await);
    // Somebody else's, whose name is needed.
    stack.at.query("CREATE TABLE decisions (x int)").await;
    assert!(stack.database.migrate().await.is_err());
    let tables = "pg_tables WHERE tablename IN ('customers', 'schema_migrations')";
    assert_eq!(stack.at.count(tables).await, 0);
    stack.at.query("DROP TABLE decisions").await;
    assert_eq!(stack.database.migrate().await.unwrap().applied, [1]);
}
