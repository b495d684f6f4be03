"""Permissions of functions' roles, over the wire: what AWS refuses for want of them is refused.

Each test passes without them in a sandbox with `--lax permissions`: `refused` asserts that there.
"""

import json
import time
import unittest

from permissions_support import BOUNDARY, MISSING, POLICY, Permissions, allow, deny
from support import ACCOUNT, REGION, until


class Functions(Permissions):
    """Functions' roles."""

    def test_an_action_that_the_role_lacks(self):
        self.function()
        arn = self.bucket()
        put = {"Bucket": self.name, "Key": "a", "Body": "x"}
        words = MISSING.format(action="s3:PutObject")
        self.function_refused(
            f"s3:PutObject on resource: {arn}/a {words}", "s3", "put_object", **put
        )
        self.let(allow("s3:PutObject", on=f"{arn}/b"))
        self.function_refused(words, "s3", "put_object", **put)
        self.let(allow("s3:PutObject", on=f"{arn}/*"))
        self.function_may("s3", "put_object", **put)

    def test_a_key_that_the_role_may_not_use(self):
        self.function()
        key = self.key()
        arn = self.bucket(key)
        self.let(allow("s3:PutObject", "s3:GetObject", on=f"{arn}/*"))
        put = {"Bucket": self.name, "Key": "a", "Body": "x"}
        words = f"kms:GenerateDataKey on resource: {key} "
        words += MISSING.format(action="kms:GenerateDataKey")
        self.function_refused(words, "s3", "put_object", **put)
        via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
        self.let(allow("kms:GenerateDataKey", on=key, Condition=via), "key")
        self.function_may("s3", "put_object", **put)
        get = {"Bucket": self.name, "Key": "a"}
        self.function_refused(MISSING.format(action="kms:Decrypt"), "s3", "get_object", **get)
        # The encryption context is the bucket where a bucket key is used.
        mine = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": arn}}
        self.let(allow("kms:Decrypt", on=key, Condition=mine), "decrypt")
        self.function_may("s3", "get_object", **get)

    def test_an_explicit_deny(self):
        self.function()
        arn = self.bucket()
        self.let(allow("s3:*"))
        put = {"Bucket": self.name, "Key": "a", "Body": "x"}
        self.function_may("s3", "put_object", **put)
        denying = {
            **POLICY,
            "Statement": [deny("s3:PutObject", on=f"{arn}/*", Principal={"AWS": self.role})],
        }
        self.aws("s3").put_bucket_policy(Bucket=self.name, Policy=json.dumps(denying))
        words = "with an explicit deny in a resource-based policy"
        self.function_refused(words, "s3", "put_object", **put)
        self.aws("s3").delete_bucket_policy(Bucket=self.name)
        self.function_may("s3", "put_object", **put)
        self.let({**POLICY, "Statement": [deny("s3:PutObject")]}, "deny")
        words = "with an explicit deny in an identity-based policy"
        self.function_refused(words, "s3", "put_object", **put)

    def test_a_resource_policy_allows_what_the_role_does_not(self):
        self.function()
        arn = self.bucket()
        statement = {"Effect": "Allow", "Principal": {"AWS": self.role}, "Action": "s3:PutObject"}
        letting = {**POLICY, "Statement": [{**statement, "Resource": f"{arn}/*"}]}
        self.aws("s3").put_bucket_policy(Bucket=self.name, Policy=json.dumps(letting))
        self.function_may("s3", "put_object", Bucket=self.name, Key="a", Body="x")
        # Naming the account leaves it to the account's own policies.
        letting["Statement"][0]["Principal"] = {"AWS": ACCOUNT}
        self.aws("s3").put_bucket_policy(Bucket=self.name, Policy=json.dumps(letting))
        words = MISSING.format(action="s3:PutObject")
        self.function_refused(words, "s3", "put_object", Bucket=self.name, Key="a", Body="x")

    def test_a_permissions_boundary(self):
        self.function()
        self.bucket()
        self.let(allow("s3:*"))
        boundary = self.iam.create_policy(
            PolicyName=self.name, PolicyDocument=json.dumps(allow("s3:GetObject", "logs:*"))
        )["Policy"]["Arn"]
        put = {"Bucket": self.name, "Key": "a", "Body": "x"}
        self.function_may("s3", "put_object", **put)
        self.iam.put_role_permissions_boundary(RoleName=self.name, PermissionsBoundary=boundary)
        words = BOUNDARY.format(action="s3:PutObject")
        self.function_refused(words, "s3", "put_object", **put)
        self.iam.delete_role_permissions_boundary(RoleName=self.name)
        self.function_may("s3", "put_object", **put)

    def test_a_condition_key_that_the_action_does_not_know(self):
        self.function()
        arn = self.bucket()
        self.aws("s3").put_object(Bucket=self.name, Key="a", Body="x")
        get = {"Bucket": self.name, "Key": "a"}
        # s3:prefix is ListBucket's: for GetObject it is never there.
        condition = {"StringLike": {"s3:prefix": "*"}}
        self.let(allow("s3:GetObject", on=f"{arn}/*", Condition=condition))
        self.function_refused(MISSING.format(action="s3:GetObject"), "s3", "get_object", **get)
        self.let(allow("s3:ListBucket", on=arn, Condition=condition), "list")
        self.function_may("s3", "list_objects_v2", Bucket=self.name, Prefix="a")
        self.let(allow("s3:GetObject", on=f"{arn}/*"))
        self.function_may("s3", "get_object", **get)

    def test_an_endpoint_that_lets_nothing_through(self):
        ec2 = self.aws("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName=self.name, Description="d", VpcId=vpc)[
            "GroupId"
        ]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        self.function(VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})
        arn = self.bucket()
        self.let(allow("s3:*"))
        endpoint = ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{REGION}.s3",
            RouteTableIds=[table],
            PolicyDocument=json.dumps(allow("s3:GetObject", Principal="*")),
        )["VpcEndpoint"]["VpcEndpointId"]
        put = {"Bucket": self.name, "Key": "a", "Body": "x"}
        words = "because no VPC endpoint policy allows the s3:PutObject action"
        self.function_refused(words, "s3", "put_object", **put)
        ec2.modify_vpc_endpoint(
            VpcEndpointId=endpoint,
            PolicyDocument=json.dumps(allow("s3:*", on=f"{arn}/*", Principal="*")),
        )
        self.function_may("s3", "put_object", **put)
        if self.lax:
            return
        other = {"StringNotEquals": {"aws:SourceVpce": endpoint}}
        denying = {
            **POLICY,
            "Statement": [deny("s3:PutObject", on=f"{arn}/*", Principal="*", Condition=other)],
        }
        self.aws("s3").put_bucket_policy(Bucket=self.name, Policy=json.dumps(denying))
        self.function_may("s3", "put_object", **put)

    def test_a_queue_that_the_role_may_not_read_any_more(self):
        sqs = self.aws("sqs")
        url = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        self.function()
        reads = allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", on=arn)
        self.let(reads)
        self.aws("lambda").create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=arn, BatchSize=1
        )
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="here")
        sqs.send_message(QueueUrl=url, MessageBody="x")

        def waiting():
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return [int(found[name]) for name in names]

        if self.lax:
            # Taken, and failed: the function makes nothing of it.
            until(lambda: waiting() != [1, 0])
            return
        time.sleep(1)
        self.assertEqual(waiting(), [1, 0])
        self.let(reads)
        until(lambda: waiting() != [1, 0])


class FunctionsLax(Functions):
    """The same where permissions are left out."""

    lax = "permissions"


del Permissions


if __name__ == "__main__":
    unittest.main()
