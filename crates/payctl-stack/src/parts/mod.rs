//! Parts that the systems share.

pub(crate) mod bucket;
pub(crate) mod key;
pub(crate) mod network;
pub(crate) mod role;
