"""EC2's gaps."""

from support import SandboxTest, closes_gaps, make_role, no_gap, trust, zipped


class Network:
    """A VPC with a subnet, made for one test."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")
        self.subnet = subnet["Subnet"]["SubnetId"]

    def group(self, name="group"):
        """A security group."""
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)
        return made["GroupId"]

    def interface_endpoint(self, group):
        """An interface endpoint in the subnet."""
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=self.vpc,
            ServiceName="com.amazonaws.us-east-1.logs",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[group],
        )
        return made["VpcEndpoint"]["VpcEndpointId"]

    def nat_gateway(self):
        """A NAT gateway behind an attached internet gateway: its id, and the address's."""
        self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=self.subnet, AllocationId=address)
        return made["NatGateway"]["NatGatewayId"], address


@closes_gaps
class Reads(SandboxTest):
    def test_what_has_tags_is_listed_by_them(self):
        ec2, tag = self.aws("ec2"), {"Key": "listed", "Value": "by this"}
        network = Network(ec2)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        data = {"InstanceType": "t3.micro"}
        made = ec2.create_launch_template(LaunchTemplateName="listed", LaunchTemplateData=data)
        template = made["LaunchTemplate"]["LaunchTemplateId"]
        acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
        endpoint = network.interface_endpoint(network.group())
        ids = [address, template, acl, endpoint]
        ec2.create_tags(Resources=[*ids, network.vpc], Tags=[tag])
        filters = [{"Key": "listed", "Values": ["by this"]}]
        found = self.aws("resourcegroupstaggingapi").get_resources(TagFilters=filters)
        found = {one["ResourceARN"].split(":")[-1] for one in found["ResourceTagMappingList"]}
        sorts = ["elastic-ip", "launch-template", "network-acl", "vpc-endpoint", "vpc"]
        wanted = {f"{sort}/{one}" for sort, one in zip(sorts, [*ids, network.vpc])}
        self.assertEqual(found, wanted)

    def test_a_default_group_lets_its_members_in(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        wanted = [
            {"Name": "vpc-id", "Values": [network.vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        group = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]
        (ingress,) = group["IpPermissions"]
        self.assertEqual(ingress["IpProtocol"], "-1")
        self.assertEqual(ingress["UserIdGroupPairs"][0]["GroupId"], group["GroupId"])
        (egress,) = group["IpPermissionsEgress"]
        self.assertEqual(egress["IpRanges"][0]["CidrIp"], "0.0.0.0/0")
        # It can be stripped of both, as pci-core does.
        name = {"GroupId": group["GroupId"]}
        ec2.revoke_security_group_ingress(**name, IpPermissions=group["IpPermissions"])
        ec2.revoke_security_group_egress(**name, IpPermissions=group["IpPermissionsEgress"])
        group = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]
        self.assertEqual((group["IpPermissions"], group["IpPermissionsEgress"]), ([], []))

    def test_a_prefix_lists_rule_keeps_its_description(self):
        ec2 = self.aws("ec2")
        group = {"GroupId": Network(ec2).group()}
        lists = ec2.describe_managed_prefix_lists()["PrefixLists"][:2]
        lists = [each["PrefixListId"] for each in lists]

        def https(descriptions):
            named = [
                {"PrefixListId": each, "Description": said}
                for each, said in zip(lists, descriptions)
            ]
            ports = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
            return [{**ports, "PrefixListIds": named}]

        def said():
            (seen,) = ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"]
            (permission,) = seen["IpPermissions"]
            return [each.get("Description") for each in permission["PrefixListIds"]]

        ec2.authorize_security_group_ingress(**group, IpPermissions=https(["one", "two"]))
        self.assertEqual(said(), ["one", "two"])
        ec2.update_security_group_rule_descriptions_ingress(
            **group, IpPermissions=https(["three", "two"])
        )
        self.assertEqual(said(), ["three", "two"])
        ec2.revoke_security_group_ingress(**group, IpPermissions=https(["", ""]))

    # Plain moto is started with this one closed.
    @no_gap
    def test_a_filter_takes_what_fits_any_of_its_values(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        second = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.2.0/24")["Subnet"]["SubnetId"]
        other = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.3.0/24")["Subnet"]["SubnetId"]
        tables = []
        for subnets in ([network.subnet, second], [other]):
            made = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
            for subnet in subnets:
                ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
            tables.append(made)
        wanted = [{"Name": "association.subnet-id", "Values": [network.subnet, other]}]
        found = ec2.describe_route_tables(Filters=wanted)["RouteTables"]
        self.assertEqual({table["RouteTableId"] for table in found}, set(tables))

    def test_a_token_makes_one_thing(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        service = {"VpcId": network.vpc, "ServiceName": "com.amazonaws.us-east-1.dynamodb"}
        first, again = (
            ec2.create_vpc_endpoint(**service, ClientToken="one")["VpcEndpoint"]["VpcEndpointId"]
            for _ in range(2)
        )
        self.assertEqual(first, again)
        tables = [
            ec2.create_route_table(VpcId=network.vpc, ClientToken=token)["RouteTable"]
            for token in ("one", "one", "two")
        ]
        self.assertEqual(len({table["RouteTableId"] for table in tables}), 2)
        other = {**service, "ServiceName": "com.amazonaws.us-east-1.s3"}
        mismatch = "IdempotentParameterMismatch"
        self.refused(mismatch, ec2.create_vpc_endpoint, **other, ClientToken="one")

    def test_what_is_refused_leaves_nothing(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        self.refused(
            "InvalidRouteTableID.NotFound",
            ec2.create_vpc_endpoint,
            VpcId=network.vpc,
            ServiceName="com.amazonaws.us-east-1.s3",
            RouteTableIds=["rtb-00000000"],
        )
        self.refused(
            "InvalidAllocationID.NotFound",
            ec2.create_nat_gateway,
            SubnetId=network.subnet,
            AllocationId="eipalloc-00000000",
        )
        here = [{"Name": "vpc-id", "Values": [network.vpc]}]
        self.assertEqual(ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"], [])
        found = ec2.describe_network_interfaces(Filters=here)["NetworkInterfaces"]
        self.assertEqual(found, [])

    def test_a_route_needs_its_nat_gateway(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
        self.refused(
            "InvalidNatGatewayID.NotFound",
            ec2.create_route,
            RouteTableId=table,
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId="nat-00000000000000000",
        )

    def test_an_endpoints_routes_follow_its_tables(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        tables = [
            ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
            for _ in range(2)
        ]
        service = "com.amazonaws.us-east-1.s3"
        made = ec2.create_vpc_endpoint(
            VpcId=network.vpc, ServiceName=service, RouteTableIds=tables[:1]
        )["VpcEndpoint"]["VpcEndpointId"]
        ec2.modify_vpc_endpoint(
            VpcEndpointId=made, AddRouteTableIds=tables[1:], RemoveRouteTableIds=tables[:1]
        )

        def through(table):
            (seen,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
            return [route for route in seen["Routes"] if route.get("GatewayId") == made]

        self.assertEqual([len(through(table)) for table in tables], [0, 1])
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
        self.assertEqual([len(through(table)) for table in tables], [0, 0])

    def test_an_interface_endpoints_interfaces_follow_its_subnets_and_groups(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        other = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.2.0/24")["Subnet"]["SubnetId"]
        first, second = network.group("first"), network.group("second")
        made = network.interface_endpoint(first)

        def interface():
            (seen,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"]
            (interface,) = ec2.describe_network_interfaces(
                NetworkInterfaceIds=seen["NetworkInterfaceIds"]
            )["NetworkInterfaces"]
            groups = [group["GroupId"] for group in interface["Groups"]]
            return interface["SubnetId"], groups, interface["Status"]

        self.assertEqual(interface(), (network.subnet, [first], "in-use"))
        ec2.modify_vpc_endpoint(
            VpcEndpointId=made,
            AddSubnetIds=[other],
            RemoveSubnetIds=[network.subnet],
            AddSecurityGroupIds=[second],
            RemoveSecurityGroupIds=[first],
        )
        self.assertEqual(interface(), (other, [second], "in-use"))

    def test_private_dns_can_be_turned_off(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        made = network.interface_endpoint(network.group())
        ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=False)
        (seen,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"]
        self.assertFalse(seen["PrivateDnsEnabled"])

    def test_a_subnet_takes_its_association_with_it(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=network.subnet)
        ec2.delete_subnet(SubnetId=network.subnet)
        (seen,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        self.assertEqual(seen["Associations"], [])
        ec2.delete_route_table(RouteTableId=table)

    def test_unknown_nat_gateways_are_not_found(self):
        ec2 = self.aws("ec2")
        unknown = "nat-0123456789abcdef0"
        self.refused(
            "NatGatewayNotFound", ec2.describe_nat_gateways, NatGatewayIds=[unknown]
        )
        self.refused("NatGatewayNotFound", ec2.delete_nat_gateway, NatGatewayId=unknown)

    def test_a_nat_gateway_without_an_internet_gateway_fails(self):
        ec2 = self.aws("ec2")
        subnet = Network(ec2).subnet
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
        wanted = {"NatGatewayIds": [made["NatGatewayId"]]}
        nat = ec2.describe_nat_gateways(**wanted)["NatGateways"][0]
        self.assertEqual((nat["State"], nat["FailureCode"]), ("failed", "Gateway.NotAttached"))
        self.assertIn("has no Internet gateway attached", nat["FailureMessage"])
        ec2.release_address(AllocationId=address)

    def test_a_flow_log_needs_a_role_that_can_be_assumed(self):
        ec2, iam = self.aws("ec2"), self.aws("iam")
        network = Network(ec2)
        arguments = {
            "ResourceIds": [network.vpc],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": f"/flow/{network.vpc}",
        }
        self.aws("logs").create_log_group(logGroupName=arguments["LogGroupName"])
        wrong = make_role(iam, f"wrong-{network.vpc}")
        for role in (wrong, wrong.replace("wrong", "unknown")):
            arguments["DeliverLogsPermissionArn"] = role
            self.refused("InvalidParameter", ec2.create_flow_logs, **arguments)
        trusted = trust("vpc-flow-logs.amazonaws.com")
        right = iam.create_role(
            RoleName=f"right-{network.vpc}", AssumeRolePolicyDocument=trusted
        )
        arguments["DeliverLogsPermissionArn"] = right["Role"]["Arn"]
        self.assertEqual(ec2.create_flow_logs(**arguments)["Unsuccessful"], [])

    def test_nat_gateways_are_found_by_tag(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        nat, _ = network.nat_gateway()
        ec2.create_tags(Resources=[nat], Tags=[{"Key": "owner", "Value": network.vpc}])
        other, _ = Network(ec2).nat_gateway()
        wanted = [{"Name": "tag:owner", "Values": [network.vpc]}]
        found = ec2.describe_nat_gateways(Filters=wanted)["NatGateways"]
        self.assertEqual([each["NatGatewayId"] for each in found], [nat])
        self.assertNotEqual(nat, other)

    def test_a_deleted_endpoint_is_gone(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        service = "com.amazonaws.us-east-1.s3"
        made = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=service)
        endpoint = made["VpcEndpoint"]["VpcEndpointId"]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        self.refused(
            "InvalidVpcEndpointId.NotFound",
            ec2.describe_vpc_endpoints,
            VpcEndpointIds=[endpoint],
        )

    @no_gap
    def test_other_unknown_ids_are_not_found(self):
        ec2 = self.aws("ec2")
        for code, call, arguments in (
            ("InvalidVpcID.NotFound", ec2.describe_vpcs, {"VpcIds": ["vpc-01"]}),
            ("InvalidSubnetID.NotFound", ec2.describe_subnets, {"SubnetIds": ["subnet-01"]}),
            ("InvalidGroup.NotFound", ec2.describe_security_groups, {"GroupIds": ["sg-01"]}),
            (
                "InvalidInternetGatewayID.NotFound",
                ec2.describe_internet_gateways,
                {"InternetGatewayIds": ["igw-01"]},
            ),
            (
                "InvalidRouteTableID.NotFound",
                ec2.describe_route_tables,
                {"RouteTableIds": ["rtb-01"]},
            ),
            (
                "InvalidAllocationID.NotFound",
                ec2.describe_addresses,
                {"AllocationIds": ["eipalloc-01"]},
            ),
            (
                "InvalidVpcEndpointId.NotFound",
                ec2.describe_vpc_endpoints,
                {"VpcEndpointIds": ["vpce-01"]},
            ),
            (
                "InvalidNetworkInterfaceID.NotFound",
                ec2.describe_network_interfaces,
                {"NetworkInterfaceIds": ["eni-01"]},
            ),
        ):
            with self.subTest(code):
                self.refused(code, call, **arguments)

    def test_a_deleted_nat_gateway_frees_address_and_interface(self):
        ec2 = self.aws("ec2")
        nat, address = Network(ec2).nat_gateway()
        held = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
        self.assertIn("AssociationId", held)
        ec2.delete_nat_gateway(NatGatewayId=nat)
        gone = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
        self.assertEqual(gone["State"], "deleted")
        free = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
        self.assertFalse(free.get("AssociationId"))
        interface = held["NetworkInterfaceId"]
        self.refused(
            "InvalidNetworkInterfaceID.NotFound",
            ec2.describe_network_interfaces,
            NetworkInterfaceIds=[interface],
        )


@closes_gaps
class Deletes(SandboxTest):
    def test_a_subnet_with_a_nat_gateway(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        nat, _ = network.nat_gateway()
        self.refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)
        ec2.delete_nat_gateway(NatGatewayId=nat)
        ec2.delete_subnet(SubnetId=network.subnet)

    def test_a_subnet_with_an_instance(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        run = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small"}
        made = ec2.run_instances(**run, SubnetId=network.subnet)["Instances"]
        self.refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)
        ec2.terminate_instances(InstanceIds=[made[0]["InstanceId"]])
        ec2.delete_subnet(SubnetId=network.subnet)

    def test_the_address_of_a_nat_gateway(self):
        ec2 = self.aws("ec2")
        nat, address = Network(ec2).nat_gateway()
        self.refused("AuthFailure", ec2.release_address, AllocationId=address)
        ec2.delete_nat_gateway(NatGatewayId=nat)
        ec2.release_address(AllocationId=address)

    def test_a_gateway_while_addresses_are_mapped(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        nat, _ = network.nat_gateway()
        detach = {"InternetGatewayId": network.gateway, "VpcId": network.vpc}
        message = self.refused("DependencyViolation", ec2.detach_internet_gateway, **detach)
        self.assertIn("mapped public address", message)
        ec2.delete_nat_gateway(NatGatewayId=nat)
        ec2.detach_internet_gateway(**detach)

    def test_a_group_that_another_refers_to(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        inner, outer = network.group("inner"), network.group("outer")
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        rule["UserIdGroupPairs"] = [{"GroupId": inner}]
        ec2.authorize_security_group_ingress(GroupId=outer, IpPermissions=[rule])
        self.refused("DependencyViolation", ec2.delete_security_group, GroupId=inner)
        ec2.revoke_security_group_ingress(GroupId=outer, IpPermissions=[rule])
        ec2.delete_security_group(GroupId=inner)

    @no_gap
    def test_a_group_that_refers_to_itself_goes(self):
        ec2 = self.aws("ec2")
        group = Network(ec2).group()
        rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        ec2.delete_security_group(GroupId=group)

    def test_a_default_group(self):
        ec2 = self.aws("ec2")
        wanted = [{"Name": "vpc-id", "Values": [Network(ec2).vpc]}]
        (group,) = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
        self.refused("CannotDelete", ec2.delete_security_group, GroupId=group["GroupId"])

    def test_a_vpcs_own_network_acl_goes_with_it(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        ec2.delete_subnet(SubnetId=network.subnet)
        own = [{"Name": "vpc-id", "Values": [network.vpc]}]
        self.assertEqual(len(ec2.describe_network_acls(Filters=own)["NetworkAcls"]), 1)
        ec2.delete_vpc(VpcId=network.vpc)
        self.assertEqual(ec2.describe_network_acls(Filters=own)["NetworkAcls"], [])

    def test_a_vpc_with_a_group(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        ec2.delete_subnet(SubnetId=network.subnet)
        group = network.group()
        self.refused("DependencyViolation", ec2.delete_vpc, VpcId=network.vpc)
        ec2.delete_security_group(GroupId=group)
        ec2.delete_vpc(VpcId=network.vpc)

    def test_a_vpc_with_an_endpoint(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        ec2.delete_subnet(SubnetId=network.subnet)
        service = "com.amazonaws.us-east-1.dynamodb"
        made = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=service)
        self.refused("DependencyViolation", ec2.delete_vpc, VpcId=network.vpc)
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]])
        ec2.delete_vpc(VpcId=network.vpc)

    def test_a_vpc_with_a_gateway(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        ec2.delete_subnet(SubnetId=network.subnet)
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
        self.refused("DependencyViolation", ec2.delete_vpc, VpcId=network.vpc)

    def test_a_vpc_with_what_somebody_made(self):
        ec2 = self.aws("ec2")
        network = Network(ec2)
        vpc = {"VpcId": network.vpc}
        ec2.delete_subnet(SubnetId=network.subnet)
        acl = ec2.create_network_acl(**vpc)["NetworkAcl"]["NetworkAclId"]
        self.refused("DependencyViolation", ec2.delete_vpc, **vpc)
        ec2.delete_network_acl(NetworkAclId=acl)
        made = ec2.create_egress_only_internet_gateway(**vpc)["EgressOnlyInternetGateway"]
        self.refused("DependencyViolation", ec2.delete_vpc, **vpc)
        egress = made["EgressOnlyInternetGatewayId"]
        ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=egress)
        ec2.delete_vpc(**vpc)

    def test_subnet_and_group_of_a_function(self):
        ec2, functions = self.aws("ec2"), self.aws("lambda")
        network = Network(ec2)
        group = network.group()
        role = make_role(self.aws("iam"), f"in-{network.vpc}")
        functions.create_function(
            FunctionName=f"in-{network.vpc}",
            Role=role,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": zipped("-")},
            VpcConfig={"SubnetIds": [network.subnet], "SecurityGroupIds": [group]},
        )
        self.refused("DependencyViolation", ec2.delete_subnet, SubnetId=network.subnet)
        self.refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
        functions.delete_function(FunctionName=f"in-{network.vpc}")
        ec2.delete_security_group(GroupId=group)
        ec2.delete_subnet(SubnetId=network.subnet)
