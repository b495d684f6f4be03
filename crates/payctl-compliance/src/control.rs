//! The controls: what is asked, by whom, and of what.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// All controls, in their order.
pub static CONTROLS: LazyLock<Vec<Control>> = LazyLock::new(|| {
    // A test reads them.
    serde_json::from_str(include_str!("controls.json")).unwrap_or_default()
});

/// One control.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Control {
    /// Its id, such as `PAY-S3-07`.
    pub id: String,
    /// What it asks.
    pub title: String,
    /// The requirements of PCI DSS v4.0.1; none for the systems' own rules.
    pub pci: Vec<String>,
    /// Whether a source gives these numbers, or they are this project's reading.
    pub pci_basis: Option<String>,
    /// The condition, in CloudFormation's words.
    pub condition: String,
    /// How bad it is where it does not hold.
    pub severity: Severity,
    /// Who asks for it.
    pub profile: Profile,
    /// Where it can be judged: `plan` before anything exists and later, `live` only later.
    #[serde(rename = "where")]
    pub place: String,
    /// The systems whose origin asks for it.
    pub systems: Vec<String>,
}

/// How bad it is where a control does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// Who asks for a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Everybody.
    Base,
    /// The posture `strict`.
    Strict,
    /// It is the account's.
    Account,
}
