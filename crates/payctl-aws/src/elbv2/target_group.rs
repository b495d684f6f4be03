//! Target groups: what requests can be sent to, and how it is found to be well.

use aws_sdk_elasticloadbalancingv2::types::{
    self, Matcher, ProtocolEnum, TargetGroupAttribute, TargetTypeEnum,
};

use super::tags;
use crate::ec2::VpcId;
use crate::prelude::*;

/// What requests can be sent to. Its targets are registered by who starts them.
#[kind(
    "elbv2.target_group",
    outputs(
        arn: Arn,
        /// What CloudWatch's dimension `TargetGroup` calls it: `targetgroup/NAME/ID`.
        full_name: String,
    ),
    look = "elasticloadbalancing:DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups",
    // The VPC is looked at in the caller's name (AWS's schema of
    // AWS::ElasticLoadBalancingV2::TargetGroup, `handlers`).
    create = "ec2:DescribeVpcs elasticloadbalancing:AddTags CreateTargetGroup",
    change = "elasticloadbalancing:AddTags ModifyTargetGroup ModifyTargetGroupAttributes \
        RemoveTags",
    delete = "elasticloadbalancing:DeleteTargetGroup",
    unscoped = "ec2:DescribeVpcs elasticloadbalancing:DescribeTags DescribeTargetGroupAttributes \
        DescribeTargetGroups",
    on = "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/*",
)]
pub struct TargetGroup {
    /// Up to 32 letters, digits and hyphens.
    #[prop(
        replaces,
        unique,
        pattern = "[A-Za-z0-9-]{1,32}",
        source = "ELBv2 CreateTargetGroup Name"
    )]
    pub name: String,
    #[prop(
        replaces,
        one_of("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"),
        source = "CreateTargetGroup.protocol"
    )]
    pub protocol: String,
    #[prop(replaces, range(1..=65_535), source = "CreateTargetGroup.port")]
    pub port: u16,
    #[prop(replaces)]
    pub vpc: Input<VpcId>,
    /// `ip` or `instance`.
    #[prop(
        replaces,
        one_of("instance", "ip", "lambda", "alb"),
        source = "CreateTargetGroup.target_type"
    )]
    pub target_type: String,
    pub health_check: HealthCheck,
    /// For how long one that is taken out still answers what it was sent before.
    #[prop(later)]
    pub deregistration_delay_s: u32,
    pub tags: Tags,
}

/// How a target is found to be well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    pub protocol: String,
    /// A number, or `traffic-port`.
    pub port: String,
    pub path: String,
    pub interval_s: u32,
    pub timeout_s: u32,
    /// So many answers in a row bring it in.
    pub healthy_threshold: u32,
    /// So many failures in a row take it out.
    pub unhealthy_threshold: u32,
    /// The status codes that count as well, such as `200` or `200-299`.
    pub matcher: String,
}

const GONE: &str = "TargetGroupNotFound";
const DELAY: &str = "deregistration_delay.timeout_seconds";

impl Resource for TargetGroup {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<TargetGroupOutputs>> {
        let request = cx.cloud.elbv2.describe_target_groups().names(&self.name);
        let reply = request.send().await.unless_absent(GONE)?;
        let found = reply.and_then(|reply| reply.target_groups).unwrap_or_default();
        found.iter().map(TargetGroupOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &TargetGroupOutputs) -> Result<Option<Self>> {
        let (seen, delay, tags) = futures::try_join!(
            cx.cloud.balancing.target_groups.load(&known.arn),
            delay(cx, &known.arn),
            tags::all(cx, &known.arn)
        )?;
        let (Some(seen), Some(deregistration_delay_s)) = (seen, delay) else { return Ok(None) };
        Ok(Some(Self { deregistration_delay_s, tags, ..Self::try_from(&seen)? }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<TargetGroupOutputs> {
        let check = &self.health_check;
        let request = cx.cloud.elbv2.create_target_group();
        let reply = request
            .name(&self.name)
            .protocol(self.protocol.as_str().into())
            .port(self.port.into())
            .vpc_id(self.vpc.get()?)
            .target_type(self.target_type.as_str().into())
            .health_check_protocol(check.protocol.as_str().into())
            .health_check_port(&check.port)
            .health_check_path(&check.path)
            .health_check_interval_seconds(check.interval_s.cast_signed())
            .health_check_timeout_seconds(check.timeout_s.cast_signed())
            .healthy_threshold_count(check.healthy_threshold.cast_signed())
            .unhealthy_threshold_count(check.unhealthy_threshold.cast_signed())
            .matcher(Matcher::builder().http_code(&check.matcher).build())
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        let made = reply.target_groups().first().present("the target group")?;
        let made = TargetGroupOutputs::try_from(made)?;
        tags::must_have(cx, &made.arn, &self.tags).await?;
        Ok(made)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &TargetGroupOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("health_check") {
            let check = &self.health_check;
            let request = cx.cloud.elbv2.modify_target_group().target_group_arn(&known.arn);
            request
                .health_check_protocol(check.protocol.as_str().into())
                .health_check_port(&check.port)
                .health_check_path(&check.path)
                .health_check_interval_seconds(check.interval_s.cast_signed())
                .health_check_timeout_seconds(check.timeout_s.cast_signed())
                .healthy_threshold_count(check.healthy_threshold.cast_signed())
                .unhealthy_threshold_count(check.unhealthy_threshold.cast_signed())
                .matcher(Matcher::builder().http_code(&check.matcher).build())
                .send()
                .await?;
        }
        if changed.has("deregistration_delay_s") {
            let delay = self.deregistration_delay_s.to_string();
            let delay = TargetGroupAttribute::builder().key(DELAY).value(delay).build();
            let request = cx.cloud.elbv2.modify_target_group_attributes();
            request.target_group_arn(&known.arn).attributes(delay).send().await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &TargetGroupOutputs) -> Result<()> {
        let request = cx.cloud.elbv2.delete_target_group().target_group_arn(&known.arn);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

/// The one attribute that is declared; `None` where the group is gone.
async fn delay(cx: &Cx<'_>, arn: &Arn) -> Result<Option<u32>> {
    let request = cx.cloud.elbv2.describe_target_group_attributes().target_group_arn(arn);
    let Some(reply) = request.send().await.unless_absent(GONE)? else { return Ok(None) };
    let delay = reply.attributes().iter().find(|attribute| attribute.key() == Some(DELAY));
    let delay = delay.and_then(TargetGroupAttribute::value).present(DELAY)?;
    delay.parse().map(Some).map_err(|source| AwsError::unexpected(DELAY, source))
}

impl TryFrom<&types::TargetGroup> for TargetGroup {
    type Error = AwsError;

    fn try_from(seen: &types::TargetGroup) -> Result<Self> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let number = |number: Option<i32>| number.unwrap_or_default().cast_unsigned();
        let port = seen.port().present("port")?;
        Ok(Self {
            name: seen.target_group_name().present("target_group_name")?.to_owned(),
            protocol: text(seen.protocol().map(ProtocolEnum::as_str)),
            port: port.try_into().map_err(|source| AwsError::unexpected("port", source))?,
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            target_type: text(seen.target_type().map(TargetTypeEnum::as_str)),
            health_check: HealthCheck {
                protocol: text(seen.health_check_protocol().map(ProtocolEnum::as_str)),
                port: text(seen.health_check_port()),
                path: text(seen.health_check_path()),
                interval_s: number(seen.health_check_interval_seconds()),
                timeout_s: number(seen.health_check_timeout_seconds()),
                healthy_threshold: number(seen.healthy_threshold_count()),
                unhealthy_threshold: number(seen.unhealthy_threshold_count()),
                matcher: text(seen.matcher().and_then(Matcher::http_code)),
            },
            deregistration_delay_s: 0,
            tags: Tags::new(),
        })
    }
}

impl TryFrom<&types::TargetGroup> for TargetGroupOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::TargetGroup) -> Result<Self> {
        let arn = seen.target_group_arn().present("target_group_arn")?;
        let full_name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        Ok(Self { arn: arn.into(), full_name })
    }
}
