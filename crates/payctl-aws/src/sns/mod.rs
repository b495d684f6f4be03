//! Notifications: topics, and who is told what is published to them.

mod subscription;
mod topic;

pub use subscription::{Subscription, SubscriptionOutputs, SubscriptionRef};
pub use topic::{Topic, TopicName, TopicOutputs, TopicRef};
