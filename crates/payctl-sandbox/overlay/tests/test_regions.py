"""Regions that are not enabled in the account."""

import unittest

import boto3
from support import CLIENT, Server
from test_tables import code


class Regions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(more=("--enable-region", "eu-south-1"))
        cls.addClassCleanup(cls.server.close)

    def client(self, service, region):
        """A client for the region."""
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=CLIENT,
        )

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
                call = getattr(self.client(service, region), name)
                self.assertEqual(code(call), expected, service)
            for region in ("eu-south-1", "eu-central-1", "us-gov-west-1", "cn-north-1"):
                self.assertIsNone(code(getattr(self.client(service, region), name)), region)


if __name__ == "__main__":
    unittest.main()
