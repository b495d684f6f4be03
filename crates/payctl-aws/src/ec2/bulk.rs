//! EC2's bulk reads: one `Describe…` call for all resources of a sort that are asked for at once.
//!
//! They ask by filter, as a filter leaves out what is absent where a list of ids is an error.

use std::collections::HashMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{self, Filter};

use crate::load::Loader;
use crate::{Absent as _, AwsError, Result};

/// The bulk reads of one client.
#[derive(Debug)]
pub(crate) struct BulkReaders {
    pub(crate) addresses: Loader<types::Address>,
    pub(crate) flow_logs: Loader<types::FlowLog>,
    pub(crate) instances: Loader<types::Instance>,
    pub(crate) internet_gateways: Loader<types::InternetGateway>,
    pub(crate) nat_gateways: Loader<types::NatGateway>,
    /// By the id of the subnet, as that of the association changes with the table.
    pub(crate) route_table_associations: Loader<types::RouteTableAssociation>,
    pub(crate) route_tables: Loader<types::RouteTable>,
    pub(crate) security_groups: Loader<types::SecurityGroup>,
    pub(crate) subnets: Loader<types::Subnet>,
    pub(crate) vpc_endpoints: Loader<types::VpcEndpoint>,
    pub(crate) vpcs: Loader<types::Vpc>,
}

macro_rules! describe {
    ($client:expr, $call:ident.$filters:ident($filter:literal), $items:ident by $id:ident) => {{
        let client: Client = $client.clone();
        Loader::new(move |ids: Vec<String>| {
            let client = client.clone();
            async move {
                let request = client.$call().$filters(among($filter, ids));
                let mut pages = request.into_paginator().send();
                let mut all = HashMap::new();
                while let Some(page) = pages.next().await {
                    let page = page.map_err(AwsError::from)?;
                    let items = page.$items.unwrap_or_default().into_iter();
                    all.extend(items.filter_map(|item| Some((item.$id()?.to_owned(), item))));
                }
                Result::Ok(all)
            }
        })
    }};
}

impl BulkReaders {
    pub(crate) fn new(ec2: &Client) -> Self {
        Self {
            addresses: addresses(ec2),
            flow_logs: describe!(
                ec2,
                describe_flow_logs.filter("flow-log-id"),
                flow_logs by flow_log_id
            ),
            instances: instances(ec2),
            internet_gateways: describe!(
                ec2,
                describe_internet_gateways.filters("internet-gateway-id"),
                internet_gateways by internet_gateway_id
            ),
            nat_gateways: describe!(
                ec2,
                describe_nat_gateways.filter("nat-gateway-id"),
                nat_gateways by nat_gateway_id
            ),
            route_table_associations: route_table_associations(ec2),
            route_tables: describe!(
                ec2,
                describe_route_tables.filters("route-table-id"),
                route_tables by route_table_id
            ),
            security_groups: describe!(
                ec2,
                describe_security_groups.filters("group-id"),
                security_groups by group_id
            ),
            subnets: describe!(ec2, describe_subnets.filters("subnet-id"), subnets by subnet_id),
            vpc_endpoints: vpc_endpoints(ec2),
            vpcs: describe!(ec2, describe_vpcs.filters("vpc-id"), vpcs by vpc_id),
        }
    }
}

/// Addresses are not paged.
fn addresses(client: &Client) -> Loader<types::Address> {
    let client = client.clone();
    Loader::new(move |ids| {
        let request = client.describe_addresses().filters(among("allocation-id", ids));
        async move {
            let all = request.send().await?.addresses.unwrap_or_default();
            let by_id = |one: types::Address| Some((one.allocation_id()?.to_owned(), one));
            Ok(all.into_iter().filter_map(by_id).collect())
        }
    })
}

/// Instances are answered by what they were asked for together.
fn instances(client: &Client) -> Loader<types::Instance> {
    let client = client.clone();
    Loader::new(move |ids| {
        let request = client.describe_instances().filters(among("instance-id", ids));
        async move {
            let mut pages = request.into_paginator().items().send();
            let mut all = HashMap::new();
            while let Some(together) = pages.next().await {
                let instances = together?.instances.unwrap_or_default().into_iter();
                all.extend(instances.filter_map(|one| Some((one.instance_id()?.to_owned(), one))));
            }
            Ok(all)
        }
    })
}

/// Endpoints are asked for by id, as not every EC2 knows a filter for them. One that is absent is
/// then an error for all, and each is asked for alone.
fn vpc_endpoints(client: &Client) -> Loader<types::VpcEndpoint> {
    let client = client.clone();
    Loader::new(move |ids| {
        let client = client.clone();
        async move {
            let ask = |ids: Vec<String>| async {
                let request = client.describe_vpc_endpoints().set_vpc_endpoint_ids(Some(ids));
                let reply = request.send().await.unless_absent("InvalidVpcEndpointId.NotFound")?;
                let found = reply.map(|reply| reply.vpc_endpoints.unwrap_or_default());
                Ok::<_, AwsError>(found)
            };
            let mut all = ask(ids.clone()).await?.unwrap_or_default();
            if all.is_empty() && ids.len() > 1 {
                for id in ids {
                    all.extend(ask(vec![id]).await?.unwrap_or_default());
                }
            }
            let by_id = |one: types::VpcEndpoint| Some((one.vpc_endpoint_id()?.to_owned(), one));
            Ok(all.into_iter().filter_map(by_id).collect())
        }
    })
}

fn route_table_associations(client: &Client) -> Loader<types::RouteTableAssociation> {
    let client = client.clone();
    Loader::new(move |subnets| {
        let request = client.describe_route_tables();
        let request = request.filters(among("association.subnet-id", subnets));
        async move {
            let mut pages = request.into_paginator().items().send();
            let mut all = HashMap::new();
            while let Some(table) = pages.next().await {
                let found = table?.associations.unwrap_or_default().into_iter();
                all.extend(found.filter_map(|found| Some((found.subnet_id()?.to_owned(), found))));
            }
            Ok(all)
        }
    })
}

/// Whatever has one of `values` as its `name`.
pub(super) fn among(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}
