//! A plan and what is told besides.

use payctl_engine::{Kinds, Plan};

/// A plan and what is told besides.
pub(super) struct View<'a> {
    pub(super) plan: &'a Plan,
    /// Which environment it is, and what told so.
    pub(super) title: String,
    pub(super) kinds: &'a Kinds,
    pub(super) sandbox: bool,
    /// What else is going on.
    pub(super) situation: Vec<String>,
    /// What a month costs, in a line.
    pub(super) cost: Option<String>,
    /// How long it takes, in a line.
    pub(super) time: Option<String>,
    /// What a careful colleague would mention of what is declared.
    pub(super) notes: &'a [String],
    pub(super) verbose: u8,
    /// How many columns there are.
    pub(super) width: usize,
}
