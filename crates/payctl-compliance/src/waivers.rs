//! Deviations: what a system does not keep, in which posture, and why. As docs/compliance.md has them.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::policy::matches;

/// How far an environment goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Posture {
    /// What the systems' origins say.
    #[default]
    Standard,
    /// Every control.
    Strict,
}

/// A deviation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Which control.
    pub control: String,
    /// Of which systems.
    pub systems: Vec<String>,
    /// Of which of their resources: addresses, in which `*` stands for any text. All where none is said.
    #[serde(default)]
    pub resources: Vec<String>,
    /// In which posture; in both where none is said.
    pub posture: Option<Posture>,
    /// Why.
    pub reason: String,
    /// What stands in for it.
    pub instead: String,
}

#[derive(Deserialize)]
struct File {
    waiver: Vec<Waiver>,
}

static WAIVERS: LazyLock<Vec<Waiver>> = LazyLock::new(|| {
    // A test reads them.
    toml::from_str::<File>(include_str!("waivers.toml")).map(|file| file.waiver).unwrap_or_default()
});

/// All deviations.
#[must_use]
pub fn waivers() -> &'static [Waiver] {
    &WAIVERS
}

impl Waiver {
    pub(crate) fn is_in(&self, posture: Posture) -> bool {
        self.posture.is_none_or(|one| one == posture)
    }

    pub(crate) fn is_of(&self, address: &str) -> bool {
        self.resources.is_empty() || self.resources.iter().any(|one| matches(one, address))
    }
}
