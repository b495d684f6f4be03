//! The way out of a network, and the public subnets that it leads through.

use ipnet::Ipv4Net;
use payctl_aws::ec2::{
    NatGatewayRef, Route, RouteTableAssociation, RouteTableId, RouteTarget, SubnetRef, VpcId,
};
use payctl_engine::{Address, Handle as _, Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::part::{self, Part, PartContext};
use super::{nat, network};
use crate::settings::Nat;

/// The way from a network to the internet: public subnets, NAT gateways in them, and the routes of those
/// who may use these. By the network ACL of a `network`, only TLS goes out that way, and nothing comes in
/// but answers.
///
/// What is in one that is called `main` is called without `main-`, but for the gateways.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Egress {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
    /// The id of the VPC.
    pub vpc: Input<VpcId>,
    /// The addresses of the public subnets, one for each zone from the first on.
    #[schemars(with = "Vec<String>")]
    pub public: Vec<Ipv4Net>,
    /// The ids of the route tables that get a way out, one for each zone from the first on.
    #[serde(default)]
    pub tables: Vec<Input<RouteTableId>>,
    /// How many NAT gateways there are, each of which is paid for by the hour: `none`, `one`, with whose
    /// zone the way out fails for all, or `per-zone`.
    #[serde(default)]
    pub gateways: Nat,
}

/// What leads out of a network.
#[derive(Debug)]
pub struct EgressMade {
    /// The public subnets.
    pub public: Vec<SubnetRef>,
    /// What has to be there before anything reaches the internet.
    pub routes: Vec<Address>,
}

impl Part for Egress {
    const NAME: &'static str = "egress";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("ec2.internet_gateway", "NAME"),
        ("ec2.internet_gateway_attachment", "NAME"),
        ("ec2.route_table", "NAME-public"),
        ("ec2.route", "NAME-public, and one for each of `tables`, called like it"),
        ("ec2.subnet", "NAME-public-1 …, one for each zone"),
        ("ec2.route_table_association", "NAME-public-1 …"),
        ("ec2.elastic_ip", "NAME, or NAME-1 … with one per zone"),
        ("ec2.nat_gateway", "NAME, or NAME-1 …"),
    ];
    const OUTPUTS: &'static [(&'static str, &'static str)] =
        &[("public", "the ids of the public subnets")];
    type Made = EgressMade;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<EgressMade, String> {
        let context = part.context;
        let (places, tables) = (self.public.len(), self.tables.len());
        if places == 0 || places > context.found.zones.len() {
            return Err(format!(
                "has {places} public subnets: one for each of the network's zones, of which there are {}",
                context.found.zones.len()
            ));
        }
        let gateways = match self.gateways {
            Nat::None => 0,
            Nat::One => 1,
            Nat::PerZone => places,
        };
        if gateways == 0 && tables > 0 {
            return Err("gives no way out to `tables`, as `gateways` is `none`".to_owned());
        }
        if gateways > 0 && tables == 0 {
            return Err(
                "has NAT gateways that nobody uses: name the `tables` that get the way out, or \
                        say `gateways = \"none\"`"
                    .to_owned(),
            );
        }
        let base = part::base(self.name, logical);
        let names = network::Names { logical: part::inner(logical, "public"), name: base.clone() };
        let (attachment, table) =
            network::named_internet(stack, context, &self.vpc, logical, &names);
        let names = network::Names { name: format!("{base}-public"), ..names };
        let public = network::named_subnets(stack, context, &self.vpc, &names, &self.public);
        for (nth, subnet) in public.iter().enumerate() {
            stack.add(
                &format!("{}-{}", names.logical, nth + 1),
                RouteTableAssociation { table: table.id(), subnet: subnet.id() },
            );
        }
        let gateways: Vec<NatGatewayRef> = public
            .iter()
            .take(gateways)
            .enumerate()
            .map(|(nth, subnet)| {
                let ending = match self.gateways {
                    Nat::PerZone => format!("-{}", nth + 1),
                    _ => String::new(),
                };
                let logical = format!("{logical}{ending}");
                nat::gateway(stack, context, &logical, (&base, &ending), subnet, &attachment)
            })
            .collect();
        let mut routes: Vec<Address> = Vec::new();
        for (nth, table) in self.tables.into_iter().enumerate() {
            // Tables of several tiers come one tier after the other.
            let Some(gateway) = gateways.get(nth % places).or(gateways.last()) else { break };
            let logical = match &table {
                Input::Ref(reference) => reference.address.name().to_owned(),
                _ => part::inner(logical, &format!("table-{}", nth + 1)),
            };
            let route = Route {
                table,
                destination: network::ANYWHERE,
                // The gateway may still be on its way: only its id is needed.
                target: RouteTarget::NatGateway(gateway.id().when_created()),
            };
            routes.push(stack.add(&logical, route).address().clone());
            routes.push(gateway.address().clone());
        }
        Ok(EgressMade { public, routes })
    }

    fn zones(given: &Value) -> usize {
        given.get("public").and_then(Value::as_array).map_or(0, Vec::len)
    }

    fn outputs(made: &EgressMade) -> Vec<(String, Value)> {
        let ids: Vec<_> = made.public.iter().map(SubnetRef::id).collect();
        vec![("public".to_owned(), json!(ids))]
    }
}
