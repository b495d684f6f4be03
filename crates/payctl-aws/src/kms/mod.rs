//! Encryption keys and the names they are known by.

mod alias;
mod bulk;
mod key;
mod look;
mod search;
mod sign;

pub use alias::{Alias, AliasName, AliasOutputs, AliasRef};
pub(crate) use bulk::marked_keys;
pub use key::{Key, KeyId, KeyOutputs, KeyRef};
pub use sign::Signer;
