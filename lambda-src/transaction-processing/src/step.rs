//! The steps of a transaction.

/// One step of a transaction, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Write,
    Decide,
    Follow,
    Audit,
    Notify,
    Note,
}

impl Step {
    /// The step as it is logged and published.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Decide => "decide",
            Self::Follow => "follow",
            Self::Audit => "audit",
            Self::Notify => "notify",
            Self::Note => "note",
        }
    }
}
