"""What the tests of permissions share: a sandbox of their own, and how refusals are asserted."""

import json
import unittest
import uuid

from botocore.exceptions import ClientError
from support import ACCOUNT, Server, bootstrap, make_role, zipped

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


def but(*actions):
    """A policy that allows everything except these."""
    return {
        **POLICY,
        "Statement": [{"Effect": "Allow", "NotAction": list(actions), "Resource": "*"}],
    }


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
