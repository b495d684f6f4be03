//! What the tests share: emulators that nobody here wrote, and environments run through the
//! engine against them.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod account;
pub mod application;
pub mod binary;
pub mod cloud;
pub mod conformance;
pub mod docs;
pub mod emulator;
pub mod environment;
pub mod foreign;
pub mod http;
pub mod members;
pub mod proxy;
pub mod roles;
pub mod scenario;
pub mod standin;
pub mod standing;
pub mod terminal;
pub mod torture;
pub mod world;
