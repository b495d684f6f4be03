//! The rotation handler of system `migration`: gives a PostgreSQL user a new password.
//!
//! # The event
//!
//! Secrets Manager calls the function once for each step of a rotation:
//! `{"Step": "createSecret", "SecretId": <ARN>, "ClientRequestToken": <version>}`, and may call any
//! step again. The token is the id of the version that is to become the current one; it has the
//! label `AWSPENDING` from the start, and gets its value in the first step.
//!
//! | step | does |
//! |---|---|
//! | `createSecret` | gives the version the value of `AWSCURRENT` with a new password, unless it has one |
//! | `setSecret` | logs in and makes that password the user's own |
//! | `testSecret` | logs in with it and runs a query |
//! | `finishSecret` | logs in with it, then moves `AWSCURRENT` to the version |
//!
//! A value is `{"engine": "postgres", "username": …, "password": …, "host": …, "port": …,
//! "dbname": …}`; whatever else is in it is kept. The user changes its own password, so no second
//! user is needed. The new one is as long as the one before (32 at least), letters and digits only.
//!
//! A step is refused, as a function error, when rotation is not enabled for the secret, or its token
//! is not the version that is `AWSPENDING`. When that version is `AWSCURRENT`, there is nothing to
//! do. Every error may be tried again.
//!
//! # A secret that logs in
//!
//! The database has one password, and it always is that of some version: `setSecret` writes none
//! but the value of `AWSPENDING`, which was stored before. Letters are versions, `A` the current one
//! before, `B` that of this rotation, `C` that of the next:
//!
//! | interrupted | versions | the database has | this token again | a new token |
//! |---|---|---|---|---|
//! | before `createSecret` stored | A current, B pending and empty | A | stores B | stores C |
//! | before `setSecret` changed it | A current, B pending | A | logs in as A | logs in as A |
//! | after `setSecret` changed it | A current, B pending | B | B logs in: done | C and A do not log in: tries A's predecessor, then all others, the newest first, and finds B |
//! | after `finishSecret` | A previous, B current | B | nothing to do | logs in as B |
//! | `finishSecret` of B, with C pending | A current, B without label, C pending | any | refused | C goes on as above |
//!
//! Between `setSecret` and `finishSecret` the current version does not log in. That lies in the
//! nature of a user who changes its own password: who is refused then, tries `AWSPENDING`, as
//! [`payments_database::Database`] does.
//!
//! Hence, in whatever order and however often steps are asked for:
//!
//! - there always is a version that logs in. Secrets Manager keeps the versions of the last 24
//!   hours, and the hundred newest (API reference of `PutSecretValue`).
//! - `AWSCURRENT` only moves to a version that logs in at that moment;
//! - the next rotation that gets through all four steps ends with a current version that logs in.
//!
//! `setSecret` tries another version only when the database says that the password is wrong
//! (SQLSTATE 28P01). One that is full, starting or not to be reached says nothing about a password,
//! and the step fails. A statement that nobody waits for any more is given up by the server after
//! 5 s, before we give it up after 8, so that none takes effect after a later step.
//!
//! # What nobody gets to see
//!
//! The connection is TLS with chain and host name verified, always; [`payments_database`] says whose
//! certificates are trusted.
//!
//! The server gets the new password as a SCRAM verifier, which is what it stores, so that its log
//! cannot have it. Ours has steps, versions, and codes, never a value or a message of the database.
//!
//! The role needs `secretsmanager:DescribeSecret`, `GetSecretValue`, `PutSecretValue`,
//! `ListSecretVersionIds` and `UpdateSecretVersionStage` on the secret, `GetRandomPassword` on `*`
//! (it knows no resource), `kms:Decrypt` and `GenerateDataKey` on its key, what Lambda needs for a
//! network interface, and a security group that reaches the database and Secrets Manager.

mod config;
mod deps;
mod error;
mod event;
mod handler;
mod secret;

pub use config::Config;
pub use deps::Deps;
pub use error::RotationError;
pub use event::EventError;
pub use handler::handle;
pub use payments_database::{ConnectorError, CredentialsError};
