//! Encryption keys and the names they are known by.

mod alias;
mod key;
mod look;
mod search;

pub use alias::{Alias, AliasName, AliasOutputs, AliasRef};
pub use key::{Key, KeyId, KeyOutputs, KeyRef};
