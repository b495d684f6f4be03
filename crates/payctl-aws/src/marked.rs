//! Looking in the index of the tagging API for what carries ownership tags.

use std::collections::HashMap;

use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::types::TagFilter;

use crate::load::Mark;
use crate::{Arn, Result};

/// How many values one filter has at most (GetResources, `TagFilter$Values`).
const VALUES: usize = 20;

/// What of the sort `kind`, such as `kms:key`, the index knows under `marks`. It does not know what
/// was made seconds to minutes ago, and remembers what is gone.
pub(crate) async fn indexed(
    tagging: &Client,
    kind: &str,
    marks: &[Mark],
) -> Result<HashMap<Mark, Vec<Arn>>> {
    let mut found: HashMap<Mark, Vec<Arn>> = HashMap::new();
    for filters in marks.chunks(VALUES).flat_map(Mark::filters) {
        let filters = filters
            .map(|(name, values)| TagFilter::builder().key(name).set_values(Some(values)).build());
        let request = tagging.get_resources().set_tag_filters(Some(filters.to_vec()));
        let mut pages = request.resource_type_filters(kind).into_paginator().items().send();
        while let Some(seen) = pages.next().await {
            let seen = seen?;
            let tag = |name: &str| Some(seen.tags().iter().find(|tag| tag.key() == name)?.value());
            if let (Some(mark), Some(arn)) = (Mark::told(marks, tag), seen.resource_arn()) {
                found.entry(mark.clone()).or_default().push(arn.into());
            }
        }
    }
    Ok(found)
}
