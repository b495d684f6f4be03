//! The handler, whole.
#![allow(missing_docs, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod any_event;
mod binary;
mod cold_start;
mod common;
mod customer;
mod handler;
