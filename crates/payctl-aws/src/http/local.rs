//! What is on this machine, or answers this machine alone.

use std::net::IpAddr;

use http::Uri;

/// The address that a URL names, if it names one.
fn address(uri: &Uri) -> Option<IpAddr> {
    uri.host()?.trim_matches(['[', ']']).parse().ok()
}

/// Whether `uri` is on this machine.
pub(crate) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_end_matches('.').to_lowercase();
    let name = host == "localhost" || host.ends_with(".localhost");
    name || address(uri).is_some_and(|address| address.is_loopback())
}

/// Whether `uri` is on this machine, or where only this machine's host answers.
pub(super) fn is_near(uri: &Uri) -> bool {
    // fd00:ec2::254 is EC2's, fd00:ec2::23 EKS's and ECS's.
    const LOCAL: [u16; 2] = [0xfd00, 0xec2];
    let link_local = address(uri).is_some_and(|address| match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[..2] == LOCAL,
    });
    is_loopback(uri) || link_local
}
