//! Load balancers: one name for many servers, in several availability zones.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    self, AvailabilityZone, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum,
};
use payctl_engine::{Failure, FailureKind};

use super::tags;
use crate::ec2::{SecurityGroupId, SubnetId, VpcId, interfaces};
use crate::prelude::*;
use crate::s3::BucketName;

/// An Application Load Balancer.
#[kind(
    "elbv2.load_balancer",
    outputs(
        arn: Arn,
        dns_name: String,
        /// The hosted zone of that name, for aliases to it.
        zone_id: String,
        /// What CloudWatch's dimension `LoadBalancer` calls it: `app/NAME/ID`.
        full_name: String,
    ),
    typical(1.0, 150.0, 180.0),
    // Its interfaces outlive it by minutes.
    wait_timeout = 20 * 60,
    look = "elasticloadbalancing:DescribeLoadBalancerAttributes DescribeLoadBalancers \
        DescribeTags",
    // Where there was none before, what EC2 offers is asked for in the caller's name: several
    // reports of the same refusal (terraform-aws-eks#900, aws-load-balancer-controller#748,
    // cluster-api-provider-aws#629).
    create = "ec2:DescribeAccountAttributes DescribeInternetGateways \
        elasticloadbalancing:AddTags CreateLoadBalancer iam:CreateServiceLinkedRole",
    change = "elasticloadbalancing:AddTags ModifyLoadBalancerAttributes RemoveTags \
        SetSecurityGroups SetSubnets",
    delete = "ec2:DeleteNetworkInterface DescribeNetworkInterfaces \
        elasticloadbalancing:DeleteLoadBalancer ModifyLoadBalancerAttributes",
    unscoped = "ec2:DescribeAccountAttributes DescribeInternetGateways DescribeNetworkInterfaces \
        elasticloadbalancing:DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeTags",
    // It makes its interfaces as the last: an account's first load balancer makes it.
    on = [
        "arn:{partition}:ec2:{region}:{account}:network-interface/*",
        "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/*",
        concat!(
                "arn:{partition}:iam::{account}:role/aws-service-role/",
                "elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"
            ),
    ],
)]
pub struct LoadBalancer {
    /// Up to 32 letters, digits and hyphens.
    #[prop(
        replaces,
        unique,
        pattern = "[A-Za-z0-9-]{1,32}",
        source = "ELBv2 CreateLoadBalancer Name"
    )]
    pub name: String,
    /// `internal` or `internet-facing`.
    #[prop(replaces, one_of("internet-facing", "internal"), source = "CreateLoadBalancer.scheme")]
    pub scheme: String,
    /// That of the subnets. AWS moves none to another.
    #[prop(replaces)]
    pub vpc: Input<VpcId>,
    /// In two availability zones at least.
    // By its network interfaces.
    #[prop(holds)]
    pub subnets: Set<Input<SubnetId>>,
    #[prop(holds)]
    pub security_groups: Set<Input<SecurityGroupId>>,
    /// Where every request is written down.
    #[prop(later)]
    pub access_logs: Option<AccessLogs>,
    /// Whether headers that are none by HTTP's rules are left out.
    #[prop(later)]
    pub drop_invalid_headers: bool,
    /// What becomes of requests that servers may understand differently: `monitor`, `defensive`
    /// or `strictest`.
    #[prop(later)]
    pub desync_mode: String,
    #[prop(later, protects)]
    pub deletion_protection: bool,
    pub tags: Tags,
}

/// Where the requests are written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccessLogs {
    /// Encrypted with S3's own keys: AWS writes into no bucket that has a key of KMS's.
    pub bucket: Input<BucketName>,
    /// The folder; the empty text is none.
    pub prefix: String,
}

const GONE: &str = "LoadBalancerNotFound";
const LOGS: [&str; 3] =
    ["access_logs.s3.enabled", "access_logs.s3.bucket", "access_logs.s3.prefix"];
const DROP: &str = "routing.http.drop_invalid_header_fields.enabled";
const DESYNC: &str = "routing.http.desync_mitigation_mode";
const PROTECTION: &str = "deletion_protection.enabled";

impl Resource for LoadBalancer {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<LoadBalancerOutputs>> {
        let request = cx.cloud.elbv2.describe_load_balancers().names(&self.name);
        let reply = request.send().await.unless_absent(GONE)?;
        let found = reply.and_then(|reply| reply.load_balancers).unwrap_or_default();
        found.iter().map(LoadBalancerOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &LoadBalancerOutputs) -> Result<Option<Self>> {
        let (seen, attributes, tags) = futures::try_join!(
            cx.cloud.balancing.load_balancers.load(&known.arn),
            attributes(cx, &known.arn),
            tags::all(cx, &known.arn)
        )?;
        let (Some(seen), Some(attributes)) = (seen, attributes) else { return Ok(None) };
        let zones = seen.availability_zones().iter().filter_map(AvailabilityZone::subnet_id);
        let groups = seen.security_groups().iter();
        let scheme = seen.scheme().map_or("", LoadBalancerSchemeEnum::as_str);
        Ok(Some(Self {
            name: seen.load_balancer_name().present("load_balancer_name")?.to_owned(),
            scheme: scheme.to_owned(),
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            subnets: zones.map(|subnet| SubnetId::from(subnet).into()).collect(),
            security_groups: groups
                .map(|group| SecurityGroupId::from(group.as_str()).into())
                .collect(),
            access_logs: logs(&attributes),
            drop_invalid_headers: is_on(&attributes, DROP),
            desync_mode: attributes.get(DESYNC).map_or("defensive", String::as_str).to_owned(),
            deletion_protection: is_on(&attributes, PROTECTION),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<LoadBalancerOutputs> {
        let request = cx.cloud.elbv2.create_load_balancer().name(&self.name);
        let reply = request
            .r#type(LoadBalancerTypeEnum::Application)
            .scheme(self.scheme.as_str().into())
            .set_subnets(Some(texts(&self.subnets)?))
            .set_security_groups(Some(texts(&self.security_groups)?))
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        let made = reply.load_balancers().first().present("the load balancer")?;
        let made = LoadBalancerOutputs::try_from(made)?;
        tags::must_have(cx, &made.arn, &self.tags).await?;
        Ok(made)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &LoadBalancerOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let elbv2 = &cx.cloud.elbv2;
        if changed.has("subnets") {
            let request = elbv2.set_subnets().load_balancer_arn(&known.arn);
            request.set_subnets(Some(texts(&self.subnets)?)).send().await?;
        }
        if changed.has("security_groups") {
            let request = elbv2.set_security_groups().load_balancer_arn(&known.arn);
            request.set_security_groups(Some(texts(&self.security_groups)?)).send().await?;
        }
        let attributes = self.attributes(changed)?;
        if !attributes.is_empty() {
            modify(cx, &known.arn, attributes).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &LoadBalancerOutputs) -> Result<()> {
        if let Some(attributes) = attributes(cx, &known.arn).await? {
            if is_on(&attributes, PROTECTION) {
                modify(cx, &known.arn, vec![attribute(PROTECTION, "false")]).await?;
            }
            let request = cx.cloud.elbv2.delete_load_balancer().load_balancer_arn(&known.arn);
            request.send().await.unless_absent(GONE)?;
        }
        // They outlive it, and keep its subnets and security groups from going.
        match interfaces::reap_of_load_balancer(cx, &known.full_name).await? {
            0 => Ok(()),
            1 => Err(AwsError::pending("a network interface of the load balancer to be released")),
            left => Err(AwsError::pending(format!(
                "{left} network interfaces of the load balancer to be released"
            ))),
        }
    }

    async fn ready(cx: &Cx<'_>, known: &LoadBalancerOutputs) -> Result<Readiness> {
        let seen = cx.cloud.balancing.load_balancers.load(&known.arn).await?;
        let state = seen.and_then(|seen| seen.state);
        match state.as_ref().and_then(types::LoadBalancerState::code) {
            // Impaired: it works, and cannot grow.
            Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
                Ok(Readiness::Ready)
            }
            None | Some(LoadBalancerStateEnum::Provisioning) => {
                Ok(Readiness::NotYet("the load balancer to become active".to_owned()))
            }
            Some(other) => {
                let why = state.as_ref().and_then(types::LoadBalancerState::reason);
                let why = why.unwrap_or("AWS gives no reason");
                let message = format!("the load balancer is {other}: {why}");
                Err(Failure::new(FailureKind::Unexpected, message).into())
            }
        }
    }
}

impl LoadBalancer {
    /// The attributes that bring the changed properties to their declared values.
    fn attributes(&self, changed: &Changed) -> Result<Vec<LoadBalancerAttribute>> {
        let mut all = Vec::new();
        if changed.has("access_logs") {
            let [enabled, bucket, prefix] = LOGS;
            let logs = self.access_logs.as_ref();
            all.push(attribute(enabled, &logs.is_some().to_string()));
            if let Some(logs) = logs {
                all.push(attribute(bucket, logs.bucket.get()?.as_str()));
                all.push(attribute(prefix, &logs.prefix));
            }
        }
        if changed.has("drop_invalid_headers") {
            all.push(attribute(DROP, &self.drop_invalid_headers.to_string()));
        }
        if changed.has("desync_mode") {
            all.push(attribute(DESYNC, &self.desync_mode));
        }
        if changed.has("deletion_protection") {
            all.push(attribute(PROTECTION, &self.deletion_protection.to_string()));
        }
        Ok(all)
    }
}

type Attributes = BTreeMap<String, String>;

/// All attributes; `None` where the load balancer is gone.
async fn attributes(cx: &Cx<'_>, arn: &Arn) -> Result<Option<Attributes>> {
    let request = cx.cloud.elbv2.describe_load_balancer_attributes().load_balancer_arn(arn);
    let Some(reply) = request.send().await.unless_absent(GONE)? else { return Ok(None) };
    let all = reply.attributes.unwrap_or_default().into_iter();
    Ok(Some(all.filter_map(|one| Some((one.key?, one.value.unwrap_or_default()))).collect()))
}

async fn modify(cx: &Cx<'_>, arn: &Arn, attributes: Vec<LoadBalancerAttribute>) -> Result<()> {
    let request = cx.cloud.elbv2.modify_load_balancer_attributes().load_balancer_arn(arn);
    request.set_attributes(Some(attributes)).send().await?;
    Ok(())
}

fn attribute(key: &str, value: &str) -> LoadBalancerAttribute {
    LoadBalancerAttribute::builder().key(key).value(value).build()
}

fn is_on(attributes: &Attributes, key: &str) -> bool {
    attributes.get(key).is_some_and(|value| value == "true")
}

/// Where logs go; AWS remembers where they went while they are off.
fn logs(attributes: &Attributes) -> Option<AccessLogs> {
    let [enabled, bucket, prefix] = LOGS;
    let text = |key| attributes.get(key).map_or("", String::as_str);
    is_on(attributes, enabled).then(|| AccessLogs {
        bucket: BucketName::from(text(bucket)).into(),
        prefix: text(prefix).to_owned(),
    })
}

/// The ids, as a request takes them.
fn texts<T: AsRef<str>>(ids: &Set<Input<T>>) -> Result<Vec<String>> {
    ids.iter().map(|id| Ok(id.get()?.as_ref().to_owned())).collect()
}

impl TryFrom<&types::LoadBalancer> for LoadBalancerOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::LoadBalancer) -> Result<Self> {
        let arn = seen.load_balancer_arn().present("load_balancer_arn")?;
        let full_name = arn.split_once(":loadbalancer/").map(|(_, name)| name);
        Ok(Self {
            arn: arn.into(),
            dns_name: seen.dns_name().present("dns_name")?.to_owned(),
            zone_id: seen
                .canonical_hosted_zone_id()
                .present("canonical_hosted_zone_id")?
                .to_owned(),
            full_name: full_name.present("the load balancer's name")?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_balancer(access_logs: Option<AccessLogs>) -> LoadBalancer {
        LoadBalancer {
            name: "payment-alb-test".to_owned(),
            scheme: "internal".to_owned(),
            vpc: VpcId::from("vpc-1").into(),
            subnets: Set::new(),
            security_groups: Set::new(),
            access_logs,
            drop_invalid_headers: true,
            desync_mode: "defensive".to_owned(),
            deletion_protection: false,
            tags: Tags::new(),
        }
    }

    fn written(declared: &LoadBalancer, changed: &[&str]) -> Attributes {
        let changed = Changed::new(changed.iter().copied());
        let all = declared.attributes(&changed).unwrap().into_iter();
        all.map(|one| (one.key.unwrap(), one.value.unwrap())).collect()
    }

    #[test]
    fn only_what_changed_is_written() {
        let written = written(&load_balancer(None), &["drop_invalid_headers", "tags"]);
        assert_eq!(written, [(DROP.to_owned(), "true".to_owned())].into());
    }

    #[test]
    fn logs_read_as_they_were_written() {
        let bucket = BucketName::from("payment-logs").into();
        let to = Some(AccessLogs { bucket, prefix: "alb".to_owned() });
        let mut all = written(&load_balancer(to.clone()), &["access_logs"]);
        assert_eq!(logs(&all), to);
        all.extend(written(&load_balancer(None), &["access_logs"]));
        assert_eq!(logs(&all), None, "the bucket is still told");
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn the_full_name_is_what_metrics_are_kept_under() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/payment-alb/50dc6c";
        let seen = types::LoadBalancer::builder()
            .load_balancer_arn(arn)
            .dns_name("name")
            .canonical_hosted_zone_id("zone")
            .build();
        let outputs = LoadBalancerOutputs::try_from(&seen).unwrap();
        assert_eq!(outputs.full_name, "app/payment-alb/50dc6c");
    }
}
