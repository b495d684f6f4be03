//! What is judged, and what a rule is asked about.

use std::collections::BTreeMap;

use serde_json::Value;

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
    /// The account's settings that were asked for.
    pub account: &'a Account,
}

/// Settings of an account by their names, or why one could not be read.
pub type Account = BTreeMap<&'static str, Result<Value, String>>;

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
