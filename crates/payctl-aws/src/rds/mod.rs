//! Databases: Aurora clusters, their instances, what both are made with, and what is told of them.

mod bulk;
mod cluster;
mod cluster_parameter_group;
mod event_subscription;
mod instance;
mod password;
mod subnet_group;
mod tags;
mod version;

pub(crate) use bulk::{Clusters, Instances, clusters, instances};
pub(crate) use cluster::is_terminal;
pub use cluster::{Cluster, ClusterId, ClusterOutputs, ClusterRef, ClusterResourceId};
pub use cluster_parameter_group::{
    ClusterParameterGroup, ClusterParameterGroupName, ClusterParameterGroupOutputs,
    ClusterParameterGroupRef,
};
pub use event_subscription::{
    EventSubscription, EventSubscriptionName, EventSubscriptionOutputs, EventSubscriptionRef,
};
pub use instance::{Instance, InstanceId, InstanceOutputs, InstanceRef, Monitoring};
pub use subnet_group::{SubnetGroup, SubnetGroupName, SubnetGroupOutputs, SubnetGroupRef};
pub(crate) use version::Version;
