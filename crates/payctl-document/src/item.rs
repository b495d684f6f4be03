//! A resource or a part, as a document declares it.

use payctl_engine::Address;

use crate::tree::{Span, Table};

/// Words that every resource may have besides its properties: what it is made after, and which defaults
/// it does without.
pub(crate) const AFTER: &str = "after";
pub(crate) const WITHOUT: &str = "without";

/// A resource, or a part.
#[derive(Debug)]
pub(crate) struct Item {
    /// Where its name stands.
    pub(crate) at: Span,
    /// A kind, or a part's name.
    pub(crate) what: String,
    pub(crate) logical: String,
    pub(crate) properties: Table,
}

impl Item {
    pub(crate) fn address(&self) -> Address {
        Address::new(&self.what, &self.logical)
    }
}
