//! Preflight: how much an account may have of what it has a limited number of, and how much of that
//! is used. Met half-way, a quota leaves an environment that is neither there nor gone.
//!
//! The quotas' codes are those of Service Quotas (its `ListServiceQuotas`; AWS's pages "Amazon VPC
//! quotas", "Lambda quotas" and "Quotas for Amazon Aurora").

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_ec2::types::{Filter, NatGatewayState};

use crate::{Aws, Present as _, Result};

/// All items of a list.
macro_rules! all {
    ($request:expr) => {
        $request.into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>().await?
    };
}

/// What an account has a limited number of, and environments need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limited {
    /// Public addresses that stay the same.
    ElasticIps,
    /// Networks.
    Vpcs,
    /// Their ways to the internet.
    InternetGateways,
    /// NAT gateways in one zone.
    NatGateways,
    /// Database clusters.
    DbClusters,
    /// Executions that functions keep for themselves.
    ReservedConcurrency,
}

/// How much there may be of something, and how much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The quota.
    pub limit: u64,
    /// What is used of it.
    pub used: u64,
}

impl Room {
    /// How much more there may be.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// What functions without a reservation have for themselves, of an account that has more. One that
/// has no more can reserve nothing (aws-samples/s3-to-lambda-patterns#36: 50 of 50).
const UNRESERVED: u64 = 100;

/// How much room there is for what resources of those kinds need, all asked at once.
pub async fn rooms(aws: &Aws, kinds: &BTreeSet<&str>) -> Vec<(Limited, Result<Room>)> {
    let asked = Limited::ALL.into_iter().filter(|limited| kinds.contains(limited.kind()));
    let asked = asked.map(|limited| async move { (limited, limited.room(aws).await) });
    futures::future::join_all(asked).await
}

impl Limited {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ElasticIps,
        Self::Vpcs,
        Self::InternetGateways,
        Self::NatGateways,
        Self::DbClusters,
        Self::ReservedConcurrency,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ElasticIps => "elastic IP addresses",
            Self::Vpcs => "VPCs",
            Self::InternetGateways => "internet gateways",
            Self::NatGateways => "NAT gateways in a zone",
            Self::DbClusters => "database clusters",
            Self::ReservedConcurrency => "executions that can be reserved",
        }
    }

    /// The kind of resource that needs it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::ElasticIps => "ec2.elastic_ip",
            Self::Vpcs => "ec2.vpc",
            Self::InternetGateways => "ec2.internet_gateway",
            Self::NatGateways => "ec2.nat_gateway",
            Self::DbClusters => "rds.cluster",
            Self::ReservedConcurrency => "lambda.function",
        }
    }

    /// The service and the code of its quota in Service Quotas.
    #[must_use]
    pub fn quota(self) -> (&'static str, &'static str) {
        match self {
            Self::ElasticIps => ("ec2", "L-0263D0A3"),
            Self::Vpcs => ("vpc", "L-F678F1CE"),
            Self::InternetGateways => ("vpc", "L-A4707A72"),
            Self::NatGateways => ("vpc", "L-FE5A380F"),
            Self::DbClusters => ("rds", "L-952B80B8"),
            Self::ReservedConcurrency => ("lambda", "L-B99A9384"),
        }
    }

    /// What an operator has to be allowed to ask for it.
    #[must_use]
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::ElasticIps => &["ec2:DescribeAddresses", "servicequotas:GetServiceQuota"],
            Self::Vpcs => &["ec2:DescribeVpcs", "servicequotas:GetServiceQuota"],
            Self::InternetGateways => {
                &["ec2:DescribeInternetGateways", "servicequotas:GetServiceQuota"]
            }
            Self::NatGateways => {
                &["ec2:DescribeNatGateways", "ec2:DescribeSubnets", "servicequotas:GetServiceQuota"]
            }
            Self::DbClusters => &["rds:DescribeDBClusters", "servicequotas:GetServiceQuota"],
            Self::ReservedConcurrency => &["lambda:GetAccountSettings"],
        }
    }

    /// How much of it the account may have, and has.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    pub async fn room(self, aws: &Aws) -> Result<Room> {
        if self == Self::ReservedConcurrency {
            return concurrency(aws).await;
        }
        let (limit, used) = futures::try_join!(self.limit(aws), self.used(aws))?;
        Ok(Room { limit, used })
    }

    async fn limit(self, aws: &Aws) -> Result<u64> {
        let (service, code) = self.quota();
        let request = aws.servicequotas.get_service_quota().service_code(service);
        let reply = request.quota_code(code).send().await?;
        let value = reply.quota.and_then(|quota| quota.value).present("the quota's value")?;
        // Quotas are whole numbers, written as any.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole")]
        Ok(value.max(0.0) as u64)
    }

    async fn used(self, aws: &Aws) -> Result<u64> {
        let ec2 = &aws.ec2;
        let count = match self {
            Self::ElasticIps => ec2.describe_addresses().send().await?.addresses().len(),
            Self::Vpcs => all!(ec2.describe_vpcs()).len(),
            Self::InternetGateways => all!(ec2.describe_internet_gateways()).len(),
            Self::NatGateways => return fullest_zone(aws).await,
            Self::DbClusters => all!(aws.rds.describe_db_clusters()).len(),
            Self::ReservedConcurrency => 0,
        };
        Ok(count as u64)
    }
}

/// How many NAT gateways the zone has that has most. Those that are being made or deleted count
/// (VPC's guide, "Amazon VPC quotas").
async fn fullest_zone(aws: &Aws) -> Result<u64> {
    let states = [NatGatewayState::Pending, NatGatewayState::Available, NatGatewayState::Deleting];
    let states = states.iter().map(|state| state.as_str().to_owned()).collect();
    let there = Filter::builder().name("state").set_values(Some(states)).build();
    let gateways = all!(aws.ec2.describe_nat_gateways().filter(there));
    let mut subnets: Vec<String> =
        gateways.iter().filter_map(|gateway| gateway.subnet_id.clone()).collect();
    if subnets.is_empty() {
        return Ok(0);
    }
    let placed: Vec<String> = subnets.clone();
    subnets.sort();
    subnets.dedup();
    let subnets = all!(aws.ec2.describe_subnets().set_subnet_ids(Some(subnets)));
    let zones: HashMap<String, String> = subnets
        .into_iter()
        .filter_map(|subnet| Some((subnet.subnet_id?, subnet.availability_zone?)))
        .collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for zone in placed.iter().filter_map(|subnet| zones.get(subnet)) {
        *counts.entry(zone).or_default() += 1;
    }
    Ok(counts.into_values().max().unwrap_or_default())
}

/// What functions may reserve together, and do.
async fn concurrency(aws: &Aws) -> Result<Room> {
    let reply = aws.lambda.get_account_settings().send().await?;
    let limit = reply.account_limit.present("account_limit")?;
    let total = u64::try_from(limit.concurrent_executions).unwrap_or_default();
    let unreserved = limit.unreserved_concurrent_executions.unwrap_or_default();
    let unreserved = u64::try_from(unreserved).unwrap_or_default();
    Ok(Room { limit: total.saturating_sub(UNRESERVED), used: total.saturating_sub(unreserved) })
}
