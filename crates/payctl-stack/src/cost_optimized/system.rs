//! What the files of this system declare with, and pass on to each other.

use super::parameters::Parameters;
use crate::Context;

/// The index that payments are listed by.
pub(super) const STATUS_INDEX: &str = "status-index";

pub(super) struct System<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) parameters: &'a Parameters,
}
