//! Plan, executor and state on an in-memory cloud, with a clock that is paused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod lifecycle;
mod replacement;
mod scenarios;
