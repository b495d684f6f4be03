//! Parts that the systems share.

pub(crate) mod bucket;
pub(crate) mod flow_log;
pub(crate) mod function;
pub(crate) mod key;
pub(crate) mod logs;
pub(crate) mod network;
pub(crate) mod role;
pub(crate) mod table;
