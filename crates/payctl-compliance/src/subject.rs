//! What is judged, and what a rule is asked about.

use std::collections::BTreeMap;

use crate::waivers::Posture;
use crate::{Resource, Resources};

/// What is judged.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The system, where it is one of payctl's: some controls are asked of some only.
    pub system: Option<&'a str>,
    /// The environment's suffix.
    pub suffix: &'a str,
    /// How far it goes.
    pub posture: Posture,
    /// What it has.
    pub resources: &'a Resources,
    /// What was asked of the account, by control: whether it holds, and why.
    pub account: &'a BTreeMap<String, (bool, String)>,
}

/// What a rule is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'a> {
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) this: &'a Resource,
}

impl<'a> Of<'a> {
    pub(crate) fn all(&self) -> &'a Resources {
        self.subject.resources
    }
}
