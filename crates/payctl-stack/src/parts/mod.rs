//! Parts that the systems share.

pub(crate) mod alarm;
pub(crate) mod alerts;
pub(crate) mod bucket;
pub(crate) mod dashboard;
pub(crate) mod endpoint;
pub(crate) mod flow_log;
pub(crate) mod function;
pub(crate) mod key;
pub(crate) mod logs;
pub(crate) mod nat;
pub(crate) mod network;
pub(crate) mod note;
pub(crate) mod queue;
pub(crate) mod rest_api;
pub(crate) mod role;
pub(crate) mod secret;
pub(crate) mod table;
pub(crate) mod topic;
pub(crate) mod web_acl;
