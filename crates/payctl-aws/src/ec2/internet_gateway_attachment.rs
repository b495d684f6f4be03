//! Internet gateway attachments: which VPC a gateway is the door of.

use aws_sdk_ec2::types;

use super::blockers::{self, Doomed};
use super::{InternetGatewayId, VpcId};
use crate::prelude::*;

/// The bond of an internet gateway and the one VPC it serves.
#[kind(
    "ec2.internet_gateway_attachment",
    // What it is known by: a gateway has one at most.
    outputs(gateway: InternetGatewayId),
    stable(gateway),
    typical(0.4, 0.0, 0.5),
    // Public addresses are seen as mapped for some minutes after they were given back.
    wait_timeout = 20 * 60,
    look = "ec2:DescribeInternetGateways",
    create = "ec2:AttachInternetGateway",
    delete = "ec2:DescribeNetworkInterfaces DetachInternetGateway",
    on = "*",
)]
pub struct InternetGatewayAttachment {
    #[prop(replaces, unique, parent)]
    pub gateway: Input<InternetGatewayId>,
    #[prop(replaces)]
    pub vpc: Input<VpcId>,
}

impl Resource for InternetGatewayAttachment {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<InternetGatewayAttachmentOutputs>> {
        let Ok(gateway) = self.gateway.get() else { return Ok(Vec::new()) };
        let seen = look(cx, gateway).await?;
        let outputs = || InternetGatewayAttachmentOutputs { gateway: gateway.clone() };
        Ok(seen.map(|_| outputs()).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &InternetGatewayAttachmentOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.gateway).await? else { return Ok(None) };
        let vpc = VpcId::from(seen.vpc_id().present("vpc_id")?);
        Ok(Some(Self { gateway: known.gateway.clone().into(), vpc: vpc.into() }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<InternetGatewayAttachmentOutputs> {
        let (gateway, vpc) = (self.gateway.get()?, self.vpc.get()?);
        let request = cx.cloud.ec2.attach_internet_gateway().internet_gateway_id(gateway);
        request.vpc_id(vpc).send().await?;
        Ok(InternetGatewayAttachmentOutputs { gateway: gateway.clone() })
    }

    async fn converge(
        &self,
        _: &Cx<'_>,
        _: &InternetGatewayAttachmentOutputs,
        _: &Changed,
    ) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &InternetGatewayAttachmentOutputs) -> Result<()> {
        let Some(seen) = look(cx, &known.gateway).await? else { return Ok(()) };
        if state(&seen) == "detaching" {
            return Err(AwsError::pending("the internet gateway to be detached"));
        }
        let request = cx.cloud.ec2.detach_internet_gateway().internet_gateway_id(&known.gateway);
        let vpc = seen.vpc_id().present("vpc_id")?;
        match request.vpc_id(vpc).send().await.unless_absent("Gateway.NotAttached") {
            Err(refused) => Err(blockers::named(cx, refused, Doomed::Gateway(vpc)).await?),
            gone => gone.map(drop),
        }
    }

    async fn ready(cx: &Cx<'_>, known: &InternetGatewayAttachmentOutputs) -> Result<Readiness> {
        let seen = look(cx, &known.gateway).await?;
        Ok(if seen.is_some_and(|seen| state(&seen) != "attaching") {
            Readiness::Ready
        } else {
            Readiness::NotYet("the internet gateway to be attached".to_owned())
        })
    }
}

/// What the gateway is attached to, if it is.
async fn look(
    cx: &Cx<'_>,
    gateway: &InternetGatewayId,
) -> Result<Option<types::InternetGatewayAttachment>> {
    let seen = cx.cloud.bulk.internet_gateways.load(gateway).await?;
    let mut attachments = seen.and_then(|seen| seen.attachments).unwrap_or_default();
    attachments.retain(|attachment| state(attachment) != "detached");
    Ok(attachments.pop())
}

/// For internet gateways AWS says `available`, which its own list of states lacks.
fn state(seen: &types::InternetGatewayAttachment) -> &str {
    seen.state().map_or("available", types::AttachmentStatus::as_str)
}
