//! A table on demand, encrypted, that can be set back to any moment.

use std::collections::BTreeMap;

use payctl_aws::Arn;
use payctl_aws::dynamodb::{self, Attribute, Index, TableRef};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{self, Part, PartContext};
use crate::Context;

/// A table that is paid for by request, encrypted, and can be set back to any second of the last 35
/// days.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
    /// What items are found by, such as `{ name = "payment_id", kind = "S" }`.
    pub hash_key: Attribute,
    /// What orders those of the same `hash_key`.
    #[serde(default)]
    pub range_key: Option<Attribute>,
    /// What else items are found by.
    #[serde(default)]
    pub indexes: BTreeMap<String, Index>,
    /// What its stream tells of each change, such as `NEW_AND_OLD_IMAGES`.
    #[serde(default)]
    pub stream: Option<String>,
    /// The attribute that says when an item expires.
    #[serde(default)]
    pub ttl: Option<String>,
    /// Whether it is protected against deletion.
    #[serde(default)]
    pub deletion_protection: bool,
    /// The ARN of the key that encrypts it; the stack's key where nothing is said.
    #[serde(default)]
    pub key: Option<Input<Arn>>,
}

impl Table {
    /// One whose items are found by that.
    #[must_use]
    pub fn by(hash_key: Attribute) -> Self {
        Self {
            name: None,
            hash_key,
            range_key: None,
            indexes: BTreeMap::new(),
            stream: None,
            ttl: None,
            deletion_protection: false,
            key: None,
        }
    }
}

impl Part for Table {
    const NAME: &'static str = "table";
    const DECLARES: &'static [(&'static str, &'static str)] = &[("dynamodb.table", "NAME")];
    type Made = TableRef;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<TableRef, String> {
        let table = dynamodb::Table {
            stream: self.stream,
            ttl: self.ttl,
            ..on_demand(
                part.context,
                part.context.name(&part::base(self.name, logical)),
                self.hash_key,
                self.range_key,
                self.indexes,
                part.key(self.key)?,
                self.deletion_protection,
            )
        };
        Ok(stack.add(logical, table))
    }
}

/// The table `name` by `hash_key`, and by `range_key` within it.
fn on_demand(
    context: &Context<'_>,
    name: String,
    hash_key: Attribute,
    range_key: Option<Attribute>,
    indexes: BTreeMap<String, Index>,
    key: Input<Arn>,
    protected: bool,
) -> dynamodb::Table {
    dynamodb::Table {
        hash_key,
        range_key,
        indexes,
        billing: "PAY_PER_REQUEST".to_owned(),
        kms_key: Some(key),
        point_in_time_recovery: true,
        deletion_protection: protected,
        stream: None,
        ttl: None,
        tags: context.tags(&name),
        name,
    }
}
