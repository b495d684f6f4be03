//! Which environments are asked for.

use clap::Args;
use jiff::SignedDuration;

use super::pattern::Pattern;
use crate::account::{self, Regions};

/// Which environments are asked for: those of which all is true.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Those whose life is over, which `up --ttl` set
    #[arg(long)]
    pub(super) expired: bool,
    /// Those whose oldest resource was made longer ago, such as 14d
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub(super) older_than: Option<SignedDuration>,
    /// Those whose suffix is so, such as 'pr-*'
    #[arg(long = "match", value_name = "PATTERN", id = "pattern")]
    pub(super) pattern: Option<Pattern>,
    /// Look in these regions instead, or in `all`
    #[arg(long, value_name = "REGIONS", value_parser = account::regions,
          conflicts_with_all = ["region", "sandbox"])]
    pub(super) regions: Option<Regions>,
}

/// An age, as it is typed.
fn age(text: &str) -> Result<SignedDuration, String> {
    let time = payctl_stack::life::time(text).filter(|time| time.is_positive());
    time.ok_or_else(|| "an age is written like 72h or 14d".to_owned())
}
