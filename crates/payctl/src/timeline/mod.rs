//! The timeline of a run: what ran when, what waited for what, and what took longer than predicted.

mod format;
mod model;
mod read;
mod record;
mod trace;

pub(crate) use format::{Planned, path, runs};
pub(crate) use model::{Operation, Status, Timeline};
pub(crate) use read::{Unreadable, parse};
pub(crate) use record::{Of, Recorder};
pub(crate) use trace::trace;

#[cfg(test)]
pub(crate) mod tests;
