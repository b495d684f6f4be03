//! Parts: several resources that belong together. Documents and the systems are made of them.

pub(crate) mod alarm;
mod alarms;
pub(crate) mod alerts;
pub(crate) mod bucket;
pub(crate) mod dashboard;
mod database;
mod egress;
pub(crate) mod endpoint;
mod flow_log;
pub(crate) mod function;
pub(crate) mod http_api;
pub(crate) mod key;
pub(crate) mod logs;
mod may;
pub(crate) mod names;
pub(crate) mod nat;
pub(crate) mod network;
mod note;
mod other_alarm;
mod part;
pub(crate) mod queue;
mod rest_api;
mod rest_routes;
pub(crate) mod role;
pub(crate) mod routes;
pub(crate) mod secret;
mod table;
mod tiers;
mod topic;
mod web_acl;

pub use alarms::Alarms;
pub use bucket::{Bucket, Uploads};
pub use database::{Database, DatabaseMade};
pub use egress::{Egress, EgressMade};
pub use function::{Destination, Function, PolicySpec};
pub use http_api::{HttpApi, HttpApiMade};
pub use key::{Key, KeyUser};
pub use may::{May, On};
pub use other_alarm::OtherAlarm;
pub use part::{Outputs, Part, PartContext, PartInfo};
pub use queue::{DeadLetters, Queue, QueueMade};
pub use rest_routes::{LogLevel, ModelSpec, RestApi, RestApiMade};
pub use routes::{OpenRoute, Route};
pub use table::Table;
pub use tiers::{Endpoints, GatewayService, Network, NetworkMade, OneTable, Tiers};
pub use topic::{PublisherName, Topic};
pub use web_acl::WebAcl;

/// Every part.
pub const PARTS: [PartInfo; 13] = [
    PartInfo::of::<Alarms>(),
    PartInfo::of::<Bucket>(),
    PartInfo::of::<Database>(),
    PartInfo::of::<Egress>(),
    PartInfo::of::<Function>(),
    PartInfo::of::<HttpApi>(),
    PartInfo::of::<Key>(),
    PartInfo::of::<Network>(),
    PartInfo::of::<Queue>(),
    PartInfo::of::<RestApi>(),
    PartInfo::of::<Table>(),
    PartInfo::of::<Topic>(),
    PartInfo::of::<WebAcl>(),
];

/// The part of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static PartInfo> {
    static KNOWN: [PartInfo; PARTS.len()] = PARTS;
    KNOWN.iter().find(|part| part.name == name)
}
