//! Secrets, what is written into them, and how they are rotated.

mod rotation;
mod secret;
mod target_attachment;

pub use rotation::{Rotation, RotationOutputs, RotationRef};
pub use secret::{Generate, Secret, SecretName, SecretOutputs, SecretRef};
pub use target_attachment::{TargetAttachment, TargetAttachmentOutputs, TargetAttachmentRef};
