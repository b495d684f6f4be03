//! A table on demand, encrypted, that can be set back to any moment.

use std::collections::BTreeMap;

use payctl_aws::dynamodb::{Attribute, Index, Table};
use payctl_aws::kms::KeyRef;

use crate::Context;

/// The table `name` by `hash_key`, and by `range_key` within it.
pub(crate) fn on_demand(
    context: &Context<'_>,
    name: String,
    hash_key: Attribute,
    range_key: Option<Attribute>,
    indexes: BTreeMap<String, Index>,
    key: &KeyRef,
    protected: bool,
) -> Table {
    Table {
        hash_key,
        range_key,
        indexes,
        billing: "PAY_PER_REQUEST".to_owned(),
        kms_key: Some(key.arn()),
        point_in_time_recovery: true,
        deletion_protection: protected,
        stream: None,
        ttl: None,
        tags: context.tags(&name),
        name,
    }
}
