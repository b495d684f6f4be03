//! What several systems let be set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a region is written.
pub const REGION: &str = "written like us-east-1";

/// Whether `text` is written like a region.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let parts = text.split('-').count();
    text.len() <= 32 && parts >= 3 && text.chars().all(fits) && !text.contains("--")
}

/// How strict a stack is where its origin and PCI DSS disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Posture {
    /// The origin's values; everything can be destroyed.
    #[default]
    Standard,
    /// Every control: a year of logs, protection against deletion, tracing.
    Strict,
}

/// What a function without a number of its own may run at once.
const STRICT_CONCURRENCY: u32 = 10;

impl Posture {
    /// A year of logs at least, where every control is asked for.
    pub(crate) fn log_retention_days(self, days: u32) -> u32 {
        match self {
            Self::Standard => days,
            Self::Strict => days.max(365),
        }
    }

    /// How many of a function may run at once: where every control is asked for, none is without a
    /// limit, which keeps that many for it as well.
    pub(crate) fn reserved_concurrency(self, number: u32) -> Option<u32> {
        match (self, number) {
            (Self::Standard, 0) => None,
            (Self::Strict, 0) => Some(STRICT_CONCURRENCY),
            _ => Some(number),
        }
    }
}

/// Who may call an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Authorization {
    /// Anyone, as at the origin.
    #[default]
    None,
    /// Whoever IAM lets, with a signed request.
    Iam,
}

/// How the private subnets reach the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nat {
    /// Not at all: only what has an endpoint is reached.
    None,
    /// Through one NAT gateway; its zone's failure cuts them off.
    #[default]
    One,
    /// Through one NAT gateway per zone.
    PerZone,
}
