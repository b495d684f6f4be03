//! Listeners: the port a load balancer answers at, and which target groups get how many of the
//! requests.
//!
//! The weights are where a system stands between its blue and its green version. They are moved
//! by [`set_weights`](super::set_weights), so those that are declared are what a listener begins
//! with: while it forwards to the declared groups, whatever the weights, it is as declared.

use aws_sdk_elasticloadbalancingv2::types::{
    self, Action, ActionTypeEnum, Certificate, ForwardActionConfig, ProtocolEnum, TargetGroupTuple,
};
use serde_json::Value;

use super::{shift, tags};
use crate::prelude::*;

/// The port a load balancer answers at.
#[kind(
    "elbv2.listener",
    outputs(arn: Arn),
    look = "elasticloadbalancing:DescribeListeners DescribeTags",
    create = "elasticloadbalancing:AddTags CreateListener",
    change = "elasticloadbalancing:AddTags ModifyListener RemoveTags",
    delete = "elasticloadbalancing:DeleteListener",
    unscoped = "elasticloadbalancing:DescribeListeners DescribeTags",
    // It is made on the one, and is the other.
    on = [
        concat!(
                "arn:{partition}:elasticloadbalancing:{region}:{account}:",
                "loadbalancer/app/{load_balancer.name}/*"
            ),
        concat!(
                "arn:{partition}:elasticloadbalancing:{region}:{account}:",
                "listener/app/{load_balancer.name}/*"
            ),
    ],
)]
pub struct Listener {
    #[prop(replaces, unique)]
    pub load_balancer: Input<Arn>,
    #[prop(unique, range(1..=65_535), source = "CreateListener.port")]
    pub port: u16,
    /// `HTTPS`, or `HTTP` without policy and certificate.
    #[prop(
        one_of("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"),
        source = "CreateListener.protocol"
    )]
    pub protocol: String,
    /// Which versions of TLS and which ciphers it takes, such as
    /// `ELBSecurityPolicy-TLS13-1-2-2021-06`.
    pub ssl_policy: Option<String>,
    #[prop(holds)]
    pub certificate: Option<Input<Arn>>,
    /// Where requests go. Other weights of the same groups are no difference.
    #[prop(holds)]
    pub forward: Vec<Forward>,
    pub tags: Tags,
}

/// A target group's part of the requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Forward {
    pub target_group: Input<Arn>,
    /// 0 to 999, in proportion to those of the others.
    pub weight: u32,
}

const GONE: &str = "ListenerNotFound";

impl Resource for Listener {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ListenerOutputs>> {
        let Ok(load_balancer) = self.load_balancer.get() else { return Ok(Vec::new()) };
        let request = cx.cloud.elbv2.describe_listeners().load_balancer_arn(load_balancer);
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let Some(page) = page.unless_absent("LoadBalancerNotFound")? else { break };
            let here = page.listeners().iter().filter(|one| one.port() == Some(self.port.into()));
            for one in here {
                found.push(ListenerOutputs::try_from(one)?);
            }
        }
        Ok(found)
    }

    async fn read(cx: &Cx<'_>, known: &ListenerOutputs) -> Result<Option<Self>> {
        let listeners = &cx.cloud.balancing.listeners;
        let (seen, tags) =
            futures::try_join!(listeners.load(&known.arn), tags::all(cx, &known.arn))?;
        let Some(seen) = seen else { return Ok(None) };
        let forward = settled(cx.properties, &shift::of(&seen));
        Ok(Some(Self { forward, tags, ..Self::try_from(&seen)? }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ListenerOutputs> {
        let request = cx.cloud.elbv2.create_listener();
        let reply = request
            .load_balancer_arn(self.load_balancer.get()?)
            .protocol(self.protocol.as_str().into())
            .port(self.port.into())
            .set_ssl_policy(self.ssl_policy.clone())
            .set_certificates(self.certificates()?)
            .default_actions(action(&self.declared()?))
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        let made = ListenerOutputs::try_from(reply.listeners().first().present("the listener")?)?;
        tags::must_have(cx, &made.arn, &self.tags).await?;
        Ok(made)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ListenerOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.names().any(|name| name != "tags") {
            let mut request = cx.cloud.elbv2.modify_listener().listener_arn(&known.arn);
            if changed.has("port") {
                request = request.port(self.port.into());
            }
            // One is not taken without the others where the protocol changes.
            if changed.any(&["protocol", "ssl_policy", "certificate"]) {
                request = request
                    .protocol(self.protocol.as_str().into())
                    .set_ssl_policy(self.ssl_policy.clone())
                    .set_certificates(self.certificates()?);
            }
            if changed.has("forward") {
                let live = shift::weights(cx.cloud, &known.arn).await?;
                request = request.default_actions(action(&kept(&live, self.declared()?)));
            }
            request.send().await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ListenerOutputs) -> Result<()> {
        let request = cx.cloud.elbv2.delete_listener().listener_arn(&known.arn);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Listener {
    fn certificates(&self) -> Result<Option<Vec<Certificate>>> {
        let arn = self.certificate.as_ref().map(Input::get).transpose()?;
        Ok(arn.map(|arn| vec![Certificate::builder().certificate_arn(arn).build()]))
    }

    /// The declared weights.
    fn declared(&self) -> Result<Vec<(Arn, u32)>> {
        let one = |one: &Forward| Ok((one.target_group.get()?.clone(), one.weight));
        self.forward.iter().map(one).collect()
    }
}

/// What sends requests to the groups by their weights.
fn action(weights: &[(Arn, u32)]) -> Action {
    let group = |(arn, weight): &(Arn, u32)| {
        let tuple = TargetGroupTuple::builder().target_group_arn(arn);
        tuple.weight(weight.cast_signed()).build()
    };
    let groups = weights.iter().map(group).collect();
    let forward = ForwardActionConfig::builder().set_target_groups(Some(groups)).build();
    Action::builder().r#type(ActionTypeEnum::Forward).forward_config(forward).build()
}

/// What a listener with the `live` weights reads as: as recorded or declared in `properties` where
/// its groups are the same. Of those that are declared and not recorded the ARNs are not known
/// yet; they are the same when they are as many.
fn settled(properties: &Value, live: &[(Arn, u32)]) -> Vec<Forward> {
    let declared = properties.get("forward").cloned().unwrap_or_default();
    let declared: Vec<Forward> = serde_json::from_value(declared).unwrap_or_default();
    let same = |(nth, one): (usize, &Forward)| {
        let arn = match &one.target_group {
            Input::Known(arn) => live.iter().map(|(arn, _)| arn).find(|live| *live == arn)?,
            _ => &live.get(nth)?.0,
        };
        Some(Forward { target_group: arn.clone().into(), weight: one.weight })
    };
    let all: Option<Vec<_>> = declared.iter().enumerate().map(same).collect();
    all.filter(|all| all.len() == live.len()).unwrap_or_else(|| {
        let seen = |(arn, weight): &(Arn, u32)| Forward {
            target_group: arn.clone().into(),
            weight: *weight,
        };
        live.iter().map(seen).collect()
    })
}

/// The weights to set where `live` ones are there. The groups that stay keep theirs, and one that
/// comes takes the weight of one that goes. Where all stay, it is the declared weights that
/// changed, and those are set.
fn kept(live: &[(Arn, u32)], declared: Vec<(Arn, u32)>) -> Vec<(Arn, u32)> {
    let stays = |arn: &Arn| live.iter().find(|(live, _)| live == arn).map(|(_, weight)| *weight);
    let mut gone = live.iter().filter(|(arn, _)| !declared.iter().any(|(one, _)| one == arn));
    let all_stay = declared.iter().all(|(arn, _)| stays(arn).is_some());
    if all_stay && gone.clone().next().is_none() {
        return declared;
    }
    let one = |(arn, weight): &(Arn, u32)| {
        let kept = stays(arn).or_else(|| gone.next().map(|(_, weight)| *weight));
        (arn.clone(), kept.unwrap_or(*weight))
    };
    let kept: Vec<_> = declared.iter().map(one).collect();
    // The one that had all of the requests may be gone.
    if kept.iter().any(|(_, weight)| *weight > 0) { kept } else { declared }
}

impl TryFrom<&types::Listener> for Listener {
    type Error = AwsError;

    fn try_from(seen: &types::Listener) -> Result<Self> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let port = seen.port().present("port")?;
        let certificate = seen.certificates().first().and_then(Certificate::certificate_arn);
        Ok(Self {
            load_balancer: Arn::from(seen.load_balancer_arn().present("load_balancer_arn")?).into(),
            port: port.try_into().map_err(|source| AwsError::unexpected("port", source))?,
            protocol: text(seen.protocol().map(ProtocolEnum::as_str)),
            ssl_policy: seen.ssl_policy().filter(|policy| !policy.is_empty()).map(str::to_owned),
            certificate: certificate.map(|arn| Arn::from(arn).into()),
            forward: Vec::new(),
            tags: Tags::new(),
        })
    }
}

impl TryFrom<&types::Listener> for ListenerOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::Listener) -> Result<Self> {
        Ok(Self { arn: seen.listener_arn().present("listener_arn")?.into() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn weights(all: &[(&str, u32)]) -> Vec<(Arn, u32)> {
        all.iter().map(|(arn, weight)| (Arn::from(*arn), *weight)).collect()
    }

    fn forward(all: &[(&str, u32)]) -> Value {
        let one = |(arn, weight): &(&str, u32)| json!({ "target_group": arn, "weight": weight });
        json!({ "forward": all.iter().map(one).collect::<Vec<_>>() })
    }

    fn read(properties: &Value, live: &[(&str, u32)]) -> Value {
        json!({ "forward": settled(properties, &weights(live)) })
    }

    #[test]
    fn other_weights_of_the_same_groups_read_as_recorded() {
        let recorded = forward(&[("blue", 90), ("green", 10)]);
        assert_eq!(read(&recorded, &[("blue", 0), ("green", 100)]), recorded);
        assert_eq!(read(&recorded, &[("green", 50), ("blue", 50)]), recorded);
    }

    #[test]
    fn other_groups_read_as_they_are() {
        let recorded = forward(&[("blue", 90), ("green", 10)]);
        for live in [&[("blue", 0), ("other", 100)][..], &[("blue", 1)], &[]] {
            assert_eq!(read(&recorded, live), forward(live));
        }
        let more = [("blue", 1), ("green", 1), ("other", 1)];
        assert_eq!(read(&recorded, &more), forward(&more));
        assert_eq!(read(&Value::Null, &more), forward(&more));
    }

    #[test]
    fn groups_that_only_the_declaration_knows_are_taken_in_their_order() {
        let group = |name: &str| json!({ "$ref": format!("elbv2.target_group:{name}.arn") });
        let declared = json!({ "forward": [
            { "target_group": group("blue"), "weight": 90 },
            { "target_group": group("green"), "weight": 10 },
        ] });
        let live = [("arn:blue", 30), ("arn:green", 70)];
        assert_eq!(read(&declared, &live), forward(&[("arn:blue", 90), ("arn:green", 10)]));
        assert_eq!(read(&declared, &live[..1]), forward(&live[..1]));
    }

    #[test]
    fn live_weights_outlast_a_change_of_groups() {
        let set = |live: &[(&str, u32)], declared: &[(&str, u32)]| {
            kept(&weights(live), weights(declared))
        };
        let live = [("blue", 25), ("green", 75)];
        let declared = [("blue", 90), ("green", 10)];
        // Nothing but the declared weights changed.
        assert_eq!(set(&live, &declared), weights(&declared));
        // Another blue one takes the old one's part.
        let next = [("blue-2", 90), ("green", 10)];
        assert_eq!(set(&live, &next), weights(&[("blue-2", 25), ("green", 75)]));
        // A third comes, one goes.
        let three = [("blue", 80), ("green", 10), ("grey", 10)];
        assert_eq!(set(&live, &three), weights(&[("blue", 25), ("green", 75), ("grey", 10)]));
        assert_eq!(set(&live, &[("green", 1)]), weights(&[("green", 75)]));
        // What is left had nothing.
        assert_eq!(set(&[("blue", 0), ("green", 9)], &[("blue", 1)]), weights(&[("blue", 1)]));
        // It answered by itself, or not at all.
        assert_eq!(set(&[], &declared), weights(&declared));
    }
}
