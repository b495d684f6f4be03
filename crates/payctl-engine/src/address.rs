//! Addresses: how a resource is called inside its stack, such as `ec2.subnet:private-1`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A resource's address: its kind and its logical name, such as `ec2.subnet:private-1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Address(String);

/// Why a text is not an address.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a resource address: expected KIND:NAME, such as ec2.subnet:private-1")]
pub struct NotAnAddress(String);

impl Address {
    /// The address of the resource `name` of `kind`.
    #[must_use]
    pub fn new(kind: &str, name: &str) -> Self {
        Self(format!("{kind}:{name}"))
    }

    /// Reads an address as it is printed.
    ///
    /// # Errors
    /// When the text has not the form `KIND:NAME`.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        match text.split_once(':') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(Self(text.to_owned())),
            _ => Err(NotAnAddress(text.to_owned())),
        }
    }

    /// The resource's kind, such as `ec2.subnet`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(kind, _)| kind)
    }

    /// The resource's logical name within its kind, such as `private-1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, name)| name)
    }

    /// Whether the resource is the account's: what is named `account/...` serves all environments,
    /// is made by the first that needs it and deleted by none.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.name().starts_with("account/")
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
