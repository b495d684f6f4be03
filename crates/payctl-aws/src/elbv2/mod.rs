//! Load balancers, and which target group gets how many of their requests.

mod bulk;
mod listener;
mod load_balancer;
mod shift;
mod tags;
mod target_group;

pub(crate) use bulk::Balancing;
pub use listener::{Forward, Listener, ListenerOutputs, ListenerRef};
pub use load_balancer::{AccessLogs, LoadBalancer, LoadBalancerOutputs, LoadBalancerRef};
pub(crate) use shift::{HEALTH, SHIFT};
pub use shift::{Target, health, set_weights, weights};
pub use target_group::{HealthCheck, TargetGroup, TargetGroupOutputs, TargetGroupRef};
