//! What `plan`, `up` and `destroy` only do when it is asked for by name.

use clap::Args;
use payctl_engine::Address;

use crate::global::{address, shell_word};

/// What is only done when asked for by name.
#[derive(Debug, Default, Args)]
pub(crate) struct PermissionArgs {
    /// Let this resource's data be lost (repeatable)
    ///
    /// Without it, what would delete or replace a resource that keeps data is refused.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) allow_data_loss: Vec<Address>,
    /// Lift protection against deletion
    #[arg(long)]
    pub(crate) lift_protection: bool,
}

impl PermissionArgs {
    /// The options, as a command repeats them.
    pub(crate) fn words(&self) -> String {
        let lost = self.allow_data_loss.iter();
        let mut words: String =
            lost.map(|one| format!(" --allow-data-loss {}", shell_word(one.as_str()))).collect();
        if self.lift_protection {
            words += " --lift-protection";
        }
        words
    }
}
