//! Log groups, encrypted and kept for as long as is asked.

use payctl_aws::kms::KeyRef;
use payctl_aws::logs::{LogGroup, LogGroupName};

use crate::Context;

/// The log group `name`.
pub(crate) fn group(context: &Context<'_>, name: String, days: u32, key: &KeyRef) -> LogGroup {
    LogGroup {
        retention_days: days,
        kms_key: Some(key.arn()),
        tags: context.tags(&name),
        name: LogGroupName::from(name).into(),
    }
}
