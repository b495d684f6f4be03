//! Where the packets of a route go.

use aws_sdk_ec2::types::{self, RouteState};
use payctl_engine::Input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InternetGatewayId, NatGatewayId};
use crate::{AwsError, Result};

/// Where a route's packets go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteTarget {
    InternetGateway(Input<InternetGatewayId>),
    NatGateway(Input<NatGatewayId>),
    /// What only others make of a route: a target of another sort, or one that is gone, in which
    /// case its packets are lost. It cannot be declared.
    Other(String),
}

impl RouteTarget {
    /// The internet gateway's and the NAT gateway's id, of which one is there.
    pub(super) fn ids(&self) -> Result<(Option<String>, Option<String>)> {
        match self {
            Self::InternetGateway(gateway) => Ok((Some(gateway.get()?.into()), None)),
            Self::NatGateway(gateway) => Ok((None, Some(gateway.get()?.into()))),
            Self::Other(target) => {
                Err(AwsError::invalid(format!("a route to {target} cannot be declared")))
            }
        }
    }

    /// The id of where a route's packets go, whatever that is.
    pub(super) fn of(seen: &types::Route) -> &str {
        let targets = [
            seen.gateway_id(),
            seen.nat_gateway_id(),
            seen.egress_only_internet_gateway_id(),
            seen.network_interface_id(),
            seen.transit_gateway_id(),
            seen.vpc_peering_connection_id(),
        ];
        targets.into_iter().flatten().next().unwrap_or("something")
    }
}

impl From<&types::Route> for RouteTarget {
    fn from(seen: &types::Route) -> Self {
        let internet = seen.gateway_id().filter(|id| id.starts_with("igw-"));
        match (internet, seen.nat_gateway_id()) {
            (id, nat) if seen.state() == Some(&RouteState::Blackhole) => {
                Self::Other(format!("{}, which is gone", id.or(nat).unwrap_or("something")))
            }
            (Some(id), _) => Self::InternetGateway(InternetGatewayId::from(id).into()),
            (None, Some(id)) => Self::NatGateway(NatGatewayId::from(id).into()),
            (None, None) => Self::Other(Self::of(seen).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_into_the_void_is_not_as_declared() {
        let route = |state| {
            let route = types::Route::builder().nat_gateway_id("nat-1").state(state).build();
            RouteTarget::from(&route)
        };
        let declared = RouteTarget::NatGateway(NatGatewayId::from("nat-1").into());
        assert_eq!(route(RouteState::Active), declared);
        assert_eq!(route(RouteState::Blackhole), RouteTarget::Other("nat-1, which is gone".into()));
    }
}
