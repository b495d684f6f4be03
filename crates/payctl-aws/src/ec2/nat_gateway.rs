//! NAT gateways: the way out for subnets that nothing outside may reach.

use aws_sdk_ec2::types::{self, NatGatewayState, ResourceType};
use payctl_engine::{Failure, FailureKind};

use super::{AllocationId, SubnetId, tags};
use crate::prelude::*;

/// The way out for subnets that nothing outside may reach.
#[kind(
    "ec2.nat_gateway",
    outputs(id: NatGatewayId, arn: Arn),
    repeat = Token,
    typical(0.5, 95.0, 45.0),
    // As long as terraform-provider-aws waits for a deletion (docs/aws-facts.md).
    wait_timeout = 30 * 60,
    look = "ec2:DescribeNatGateways",
    create = "ec2:CreateNatGateway CreateTags",
    change = "ec2:CreateTags DeleteTags DescribeTags",
    delete = "ec2:DeleteNatGateway",
    on = "*",
)]
pub struct NatGateway {
    /// The subnet it stands in, itself with a route to the internet.
    #[prop(replaces)]
    pub subnet: Input<SubnetId>,
    /// The elastic IP it goes out under.
    #[prop(replaces, unique)]
    pub address: Input<AllocationId>,
    pub tags: Tags,
}

id! {
    /// A NAT gateway's id, such as `nat-0a1b2c`.
    NatGatewayId,
}

impl Resource for NatGateway {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<NatGatewayOutputs>> {
        use NatGatewayState::{Available, Pending};
        let ours = cx.cloud.bulk.nat_gateways.ours(cx.owner, cx.address).await?;
        let here = |seen: &&types::NatGateway| matches!(seen.state(), Some(Pending | Available));
        ours.iter().filter(here).map(|gateway| outputs(cx, gateway)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &NatGatewayOutputs) -> Result<Option<Self>> {
        use NatGatewayState::{Deleted, Deleting, Failed};
        let seen = cx.cloud.bulk.nat_gateways.load(&known.id).await?;
        // AWS shows it for an hour more. One that failed goes by itself, and another is made.
        let here =
            |seen: &types::NatGateway| !matches!(seen.state(), Some(Deleted | Deleting | Failed));
        seen.filter(here).as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<NatGatewayOutputs> {
        let request = cx.cloud.ec2.create_nat_gateway().client_token(cx.token);
        let reply = request
            .subnet_id(self.subnet.get()?)
            .allocation_id(self.address.get()?)
            .tag_specifications(tags::on_create(ResourceType::Natgateway, &self.tags))
            .send()
            .await?;
        outputs(cx, &reply.nat_gateway.present("nat_gateway")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &NatGatewayOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &NatGatewayOutputs) -> Result<()> {
        let seen = cx.cloud.bulk.nat_gateways.load(&known.id).await?;
        match seen.as_ref().and_then(types::NatGateway::state) {
            None | Some(NatGatewayState::Deleted) => return Ok(()),
            Some(NatGatewayState::Deleting) => {}
            Some(_) => {
                let request = cx.cloud.ec2.delete_nat_gateway().nat_gateway_id(&known.id);
                request.send().await.unless_absent("NatGatewayNotFound")?;
            }
        }
        Err(AwsError::pending("the NAT gateway to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &NatGatewayOutputs) -> Result<Readiness> {
        let seen = cx.cloud.bulk.nat_gateways.load(&known.id).await?;
        match seen.as_ref().and_then(types::NatGateway::state) {
            Some(NatGatewayState::Available) => Ok(Readiness::Ready),
            None | Some(NatGatewayState::Pending) => {
                Ok(Readiness::NotYet("the NAT gateway to become available".to_owned()))
            }
            Some(state) => {
                let code = seen.as_ref().and_then(types::NatGateway::failure_code);
                let why = seen.as_ref().and_then(types::NatGateway::failure_message);
                let why = why.unwrap_or("AWS gives no reason");
                let message = format!("the NAT gateway is {state}: {why}");
                let failure = Failure::new(FailureKind::Unexpected, message);
                Err(match code {
                    Some(code) => failure.with_code(code),
                    None => failure,
                }
                .into())
            }
        }
    }
}

fn outputs(cx: &Cx<'_>, seen: &types::NatGateway) -> Result<NatGatewayOutputs> {
    let id = NatGatewayId::from(seen.nat_gateway_id().present("nat_gateway_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("natgateway/{id}"));
    Ok(NatGatewayOutputs { id, arn })
}

impl TryFrom<&types::NatGateway> for NatGateway {
    type Error = AwsError;

    fn try_from(seen: &types::NatGateway) -> Result<Self> {
        let addresses = seen.nat_gateway_addresses();
        // A private gateway has none.
        let address = addresses.iter().find_map(|address| address.allocation_id());
        Ok(Self {
            subnet: SubnetId::from(seen.subnet_id().present("subnet_id")?).into(),
            address: AllocationId::from(address.unwrap_or_default()).into(),
            tags: tags::all(seen.tags()),
        })
    }
}
