"""Partitions other than the usual one."""

import http.client
import json
import unittest

from support import ACCOUNT, SandboxTest
from test_keys import for_service, policy

REGIONS = {
    "us-gov-west-1": ("aws-us-gov", "amazonaws.com"),
    "cn-north-1": ("aws-cn", "amazonaws.com.cn"),
    "eusc-de-east-1": ("aws-eusc", "amazonaws.eu"),
    "us-iso-east-1": ("aws-iso", "c2s.ic.gov"),
}


class Partitions(SandboxTest):
    def test_arns_and_zones(self):
        for region, (partition, _) in REGIONS.items():
            key = self.server.client("kms", region=region).create_key()["KeyMetadata"]["Arn"]
            self.assertTrue(key.startswith(f"arn:{partition}:kms:{region}:"), key)
            zones = self.server.client("ec2", region=region).describe_availability_zones()
            names = [zone["ZoneName"] for zone in zones["AvailabilityZones"]]
            self.assertEqual(names[:2], [f"{region}a", f"{region}b"])

    def test_keys_of_log_groups(self):
        for region, (partition, suffix) in REGIONS.items():
            root = {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
            group = f"arn:{partition}:logs:{region}:{ACCOUNT}:log-group:*"
            context = {"kms:EncryptionContext:aws:logs:arn": group}
            logs = for_service(f"logs.{region}.{suffix}", "kms:*", ArnLike=context)
            made = self.server.client("kms", region=region).create_key(Policy=policy(root, logs))
            arn = made["KeyMetadata"]["Arn"]
            create = self.server.client("logs", region=region).create_log_group
            create(logGroupName="/encrypted", kmsKeyId=arn)

    def test_hosts_of_apis(self):
        for region, (_, suffix) in REGIONS.items():
            api = self.server.client("apigateway", region=region).create_rest_api(name="api")["id"]
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
            host = f"{api}.execute-api.{region}.{suffix}"
            connection.request("GET", "/prod/none", headers={"Host": host})
            answer = connection.getresponse()
            # API Gateway's own: nothing is deployed.
            self.assertEqual((answer.status, json.load(answer)), (403, {"message": "Forbidden"}))
            connection.close()


if __name__ == "__main__":
    unittest.main()
