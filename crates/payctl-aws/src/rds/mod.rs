//! Databases: Aurora clusters, their instances, and what both are made with.

mod bulk;
mod cluster;
mod cluster_parameter_group;
mod instance;
mod password;
mod subnet_group;
mod tags;
mod version;

pub(crate) use bulk::{Clusters, Instances, clusters, instances};
pub use cluster::{Cluster, ClusterId, ClusterOutputs, ClusterRef, ClusterResourceId};
pub use cluster_parameter_group::{
    ClusterParameterGroup, ClusterParameterGroupName, ClusterParameterGroupOutputs,
    ClusterParameterGroupRef,
};
pub use instance::{Instance, InstanceId, InstanceOutputs, InstanceRef};
pub use subnet_group::{SubnetGroup, SubnetGroupName, SubnetGroupOutputs, SubnetGroupRef};
pub(crate) use version::Version;
