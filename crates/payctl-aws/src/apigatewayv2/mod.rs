//! API Gateway, version 2: HTTP APIs, what answers their requests, and the way into a VPC.

mod api;
mod cors;
mod integration;
mod lists;
mod route;
mod stage;
mod tags;
mod vpc_link;

pub use crate::apigateway::AccessLog;
pub use api::{ApiId, HttpApi, HttpApiOutputs, HttpApiRef};
pub use cors::Cors;
pub use integration::{Integration, IntegrationId, IntegrationOutputs, IntegrationRef};
pub(crate) use lists::Lists;
pub use route::{Route, RouteId, RouteOutputs, RouteRef};
pub use stage::{Stage, StageName, StageOutputs, StageRef};
pub use vpc_link::{VpcLink, VpcLinkId, VpcLinkOutputs, VpcLinkRef};
