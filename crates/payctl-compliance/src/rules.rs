//! What each control asks, by subject.

use crate::rule::Rule;

mod account;
mod compute;
mod databases;
mod edges;
mod functions;
mod identity;
mod keys;
mod logs;
mod messages;
mod names;
mod network;
mod secret_scan;
mod storage;

/// All rules.
pub(crate) const RULES: &[&[Rule]] = &[
    network::RULES,
    compute::RULES,
    keys::RULES,
    storage::RULES,
    databases::RULES,
    functions::RULES,
    identity::RULES,
    logs::RULES,
    edges::RULES,
    messages::RULES,
    names::RULES,
];
