//! A network: a VPC with tiers of subnets over several zones.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use payctl_aws::ec2::{RouteTableRef, SubnetRef, VpcRef};
use payctl_aws::{Arn, Statement};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::part::{self, Part, PartContext};
use super::{endpoint, flow_log, logs, network};

/// A VPC whose own security group and network ACL let nothing through, with subnets by tier over
/// several zones, endpoints of S3 and DynamoDB, and a log of its traffic. Nothing leads out of it: that
/// is an `egress`.
///
/// What is in a network that is called `main` is called without `main-`, such as `ec2.subnet:app-1`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
    /// Its addresses, such as `10.20.0.0/16`: /16 to /22 where the tiers' are not said.
    #[schemars(with = "String")]
    pub cidr: Ipv4Net,
    /// How many zones it is spread over, from the region's first on: a number, as it has to be known
    /// before anything is asked.
    #[serde(default = "zones")]
    #[schemars(range(min = 1, max = 6))]
    pub zones: u8,
    /// The tiers, such as `["app", "data"]`, each with a subnet and a route table per zone. A subnet gets a
    /// 64th of the addresses; `{ app = ["10.20.0.0/24", …] }` says them, one for each zone.
    #[serde(default = "tiers")]
    pub tiers: Tiers,
    /// Whether each tier has one route table in place of one for each zone: enough for one NAT gateway.
    /// Or which tiers do, such as `["data"]`.
    #[serde(default)]
    pub one_table: OneTable,
    /// The services that are reached without a way out, which costs nothing: all of each, for whoever is
    /// of this account. `{ s3 = [STATEMENT, …] }` says what may be done there, as IAM writes it.
    #[serde(default = "endpoints")]
    pub endpoints: Endpoints,
    /// Whether its traffic is written down.
    #[serde(default = "yes")]
    pub flow_log: bool,
    /// What that log is called in AWS, without the suffix; `/aws/vpc/NAME-flowlogs` where nothing is said.
    #[serde(default)]
    pub log_group: Option<String>,
    /// How long that log is kept.
    #[serde(default = "log_retention_days")]
    pub log_retention_days: u32,
    /// The ARN of the key that encrypts that log; the stack's key where nothing is said.
    #[serde(default)]
    pub key: Option<Input<Arn>>,
}

/// The tiers of a network.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tiers {
    /// Their names, in the order in which they get addresses: a further one belongs at the end.
    Named(Vec<String>),
    /// Their names and the addresses of their subnets.
    Placed(#[schemars(with = "BTreeMap<String, Vec<String>>")] BTreeMap<String, Vec<Ipv4Net>>),
}

/// The tiers that have one route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneTable {
    /// All of them, or none.
    Each(bool),
    /// These.
    Of(Vec<String>),
}

impl Default for OneTable {
    fn default() -> Self {
        Self::Each(false)
    }
}

/// What is reached without a way out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Endpoints {
    /// All of these services.
    Open(Vec<GatewayService>),
    /// What statements allow of them.
    Narrowed(BTreeMap<GatewayService, Vec<Statement>>),
}

/// A service that a VPC reaches by a route.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum GatewayService {
    /// Amazon S3.
    S3,
    /// Amazon DynamoDB.
    DynamoDb,
}

/// What a network is made of.
#[derive(Debug)]
pub struct NetworkMade {
    /// The VPC.
    pub vpc: VpcRef,
    /// The subnets and their route tables, by tier.
    pub tiers: Vec<(String, Vec<SubnetRef>, Vec<RouteTableRef>)>,
    /// Addresses for public subnets, one for each zone, where there are some left.
    pub free: Vec<Ipv4Net>,
}

fn zones() -> u8 {
    2
}

fn tiers() -> Tiers {
    Tiers::Named(vec!["private".to_owned()])
}

fn endpoints() -> Endpoints {
    Endpoints::Open(vec![GatewayService::S3, GatewayService::DynamoDb])
}

fn yes() -> bool {
    true
}

fn log_retention_days() -> u32 {
    30
}

/// A 64th of a network, of which each tier has as many as there may ever be zones: another zone moves
/// nothing.
const SUBNET_BITS: u8 = 6;
const PLACES_PER_TIER: usize = 6;
/// The last of them are for public subnets.
const MOST_TIERS: usize = 64 / PLACES_PER_TIER - 1;

impl Part for Network {
    const NAME: &'static str = "network";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("ec2.vpc", "NAME"),
        ("ec2.default_security_group", "NAME"),
        ("ec2.default_network_acl", "NAME"),
        ("ec2.subnet", "NAME-TIER-1 …, one for each zone"),
        ("ec2.route_table", "NAME-TIER-1 …, NAME-TIER with `one_table`"),
        ("ec2.route_table_association", "NAME-TIER-1 …"),
        ("ec2.gateway_endpoint", "NAME-s3, NAME-dynamodb"),
        ("ec2.flow_log", "NAME"),
        ("logs.group", "NAME-flow-logs"),
        ("iam.role", "NAME-flow-logs"),
    ];
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("vpc", "the VPC's id"),
        ("TIER", "the ids of a tier's subnets, such as `${part.network:main.app}`"),
        ("TIER_tables", "the ids of its route tables, which an `egress` gives a way out"),
        ("free", "addresses for public subnets, one for each zone, where the tiers' are not said"),
    ];
    type Made = NetworkMade;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<NetworkMade, String> {
        let context = part.context;
        logs::check_retention(self.log_retention_days)?;
        let there = part.context.found.zones.len();
        if usize::from(self.zones) > there {
            return Err(format!("has {} `zones`, of which there are {there}", self.zones));
        }
        let (placed, free) = self.placed()?;
        let base = part::base(self.name.clone(), logical);
        let vpc = network::closed_vpc(stack, context, logical, &base, self.cidr);
        let mut tiers = Vec::new();
        for (tier, cidrs) in placed {
            let names = network::Names {
                logical: part::inner(logical, &tier),
                name: format!("{base}-{tier}"),
            };
            let subnets = network::named_subnets(stack, context, &vpc.id(), &names, &cidrs);
            let one_table = match &self.one_table {
                OneTable::Each(has) => *has,
                OneTable::Of(tiers) => tiers.contains(&tier),
            };
            let endings = match one_table {
                true => vec![String::new()],
                false => (1..=subnets.len()).map(|number| format!("-{number}")).collect(),
            };
            let tables: Vec<RouteTableRef> = endings
                .iter()
                .map(|ending| {
                    let logical = format!("{}{ending}", names.logical);
                    let name = format!("{}-rt{ending}", names.name);
                    network::route_table(stack, context, &vpc, &logical, &name)
                })
                .collect();
            network::associate(stack, &names.logical, &subnets, &tables);
            tiers.push((tier, subnets, tables));
        }
        let tables: Vec<&RouteTableRef> = tiers.iter().flat_map(|(_, _, tables)| tables).collect();
        for (service, allowed) in self.endpoints.allowed() {
            let name = format!("{base}-{}-endpoint", service.name());
            let logical = part::inner(logical, service.name());
            let spec = endpoint::GatewaySpec { logical, name, service: service.name(), allowed };
            endpoint::gateway(stack, context, &vpc, &tables, spec);
        }
        if self.flow_log {
            let key = part.key(self.key)?;
            let log_group = self.log_group.unwrap_or_else(|| format!("/aws/vpc/{base}-flowlogs"));
            let names = flow_log::Names {
                logical: logical.to_owned(),
                inner: part::inner(logical, "flow-logs"),
                group: context.name(&log_group),
                role: format!("{base}-flowlogs-role"),
                tag: format!("{base}-vpc-flowlogs"),
            };
            let days = self.log_retention_days;
            flow_log::named(stack, context, &vpc, &names, |name| {
                logs::group(context, name, days, key)
            });
        }
        Ok(NetworkMade { vpc, tiers, free })
    }

    fn outputs(made: &NetworkMade) -> Vec<(String, Value)> {
        let mut all = vec![("vpc".to_owned(), json!(made.vpc.id()))];
        for (tier, subnets, tables) in &made.tiers {
            let ids: Vec<_> = subnets.iter().map(SubnetRef::id).collect();
            all.push((tier.clone(), json!(ids)));
            let ids: Vec<_> = tables.iter().map(RouteTableRef::id).collect();
            all.push((format!("{tier}_tables"), json!(ids)));
        }
        if !made.free.is_empty() {
            all.push(("free".to_owned(), json!(made.free)));
        }
        all
    }

    fn zones(given: &Value) -> usize {
        let number = given.get("zones").and_then(Value::as_u64);
        number.and_then(|number| usize::try_from(number).ok()).unwrap_or_else(|| zones().into())
    }
}

impl NetworkMade {
    /// The subnets of that tier.
    #[must_use]
    pub fn subnets(&self, tier: &str) -> &[SubnetRef] {
        let found = self.tiers.iter().find(|(name, _, _)| name == tier);
        found.map_or(&[], |(_, subnets, _)| subnets)
    }

    /// Its route tables.
    #[must_use]
    pub fn tables(&self, tier: &str) -> &[RouteTableRef] {
        let found = self.tiers.iter().find(|(name, _, _)| name == tier);
        found.map_or(&[], |(_, _, tables)| tables)
    }
}

/// Tiers with the addresses of their subnets.
type Placed = Vec<(String, Vec<Ipv4Net>)>;

impl Network {
    /// One of these addresses, of which nothing is said besides.
    #[must_use]
    pub fn of(cidr: Ipv4Net) -> Self {
        Self {
            name: None,
            cidr,
            zones: zones(),
            tiers: tiers(),
            one_table: OneTable::default(),
            endpoints: endpoints(),
            flow_log: true,
            log_group: None,
            log_retention_days: log_retention_days(),
            key: None,
        }
    }

    /// The tiers with their subnets' addresses, and those that are left for public subnets.
    fn placed(&self) -> Result<(Placed, Vec<Ipv4Net>), String> {
        let zones = usize::from(self.zones);
        let network = self.cidr;
        if network.network() != network.addr() {
            return Err(format!(
                "has `cidr` {network}, which is not the first address of its network: that is {}",
                network.trunc()
            ));
        }
        let names: Vec<&String> = match &self.tiers {
            Tiers::Named(names) => names.iter().collect(),
            Tiers::Placed(placed) => placed.keys().collect(),
        };
        let is_name = |name: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits)
        };
        for (nth, name) in names.iter().enumerate() {
            if !is_name(name) || ["vpc", "free"].contains(&name.as_str()) {
                return Err(format!(
                    "has a tier `{name}`: a name has lower-case letters, digits and dashes, begins with \
                     a letter, and is neither `vpc` nor `free`"
                ));
            }
            if names[..nth].contains(name) {
                return Err(format!("has the tier `{name}` twice"));
            }
        }
        if let OneTable::Of(tiers) = &self.one_table
            && let Some(unknown) = tiers.iter().find(|tier| !names.contains(tier))
        {
            return Err(format!("has the tier `{unknown}` in `one_table` and not in `tiers`"));
        }
        match &self.tiers {
            Tiers::Named(names) => carved(network, names, zones),
            Tiers::Placed(placed) => {
                let mut seen: Vec<Ipv4Net> = Vec::new();
                for (tier, cidrs) in placed {
                    if cidrs.len() != zones {
                        let (given, wanted) = (cidrs.len(), zones);
                        return Err(format!(
                            "has {given} subnets in the tier `{tier}`, and `zones` is {wanted}: \
                             one for each"
                        ));
                    }
                    for net in cidrs {
                        let apart = |other: &Ipv4Net| !other.contains(net) && !net.contains(other);
                        let fits = network.contains(net)
                            && net.network() == net.addr()
                            && net.prefix_len() <= 28
                            && seen.iter().all(apart);
                        if !fits {
                            return Err(format!(
                                "has a subnet {net} in the tier `{tier}`: subnets are of /28 or larger, \
                                 inside {network}, and apart from each other"
                            ));
                        }
                        seen.push(*net);
                    }
                }
                Ok((placed.clone().into_iter().collect(), Vec::new()))
            }
        }
    }
}

/// The network in subnets of a 64th each.
fn carved(
    network: Ipv4Net,
    names: &[String],
    zones: usize,
) -> Result<(Placed, Vec<Ipv4Net>), String> {
    if !(16..=28 - SUBNET_BITS).contains(&network.prefix_len()) {
        return Err(format!(
            "has `cidr` {network}: /16 to /{}, or say each subnet's addresses in `tiers`",
            28 - SUBNET_BITS
        ));
    }
    if names.len() > MOST_TIERS {
        let count = names.len();
        return Err(format!("has {count} tiers: {MOST_TIERS} at most, or say their addresses"));
    }
    let all =
        network.subnets(network.prefix_len() + SUBNET_BITS).map_err(|error| error.to_string())?;
    let all: Vec<Ipv4Net> = all.collect();
    let mut places = all.chunks(PLACES_PER_TIER).map(|places| places[..zones].to_vec());
    let free = places.nth(MOST_TIERS).unwrap_or_default();
    let places =
        all.chunks(PLACES_PER_TIER).map(|places| places[..zones.min(places.len())].to_vec());
    Ok((names.iter().cloned().zip(places).collect(), free))
}

impl Endpoints {
    /// The services, and what may be done there.
    fn allowed(self) -> Vec<(GatewayService, Vec<Statement>)> {
        match self {
            // What its caller may not do, the caller's own policies do not allow.
            Self::Open(services) => {
                let all = || vec![Statement::allow("OfThisAccount", &["*"]).on_all()];
                services.into_iter().map(|service| (service, all())).collect()
            }
            Self::Narrowed(services) => services.into_iter().collect(),
        }
    }
}

impl GatewayService {
    fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::DynamoDb => "dynamodb",
        }
    }
}
