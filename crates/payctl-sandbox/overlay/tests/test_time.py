"""With a time scale, things take time."""

import time
import unittest
import uuid

from botocore.exceptions import ClientError
from support import Server, make_role, until, zipped

SCALE = 100


class Timed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(time_scale=SCALE)
        cls.addClassCleanup(cls.server.close)
        cls.ec2, cls.functions, cls.iam, cls.tables = map(
            cls.server.client, ("ec2", "lambda", "iam", "dynamodb")
        )

    def setUp(self):
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")
        self.subnet = made["Subnet"]["SubnetId"]
        made = self.ec2.create_security_group(GroupName="g", Description="g", VpcId=self.vpc)
        self.group = made["GroupId"]
        self.name = f"function-{uuid.uuid4()}"

    def code(self, call, **arguments):
        """The error code that the call is answered with; None when it succeeds."""
        try:
            call(**arguments)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    def took(self, aws_seconds, began):
        """Asserts that about so many of AWS's seconds have passed."""
        passed = (time.monotonic() - began) * SCALE
        self.assertGreaterEqual(passed, aws_seconds * 0.9)
        self.assertLess(passed, aws_seconds + 60)

    def test_a_nat_gateway(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        began = time.monotonic()
        made = self.ec2.create_nat_gateway(SubnetId=self.subnet, AllocationId=address)
        self.assertEqual(made["NatGateway"]["State"], "pending")
        nat = {"NatGatewayIds": [made["NatGateway"]["NatGatewayId"]]}

        def state():
            return self.ec2.describe_nat_gateways(**nat)["NatGateways"][0]["State"]

        until(lambda: state() == "available")
        self.took(95, began)
        began = time.monotonic()
        self.ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayIds"][0])
        self.assertEqual(state(), "deleting")
        self.assertEqual(self.code(self.ec2.release_address, AllocationId=address), "AuthFailure")
        refused = self.code(self.ec2.delete_subnet, SubnetId=self.subnet)
        self.assertEqual(refused, "DependencyViolation")
        until(lambda: state() == "deleted")
        self.took(45, began)
        self.ec2.release_address(AllocationId=address)
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.ec2.delete_subnet(SubnetId=self.subnet)

    def test_an_interface_endpoint(self):
        began = time.monotonic()
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=self.vpc,
            ServiceName="com.amazonaws.us-east-1.logs",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[self.group],
        )["VpcEndpoint"]
        self.assertEqual(made["State"], "pending")
        endpoint = {"VpcEndpointIds": [made["VpcEndpointId"]]}

        def state():
            return self.ec2.describe_vpc_endpoints(**endpoint)["VpcEndpoints"][0]["State"]

        until(lambda: state() == "available")
        self.took(60, began)
        began = time.monotonic()
        self.ec2.delete_vpc_endpoints(**endpoint)
        self.assertEqual(state(), "deleting")
        for call, what in (
            (self.ec2.delete_subnet, {"SubnetId": self.subnet}),
            (self.ec2.delete_security_group, {"GroupId": self.group}),
        ):
            self.assertEqual(self.code(call, **what), "DependencyViolation")
        gone = "InvalidVpcEndpointId.NotFound"
        until(lambda: self.code(self.ec2.describe_vpc_endpoints, **endpoint) == gone)
        self.took(60, began)
        self.ec2.delete_subnet(SubnetId=self.subnet)
        self.ec2.delete_security_group(GroupId=self.group)

    def create(self, name=None):
        """Makes a function in the VPC once its role can be assumed."""
        role = make_role(self.iam, f"role-{uuid.uuid4()}")
        arguments = {
            "FunctionName": name or self.name,
            "Role": role,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Code": {"ZipFile": zipped("-")},
            "VpcConfig": {"SubnetIds": [self.subnet], "SecurityGroupIds": [self.group]},
        }
        until(lambda: self.code(self.functions.create_function, **arguments) is None)

    def configuration(self):
        """The function's configuration."""
        return self.functions.get_function_configuration(FunctionName=self.name)

    def interfaces(self):
        """The function's interfaces."""
        wanted = {"Name": "description", "Values": [f"AWS Lambda VPC ENI-{self.name}*"]}
        return self.ec2.describe_network_interfaces(Filters=[wanted])["NetworkInterfaces"]

    def updated(self):
        """Waits for the end of an update."""
        until(lambda: self.configuration()["LastUpdateStatus"] == "Successful")

    def test_a_function_and_its_interfaces(self):
        self.create()
        began = time.monotonic()
        self.assertEqual(self.configuration()["State"], "Pending")
        invoke = self.code(self.functions.invoke, FunctionName=self.name)
        self.assertEqual(invoke, "ResourceConflictException")
        update = {"FunctionName": self.name, "MemorySize": 256}
        change = self.functions.update_function_configuration
        self.assertEqual(self.code(change, **update), "ResourceConflictException")
        until(lambda: self.configuration()["State"] == "Active")
        self.took(45, began)
        self.updated()

        (interface,) = self.interfaces()
        self.assertEqual(interface["Status"], "in-use")
        self.assertIn(":awslambda_", interface["RequesterId"])
        delete = {"NetworkInterfaceId": interface["NetworkInterfaceId"]}
        code = self.code(self.ec2.delete_network_interface, **delete)
        self.assertEqual(code, "InvalidParameterValue")

        # Detached first, it is free within two minutes.
        began = time.monotonic()
        none = {"SubnetIds": [], "SecurityGroupIds": []}
        change(FunctionName=self.name, VpcConfig=none)
        self.assertEqual(self.configuration()["LastUpdateStatus"], "InProgress")
        self.assertEqual(self.code(change, **update), "ResourceConflictException")
        self.updated()
        self.took(45, began)
        self.functions.delete_function(FunctionName=self.name)
        code = self.code(self.ec2.delete_subnet, SubnetId=self.subnet)
        self.assertEqual(code, "DependencyViolation")
        code = self.code(self.ec2.delete_security_group, GroupId=self.group)
        self.assertEqual(code, "DependencyViolation")
        until(lambda: self.interfaces()[0]["Status"] == "available")
        self.took(105, began)
        self.ec2.delete_network_interface(**delete)
        self.ec2.delete_subnet(SubnetId=self.subnet)
        self.ec2.delete_security_group(GroupId=self.group)

    def test_a_function_deleted_as_it_is(self):
        self.create()
        until(lambda: self.configuration()["State"] == "Active")
        began = time.monotonic()
        self.functions.delete_function(FunctionName=self.name)
        until(lambda: self.interfaces()[0]["Status"] == "available")
        self.took(240, began)

    def test_a_delete_breaks_off_a_detach(self):
        self.create()
        until(lambda: self.configuration()["State"] == "Active")
        none = {"SubnetIds": [], "SecurityGroupIds": []}
        self.functions.update_function_configuration(FunctionName=self.name, VpcConfig=none)
        began = time.monotonic()
        self.functions.delete_function(FunctionName=self.name)
        until(lambda: self.interfaces()[0]["Status"] == "available")
        self.took(240, began)

    def test_functions_share_interfaces(self):
        second = f"function-{uuid.uuid4()}"
        self.create()
        self.create(second)
        until(lambda: self.configuration()["State"] == "Active")
        here = [{"Name": "subnet-id", "Values": [self.subnet]}]

        def states():
            found = self.ec2.describe_network_interfaces(Filters=here)["NetworkInterfaces"]
            return [each["Status"] for each in found]

        self.assertEqual(states(), ["in-use"])
        self.functions.delete_function(FunctionName=self.name)
        # Longer than it takes where it is the last one.
        time.sleep(300 / SCALE)
        self.assertEqual(states(), ["in-use"])
        began = time.monotonic()
        self.functions.delete_function(FunctionName=second)
        until(lambda: states() == ["available"])
        self.took(240, began)

    def test_a_table(self):
        key = {"AttributeName": "id", "KeyType": "HASH"}
        began = time.monotonic()
        made = self.tables.create_table(
            TableName=self.name,
            KeySchema=[key],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.assertEqual(made["TableDescription"]["TableStatus"], "CREATING")
        item = {"TableName": self.name, "Item": {"id": {"S": "a"}}}
        self.assertEqual(self.code(self.tables.put_item, **item), "ResourceNotFoundException")
        name = {"TableName": self.name}
        self.assertEqual(self.code(self.tables.delete_table, **name), "ResourceInUseException")
        state = self.tables.describe_table
        until(lambda: state(**name)["Table"]["TableStatus"] == "ACTIVE")
        self.took(6.5, began)
        self.tables.put_item(**item)
        began = time.monotonic()
        gone = self.tables.delete_table(**name)
        self.assertEqual(gone["TableDescription"]["TableStatus"], "DELETING")
        until(lambda: self.code(state, **name) == "ResourceNotFoundException")
        self.took(5.5, began)

    def test_a_queue(self):
        queues = self.server.client("sqs")
        made = queues.create_queue(QueueName=self.name)
        url = {"QueueUrl": made["QueueUrl"]}
        began = time.monotonic()
        queues.delete_queue(**url)
        recently = "AWS.SimpleQueueService.QueueDeletedRecently"
        gone = "AWS.SimpleQueueService.NonExistentQueue"
        name = {"QueueName": self.name}
        # It answers while it goes, to its deletion as well.
        self.assertIsNone(self.code(queues.get_queue_attributes, **url))
        self.assertIsNone(self.code(queues.delete_queue, **url))
        self.assertEqual(self.code(queues.create_queue, **name), recently)
        until(lambda: self.code(queues.get_queue_url, **name) == gone)
        self.took(30, began)
        self.assertEqual(self.code(queues.delete_queue, **url), gone)
        until(lambda: self.code(queues.create_queue, **name) is None)
        self.took(60, began)

    def test_a_new_role_cannot_be_assumed_at_once(self):
        server = Server(time_scale=4)
        self.addCleanup(server.close)
        role = make_role(server.client("iam"), "new")
        began = time.monotonic()

        def create():
            arguments = {"FunctionName": "f", "Role": role, "Runtime": "provided.al2023"}
            code = {"Handler": "bootstrap", "Code": {"ZipFile": zipped("-")}}
            return self.code(server.client("lambda").create_function, **arguments, **code)

        self.assertEqual(create(), "InvalidParameterValueException")
        until(lambda: create() is None)
        self.assertGreater((time.monotonic() - began) * 4, 7)

    def test_what_is_under_way_survives_a_restart(self):
        server = Server(time_scale=20)
        self.addCleanup(server.close)
        ec2 = server.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]
        private = {"SubnetId": made["SubnetId"], "ConnectivityType": "private"}
        nat = ec2.create_nat_gateway(**private)["NatGateway"]["NatGatewayId"]
        server.stop()
        server.start()
        ec2 = server.client("ec2")

        def state():
            return ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"]

        self.assertEqual(state(), "pending")
        until(lambda: state() == "available")
