//! Bulk reads: all of a region's clusters in one call, and all of its instances in another.
//!
//! Without a filter: AWS does not say what it makes of one that names what is gone. An account may
//! have forty of each, and a page holds a hundred.

use std::collections::HashMap;

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbCluster, DbInstance};

use crate::load::Loader;
use crate::{AwsError, Result};

/// Bulk reads of clusters, by identifier.
pub(crate) type Clusters = Loader<DbCluster>;

/// Bulk reads of instances, by identifier.
pub(crate) type Instances = Loader<DbInstance>;

/// The bulk reads of clusters of one client.
pub(crate) fn clusters(client: &Client) -> Clusters {
    let client = client.clone();
    Loader::new(move |_| {
        let mut pages = client.describe_db_clusters().into_paginator().send();
        async move {
            let mut all = HashMap::new();
            while let Some(page) = pages.next().await {
                let seen = page.map_err(AwsError::from)?.db_clusters.unwrap_or_default();
                let named = |one: DbCluster| Some((one.db_cluster_identifier.clone()?, one));
                all.extend(seen.into_iter().filter_map(named));
            }
            Result::Ok(all)
        }
    })
}

/// The bulk reads of instances of one client.
pub(crate) fn instances(client: &Client) -> Instances {
    let client = client.clone();
    Loader::new(move |_| {
        let mut pages = client.describe_db_instances().into_paginator().send();
        async move {
            let mut all = HashMap::new();
            while let Some(page) = pages.next().await {
                let seen = page.map_err(AwsError::from)?.db_instances.unwrap_or_default();
                let named = |one: DbInstance| Some((one.db_instance_identifier.clone()?, one));
                all.extend(seen.into_iter().filter_map(named));
            }
            Result::Ok(all)
        }
    })
}
