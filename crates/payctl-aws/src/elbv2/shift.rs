//! The blue/green shift: how the requests of a listener are divided, moving them, and how the
//! targets are that get them.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Listener, TargetHealthDescription,
};

use crate::{Absent as _, Arn, Aws, AwsError, Present as _, Result};

/// What requests are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// An address, or an instance's id.
    pub id: String,
    pub port: Option<u16>,
    /// Why its state is what it is, where AWS says so: its code, such as `Target.Timeout`, and what
    /// that means.
    pub reason: Option<String>,
    pub description: Option<String>,
}

/// What IAM has to allow for a shift, by the kind that it is about.
pub(crate) const SHIFT: &[(&str, &[&str])] = &[
    ("cloudwatch.alarm", &["cloudwatch:DescribeAlarms"]),
    (
        "elbv2.listener",
        &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:ModifyListener"],
    ),
    ("elbv2.target_group", &[HEALTH]),
];

/// AWS knows no narrower place for it than everywhere.
pub(crate) const HEALTH: &str = "elasticloadbalancing:DescribeTargetHealth";

/// The largest weight that AWS takes (TargetGroupTuple).
const MOST: u32 = 999;

/// How the requests of `listener` are divided: the target groups and their weights, in AWS's
/// order.
///
/// # Errors
/// When AWS cannot be asked, or there is no such listener.
pub async fn weights(cloud: &Aws, listener: &Arn) -> Result<Vec<(Arn, u32)>> {
    Ok(of(&look(cloud, listener).await?))
}

/// Divides the requests of `listener` anew, and leaves all else of it as it is. Answers once it
/// reads as set.
///
/// # Errors
/// When AWS cannot be asked or refuses, when `weights` are not of the very groups that the
/// listener forwards to, when none or too large a one is among them, and of kind `NotYetVisible`
/// when the listener does not read as set yet.
pub async fn set_weights(cloud: &Aws, listener: &Arn, weights: &[(Arn, u32)]) -> Result<()> {
    let seen = look(cloud, listener).await?;
    check(&of(&seen), weights)?;
    let mut actions = seen.default_actions.unwrap_or_default();
    for action in actions.iter_mut().filter(|action| forwards(action)) {
        // A single group is told twice: by itself and with its weight.
        let groups =
            action.forward_config.as_mut().and_then(|forward| forward.target_groups.as_mut());
        for group in groups.into_iter().flatten() {
            let arn = group.target_group_arn.as_deref();
            let wanted = weights.iter().find(|(wanted, _)| Some(wanted.as_str()) == arn);
            group.weight = wanted.map(|(_, weight)| weight.cast_signed());
        }
    }
    let request = cloud.elbv2.modify_listener().listener_arn(listener);
    request.set_default_actions(Some(actions)).send().await?;
    let now = self::weights(cloud, listener).await?;
    match weights.iter().all(|wanted| now.contains(wanted)) {
        true => Ok(()),
        false => Err(AwsError::not_visible("the new division of the requests")),
    }
}

/// The targets of a target group by their state: `healthy`, `unhealthy`, `initial`, `draining`,
/// `unused` or `unavailable`.
///
/// # Errors
/// When AWS cannot be asked, or there is no such group.
pub async fn health(cloud: &Aws, target_group: &Arn) -> Result<BTreeMap<String, Vec<Target>>> {
    let request = cloud.elbv2.describe_target_health().target_group_arn(target_group);
    let seen = request.send().await?.target_health_descriptions.unwrap_or_default();
    let mut states: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    for one in seen {
        let (state, target) = target(one)?;
        states.entry(state).or_default().push(target);
    }
    Ok(states)
}

/// The groups that a listener forwards to, and their weights.
pub(super) fn of(listener: &Listener) -> Vec<(Arn, u32)> {
    let Some(action) = listener.default_actions().iter().find(|action| forwards(action)) else {
        return Vec::new();
    };
    let groups = action.forward_config().map(|forward| forward.target_groups()).unwrap_or_default();
    let groups = groups.iter().filter_map(|group| {
        let weight = group.weight().unwrap_or(1).cast_unsigned();
        Some((Arn::from(group.target_group_arn()?), weight))
    });
    let groups: Vec<_> = groups.collect();
    match action.target_group_arn() {
        Some(arn) if groups.is_empty() => vec![(arn.into(), 1)],
        _ => groups,
    }
}

async fn look(cloud: &Aws, listener: &Arn) -> Result<Listener> {
    let request = cloud.elbv2.describe_listeners().listener_arns(listener);
    let reply = request.send().await.unless_absent("ListenerNotFound")?;
    let seen = reply.and_then(|reply| reply.listeners).unwrap_or_default();
    seen.into_iter().next().present("the listener")
}

fn forwards(action: &Action) -> bool {
    action.r#type() == Some(&ActionTypeEnum::Forward)
}

/// Refuses weights that would take a group out, bring one in, or leave all without requests.
fn check(seen: &[(Arn, u32)], wanted: &[(Arn, u32)]) -> Result<()> {
    let has = |all: &[(Arn, u32)], arn: &Arn| all.iter().any(|(one, _)| one == arn);
    let same = seen.len() == wanted.len()
        && seen.iter().all(|(arn, _)| has(wanted, arn))
        && wanted.iter().all(|(arn, _)| has(seen, arn));
    if !same {
        let message = "the listener forwards to other target groups than those that are weighed";
        return Err(AwsError::invalid(message));
    }
    if wanted.iter().any(|(_, weight)| *weight > MOST) {
        return Err(AwsError::invalid(format!("a weight is {MOST} at most")));
    }
    if wanted.iter().all(|(_, weight)| *weight == 0) {
        return Err(AwsError::invalid("no target group would get any request"));
    }
    Ok(())
}

fn target(seen: TargetHealthDescription) -> Result<(String, Target)> {
    let target = seen.target.present("target")?;
    let health = seen.target_health.present("target_health")?;
    let state = health.state.present("state")?.as_str().to_owned();
    let port = target.port.and_then(|port| port.try_into().ok());
    let reason = health.reason.map(|reason| reason.as_str().to_owned());
    let id = target.id.present("id")?;
    Ok((state, Target { id, port, reason, description: health.description }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{ForwardActionConfig, TargetGroupTuple};

    use super::*;

    fn weights(all: &[(&str, u32)]) -> Vec<(Arn, u32)> {
        all.iter().map(|(arn, weight)| (Arn::from(*arn), *weight)).collect()
    }

    #[test]
    fn a_group_by_itself_has_all_requests() {
        let action = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn("blue");
        let listener = Listener::builder().default_actions(action.clone().build()).build();
        assert_eq!(of(&listener), weights(&[("blue", 1)]));
        let group = TargetGroupTuple::builder().target_group_arn("blue").weight(7).build();
        let forward = ForwardActionConfig::builder().target_groups(group).build();
        let action = action.forward_config(forward).build();
        let listener = Listener::builder().default_actions(action).build();
        assert_eq!(of(&listener), weights(&[("blue", 7)]));
    }

    #[test]
    fn a_listener_that_answers_by_itself_forwards_to_none() {
        let action = Action::builder().r#type(ActionTypeEnum::FixedResponse).build();
        assert_eq!(of(&Listener::builder().default_actions(action).build()), []);
    }

    #[test]
    fn weights_are_of_the_very_groups_and_not_all_zero() {
        let seen = weights(&[("blue", 90), ("green", 10)]);
        let fits = |wanted: &[(&str, u32)]| check(&seen, &weights(wanted)).is_ok();
        assert!(fits(&[("green", 100), ("blue", 0)]));
        assert!(!fits(&[("green", 100)]));
        assert!(!fits(&[("green", 100), ("other", 0)]));
        assert!(!fits(&[("green", 50), ("green", 50)]));
        assert!(!fits(&[("green", 1000), ("blue", 0)]));
        assert!(!fits(&[("green", 0), ("blue", 0)]));
    }
}
