//! EC2's bulk reads: one `Describe…` call for all resources of a sort that are asked for at once.
//!
//! They ask by filter, as a filter leaves out what is absent where a list of ids is an error.

use std::collections::HashMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{self, Filter, Tag};
use payctl_engine::{Address, Owner};

use crate::load::{Loader, Mark};
use crate::{Absent as _, AwsError, Result};

/// The bulk reads of one client.
#[derive(Debug)]
pub(crate) struct BulkReaders {
    pub(crate) addresses: Readers<types::Address>,
    pub(crate) flow_logs: Readers<types::FlowLog>,
    pub(crate) instances: Loader<types::Instance>,
    pub(crate) internet_gateways: Readers<types::InternetGateway>,
    pub(crate) nat_gateways: Readers<types::NatGateway>,
    /// By the id of the subnet, as that of the association changes with the table.
    pub(crate) route_table_associations: Loader<types::RouteTableAssociation>,
    pub(crate) route_tables: Readers<types::RouteTable>,
    pub(crate) security_groups: Loader<types::SecurityGroup>,
    pub(crate) subnets: Readers<types::Subnet>,
    pub(crate) vpc_endpoints: Readers<types::VpcEndpoint>,
    pub(crate) vpcs: Readers<types::Vpc>,
}

/// How resources of one sort are read, and found by their tags.
#[derive(Debug)]
pub(crate) struct Readers<T> {
    by_id: Loader<T>,
    by_mark: Loader<Vec<T>, Mark>,
}

impl<T: Clone + Send + Sync + 'static> Readers<T> {
    /// That of the id.
    pub(crate) async fn load(&self, id: impl AsRef<str>) -> Result<Option<T>> {
        self.by_id.load(id).await
    }

    /// Those that carry the tags of the resource at `address`.
    pub(crate) async fn ours(&self, owner: &Owner, address: &Address) -> Result<Vec<T>> {
        Ok(self.by_mark.get(&Mark::of(owner, address)).await?.unwrap_or_default())
    }
}

/// What EC2 tells the tags of.
trait Tagged {
    fn tags(&self) -> &[Tag];
}

macro_rules! tagged {
    ($($sort:ident)*) => {
        $(impl Tagged for types::$sort {
            fn tags(&self) -> &[Tag] {
                self.tags()
            }
        })*
    };
}

tagged!(Address FlowLog InternetGateway NatGateway RouteTable Subnet Vpc VpcEndpoint);

/// A loader by tags, of what `ask` finds by filters.
fn by_mark<T, F, Fut>(ask: F) -> Loader<Vec<T>, Mark>
where
    T: Tagged + Clone + Send + Sync + 'static,
    F: Fn(Vec<Filter>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Vec<T>>> + Send + 'static,
{
    Loader::new(move |marks: Vec<Mark>| {
        let ask = ask.clone();
        async move {
            let mut found: HashMap<Mark, Vec<T>> = HashMap::new();
            for filters in Mark::filters(&marks) {
                let filters = filters.map(|(name, values)| among(&format!("tag:{name}"), values));
                for one in ask(filters.to_vec()).await? {
                    let tag =
                        |name: &str| one.tags().iter().find(|tag| tag.key() == Some(name))?.value();
                    if let Some(mark) = Mark::told(&marks, tag) {
                        found.entry(mark.clone()).or_default().push(one);
                    }
                }
            }
            Ok(found)
        }
    })
}

/// A loader by id, of what `ask` finds by the filter of that name.
fn by_id<T, F, Fut>(filter: &'static str, id: fn(&T) -> Option<&str>, ask: F) -> Loader<T>
where
    T: Clone + Send + Sync + 'static,
    F: Fn(Vec<Filter>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Vec<T>>> + Send + 'static,
{
    Loader::new(move |ids| {
        let all = ask(vec![among(filter, ids)]);
        async move {
            let with_id = |one: T| Some((id(&one)?.to_owned(), one));
            Ok(all.await?.into_iter().filter_map(with_id).collect())
        }
    })
}

/// What one sort of `Describe…` call finds by filters.
macro_rules! ask {
    ($client:expr, $call:ident.$filters:ident, $items:ident) => {{
        let client: Client = $client.clone();
        move |filters: Vec<Filter>| {
            let mut pages = client.$call().$filters(Some(filters)).into_paginator().send();
            async move {
                let mut all = Vec::new();
                while let Some(page) = pages.next().await {
                    all.extend(page.map_err(AwsError::from)?.$items.unwrap_or_default());
                }
                Result::Ok(all)
            }
        }
    }};
}

macro_rules! readers {
    ($client:expr, $call:ident.$filters:ident, $items:ident, $filter:literal, $id:expr) => {{
        let ask = ask!($client, $call.$filters, $items);
        Readers { by_id: by_id($filter, $id, ask.clone()), by_mark: by_mark(ask) }
    }};
}

impl BulkReaders {
    pub(crate) fn new(ec2: &Client) -> Self {
        Self {
            addresses: addresses(ec2),
            flow_logs: readers!(
                ec2,
                describe_flow_logs.set_filter,
                flow_logs,
                "flow-log-id",
                types::FlowLog::flow_log_id
            ),
            instances: instances(ec2),
            internet_gateways: readers!(
                ec2,
                describe_internet_gateways.set_filters,
                internet_gateways,
                "internet-gateway-id",
                types::InternetGateway::internet_gateway_id
            ),
            nat_gateways: readers!(
                ec2,
                describe_nat_gateways.set_filter,
                nat_gateways,
                "nat-gateway-id",
                types::NatGateway::nat_gateway_id
            ),
            route_table_associations: route_table_associations(ec2),
            route_tables: readers!(
                ec2,
                describe_route_tables.set_filters,
                route_tables,
                "route-table-id",
                types::RouteTable::route_table_id
            ),
            security_groups: by_id(
                "group-id",
                types::SecurityGroup::group_id,
                ask!(ec2, describe_security_groups.set_filters, security_groups),
            ),
            subnets: readers!(
                ec2,
                describe_subnets.set_filters,
                subnets,
                "subnet-id",
                types::Subnet::subnet_id
            ),
            vpc_endpoints: Readers {
                by_id: vpc_endpoints(ec2),
                by_mark: by_mark(ask!(ec2, describe_vpc_endpoints.set_filters, vpc_endpoints)),
            },
            vpcs: readers!(ec2, describe_vpcs.set_filters, vpcs, "vpc-id", types::Vpc::vpc_id),
        }
    }
}

/// Addresses are not paged.
fn addresses(client: &Client) -> Readers<types::Address> {
    let client = client.clone();
    let ask = move |filters| {
        let request = client.describe_addresses().set_filters(Some(filters));
        async move { Ok(request.send().await?.addresses.unwrap_or_default()) }
    };
    let by_id = by_id("allocation-id", types::Address::allocation_id, ask.clone());
    Readers { by_id, by_mark: by_mark(ask) }
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
