//! The network: VPCs and what is in them.

mod blockers;
mod bulk;
mod default_network_acl;
mod default_security_group;
mod elastic_ip;
mod endpoint;
mod flow_log;
mod gateway_endpoint;
mod interface_endpoint;
pub(crate) mod interfaces;
mod internet_gateway;
mod internet_gateway_attachment;
mod launch_template;
mod nat_gateway;
mod route;
mod route_table;
mod route_table_association;
mod route_target;
mod rules;
mod security_group;
mod security_group_ingress;
mod subnet;
pub(crate) mod tags;
mod vpc;

pub(crate) use bulk::BulkReaders;
pub use default_network_acl::{
    AclRule, DefaultNetworkAcl, DefaultNetworkAclOutputs, DefaultNetworkAclRef, NetworkAclId,
};
pub use default_security_group::{
    DefaultSecurityGroup, DefaultSecurityGroupOutputs, DefaultSecurityGroupRef,
};
pub use elastic_ip::{AllocationId, ElasticIp, ElasticIpOutputs, ElasticIpRef};
pub use flow_log::{FlowLog, FlowLogId, FlowLogOutputs, FlowLogRef};
pub use gateway_endpoint::{
    GatewayEndpoint, GatewayEndpointId, GatewayEndpointOutputs, GatewayEndpointRef,
};
pub use interface_endpoint::{
    InterfaceEndpoint, InterfaceEndpointId, InterfaceEndpointOutputs, InterfaceEndpointRef,
};
pub use internet_gateway::{
    InternetGateway, InternetGatewayId, InternetGatewayOutputs, InternetGatewayRef,
};
pub use internet_gateway_attachment::{
    InternetGatewayAttachment, InternetGatewayAttachmentOutputs, InternetGatewayAttachmentRef,
};
pub use launch_template::{
    Disk, ImageId, LaunchTemplate, LaunchTemplateId, LaunchTemplateOutputs, LaunchTemplateRef,
    Metadata,
};
pub use nat_gateway::{NatGateway, NatGatewayId, NatGatewayOutputs, NatGatewayRef};
pub use route::{Route, RouteOutputs, RouteRef};
pub use route_table::{RouteTable, RouteTableId, RouteTableOutputs, RouteTableRef};
pub use route_table_association::{
    RouteTableAssociation, RouteTableAssociationOutputs, RouteTableAssociationRef,
};
pub use route_target::RouteTarget;
pub use rules::{Peer, PrefixListId, Rule, Rules, SecurityGroupId};
pub use security_group::{SecurityGroup, SecurityGroupOutputs, SecurityGroupRef};
pub use security_group_ingress::{
    SecurityGroupIngress, SecurityGroupIngressOutputs, SecurityGroupIngressRef,
};
pub use subnet::{Subnet, SubnetId, SubnetOutputs, SubnetRef};
pub use vpc::{Vpc, VpcId, VpcOutputs, VpcRef};
