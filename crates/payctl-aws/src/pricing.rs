//! AWS's price list, as `pricing:GetProducts` tells it.

use aws_config::Region;
use aws_sdk_pricing::Client;
use aws_sdk_pricing::config::Builder;
use aws_sdk_pricing::types::{Filter, FilterType};

use crate::connection::retrying;
use crate::{AwsError, Connection, Partition, Result};

/// Where the list is asked, for each partition that has it (botocore's `endpoints.json`,
/// `api.pricing`; China's list is of China's regions).
const AT: [(&str, &str); 2] = [("aws", "us-east-1"), ("aws-cn", "cn-northwest-1")];

/// Who answers what things cost.
#[derive(Clone, Debug)]
pub struct PriceList {
    client: Client,
}

/// What has to hold of a product: how it is compared (AWS's `FilterType`, such as `TERM_MATCH`), which
/// of its attributes, and with what.
pub type ProductFilter<'a> = (&'a str, &'a str, &'a str);

impl PriceList {
    /// What whoever asks has to be allowed.
    pub const ACTIONS: &[&str] = &["pricing:GetProducts"];

    /// The list of the connection's partition. Makes no call.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        let partition = Partition::of_region(connection.region()).id;
        let at = AT.iter().find(|(id, _)| *id == partition).map_or(AT[0].1, |(_, region)| region);
        let config = Builder::from(&connection.config)
            .region(Region::from_static(at))
            .interceptor(connection.calls.clone())
            .retry_config(retrying())
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// The products of a service of which all filters hold, each as the JSON text of a `PriceList`.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn products(
        &self,
        service: &str,
        filters: &[ProductFilter<'_>],
    ) -> Result<Vec<String>> {
        let filters = filters.iter().map(|(kind, field, value)| {
            let filter = Filter::builder().r#type(FilterType::from(*kind)).field(*field);
            filter.value(*value).build().map_err(|error| AwsError::unexpected("filter", error))
        });
        let filters: Vec<Filter> = filters.collect::<Result<_>>()?;
        let request = self.client.get_products().service_code(service).format_version("aws_v1");
        let pages = request.set_filters(Some(filters)).into_paginator();
        let pages = pages.send().try_collect().await?;
        Ok(pages.into_iter().flat_map(|page| page.price_list.unwrap_or_default()).collect())
    }
}
