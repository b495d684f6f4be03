//! What keeps something from being deleted: AWS refuses with DependencyViolation, and does not say
//! for what.

use aws_sdk_ec2::types;

use super::tags;
use crate::error::few;
use crate::{AwsError, Cx, Result};

/// GuardDuty tags the endpoint and the group that it puts into VPCs by itself (GuardDuty's user
/// guide, "Runtime Monitoring: automated agent configuration").
const GUARDDUTY: &str = "GuardDutyManaged";

/// What is to be deleted.
pub(super) enum Doomed<'a> {
    Group(&'a str),
    /// A gateway, to be detached from this VPC.
    Gateway(&'a str),
    RouteTable(&'a str),
    Subnet(&'a str),
    Vpc(&'a str),
}

/// The refusal of a deletion; where something is in its way, a wait for that, by its name.
pub(super) async fn named(cx: &Cx<'_>, refused: AwsError, doomed: Doomed<'_>) -> Result<AwsError> {
    if refused.code() != Some("DependencyViolation") {
        return Ok(refused);
    }
    let mut found = Found::default();
    match doomed {
        Doomed::Group(id) => {
            found.interfaces(cx, "group-id", id, |_| true).await?;
            found.rules(cx, id).await?;
        }
        // "Network … has some mapped public address(es)".
        Doomed::Gateway(vpc) => {
            found.interfaces(cx, "vpc-id", vpc, |one| one.association().is_some()).await?;
        }
        Doomed::RouteTable(id) => found.associations(cx, id).await?,
        Doomed::Subnet(id) => found.interfaces(cx, "subnet-id", id, |_| true).await?,
        Doomed::Vpc(id) => {
            found.interfaces(cx, "vpc-id", id, |_| true).await?;
            found.of_vpc(cx, id).await?;
            found.gateways_of_vpc(cx, id).await?;
        }
    }
    if found.names.is_empty() {
        return Ok(refused);
    }
    let made_by = match found.is_guarddutys {
        true => "; GuardDuty made some of it, which is to be deleted by hand: first its endpoint",
        false => "",
    };
    Ok(AwsError::pending(format!("what uses it to go: {}{made_by}", few(&found.names))))
}

/// What is in the way.
#[derive(Default)]
struct Found {
    names: Vec<String>,
    is_guarddutys: bool,
}

impl Found {
    /// The network interfaces that a filter finds and that `count`.
    async fn interfaces(
        &mut self,
        cx: &Cx<'_>,
        filter: &str,
        id: &str,
        count: impl Fn(&types::NetworkInterface) -> bool,
    ) -> Result<()> {
        let request = cx.cloud.ec2.describe_network_interfaces();
        let reply = request.filters(tags::filter(filter, id)).send().await?;
        for one in reply.network_interfaces().iter().filter(|one| count(one)) {
            self.is_guarddutys |= is_guarddutys(one.tag_set());
            self.names.push(interface(one));
        }
        Ok(())
    }

    /// The other groups with a rule that names the group `id`. Those of other VPCs are in nothing's
    /// way: their rules become stale (botocore, DescribeStaleSecurityGroups).
    async fn rules(&mut self, cx: &Cx<'_>, id: &str) -> Result<()> {
        let mut seen: Vec<types::SecurityGroup> = Vec::new();
        // Two filters of one request would have to fit both.
        for filter in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
            let request = cx.cloud.ec2.describe_security_groups();
            let reply = request.filters(tags::filter(filter, id)).send().await?;
            for group in reply.security_groups.unwrap_or_default() {
                let same = |other: &types::SecurityGroup| other.group_id() == group.group_id();
                if group.group_id() != Some(id) && !seen.iter().any(same) {
                    self.is_guarddutys |= is_guarddutys(group.tags());
                    self.names.push(format!("a rule of {}", name(&group)));
                    seen.push(group);
                }
            }
        }
        Ok(())
    }

    /// What the route table `id` is associated with.
    async fn associations(&mut self, cx: &Cx<'_>, id: &str) -> Result<()> {
        let request = cx.cloud.ec2.describe_route_tables();
        let reply = request.filters(tags::filter("route-table-id", id)).send().await?;
        let all = reply.route_tables().iter().flat_map(types::RouteTable::associations);
        let with = all.filter_map(|one| one.subnet_id().or(one.gateway_id()));
        self.names.extend(with.map(|id| format!("the association with {id}")));
        Ok(())
    }

    /// What else is in the VPC `id` and has to go before it (VPC's guide, "Delete your VPC").
    async fn of_vpc(&mut self, cx: &Cx<'_>, id: &str) -> Result<()> {
        let ec2 = &cx.cloud.ec2;
        let filter = || tags::filter("vpc-id", id);
        let reply = ec2.describe_security_groups().filters(filter()).send().await?;
        for group in reply.security_groups() {
            if group.group_name() != Some("default") {
                self.is_guarddutys |= is_guarddutys(group.tags());
                self.names.push(name(group));
            }
        }
        let reply = ec2.describe_subnets().filters(filter()).send().await?;
        let subnets = reply.subnets().iter().filter_map(types::Subnet::subnet_id);
        self.names.extend(subnets.map(|id| format!("the subnet {id}")));
        let reply = ec2.describe_route_tables().filters(filter()).send().await?;
        let main = |one: &types::RouteTableAssociation| one.main() == Some(true);
        let tables = reply.route_tables().iter().filter(|one| !one.associations().iter().any(main));
        let tables = tables.filter_map(types::RouteTable::route_table_id);
        self.names.extend(tables.map(|id| format!("the route table {id}")));
        let reply = ec2.describe_network_acls().filters(filter()).send().await?;
        let acls = reply.network_acls().iter().filter(|one| one.is_default() != Some(true));
        let acls = acls.filter_map(types::NetworkAcl::network_acl_id);
        self.names.extend(acls.map(|id| format!("the network ACL {id}")));
        let gateways = tags::filter("vpc-endpoint-type", "Gateway");
        let reply = ec2.describe_vpc_endpoints().filters(filter()).filters(gateways).send().await?;
        let endpoints =
            reply.vpc_endpoints().iter().filter_map(types::VpcEndpoint::vpc_endpoint_id);
        self.names.extend(endpoints.map(|id| format!("the endpoint {id}")));
        Ok(())
    }

    /// What leads out of the VPC `id` (the same; gruntwork-io/cloud-nuke#345 for those of IPv6, #584
    /// for peerings).
    async fn gateways_of_vpc(&mut self, cx: &Cx<'_>, id: &str) -> Result<()> {
        let ec2 = &cx.cloud.ec2;
        let attached = || tags::filter("attachment.vpc-id", id);
        let reply = ec2.describe_internet_gateways().filters(attached()).send().await?;
        let gateways = reply.internet_gateways().iter();
        let gateways = gateways.filter_map(types::InternetGateway::internet_gateway_id);
        self.names.extend(gateways.map(|id| format!("the internet gateway {id}")));
        let reply = ec2.describe_egress_only_internet_gateways().send().await?;
        for gateway in reply.egress_only_internet_gateways() {
            if gateway.attachments().iter().any(|one| one.vpc_id() == Some(id)) {
                let id = gateway.egress_only_internet_gateway_id().unwrap_or_default();
                self.names.push(format!("the egress-only internet gateway {id}"));
            }
        }
        let state = tags::filter("attachment.state", "attached");
        let request = ec2.describe_vpn_gateways().filters(attached()).filters(state);
        let reply = request.send().await?;
        let gateways = reply.vpn_gateways().iter().filter_map(types::VpnGateway::vpn_gateway_id);
        self.names.extend(gateways.map(|id| format!("the VPN gateway {id}")));
        for side in ["requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"] {
            let active = tags::filter("status-code", "active");
            let request = ec2.describe_vpc_peering_connections().filters(active);
            let reply = request.filters(tags::filter(side, id)).send().await?;
            let peerings = reply.vpc_peering_connections().iter();
            let peerings =
                peerings.filter_map(types::VpcPeeringConnection::vpc_peering_connection_id);
            self.names.extend(peerings.map(|id| format!("the peering connection {id}")));
        }
        Ok(())
    }
}

fn name(group: &types::SecurityGroup) -> String {
    let name = group.group_name().unwrap_or_default();
    format!("the group {} ({name})", group.group_id().unwrap_or_default())
}

fn interface(seen: &types::NetworkInterface) -> String {
    let id = seen.network_interface_id().unwrap_or_default();
    let description = seen.description().unwrap_or_default();
    let whose = seen.requester_id().or(seen.owner_id()).unwrap_or_default();
    let about: Vec<&str> =
        [description, whose].into_iter().filter(|text| !text.is_empty()).collect();
    match about.is_empty() {
        true => format!("the interface {id}"),
        false => format!("the interface {id} ({})", about.join(", of ")),
    }
}

fn is_guarddutys(tags: &[types::Tag]) -> bool {
    tags.iter().any(|tag| tag.key() == Some(GUARDDUTY))
}
