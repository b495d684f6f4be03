//! Internet gateway attachments: which VPC a gateway is the door of.

use std::time::Duration;

use aws_sdk_ec2::types;
use payctl_engine::{Access, Changed, Input, Readiness, Repeat, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use super::blockers::{self, Doomed};
use super::{InternetGatewayId, VpcId};
use crate::{Absent as _, Aws, AwsError, Cx, Present as _, Result};

/// The bond of an internet gateway and the one VPC it serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewayAttachment {
    pub gateway: Input<InternetGatewayId>,
    pub vpc: Input<VpcId>,
}

outputs! {
    /// What an attachment is known by: a gateway has one at most.
    InternetGatewayAttachmentOutputs via InternetGatewayAttachmentRef {
        gateway: InternetGatewayId,
    }
}

impl Resource for InternetGatewayAttachment {
    type Cloud = Aws;
    type Outputs = InternetGatewayAttachmentOutputs;
    type Ref = InternetGatewayAttachmentRef;

    const KIND: &'static str = "ec2.internet_gateway_attachment";
    const REPLACED_BY: &'static [&'static str] = &["gateway", "vpc"];
    const UNIQUE_BY: &'static [&'static str] = &["gateway"];
    const STABLE_OUTPUTS: &'static [&'static str] = &["gateway"];
    const BELONGS_TO: Option<&'static str> = Some("gateway");
    const REPEAT: Repeat = Repeat::Unique;
    const TYPICAL: Typical = Typical { created: 0.4, ready: 0.0, deleted: 0.5 };
    // Public addresses are seen as mapped for some minutes after they were given back.
    const WAIT_TIMEOUT: Duration = Duration::from_secs(20 * 60);
    const ACCESS: Access = Access {
        look: &["ec2:DescribeInternetGateways"],
        create: &["ec2:AttachInternetGateway"],
        delete: &["ec2:DescribeNetworkInterfaces", "ec2:DetachInternetGateway"],
        on: &["*"],
        ..Access::NONE
    };

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
