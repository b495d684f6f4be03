//! The real binary, from one end to the other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attached;
mod check;
mod completion;
mod connection;
mod cost;
mod cost_optimized;
mod credentials;
mod docs;
mod documents;
mod drift;
mod environments;
mod events;
mod evidence;
mod faults;
mod foreign;
mod hostile;
mod in_use;
mod input;
mod kinds;
mod lifecycle;
mod lookups;
mod migration;
mod older;
mod organisation;
mod payments;
mod pictures;
mod planted;
mod policy;
mod reports;
mod sandbox;
mod schemas;
mod secure_api;
mod security;
mod shift;
mod signals;
mod status;
mod systems;
mod terminal;
mod transcripts;
mod truth;
mod updates;
