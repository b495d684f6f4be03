//! Network interfaces that functions and load balancers leave behind: they outlive those by
//! minutes, and keep their subnets and security groups from being deleted.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, NetworkInterfaceStatus};
use payctl_engine::FailureKind;

use super::tags;
use crate::{Absent as _, AwsError, Cx, Present as _, Result};

/// What Lambda writes before the function's name.
const PREFIX: &str = "AWS Lambda VPC ENI-";
/// After the name and a hyphen stands a UUID: of `pay` and `pay-api`, only one fits.
const UUID_LENGTH: usize = 36;

/// What functions with the same groups and subnets share interfaces by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) subnets: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
}

impl Place {
    /// The interfaces that Lambda made there, under whatever function's name, and those that carry
    /// the name of the function `name`.
    async fn interfaces(&self, cx: &Cx<'_>, name: &str) -> Result<Vec<types::NetworkInterface>> {
        let mut all = described(cx, &format!("{PREFIX}*")).await?;
        all.retain(|interface| self.has(interface) || is_named(interface, name));
        Ok(all)
    }

    fn has(&self, interface: &types::NetworkInterface) -> bool {
        let groups = interface.groups().iter().filter_map(|group| group.group_id());
        let groups: BTreeSet<String> = groups.map(str::to_owned).collect();
        let subnet = interface.subnet_id().unwrap_or_default();
        !groups.is_empty() && groups == self.groups && self.subnets.contains(subnet)
    }
}

/// Whether it carries the name of the function: what follows is a UUID.
fn is_named(interface: &types::NetworkInterface, name: &str) -> bool {
    let description = interface.description().unwrap_or_default();
    let rest = description.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with('-') && rest.len() == UUID_LENGTH + 1)
}

/// The interfaces of that description, in which `*` stands for anything.
async fn described(cx: &Cx<'_>, description: &str) -> Result<Vec<types::NetworkInterface>> {
    let request = cx.cloud.ec2.describe_network_interfaces();
    let request = request.filters(tags::filter("description", description));
    let pages = request.into_paginator().items().send();
    Ok(pages.collect::<std::result::Result<_, _>>().await?)
}

/// Deletes those of the interfaces at the function's place that nothing uses any more, which AWS
/// itself does much later, and answers how many are left.
///
/// Functions with the same subnets and groups share them, under the name of one of them (Lambda's
/// guide, "Giving Lambda functions access to resources in an Amazon VPC").
pub(crate) async fn reap(cx: &Cx<'_>, name: &str, place: &Place) -> Result<usize> {
    let mut left = 0;
    for interface in place.interfaces(cx, name).await? {
        let free = interface.status() == Some(&NetworkInterfaceStatus::Available);
        if !free || !delete(cx, &interface).await? {
            left += 1;
        }
    }
    Ok(left)
}

/// Deletes what is free of the load balancer's interfaces, whose full name is `app/NAME/ID`, and
/// answers how many are left. AWS deletes them too, within minutes, and may keep us from it.
pub(crate) async fn reap_of_load_balancer(cx: &Cx<'_>, full_name: &str) -> Result<usize> {
    let mut left = 0;
    for interface in described(cx, &format!("ELB {full_name}")).await? {
        let free = interface.status() == Some(&NetworkInterfaceStatus::Available);
        let gone = free
            && match delete(cx, &interface).await {
                Err(failure) if failure.kind() == FailureKind::Denied => false,
                answer => answer?,
            };
        left += usize::from(!gone);
    }
    Ok(left)
}

/// Whether it is gone. Something may have taken it into use again, or be deleting it, just now.
async fn delete(cx: &Cx<'_>, interface: &types::NetworkInterface) -> Result<bool> {
    let id = interface.network_interface_id().present("network_interface_id")?;
    let request = cx.cloud.ec2.delete_network_interface().network_interface_id(id);
    let deleted = request.send().await.map_err(AwsError::from);
    match deleted.unless_absent("InvalidNetworkInterfaceID.NotFound") {
        Ok(_) => Ok(true),
        Err(failure) if failure.kind() == FailureKind::Busy => Ok(false),
        Err(failure) => Err(failure),
    }
}
