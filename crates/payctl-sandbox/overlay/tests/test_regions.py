"""Regions that are not enabled in the account."""

import unittest

from support import Server
from test_tables import code


class Regions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(more=("--enable-region", "eu-south-1"))
        cls.addClassCleanup(cls.server.close)

    def test_one_that_is_not_enabled(self):
        calls = {
            "sts": ("get_caller_identity", "InvalidClientTokenId"),
            "dynamodb": ("list_tables", "UnrecognizedClientException"),
            "lambda": ("list_functions", "UnrecognizedClientException"),
            "ec2": ("describe_vpcs", "AuthFailure"),
            "s3": ("list_buckets", "InvalidToken"),
        }
        for service, (name, expected) in calls.items():
            for region in ("af-south-1", "ap-east-1"):
                call = getattr(self.server.client(service, region=region), name)
                self.assertEqual(code(call), expected, service)
            for region in ("eu-south-1", "eu-central-1", "us-gov-west-1", "cn-north-1"):
                self.assertIsNone(code(getattr(self.server.client(service, region=region), name)), region)

    def test_only_those_that_are_enabled_are_listed(self):
        found = self.server.client("ec2").describe_regions()["Regions"]
        names = {each["RegionName"] for each in found}
        self.assertLess({"us-east-1", "eu-west-1", "eu-south-1"}, names)
        self.assertFalse({"af-south-1", "ap-east-1"} & names)


if __name__ == "__main__":
    unittest.main()
