//! Secrets.

mod secret;

pub use secret::{Generate, Secret, SecretName, SecretOutputs, SecretRef};
