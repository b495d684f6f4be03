//! How each kind is billed, service by service.
//!
//! A kind is here, or it is among those that cost nothing (prices/free.toml); what is in neither is
//! unknown, and said to be.

mod api;
mod audit;
mod compute;
mod database;
mod keys;
mod network;
mod stores;
mod watching;

use crate::kind::Kind;

const ALL: [&[Kind]; 8] = [
    api::KINDS,
    audit::KINDS,
    compute::KINDS,
    database::KINDS,
    keys::KINDS,
    network::KINDS,
    stores::KINDS,
    watching::KINDS,
];

pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().copied().flatten()
}

pub(crate) fn kind(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}
