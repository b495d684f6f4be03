"""Quotas of a new and of a seasoned account."""

import unittest

from support import SandboxTest, Server, closes_gaps, make_role, zipped
from test_tables import code, error

CONCURRENCY = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
ADDRESSES = {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"}


@closes_gaps
class Seasoned(SandboxTest):
    def test_its_quotas(self):
        quotas = self.aws("service-quotas")
        self.assertEqual(quotas.get_service_quota(**CONCURRENCY)["Quota"]["Value"], 1000)
        raised = quotas.get_service_quota(**ADDRESSES)["Quota"]
        default = quotas.get_aws_default_service_quota(**ADDRESSES)["Quota"]
        self.assertGreater(raised["Value"], default["Value"])
        self.assertEqual(default["Value"], 5)
        pages = quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode="vpc", PaginationConfig={"PageSize": 10}
        )
        codes = [each["QuotaCode"] for each in pages.search("Quotas[]")]
        self.assertEqual(len(codes), len(set(codes)))
        self.assertGreater(len(codes), 10)
        none = {"ServiceCode": "lambda", "QuotaCode": "L-00000000"}
        self.refused("NoSuchResourceException", quotas.get_service_quota, **none)

    def test_lambda_tells_of_its_own(self):
        settings = self.aws("lambda").get_account_settings()
        self.assertEqual(settings["AccountLimit"]["ConcurrentExecutions"], 1000)


class New(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(more=("--account", "new"))
        cls.addClassCleanup(cls.server.close)

    def test_nothing_can_be_reserved(self):
        functions = self.server.client("lambda")
        limits = functions.get_account_settings()["AccountLimit"]
        self.assertEqual(limits["ConcurrentExecutions"], 10)
        value = self.server.client("service-quotas").get_service_quota(**CONCURRENCY)
        self.assertEqual(value["Quota"]["Value"], 10)
        role = make_role(self.server.client("iam"), "role", in_vpc=False)
        functions.create_function(
            FunctionName="function",
            Role=role,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": zipped("-")},
        )
        reserve = {"FunctionName": "function", "ReservedConcurrentExecutions": 1}
        refused, message = error(functions.put_function_concurrency, **reserve)
        self.assertEqual(refused, "InvalidParameterValueException")
        self.assertIn("below its minimum value of [10]", message)

    def test_addresses_gateways_and_vpcs(self):
        ec2 = self.server.client("ec2")
        for _ in range(5):
            ec2.allocate_address(Domain="vpc")
        refused, message = error(ec2.allocate_address, Domain="vpc")
        self.assertEqual(refused, "AddressLimitExceeded")
        self.assertIn("maximum number of addresses", message)
        # With the default one.
        for nth in range(4):
            vpc = ec2.create_vpc(CidrBlock=f"10.{nth}.0.0/16")["Vpc"]["VpcId"]
        refused = code(ec2.create_vpc, CidrBlock="10.9.0.0/16")
        self.assertEqual(refused, "VpcLimitExceeded")
        there = len(ec2.describe_internet_gateways()["InternetGateways"])
        for _ in range(5 - there):
            ec2.create_internet_gateway()
        self.assertEqual(code(ec2.create_internet_gateway), "InternetGatewayLimitExceeded")
        zones = ("us-east-1a", "us-east-1b")
        one, other = (
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.3.{nth}.0/24", AvailabilityZone=zone)
            for nth, zone in enumerate(zones)
        )
        private = {"ConnectivityType": "private"}
        for _ in range(5):
            ec2.create_nat_gateway(SubnetId=one["Subnet"]["SubnetId"], **private)
        refused = code(ec2.create_nat_gateway, SubnetId=one["Subnet"]["SubnetId"], **private)
        self.assertEqual(refused, "NatGatewayLimitExceeded")
        ec2.create_nat_gateway(SubnetId=other["Subnet"]["SubnetId"], **private)


if __name__ == "__main__":
    unittest.main()
