//! The account's facts, and the names that follow from them.

use crate::Arn;

/// What is true of the account, read once.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The account's id.
    pub account: String,
    /// Who is asking.
    pub caller: String,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The region.
    pub region: String,
}

impl Facts {
    /// The ARN of `resource` of `service` in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}").into()
    }

    /// Whether an ARN names another account than this one; a service's name is none.
    pub(crate) fn is_of_another_account(&self, arn: &Arn) -> bool {
        let account = arn.as_str().split(':').nth(4).unwrap_or_default();
        !account.is_empty() && account != self.account
    }
}
