//! Network interfaces that Lambda leaves behind: they outlive the function by minutes, and keep
//! its subnets and security groups from being deleted.

use aws_sdk_ec2::types::{self, NetworkInterfaceStatus};
use payctl_engine::FailureKind;

use super::tags;
use crate::{Absent as _, AwsError, Cx, Present as _, Result};

/// What Lambda writes before the function's name.
const PREFIX: &str = "AWS Lambda VPC ENI-";
/// After the name and a hyphen stands a UUID: of `pay` and `pay-api`, only one fits.
const UUID_LENGTH: usize = 36;

/// The interfaces that Lambda made for the function `name`.
pub(crate) async fn of_function(cx: &Cx<'_>, name: &str) -> Result<Vec<types::NetworkInterface>> {
    let start = format!("{PREFIX}{name}-");
    let request = cx.cloud.ec2.describe_network_interfaces();
    let request = request.filters(tags::filter("description", &format!("{start}*")));
    let mut pages = request.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(interface) = pages.next().await {
        let interface = interface?;
        let description = interface.description().unwrap_or_default();
        let rest = description.strip_prefix(start.as_str());
        if rest.is_some_and(|rest| rest.len() == UUID_LENGTH) {
            all.push(interface);
        }
    }
    Ok(all)
}

/// Deletes those of the function's interfaces that nothing uses any more, which AWS itself does
/// much later, and answers how many are left.
///
/// Functions with the same subnets and groups share interfaces, under the name of one of them.
/// While the others live, theirs are not among those deleted.
pub(crate) async fn reap(cx: &Cx<'_>, name: &str) -> Result<usize> {
    let mut left = 0;
    for interface in of_function(cx, name).await? {
        let free = interface.status() == Some(&NetworkInterfaceStatus::Available);
        if !free || !delete(cx, &interface).await? {
            left += 1;
        }
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
