//! How private subnets reach the internet.

use ipnet::Ipv4Net;
use payctl_aws::ec2::{
    ElasticIp, InternetGatewayAttachmentRef, NatGateway, NatGatewayRef, Route, RouteTarget,
    SubnetRef, VpcRef,
};
use payctl_engine::{Address, Handle as _, Stack};

use super::network;
use crate::Context;
use crate::settings::Nat;

/// What leads out of the VPC.
pub(crate) struct Egress {
    /// The public subnets.
    pub(crate) public: Vec<SubnetRef>,
    /// What has to be there before anything in a private subnet reaches the internet.
    pub(crate) routes: Vec<Address>,
}

impl Nat {
    /// How many gateways there are for so many private subnets.
    pub(crate) fn gateways(self, private: usize) -> usize {
        match self {
            Self::None => 0,
            Self::One => 1,
            Self::PerZone => private,
        }
    }
}

/// Makes the public subnets, the NAT gateways in them, and the route tables of the private subnets.
pub(crate) fn egress(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &VpcRef,
    nat: Nat,
    public: &[Ipv4Net],
    private: &[SubnetRef],
) -> Egress {
    let (attachment, public_table) = network::internet(stack, context, vpc);
    let public = network::subnets(stack, context, vpc, "public", public);
    network::associate(stack, "public", &public, &[public_table]);
    let gateways: Vec<NatGatewayRef> = public
        .iter()
        .take(nat.gateways(private.len()))
        .enumerate()
        .map(|(nth, subnet)| {
            let (logical, ending) = match nat {
                Nat::PerZone => (format!("main-{}", nth + 1), format!("-{}", nth + 1)),
                _ => ("main".to_owned(), String::new()),
            };
            gateway(stack, context, &logical, ("payment", &ending), subnet, &attachment)
        })
        .collect();

    let (mut tables, mut routes) = (Vec::new(), Vec::new());
    for number in 1..=gateways.len().max(1) {
        let single = gateways.len() <= 1;
        let logical = if single { "private".to_owned() } else { format!("private-{number}") };
        let name = format!("payment-{}", logical.replacen("private", "private-rt", 1));
        let table = network::route_table(stack, context, vpc, &logical, &name);
        if let Some(gateway) = gateways.get(number - 1) {
            let route = Route {
                table: table.id(),
                destination: network::ANYWHERE,
                // The gateway may still be on its way: only its id is needed.
                target: RouteTarget::NatGateway(gateway.id().when_created()),
            };
            routes.push(stack.add(&logical, route).address().clone());
            routes.push(gateway.address().clone());
        }
        tables.push(table);
    }
    network::associate(stack, "private", private, &tables);
    Egress { public, routes }
}

/// A NAT gateway in the subnet, with its address; names in AWS begin and end so.
pub(super) fn gateway(
    stack: &mut Stack,
    context: &Context<'_>,
    logical: &str,
    (base, ending): (&str, &str),
    subnet: &SubnetRef,
    attachment: &InternetGatewayAttachmentRef,
) -> NatGatewayRef {
    let tags = context.tags(&context.name(&format!("{base}-nat-eip{ending}")));
    let address = stack.add(logical, ElasticIp { tags });
    stack.add_after(
        logical,
        &[attachment.address()],
        NatGateway {
            subnet: subnet.id(),
            address: address.id(),
            tags: context.tags(&context.name(&format!("{base}-nat{ending}"))),
        },
    )
}
