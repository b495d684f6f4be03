//! Queues.

mod attributes;
mod queue;

pub use attributes::{Encryption, Redrive};
pub use queue::{Queue, QueueName, QueueOutputs, QueueRef, QueueUrl};
