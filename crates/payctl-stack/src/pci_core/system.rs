//! What the files of this system declare with, and pass on to each other.

use super::parameters::Parameters;
use crate::Context;

pub(super) struct System<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) parameters: &'a Parameters,
}
