//! API Gateway: REST APIs, what they are made of, and where they are deployed.

mod account;
mod bulk;
mod deployment;
mod gateway_response;
mod integration;
mod method;
mod model;
mod patch;
mod request_validator;
mod resource;
mod rest_api;
mod stage;

pub use account::{Account, AccountOutputs, AccountRef};
pub(crate) use bulk::Apis;
pub use deployment::{Content, Deployment, DeploymentId, DeploymentOutputs, DeploymentRef};
pub use gateway_response::{
    GatewayResponse, GatewayResponseOutputs, GatewayResponseRef, ResponseType,
};
pub use integration::{Integration, IntegrationOutputs, IntegrationRef};
pub use method::{HttpMethod, Method, MethodOutputs, MethodRef};
pub use model::{Model, ModelName, ModelOutputs, ModelRef, Schema};
pub use request_validator::{
    RequestValidator, RequestValidatorId, RequestValidatorOutputs, RequestValidatorRef,
};
pub use resource::{ApiResource, ApiResourceOutputs, ApiResourceRef};
pub(crate) use rest_api::host;
pub use rest_api::{ApiId, ResourceId, RestApi, RestApiOutputs, RestApiRef};
pub use stage::{AccessLog, Stage, StageName, StageOutputs, StageRef};
