//! The database of system `migration`, as its handlers use it: logging in, the schema, and the
//! customers.
//!
//! # Logging in
//!
//! [`Connector`] makes connections over TLS with chain and host name verified, always: roots are those
//! of Amazon RDS and the certificates in the file that `SSL_CERT_FILE` names, if it is set. (The SDK
//! takes its own roots from there *instead*: with an endpoint of AWS, the file must have those too.)
//! The list of Amazon RDS has no regions of China, of GovCloud, and of 2023 or later: those need the
//! file.
//!
//! [`Database`] keeps one connection for the process, and what the secret that `SECRET_ARN` names
//! says. When a login fails for its password, the secret is read anew: first `AWSCURRENT`, then, while
//! a rotation is between its `setSecret` and its `finishSecret`, `AWSPENDING`, whose password is the
//! database's by then. A connection that is open stays so when its password changes.
//!
//! A connection that broke is made anew and its statement repeated, once; every statement here may be
//! carried out twice. All of it takes 6 s at most. After that, [`Failed`] says that the database is
//! away, and the caller may try again.
//!
//! One case is left: a rotation was given up after its `setSecret`, and its version has lost the label
//! `AWSPENDING` to the next rotation. Until that one is through its own `setSecret`, no label says the
//! password, and the database counts as away.
//!
//! # The schema
//!
//! The files in `migrations` are numbered and never change once they were released. [`Database::migrate`]
//! applies those that are newer than the newest one on record in `schema_migrations`, all in one
//! transaction, and under a lock that makes others wait. A function that is older than the schema
//! applies nothing, so a migration has to leave to older functions what they use. A statement that
//! meets no table or function of its schema has it made first, once.
//!
//! | table | what is in it |
//! |---|---|
//! | `customers` | `customer_id`, `first_seen`, `last_payment`, `status`: `active` or `blocked` |
//! | `customer_totals` | for each customer and currency, how many payments were approved, and their exact sum |
//! | `decisions` | what was decided about which transaction, when and why |
//! | `schema_migrations` | `version`, `name`, `applied_at` |
//!
//! # What counts
//!
//! [`Database::decide`] is one transaction: it makes the customer's record if there is none, decides,
//! and counts the payment if it is approved. Totals and `last_payment` are of approved payments only;
//! `first_seen` is the first payment that was decided, whatever became of it. The decision is made
//! once: a repeat gets the one that stands and counts nothing. Payments of one customer are decided one
//! after the other.
//!
//! Nobody but an administrator blocks a customer:
//! `UPDATE customers SET status = 'blocked' WHERE customer_id = …`. What is decided after that is
//! declined.

mod connector;
mod credentials;
mod customers;
mod database;
mod login;
mod roots;
mod schema;

pub use connector::{Connector, ConnectorError, Failed, Session};
pub use credentials::{Credentials, CredentialsError};
pub use customers::{BLOCKED, Payment};
pub use database::{Config, Database};
pub use roots::RootsError;
pub use schema::Migrated;
