//! Internet gateways: a VPC's door to the internet.

use aws_sdk_ec2::types::{self, ResourceType};

use super::tags;
use crate::prelude::*;

/// A door to the internet, for the VPC it is attached to.
#[kind(
    "ec2.internet_gateway",
    outputs(id: InternetGatewayId, arn: Arn),
    // CreateInternetGateway takes no token and all gateways are alike.
    repeat = Search,
    typical(0.4, 0.0, 0.4),
    look = "ec2:DescribeInternetGateways",
    create = "ec2:CreateInternetGateway CreateTags",
    change = "ec2:CreateTags DeleteTags DescribeTags",
    delete = "ec2:DeleteInternetGateway",
    on = "*",
)]
pub struct InternetGateway {
    pub tags: Tags,
}

id! {
    /// An internet gateway's id, such as `igw-0a1b2c`.
    InternetGatewayId,
}

impl Resource for InternetGateway {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<InternetGatewayOutputs>> {
        let ours = cx.cloud.bulk.internet_gateways.ours(cx.owner, cx.address).await?;
        ours.iter().map(|gateway| outputs(cx, gateway)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &InternetGatewayOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.internet_gateways.load(&known.id).await?;
        Ok(seen.map(|seen| Self { tags: tags::all(seen.tags()) }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<InternetGatewayOutputs> {
        let tags = tags::on_create(ResourceType::InternetGateway, &self.tags);
        let request = cx.cloud.ec2.create_internet_gateway().tag_specifications(tags);
        outputs(cx, &request.send().await?.internet_gateway.present("internet_gateway")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &InternetGatewayOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &InternetGatewayOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_internet_gateway().internet_gateway_id(&known.id);
        request.send().await.unless_absent("InvalidInternetGatewayID.NotFound")?;
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, seen: &types::InternetGateway) -> Result<InternetGatewayOutputs> {
    let id = InternetGatewayId::from(seen.internet_gateway_id().present("internet_gateway_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("internet-gateway/{id}"));
    Ok(InternetGatewayOutputs { id, arn })
}
