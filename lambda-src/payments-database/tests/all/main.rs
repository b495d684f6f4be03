//! The database, whole: a real PostgreSQL over TLS, and an emulated Secrets Manager.
#![allow(missing_docs, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;
mod connection;
mod customers;
mod schema;
