//! Secrets, what is written into them, who reads them, and how they are rotated.

mod resource_policy;
mod rotation;
mod secret;
mod target_attachment;

pub use resource_policy::{ResourcePolicy, ResourcePolicyOutputs, ResourcePolicyRef};
pub use rotation::{Rotation, RotationOutputs, RotationRef};
pub use secret::{Generate, Secret, SecretName, SecretOutputs, SecretRef};
pub use target_attachment::{TargetAttachment, TargetAttachmentOutputs, TargetAttachmentRef};
