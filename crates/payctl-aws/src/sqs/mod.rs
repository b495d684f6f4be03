//! Queues.

mod attributes;
mod queue;

pub use queue::{Encryption, Queue, QueueName, QueueOutputs, QueueRef, QueueUrl, Redrive};
