//! What a kind says of how it is billed.

use crate::bill::Bill;

/// A kind that something is paid for.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) bill: fn(&mut Bill<'_, '_>),
    /// What may be said of its usage.
    pub(crate) measures: &'static [Measure],
}

/// Something that is counted in a month.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    /// In a few words.
    pub(crate) what: &'static str,
}

pub(crate) const fn measure(name: &'static str, what: &'static str) -> Measure {
    Measure { name, what }
}
