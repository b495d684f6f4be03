"""Networks are kept in their canonical form, and names of groups whatever their case."""

from support import SandboxTest, closes_gaps


@closes_gaps
class Networks(SandboxTest):
    def setUp(self):
        super().setUp()
        self.ec2 = self.aws("ec2")

    def vpc(self, network="10.20.0.0/16"):
        """The id of a new VPC."""
        return self.ec2.create_vpc(CidrBlock=network)["Vpc"]["VpcId"]

    def test_of_a_vpc_and_a_subnet(self):
        vpc = self.vpc("10.20.3.4/16")
        found = self.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
        self.assertEqual(found["CidrBlock"], "10.20.0.0/16")
        made = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.7/24")["Subnet"]
        self.assertEqual(made["CidrBlock"], "10.20.1.0/24")

    def test_of_a_route(self):
        vpc = self.vpc()
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        place = {"RouteTableId": table, "DestinationCidrBlock": "198.51.100.9/24"}
        self.ec2.create_route(**place, GatewayId=gateway)
        routes = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        self.assertIn("198.51.100.0/24", [one["DestinationCidrBlock"] for one in routes])
        self.ec2.delete_route(**place)

    def test_of_a_rule_which_is_then_there_already(self):
        group = self.ec2.create_security_group(
            GroupName="ranges", Description="ranges", VpcId=self.vpc()
        )["GroupId"]

        def allowed(network):
            ranges = [{"CidrIp": network, "Description": "10.1.2.3/8 is a description"}]
            rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": ranges}
            return {"GroupId": group, "IpPermissions": [rule]}

        self.ec2.authorize_security_group_ingress(**allowed("10.1.2.3/8"))
        found = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        range = found["IpPermissions"][0]["IpRanges"][0]
        self.assertEqual(range["CidrIp"], "10.0.0.0/8")
        self.assertEqual(range["Description"], "10.1.2.3/8 is a description")
        again = allowed("10.0.0.0/8")
        authorize = self.ec2.authorize_security_group_ingress
        self.refused("InvalidPermission.Duplicate", authorize, **again)
        self.ec2.revoke_security_group_ingress(**allowed("10.9.9.9/8"))

    def test_of_an_entry(self):
        vpc = self.vpc()
        acl = self.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        entry = {"RuleNumber": 7, "Protocol": "-1", "RuleAction": "allow", "Egress": False}
        self.ec2.create_network_acl_entry(NetworkAclId=acl, **entry, CidrBlock="10.1.2.3/8")
        found = self.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
        self.assertIn("10.0.0.0/8", [one.get("CidrBlock") for one in found])

    def test_groups_of_one_name(self):
        named = {"Description": "a group", "VpcId": self.vpc()}
        self.ec2.create_security_group(GroupName="Database", **named)
        create = self.ec2.create_security_group
        self.refused("InvalidGroup.Duplicate", create, GroupName="database", **named)
        self.ec2.create_security_group(GroupName="database", Description="d", VpcId=self.vpc())
