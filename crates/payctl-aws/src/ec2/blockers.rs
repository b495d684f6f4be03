//! What keeps something from being deleted: AWS refuses with DependencyViolation, and does not say
//! for what.

use aws_sdk_ec2::types;

use super::tags;
use crate::error::few;
use crate::{AwsError, Cx, Result};

/// GuardDuty tags the endpoint and the group that it puts into VPCs by itself (GuardDuty's user
/// guide, "Runtime Monitoring: automated agent configuration").
const GUARDDUTY: &str = "GuardDutyManaged";

/// The refusal of a deletion; where something is in its way, a wait for that, by its name.
///
/// `filter` is the one by which interfaces of what is to be deleted are found.
pub(super) async fn named(
    cx: &Cx<'_>,
    refused: AwsError,
    filter: &str,
    id: &str,
) -> Result<AwsError> {
    if refused.code() != Some("DependencyViolation") {
        return Ok(refused);
    }
    let ec2 = &cx.cloud.ec2;
    let request = ec2.describe_network_interfaces().filters(tags::filter(filter, id));
    let interfaces = request.send().await?.network_interfaces.unwrap_or_default();
    let mut found: Vec<String> = interfaces.iter().map(interface).collect();
    let mut managed = interfaces.iter().any(|one| is_guarddutys(one.tag_set()));
    if filter == "group-id" {
        let named = by_rule(cx, id).await?;
        managed |= named.iter().any(|group| is_guarddutys(group.tags()));
        found.extend(named.iter().map(|group| format!("a rule of {}", name(group))));
    }
    if filter == "vpc-id" {
        let request = ec2.describe_security_groups().filters(tags::filter(filter, id));
        for group in request.send().await?.security_groups() {
            if group.group_name() == Some("default") {
                continue;
            }
            managed |= is_guarddutys(group.tags());
            found.push(name(group));
        }
        let request = ec2.describe_subnets().filters(tags::filter(filter, id));
        let subnets = request.send().await?.subnets.unwrap_or_default();
        let subnets = subnets.iter().filter_map(types::Subnet::subnet_id);
        found.extend(subnets.map(|id| format!("the subnet {id}")));
    }
    if found.is_empty() {
        return Ok(refused);
    }
    let made_by = match managed {
        true => "; GuardDuty made some of it, which is to be deleted by hand: first its endpoint",
        false => "",
    };
    Ok(AwsError::pending(format!("what uses it to go: {}{made_by}", few(&found))))
}

/// The other groups with a rule that names the group `id`. Those of other VPCs are in nothing's way:
/// their rules become stale (botocore, DescribeStaleSecurityGroups).
async fn by_rule(cx: &Cx<'_>, id: &str) -> Result<Vec<types::SecurityGroup>> {
    let mut found: Vec<types::SecurityGroup> = Vec::new();
    // Two filters of one request would have to fit both.
    for filter in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let request = cx.cloud.ec2.describe_security_groups().filters(tags::filter(filter, id));
        for group in request.send().await?.security_groups.unwrap_or_default() {
            let same = |other: &types::SecurityGroup| other.group_id() == group.group_id();
            if group.group_id() != Some(id) && !found.iter().any(same) {
                found.push(group);
            }
        }
    }
    Ok(found)
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
