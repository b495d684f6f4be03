//! Security group rules: whom a group lets in, and where it lets out to.

use aws_sdk_ec2::types::{self, IpPermission, IpRange, Ipv6Range, UserIdGroupPair};
use ipnet::IpNet;
use payctl_engine::Input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AwsError, Cx, Present as _, Result, Set, id};

/// What one side of a security group lets through.
pub type Rules = Set<Rule>;

/// What may pass between a security group's members and one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, the number of another protocol, or `-1` for all.
    pub protocol: String,
    /// The first port, where the protocol has ports; for ICMP the type, or none for all.
    pub from_port: Option<u16>,
    /// The last port, where the protocol has ports; for ICMP the code, or none for all.
    pub to_port: Option<u16>,
    pub peer: Peer,
    /// Why; empty for none.
    pub description: String,
}

/// Who is on the other side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// These addresses.
    Cidr(#[schemars(with = "String")] IpNet),
    /// The members of a security group.
    Group(Input<SecurityGroupId>),
    /// The addresses of a service, as AWS keeps them.
    PrefixList(Input<PrefixListId>),
}

id! {
    /// A prefix list's id, such as `pl-63a5400a`.
    PrefixListId,
    /// A security group's id, such as `sg-0a1b2c`.
    SecurityGroupId,
}

impl Rule {
    /// Whether both let the same through, whatever they say about it.
    fn equals(&self, other: &Self) -> bool {
        let Self { protocol, from_port, to_port, peer, description: _ } = self;
        (protocol, from_port, to_port, peer)
            == (&other.protocol, &other.from_port, &other.to_port, &other.peer)
    }

    /// The permission that is this rule alone.
    fn permission(&self) -> Result<IpPermission> {
        let all = self.protocol.starts_with("icmp").then_some(-1);
        let port = |port: Option<u16>| port.map(i32::from).or(all);
        let description = Some(self.description.clone()).filter(|text| !text.is_empty());
        let permission = IpPermission::builder()
            .ip_protocol(&self.protocol)
            .set_from_port(port(self.from_port))
            .set_to_port(port(self.to_port));
        let permission = match &self.peer {
            Peer::Cidr(IpNet::V4(cidr)) => permission.ip_ranges(
                IpRange::builder().cidr_ip(cidr.to_string()).set_description(description).build(),
            ),
            Peer::Cidr(IpNet::V6(cidr)) => permission.ipv6_ranges(
                Ipv6Range::builder()
                    .cidr_ipv6(cidr.to_string())
                    .set_description(description)
                    .build(),
            ),
            Peer::Group(group) => permission.user_id_group_pairs(
                UserIdGroupPair::builder()
                    .group_id(group.get()?)
                    .set_description(description)
                    .build(),
            ),
            Peer::PrefixList(list) => permission.prefix_list_ids(
                types::PrefixListId::builder()
                    .prefix_list_id(list.get()?)
                    .set_description(description)
                    .build(),
            ),
        };
        Ok(permission.build())
    }
}

/// A side of a security group.
#[derive(Clone, Copy)]
enum Side {
    Ingress,
    Egress,
}

/// The rules that these permissions are.
pub(super) fn read(permissions: &[IpPermission]) -> Result<Rules> {
    Ok(flatten(permissions)?.into_iter().map(|(rule, _)| rule).collect())
}

/// Brings the sides of `group` that are given to those rules.
pub(super) async fn converge(
    cx: &Cx<'_>,
    group: &SecurityGroupId,
    ingress: Option<&Rules>,
    egress: Option<&Rules>,
) -> Result<()> {
    let seen = cx.cloud.bulk.security_groups.load(group).await?;
    let seen = seen.ok_or_else(|| AwsError::not_visible("the security group"))?;
    if let Some(wanted) = ingress {
        set(cx, group, Side::Ingress, seen.ip_permissions(), wanted).await?;
    }
    if let Some(wanted) = egress {
        set(cx, group, Side::Egress, seen.ip_permissions_egress(), wanted).await?;
    }
    Ok(())
}

/// Takes all rules from `group`, so that no cycle of groups keeps one of them from going.
pub(super) async fn clear(
    cx: &Cx<'_>,
    group: &SecurityGroupId,
    seen: &types::SecurityGroup,
) -> Result<()> {
    let none = Rules::new();
    set(cx, group, Side::Ingress, seen.ip_permissions(), &none).await?;
    set(cx, group, Side::Egress, seen.ip_permissions_egress(), &none).await
}

/// First lets through what is declared, then nothing else any more: what is allowed before and
/// after is allowed all the time.
async fn set(
    cx: &Cx<'_>,
    group: &SecurityGroupId,
    side: Side,
    seen: &[IpPermission],
    wanted: &Rules,
) -> Result<()> {
    let seen = flatten(seen)?;
    let (mut missing, mut reworded) = (Vec::new(), Vec::new());
    for rule in wanted {
        match seen.iter().find(|(seen, _)| seen.equals(rule)) {
            None => missing.push(rule.permission()?),
            Some((seen, _)) if seen.description != rule.description => {
                reworded.push(rule.permission()?);
            }
            Some(_) => {}
        }
    }
    let surplus: Vec<IpPermission> = seen
        .into_iter()
        .filter(|(seen, _)| !wanted.iter().any(|rule| rule.equals(seen)))
        .map(|(_, permission)| permission)
        .collect();
    if !missing.is_empty() {
        side.authorize(cx, group, missing).await?;
    }
    if !reworded.is_empty() {
        side.reword(cx, group, reworded).await?;
    }
    if !surplus.is_empty() {
        side.revoke(cx, group, surplus).await?;
    }
    Ok(())
}

impl Side {
    async fn authorize(
        self,
        cx: &Cx<'_>,
        group: &SecurityGroupId,
        rules: Vec<IpPermission>,
    ) -> Result<()> {
        let (ec2, rules) = (&cx.cloud.ec2, Some(rules));
        match self {
            Self::Ingress => {
                let request = ec2.authorize_security_group_ingress().group_id(group);
                request.set_ip_permissions(rules).send().await?;
            }
            Self::Egress => {
                let request = ec2.authorize_security_group_egress().group_id(group);
                request.set_ip_permissions(rules).send().await?;
            }
        }
        Ok(())
    }

    async fn reword(
        self,
        cx: &Cx<'_>,
        group: &SecurityGroupId,
        rules: Vec<IpPermission>,
    ) -> Result<()> {
        let (ec2, rules) = (&cx.cloud.ec2, Some(rules));
        match self {
            Self::Ingress => {
                let request = ec2.update_security_group_rule_descriptions_ingress();
                request.group_id(group).set_ip_permissions(rules).send().await?;
            }
            Self::Egress => {
                let request = ec2.update_security_group_rule_descriptions_egress();
                request.group_id(group).set_ip_permissions(rules).send().await?;
            }
        }
        Ok(())
    }

    async fn revoke(
        self,
        cx: &Cx<'_>,
        group: &SecurityGroupId,
        rules: Vec<IpPermission>,
    ) -> Result<()> {
        let (ec2, rules) = (&cx.cloud.ec2, Some(rules));
        match self {
            Self::Ingress => {
                let request = ec2.revoke_security_group_ingress().group_id(group);
                request.set_ip_permissions(rules).send().await?;
            }
            Self::Egress => {
                let request = ec2.revoke_security_group_egress().group_id(group);
                request.set_ip_permissions(rules).send().await?;
            }
        }
        Ok(())
    }
}

/// AWS answers all peers of the same protocol and ports as one permission. Here each is a rule
/// of its own again, with the permission that revokes it alone.
fn flatten(permissions: &[IpPermission]) -> Result<Vec<(Rule, IpPermission)>> {
    let mut all = Vec::new();
    for permission in permissions {
        let protocol = permission.ip_protocol().present("ip_protocol")?;
        let rule = |peer: Peer, description: Option<&str>| Rule {
            protocol: protocol.to_owned(),
            from_port: port(protocol, permission.from_port()),
            to_port: port(protocol, permission.to_port()),
            peer,
            description: description.unwrap_or_default().to_owned(),
        };
        let alone = || {
            IpPermission::builder()
                .ip_protocol(protocol)
                .set_from_port(permission.from_port())
                .set_to_port(permission.to_port())
        };
        for range in permission.ip_ranges() {
            let peer = Peer::Cidr(cidr(range.cidr_ip())?);
            let alone = alone().ip_ranges(range.clone()).build();
            all.push((rule(peer, range.description()), alone));
        }
        for range in permission.ipv6_ranges() {
            let peer = Peer::Cidr(cidr(range.cidr_ipv6())?);
            let alone = alone().ipv6_ranges(range.clone()).build();
            all.push((rule(peer, range.description()), alone));
        }
        for pair in permission.user_id_group_pairs() {
            let group = SecurityGroupId::from(pair.group_id().present("group_id")?);
            // A group of another account is known by that account's id too.
            let named = UserIdGroupPair::builder()
                .group_id(&group)
                .set_user_id(pair.user_id().map(str::to_owned))
                .set_description(pair.description().map(str::to_owned));
            let alone = alone().user_id_group_pairs(named.build()).build();
            all.push((rule(Peer::Group(group.into()), pair.description()), alone));
        }
        for list in permission.prefix_list_ids() {
            let peer = PrefixListId::from(list.prefix_list_id().present("prefix_list_id")?);
            let alone = alone().prefix_list_ids(list.clone()).build();
            all.push((rule(Peer::PrefixList(peer.into()), list.description()), alone));
        }
    }
    Ok(all)
}

fn cidr(text: Option<&str>) -> Result<IpNet> {
    let text = text.present("a rule's CIDR block")?;
    text.parse().map_err(|source| AwsError::unexpected("CIDR block", source))
}

/// `-1` stands for all, as nothing does.
fn port(protocol: &str, port: Option<i32>) -> Option<u16> {
    port.filter(|_| protocol != "-1").and_then(|port| u16::try_from(port).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: &str, port: Option<u16>, peer: Peer, description: &str) -> Rule {
        Rule {
            protocol: protocol.to_owned(),
            from_port: port,
            to_port: port,
            peer,
            description: description.to_owned(),
        }
    }

    #[test]
    fn what_is_declared_reads_back_equal() {
        let group = Peer::Group(SecurityGroupId::from("sg-1").into());
        let rules: Rules = [
            rule("tcp", Some(443), Peer::Cidr("10.0.0.0/8".parse().unwrap()), "inside"),
            rule("tcp", Some(443), group, ""),
            rule("tcp", Some(443), Peer::PrefixList(PrefixListId::from("pl-1").into()), "s3"),
            rule("icmp", None, Peer::Cidr("10.0.0.0/8".parse().unwrap()), ""),
            rule("-1", None, Peer::Cidr("::/0".parse().unwrap()), ""),
        ]
        .into_iter()
        .collect();
        let permissions: Vec<_> = rules.iter().map(|rule| rule.permission().unwrap()).collect();
        assert_eq!(read(&permissions).unwrap(), rules);
        let icmp = permissions.iter().find(|p| p.ip_protocol() == Some("icmp")).unwrap();
        assert_eq!((icmp.from_port(), icmp.to_port()), (Some(-1), Some(-1)));
    }

    #[test]
    fn merged_permissions_are_taken_apart() {
        let merged = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build())
            .ip_ranges(IpRange::builder().cidr_ip("192.168.0.0/16").description("lab").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-1").user_id("2").build())
            .build();
        let flat = flatten(&[merged]).unwrap();
        let alone: Vec<usize> = flat
            .iter()
            .map(|(_, one)| one.ip_ranges().len() + one.user_id_group_pairs().len())
            .collect();
        assert_eq!(alone, [1, 1, 1]);
        assert_eq!(flat[1].0.description, "lab");
        assert_eq!(flat[2].1.user_id_group_pairs()[0].user_id(), Some("2"));
    }
}
