"""Requests are read as botocore writes them: each operation in use, with every member there is."""

import io
import os
import random
import sys
import unittest
from datetime import datetime, timezone
from urllib.parse import urlencode

from botocore.awsrequest import prepare_request_dict
from botocore.serialize import create_serializer

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from moto.core.utils import get_service_model  # noqa: E402

from payctl_sandbox.strict.call import MODELS, understand  # noqa: E402

SERVICES = """acm apigateway apigatewayv2 autoscaling cloudtrail cloudwatch logs config dynamodb ec2
elbv2 events guardduty iam kms lambda rds resourcegroupstaggingapi s3 secretsmanager sns sqs ssm sts
wafv2 service-quotas""".split()
# The paths of these, which nobody asks for any longer, are others' as well.
TWICE = """s3.GetBucketLifecycle s3.GetBucketNotification s3.ListDirectoryBuckets
s3.PutBucketLifecycle s3.PutBucketNotification s3.WriteGetObjectResponse""".split()
SIGNING = {model: name for name, model in MODELS.items()}
NOTHING = ({}, [{}], [{}, {}])
MOMENT = datetime(2026, 11, 29, 7, 0, 1, tzinfo=timezone.utc)


def made(shape, depth=0, dice=random.Random(15)):
    """A value for a shape, with all its members down to a depth."""
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return {"any": [1, "thing"]}
        left = [
            one for one in shape.members.items() if depth < 4 or one[0] in shape.required_members
        ]
        values = {name: made(member, depth + 1) for name, member in left}
        # Forms have no words for a structure of nothing.
        return {name: value for name, value in values.items() if value not in NOTHING}
    if kind == "list":
        return [made(shape.member, depth + 1) for _ in range(2 if depth < 3 else 1)]
    if kind == "map":
        return {f"{made(shape.key)}-{at}": made(shape.value, depth + 1) for at in range(2)}
    scalars = {
        "string": lambda: dice.choice(("plain", "an &<odd> one", "ü", "a/b c")),
        "boolean": lambda: dice.random() < 0.5,
        "timestamp": lambda: MOMENT,
        "blob": lambda: bytes(dice.choices(range(256), k=9)),
        "float": lambda: 1.5,
        "double": lambda: -2.25,
    }
    return scalars.get(kind, lambda: dice.randrange(-9, 99))()


def environ_of(service, operation, parameters):
    """What the server makes of botocore's request."""
    serialized = create_serializer(service.protocol, False).serialize_to_request(
        parameters, operation
    )
    prepare_request_dict(serialized, endpoint_url="http://127.0.0.1")
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    body = body.encode() if isinstance(body, str) else body
    path, _, query = serialized["url"].removeprefix("http://127.0.0.1").partition("?")
    name = SIGNING.get(service.service_name, service.service_name)
    scope = f"Credential=AKIAEXAMPLE/20261129/eu-central-1/{name}/aws4_request"
    environ = {
        "REQUEST_METHOD": serialized["method"],
        "PATH_INFO": path,
        "RAW_URI": f"{path}?{query}",
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x",
    }
    for header, value in serialized["headers"].items():
        wsgi = header.upper().replace("-", "_")
        bare = wsgi in ("CONTENT_TYPE", "CONTENT_LENGTH")
        environ[wsgi if bare else f"HTTP_{wsgi}"] = str(value)
    return environ, body


class Reading(unittest.TestCase):
    def test_every_operation_in_use_reads_back(self):
        for name in SERVICES:
            service = get_service_model(name)
            for operation in service.operation_names:
                if f"{name}.{operation}" in TWICE:
                    continue
                with self.subTest(f"{name}.{operation}"):
                    self.reads_back(service, service.operation_model(operation))

    def reads_back(self, service, operation):
        shape = operation.input_shape
        parameters = made(shape) if shape else {}
        environ, body = environ_of(service, operation, parameters)
        call = understand(environ, body)
        self.assertEqual((call.operation, call.region), (operation.name, "eu-central-1"))
        self.assertEqual((call.key, call.model.name), ("AKIAEXAMPLE", operation.name))
        self.assertEqual((call.unknown, call.malformed), ([], []))
        self.assertEqual(call.parameters, parameters)

    def test_what_the_model_does_not_know_is_noted(self):
        for service, operation, parameters, change, unknown in (
            ("kms", "CreateKey", {"Tags": []}, (b'"Tags"', b'"Tegs"'), [("Tegs",)]),
            ("iam", "GetRole", {"RoleName": "r"}, (b"RoleName", b"RoleName.1"), []),
            ("iam", "GetRole", {"RoleName": "r"}, (b"RoleName", b"Rolename"), [("Rolename",)]),
            (
                "ec2",
                "CreateTags",
                {"Resources": ["vpc-1"], "Tags": [{"Key": "k", "Value": "v"}]},
                (b"Tag.1.Value", b"Tag.1.Valve"),
                [("Tags", 0, "Valve")],
            ),
            (
                "sns",
                "CreateTopic",
                {"Name": "t", "Attributes": {"FifoTopic": "true"}},
                (b"entry.1.value", b"entry.1.valve"),
                [],
            ),
            (
                "s3",
                "PutBucketVersioning",
                {"Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}},
                (b"Status>", b"State>"),
                [("VersioningConfiguration", "State")],
            ),
            (
                "cloudwatch",
                "DeleteAlarms",
                {"AlarmNames": ["a"]},
                (b"AlarmNames", b"AlarmNamen"),
                [("AlarmNamen",)],
            ),
        ):
            with self.subTest(f"{service}.{operation}", change=change):
                call = self.changed(service, operation, parameters, change)
                self.assertEqual(call.unknown, unknown)
                # What has lost its shape altogether is malformed instead.
                self.assertEqual(bool(call.malformed), not unknown)

    def test_what_has_another_type_is_noted(self):
        for service, operation, parameters, change, place in (
            ("kms", "ListKeys", {"Limit": 5}, (b"5", b'"5"'), ("Limit",)),
            ("kms", "ListKeys", {"Limit": 5}, (b"5", b"true"), ("Limit",)),
            ("kms", "CreateKey", {"Policy": "p"}, (b'"p"', b"1"), ("Policy",)),
            ("kms", "CreateKey", {"Tags": []}, (b"[]", b"{}"), ("Tags",)),
            ("kms", "CreateKey", {"Tags": []}, (b"]}", b"]"), ()),
            ("ec2", "DescribeVpcs", {"MaxResults": 5}, (b"5", b"5.5"), ("MaxResults",)),
            ("ec2", "DescribeVpcs", {"DryRun": True}, (b"true", b"yes"), ("DryRun",)),
            ("ec2", "DescribeVpcs", {"VpcIds": ["v"]}, (b"VpcId.1", b"VpcId.x"), ("VpcIds",)),
            (
                "s3",
                "PutBucketVersioning",
                {"Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}},
                (b"VersioningConfiguration", b"Versioning"),
                ("VersioningConfiguration",),
            ),
        ):
            with self.subTest(f"{service}.{operation}", change=change):
                call = self.changed(service, operation, parameters, change)
                self.assertEqual([found for found, _ in call.malformed], [place])
                self.assertEqual(call.unknown, [])

    def changed(self, service, operation, parameters, change):
        """A request whose body was changed on the way."""
        service = get_service_model(service)
        operation = service.operation_model(operation)
        environ, body = environ_of(service, operation, parameters)
        self.assertIn(change[0], body)
        return understand(environ, body.replace(*change))


if __name__ == "__main__":
    unittest.main()
