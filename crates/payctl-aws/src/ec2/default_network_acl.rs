//! Default network ACLs: the filter that every VPC brings, in front of subnets that name no other.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self, PortRange, RuleAction};
use ipnet::{IpNet, Ipv4Net};

use super::{VpcId, tags};
use crate::prelude::*;

/// The last number a rule can have; above it stands AWS's own "deny all", for IPv4 and IPv6.
const LAST: i32 = 32766;

/// The filter that a VPC brings. It comes and goes with the VPC.
#[kind(
    "ec2.default_network_acl",
    outputs(id: NetworkAclId, arn: Arn),
    typical(0.4, 0.0, 0.0),
    look = "ec2:DescribeNetworkAcls",
    create = "ec2:CreateTags",
    change = "ec2:CreateNetworkAclEntry CreateTags DeleteNetworkAclEntry DeleteTags DescribeTags \
        ReplaceNetworkAclEntry",
    on = "*",
)]
pub struct DefaultNetworkAcl {
    #[prop(replaces, unique, parent)]
    pub vpc: Input<VpcId>,
    /// What no rule allows stays out.
    // It comes with everything allowed.
    #[prop(later)]
    pub ingress: Set<AclRule>,
    /// What no rule allows stays in.
    #[prop(later)]
    pub egress: Set<AclRule>,
    pub tags: Tags,
}

/// One rule of a network ACL. Of all that fit a packet, the one with the lowest number decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AclRule {
    /// From 1 to 32766; each once.
    pub number: u16,
    /// Whether it lets pass or keeps out.
    pub allow: bool,
    /// A protocol's number, `6` for TCP, `17` for UDP, or `-1` for all.
    pub protocol: String,
    /// The first and the last port, where the protocol has ports.
    pub ports: Option<(u16, u16)>,
    /// Where packets come from, or go to.
    #[schemars(with = "String")]
    pub cidr: IpNet,
}

id! {
    /// A network ACL's id, such as `acl-0a1b2c`.
    NetworkAclId,
}

impl Resource for DefaultNetworkAcl {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<DefaultNetworkAclOutputs>> {
        let Ok(vpc) = self.vpc.get() else { return Ok(Vec::new()) };
        let seen = default_of(cx, vpc).await?;
        seen.iter().map(|seen| outputs(cx, seen)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &DefaultNetworkAclOutputs) -> Result<Option<Self>> {
        look(cx, &known.id).await?.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<DefaultNetworkAclOutputs> {
        let seen = default_of(cx, self.vpc.get()?).await?;
        let seen = seen.first().ok_or_else(|| AwsError::not_visible("the VPC's default ACL"))?;
        let known = outputs(cx, seen)?;
        tags::put(cx, known.id.as_str(), &self.tags).await?;
        Ok(known)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &DefaultNetworkAclOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["ingress", "egress"]) {
            let seen = look(cx, &known.id).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the VPC's default ACL"))?;
            for (property, egress, wanted) in
                [("ingress", false, &self.ingress), ("egress", true, &self.egress)]
            {
                if changed.has(property) {
                    for edit in edits(&rules(&seen, egress)?, wanted) {
                        edit.apply(cx, &known.id, egress).await?;
                    }
                }
            }
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(_: &Cx<'_>, _: &DefaultNetworkAclOutputs) -> Result<()> {
        // AWS refuses to delete it, and deletes it with the VPC.
        Ok(())
    }
}

/// The default ACL of a VPC: one, or none when the VPC is gone.
async fn default_of(cx: &Cx<'_>, vpc: &VpcId) -> Result<Vec<types::NetworkAcl>> {
    let request = cx.cloud.ec2.describe_network_acls();
    let request = request.filters(tags::filter("vpc-id", vpc.as_str()));
    let reply = request.filters(tags::filter("default", "true")).send().await?;
    Ok(reply.network_acls.unwrap_or_default())
}

async fn look(cx: &Cx<'_>, id: &NetworkAclId) -> Result<Option<types::NetworkAcl>> {
    let request = cx.cloud.ec2.describe_network_acls().network_acl_ids(id);
    let reply = request.send().await.unless_absent("InvalidNetworkAclID.NotFound")?;
    Ok(reply.and_then(|reply| reply.network_acls.unwrap_or_default().into_iter().next()))
}

/// One step from the rules that are there to those that are declared.
#[derive(Debug, PartialEq)]
enum Edit {
    Create(AclRule),
    Replace(AclRule),
    Delete(u16),
}

/// The steps in an order in which nothing passes, even for a moment, that neither the old nor
/// the new rules let pass.
///
/// First what is new, in ascending order; last what goes, in descending order: so each packet
/// always meets what the old or what the new rules say about it, and nothing is cut off either.
/// Between them come the rules that take over a number. Where one of those that change denies,
/// no order of them is safe: then the first number denies everything until the others are set.
fn edits(seen: &Set<AclRule>, wanted: &Set<AclRule>) -> Vec<Edit> {
    let (old, new) = (by_number(seen), by_number(wanted));
    let mut changed: BTreeSet<u16> = old.keys().chain(new.keys()).copied().collect();
    changed.retain(|number| old.get(number) != new.get(number));

    let taken_over = changed.iter().any(|n| old.contains_key(n) && new.contains_key(n));
    let denies = changed.iter().any(|number| {
        [&old, &new].iter().any(|rules| rules.get(number).is_some_and(|rule| !rule.allow))
    });
    let fence = match changed.first() {
        Some(&first) if taken_over && denies && changed.len() > 1 => Some(first),
        _ => None,
    };

    let mut edits = Vec::new();
    if let Some(number) = fence {
        changed.remove(&number);
        let closed = AclRule::deny_all(number);
        let replaces = old.contains_key(&number);
        edits.push(if replaces { Edit::Replace(closed) } else { Edit::Create(closed) });
    }
    let coming = changed.iter().filter_map(|number| new.get(number)).copied().cloned();
    let (replacing, fresh): (Vec<AclRule>, Vec<AclRule>) =
        coming.partition(|rule| old.contains_key(&rule.number));
    edits.extend(fresh.into_iter().map(Edit::Create));
    edits.extend(replacing.into_iter().map(Edit::Replace));
    let going = changed.iter().rev().filter(|number| !new.contains_key(number));
    edits.extend(going.map(|number| Edit::Delete(*number)));
    edits.extend(fence.map(|number| match new.get(&number) {
        Some(rule) => Edit::Replace((*rule).clone()),
        None => Edit::Delete(number),
    }));
    edits
}

fn by_number(rules: &Set<AclRule>) -> BTreeMap<u16, &AclRule> {
    rules.iter().map(|rule| (rule.number, rule)).collect()
}

impl AclRule {
    fn deny_all(number: u16) -> Self {
        let (allow, protocol, ports) = (false, "-1".to_owned(), None);
        Self { number, allow, protocol, ports, cidr: Ipv4Net::default().into() }
    }

    fn action(&self) -> RuleAction {
        if self.allow { RuleAction::Allow } else { RuleAction::Deny }
    }

    fn port_range(&self) -> Option<PortRange> {
        let (from, to) = self.ports?;
        Some(PortRange::builder().from(from.into()).to(to.into()).build())
    }

    /// The addresses as IPv4 or as IPv6, as AWS takes them.
    fn cidrs(&self) -> (Option<String>, Option<String>) {
        match self.cidr {
            IpNet::V4(cidr) => (Some(cidr.to_string()), None),
            IpNet::V6(cidr) => (None, Some(cidr.to_string())),
        }
    }
}

impl Edit {
    async fn apply(self, cx: &Cx<'_>, acl: &NetworkAclId, egress: bool) -> Result<()> {
        let ec2 = &cx.cloud.ec2;
        match self {
            Self::Create(rule) => {
                let (v4, v6) = rule.cidrs();
                let request = ec2.create_network_acl_entry().network_acl_id(acl).egress(egress);
                request
                    .rule_number(rule.number.into())
                    .rule_action(rule.action())
                    .protocol(&rule.protocol)
                    .set_port_range(rule.port_range())
                    .set_cidr_block(v4)
                    .set_ipv6_cidr_block(v6)
                    .send()
                    .await?;
            }
            Self::Replace(rule) => {
                let (v4, v6) = rule.cidrs();
                let request = ec2.replace_network_acl_entry().network_acl_id(acl).egress(egress);
                request
                    .rule_number(rule.number.into())
                    .rule_action(rule.action())
                    .protocol(&rule.protocol)
                    .set_port_range(rule.port_range())
                    .set_cidr_block(v4)
                    .set_ipv6_cidr_block(v6)
                    .send()
                    .await?;
            }
            Self::Delete(number) => {
                let request = ec2.delete_network_acl_entry().network_acl_id(acl).egress(egress);
                let gone = request.rule_number(number.into()).send().await;
                gone.unless_absent("InvalidNetworkAclEntry.NotFound")?;
            }
        }
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, seen: &types::NetworkAcl) -> Result<DefaultNetworkAclOutputs> {
    let id = NetworkAclId::from(seen.network_acl_id().present("network_acl_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("network-acl/{id}"));
    Ok(DefaultNetworkAclOutputs { id, arn })
}

/// The rules of one direction that can be changed.
fn rules(seen: &types::NetworkAcl, egress: bool) -> Result<Set<AclRule>> {
    let entries = seen.entries().iter().filter(|entry| entry.egress() == Some(egress));
    entries
        .filter(|entry| entry.rule_number().is_some_and(|number| number <= LAST))
        .map(AclRule::try_from)
        .collect()
}

impl TryFrom<&types::NetworkAcl> for DefaultNetworkAcl {
    type Error = AwsError;

    fn try_from(seen: &types::NetworkAcl) -> Result<Self> {
        Ok(Self {
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            ingress: rules(seen, false)?,
            egress: rules(seen, true)?,
            tags: tags::all(seen.tags()),
        })
    }
}

impl TryFrom<&types::NetworkAclEntry> for AclRule {
    type Error = AwsError;

    fn try_from(seen: &types::NetworkAclEntry) -> Result<Self> {
        let number = seen.rule_number().and_then(|number| u16::try_from(number).ok());
        let cidr = seen.cidr_block().or(seen.ipv6_cidr_block()).present("cidr_block")?;
        let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
        let ports =
            seen.port_range().and_then(|ports| Some((port(ports.from())?, port(ports.to())?)));
        Ok(Self {
            number: number.present("rule_number")?,
            allow: seen.rule_action() == Some(&RuleAction::Allow),
            protocol: seen.protocol().present("protocol")?.to_owned(),
            ports,
            cidr: cidr.parse().map_err(|source| AwsError::unexpected("cidr_block", source))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(number: u16, allow: bool, port: u16) -> AclRule {
        let (protocol, cidr) = ("6".to_owned(), Ipv4Net::default().into());
        AclRule { number, allow, protocol, ports: Some((port, port)), cidr }
    }

    fn passes(rules: &BTreeMap<u16, AclRule>, port: u16) -> bool {
        let fits = |rule: &AclRule| rule.ports.is_none_or(|(from, to)| (from..=to).contains(&port));
        rules.values().find(|rule| fits(rule)).is_some_and(|rule| rule.allow)
    }

    /// Every state on the way from `old` to `new`, the last of which has to be `new`.
    fn states(old: &[AclRule], new: &[AclRule]) -> Vec<BTreeMap<u16, AclRule>> {
        let set = |rules: &[AclRule]| rules.iter().cloned().collect::<Set<AclRule>>();
        let map = |rules: &[AclRule]| -> BTreeMap<u16, AclRule> {
            rules.iter().map(|rule| (rule.number, rule.clone())).collect()
        };
        let mut states = vec![map(old)];
        for edit in edits(&set(old), &set(new)) {
            let mut state = states[states.len() - 1].clone();
            match edit {
                Edit::Create(rule) => assert_eq!(state.insert(rule.number, rule), None),
                Edit::Replace(rule) => assert!(state.insert(rule.number, rule).is_some()),
                Edit::Delete(number) => assert!(state.remove(&number).is_some()),
            }
            states.push(state);
        }
        assert_eq!(states[states.len() - 1], map(new));
        states
    }

    /// All rule lists on three numbers, of allows and denies of two ports.
    fn lists() -> Vec<Vec<AclRule>> {
        let mut lists = vec![Vec::new()];
        for number in [100, 110, 120] {
            let shorter = lists.clone();
            for (allow, port) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
                lists.extend(shorter.iter().map(|list| {
                    let mut list = list.clone();
                    list.push(rule(number, allow, port));
                    list
                }));
            }
        }
        lists
    }

    #[test]
    fn nothing_passes_on_the_way_that_neither_end_lets_pass() {
        for old in lists() {
            for new in lists() {
                let states = states(&old, &new);
                for port in [1, 2] {
                    let ends = [&states[0], &states[states.len() - 1]];
                    if !ends.iter().any(|end| passes(end, port)) {
                        let open = states.iter().position(|state| passes(state, port));
                        assert_eq!(open, None, "{old:?} to {new:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_both_ends_let_pass_is_not_cut_off() {
        for old in lists() {
            for mut new in lists() {
                // No number is taken over.
                new.retain(|rule| old.iter().all(|o| o == rule || o.number != rule.number));
                let states = states(&old, &new);
                for port in [1, 2] {
                    let ends = [&states[0], &states[states.len() - 1]];
                    if ends.iter().all(|end| passes(end, port)) {
                        let cut = states.iter().position(|state| !passes(state, port));
                        assert_eq!(cut, None, "{old:?} to {new:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_aws_allows_at_first_is_narrowed_without_a_cut() {
        let all = AclRule { protocol: "-1".to_owned(), ports: None, ..rule(100, true, 0) };
        let states = states(&[all], &[rule(100, true, 1), rule(110, true, 2)]);
        assert!(states.iter().all(|state| passes(state, 1) && passes(state, 2)));
        assert_eq!(states.len(), 3);
    }
}
