//! How private subnets reach the internet.

use payctl_aws::ec2::{
    ElasticIp, InternetGatewayAttachmentRef, NatGateway, NatGatewayRef, SubnetRef,
};
use payctl_engine::{Handle as _, Stack};

use crate::Context;
use crate::settings::Nat;

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
