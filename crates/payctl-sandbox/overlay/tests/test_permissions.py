"""Permissions over the wire: what AWS refuses for want of them is refused, in AWS's words.

Each test passes without them in a sandbox with `--lax permissions`: `refused` asserts that there.
"""

import json
import time
import unittest
import uuid

from botocore.exceptions import ClientError
from support import ACCOUNT, REGION, Server, bootstrap, make_role, until, zipped

POLICY = {"Version": "2012-10-17"}
BOUNDARY = "because no permissions boundary allows the {action} action"
MISSING = "because no identity-based policy allows the {action} action"
# Calls whatever the event says, with the credentials that the function has.
CALLER = """
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
once = Config(retries=dict(total_max_attempts=1), s3=dict(addressing_style="path"))
client = boto3.client(event["service"], config=once)
try:
    answer = getattr(client, event["operation"])(**event["arguments"])
    answer = dict(answered=sorted(answer))
except ClientError as error:
    answer = dict(error=error.response["Error"])
"""


def allow(*actions, on="*", **elements):
    """A policy that allows these."""
    return {
        **POLICY,
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": on, **elements}],
    }


def deny(*actions, on="*", **elements):
    """A statement that denies these."""
    return {"Effect": "Deny", "Action": actions, "Resource": on, **elements}


class Permissions(unittest.TestCase):
    """Who may do what, in a sandbox of its own."""

    lax = ""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(lax=cls.lax)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.server.control(
            "POST",
            "operator",
            {**POLICY, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        )
        self.name = f"t-{uuid.uuid4().hex[:12]}"
        self.iam = self.aws("iam")

    def aws(self, service, **options):
        return self.server.client(service, **options)

    def let_operator(self, *policies):
        self.server.control("POST", "operator", list(policies))

    def refused(self, code, words, call, **arguments):
        """Asserts the refusal, in these words; where nothing is asked, that there is none."""
        if self.lax:
            return call(**arguments)
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        error = raised.exception.response["Error"]
        self.assertEqual(error["Code"], code)
        self.assertIn(words, error["Message"])
        return None

    # A function that calls whatever it is told.

    def function(self, **options):
        self.role = make_role(self.iam, self.name, in_vpc="VpcConfig" in options)
        self.aws("lambda").create_function(
            FunctionName=self.name,
            Runtime="provided.al2023",
            Role=self.role,
            Handler="bootstrap",
            Timeout=30,
            Code={"ZipFile": zipped(bootstrap(CALLER))},
            **options,
        )

    def let(self, policy, name="here"):
        self.iam.put_role_policy(
            RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy)
        )

    def calls(self, service, operation, **arguments):
        event = {"service": service, "operation": operation, "arguments": arguments}
        answer = self.aws("lambda").invoke(FunctionName=self.name, Payload=json.dumps(event))
        return json.load(answer["Payload"])

    def function_refused(self, words, service, operation, **arguments):
        """Asserts that the function's call is refused in these words."""
        answer = self.calls(service, operation, **arguments)
        if self.lax:
            self.assertIn("answered", answer)
            return
        self.assertIn(words, answer["error"]["Message"])
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.name}/{self.name}"
        self.assertIn(f"User: {session} is not authorized to perform", answer["error"]["Message"])

    def function_may(self, service, operation, **arguments):
        self.assertIn("answered", self.calls(service, operation, **arguments))

    def bucket(self, key=None):
        s3 = self.aws("s3")
        s3.create_bucket(Bucket=self.name)
        if key:
            rule = {
                "ApplyServerSideEncryptionByDefault": {
                    "SSEAlgorithm": "aws:kms",
                    "KMSMasterKeyID": key,
                },
                "BucketKeyEnabled": True,
            }
            s3.put_bucket_encryption(
                Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]}
            )
        return f"arn:aws:s3:::{self.name}"

    def key(self):
        return self.aws("kms").create_key()["KeyMetadata"]["Arn"]


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

    # The key of the function's environment.

    def made_anew(self):
        """The function's role, deleted and made again under its name."""
        for policy in self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=policy)
        for policy in self.iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]:
            self.iam.detach_role_policy(RoleName=self.name, PolicyArn=policy["PolicyArn"])
        self.iam.delete_role(RoleName=self.name)
        make_role(self.iam, self.name, in_vpc=False)

    def with_encrypted_environment(self):
        self.function(KMSKeyArn=self.key(), Environment={"Variables": {"MODE": "test"}})

    def unreadable(self):
        event = json.dumps({"service": "sts", "operation": "get_caller_identity", "arguments": {}})
        invoke = {"FunctionName": self.name, "Payload": event}
        words = (
            "Lambda was unable to decrypt the environment variables because KMS access was denied"
        )
        self.refused("KMSAccessDeniedException", words, self.aws("lambda").invoke, **invoke)

    def test_a_role_made_anew_has_lost_its_grant(self):
        self.with_encrypted_environment()
        self.made_anew()
        self.unreadable()
        # The same role again: nothing is renewed.
        self.aws("lambda").update_function_configuration(FunctionName=self.name, Role=self.role)
        until(self.updated)
        self.unreadable()
        other = make_role(self.iam, f"{self.name}-2", in_vpc=False)
        for role in (other, self.role):
            self.aws("lambda").update_function_configuration(FunctionName=self.name, Role=role)
            until(self.updated)
        self.function_may("sts", "get_caller_identity")

    def updated(self):
        found = self.aws("lambda").get_function_configuration(FunctionName=self.name)
        return found["LastUpdateStatus"] == "Successful"

    def test_a_right_to_the_key_is_as_good_as_a_grant(self):
        self.with_encrypted_environment()
        self.made_anew()
        self.unreadable()
        self.let(allow("kms:Decrypt"))
        self.function_may("sts", "get_caller_identity")

    def test_a_warm_function_of_a_role_made_anew_has_a_dead_token(self):
        self.function()
        self.function_may("sts", "get_caller_identity")
        self.made_anew()
        answer = self.calls("iam", "list_roles")
        if self.lax:
            self.assertIn("answered", answer)
        else:
            self.assertEqual(answer["error"]["Code"], "InvalidClientTokenId")


class FunctionsLax(Functions):
    """The same where permissions are left out."""

    lax = "permissions"


if __name__ == "__main__":
    unittest.main()
