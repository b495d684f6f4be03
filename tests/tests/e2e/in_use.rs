//! What others have hung on ours keeps it from being deleted. AWS does not say what it is: payctl
//! names it, and goes on once it is gone.

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
use payctl_tests::standing::Standing;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A group that a rule of another one names cannot be deleted (botocore, DeleteSecurityGroup), be it a
/// rule for what comes in or for what goes out.
#[tokio::test]
async fn a_rule_that_names_a_group_is_told() {
    let world = Standing::of("pci-core").await.under_its_own_policy();
    let (ec2, vpc) = (&world.aws.ec2, world.id("ec2.vpc:main"));
    let ours = world.id("ec2.security_group:payment-processor");
    let theirs = async |name: &str| {
        let made = ec2.create_security_group().vpc_id(&vpc).group_name(name).description(name);
        made.send().await.unwrap().group_id.unwrap()
    };
    let (bastion, proxy) = (theirs("bastion").await, theirs("proxy").await);
    let rule = || {
        let pair = UserIdGroupPair::builder().group_id(&ours).build();
        let rule = IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443);
        rule.user_id_group_pairs(pair).build()
    };
    let inward = ec2.authorize_security_group_ingress().group_id(&bastion);
    inward.ip_permissions(rule()).send().await.unwrap();
    let outward = ec2.authorize_security_group_egress().group_id(&proxy);
    outward.ip_permissions(rule()).send().await.unwrap();

    let mut run = world.payctl.start(&["destroy", "--yes", "-v"]);
    run.says(&format!(
        "ec2.security_group:payment-processor: waiting for what uses it to go: a rule of the group {bastion} \
         (bastion), a rule of the group {proxy} (proxy)"
    ));
    ec2.delete_security_group().group_id(bastion).send().await.unwrap();
    run.says(&format!("what uses it to go: a rule of the group {proxy} (proxy)"));
    ec2.delete_security_group().group_id(proxy).send().await.unwrap();
    run.end().exits(0);
}

/// What somebody else put into a VPC, of every sort, keeps it (VPC's guide, "Delete your VPC"), and a
/// subnet of theirs the route table that they gave it.
#[tokio::test]
async fn what_else_is_in_a_network_is_told() {
    let world = Standing::of("pci-core").await.under_its_own_policy();
    let (ec2, vpc) = (&world.aws.ec2, world.id("ec2.vpc:main"));
    let table = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap();
    let table = table.route_table.unwrap().route_table_id.unwrap();
    let acl = ec2.create_network_acl().vpc_id(&vpc).send().await.unwrap();
    let acl = acl.network_acl.unwrap().network_acl_id.unwrap();
    let egress = ec2.create_egress_only_internet_gateway().vpc_id(&vpc).send().await.unwrap();
    let egress = egress.egress_only_internet_gateway.unwrap();
    let egress = egress.egress_only_internet_gateway_id.unwrap();
    let subnet = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.99.0/24").send().await.unwrap();
    let subnet = subnet.subnet.unwrap().subnet_id.unwrap();
    let ours = world.id("ec2.route_table:private");
    let associated = ec2.associate_route_table().route_table_id(&ours).subnet_id(&subnet);
    associated.send().await.unwrap();

    let mut run = world.payctl.start(&["destroy", "--yes", "-v"]);
    run.says(&format!(
        "ec2.route_table:private: waiting for what uses it to go: the association with {subnet}"
    ));
    ec2.delete_subnet().subnet_id(subnet).send().await.unwrap();
    run.says(&format!(
        "ec2.vpc:main: waiting for what uses it to go: the route table {table}, the network ACL {acl}, \
         the egress-only internet gateway {egress}"
    ));
    ec2.delete_route_table().route_table_id(table).send().await.unwrap();
    ec2.delete_network_acl().network_acl_id(acl).send().await.unwrap();
    let gone = ec2.delete_egress_only_internet_gateway().egress_only_internet_gateway_id(egress);
    gone.send().await.unwrap();
    run.end().exits(0);
}

/// A role in an instance profile cannot be deleted (botocore, DeleteRole).
#[tokio::test]
async fn an_instance_profile_with_a_role_is_told() {
    let world = Standing::of("pci-core").await.under_its_own_policy();
    let (iam, role) = (&world.aws.iam, world.known("iam.role:payment-processor", "name"));
    let made = iam.create_instance_profile().instance_profile_name("build-servers");
    made.send().await.unwrap();
    let add = iam.add_role_to_instance_profile().instance_profile_name("build-servers");
    add.role_name(&role).send().await.unwrap();

    let mut run = world.payctl.start(&["destroy", "--yes", "-v"]);
    run.says(
        "iam.role:payment-processor: waiting for what uses it to let go of it: the instance profile \
         build-servers",
    );
    let remove = iam.remove_role_from_instance_profile().instance_profile_name("build-servers");
    remove.role_name(&role).send().await.unwrap();
    run.end().exits(0);
}

/// A policy that somebody has cannot be deleted (botocore, DeletePolicy).
#[tokio::test]
async fn whoever_else_has_a_policy_is_told() {
    let world = Standing::of("secure-api").await.under_its_own_policy();
    let (iam, policy) = (&world.aws.iam, world.known("iam.policy:payment-processor", "arn"));
    let made = iam.create_role().role_name("auditor").assume_role_policy_document(TRUST);
    made.send().await.unwrap();
    iam.attach_role_policy().role_name("auditor").policy_arn(&policy).send().await.unwrap();
    iam.create_user().user_name("ada").send().await.unwrap();
    iam.attach_user_policy().user_name("ada").policy_arn(&policy).send().await.unwrap();

    let mut run = world.payctl.start(&["destroy", "--yes", "-v"]);
    run.says(
        "iam.policy:payment-processor: waiting for what uses it to let go of it: the role auditor, \
         the user ada",
    );
    iam.detach_role_policy().role_name("auditor").policy_arn(&policy).send().await.unwrap();
    iam.detach_user_policy().user_name("ada").policy_arn(&policy).send().await.unwrap();
    run.end().exits(0);
}
