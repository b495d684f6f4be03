"""Requests are held against AWS's models: planted faults of each sort, in each protocol."""

import functools
import http.client
import json
import random
import sys
import unittest
from unittest import mock

import boto3
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from support import OVERLAY, REGION, Server, shared
from test_call import SERVICES, TWICE, environ_of, made
from test_rules import UNCHECKED, read

sys.path.insert(0, OVERLAY)

from moto.core.utils import get_service_model  # noqa: E402

from payctl_sandbox import strict  # noqa: E402
from payctl_sandbox.strict import exceptions, shapes  # noqa: E402
from payctl_sandbox.strict.refusal import Refusal  # noqa: E402

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
VERSIONING = {"Bucket": "b", "VersioningConfiguration": {"Status": "On"}}
FUNCTION = {"FunctionName": "f", "Code": {}, "Role": "arn:aws:iam::123456789012:role/r"}

# Service, operation, parameters with a fault, AWS's code, words of its message.
FAULTS = [
    # Required
    ("iam", "CreateRole", {"RoleName": "r"}, "ValidationError", "Value null at 'assumeRolePolicy"),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter", "VpcId"),
    ("rds", "CreateDBCluster", {"DBClusterIdentifier": "a"}, "InvalidParameterValue", "Engine"),
    ("sns", "Subscribe", {"TopicArn": "t"}, "InvalidParameter", "Protocol"),
    ("sqs", "SendMessage", {"QueueUrl": "q"}, "MissingParameter", "MessageBody"),
    ("logs", "PutRetentionPolicy", {"logGroupName": "a"}, "InvalidParameterException", "null at"),
    ("apigateway", "CreateRestApi", {}, "BadRequestException", "Value null at 'name'"),
    ("apigatewayv2", "CreateApi", {"Name": "a"}, "BadRequestException", "'protocolType'"),
    ("lambda", "CreateFunction", {"FunctionName": "f"}, "ValidationException", "2 validation err"),
    (
        "cloudwatch",
        "PutMetricAlarm",
        {"Period": 60},
        "ValidationError",
        "Value null at 'alarmName'",
    ),
    ("guardduty", "CreateDetector", {}, "BadRequestException", "The request is rejected because"),
    # Length
    (
        "iam",
        "CreateRole",
        {"RoleName": "r" * 65, "AssumeRolePolicyDocument": TRUST},
        "ValidationError",
        "Member must have length less than or equal to 64",
    ),
    ("kms", "CreateKey", {"Description": "d" * 8193}, "ValidationException", "'description'"),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": ""}, "ValidationError", "greater than or equal"),
    # Range
    ("ec2", "DescribeVpcs", {"MaxResults": 4}, "InvalidParameterValue", "MaxResults"),
    ("lambda", "CreateFunction", {**FUNCTION, "MemorySize": 100}, "ValidationException", "128"),
    (
        "elbv2",
        "CreateTargetGroup",
        {"Name": "t", "Port": 0},
        "ValidationError",
        "1 validation error detected: Value '0' at 'port' failed to satisfy constraint: Member "
        "must have value greater than or equal to 1",
    ),
    # Pattern
    ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "InvalidParameterException", "pattern"),
    ("lambda", "CreateFunction", {**FUNCTION, "Role": "r"}, "ValidationException", "'role'"),
    ("dynamodb", "DescribeTable", {"TableName": ""}, "ValidationException", "'tableName'"),
    # Enum
    ("s3", "PutBucketVersioning", VERSIONING, "MalformedXML", "not well-formed"),
    ("ec2", "CreateVpc", {"InstanceTenancy": "purple"}, "InvalidParameterValue", "purple"),
    (
        "wafv2",
        "ListWebACLs",
        {"Scope": "ALL"},
        "ValidationException",
        "Member must satisfy enum value set: [CLOUDFRONT, REGIONAL]",
    ),
    # Sizes of lists and maps, and what is in them
    (
        "sts",
        "AssumeRole",
        {
            "RoleArn": "a" * 20,
            "RoleSessionName": "session",
            "Tags": [{"Key": f"k{at}", "Value": ""} for at in range(51)],
        },
        "ValidationError",
        "'tags'",
    ),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "a", "tags": {}},
        "InvalidParameterException",
        "at",
    ),
    (
        "kms",
        "CreateKey",
        {"Tags": [{"TagKey": "k", "TagValue": "v"}, {"TagKey": "", "TagValue": "v"}]},
        "ValidationException",
        "Value '' at 'tags.2.member.tagKey'",
    ),
    (
        "lambda",
        "CreateFunction",
        {**FUNCTION, "Environment": {"Variables": {"1": "v"}}},
        "ValidationException",
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern",
    ),
]
# What moto takes without a word.
TAKEN = [
    ("kms", "CreateKey", {"Description": "d" * 8193}),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "purple"}),
    ("ec2", "DescribeVpcs", {"MaxResults": 4}),
    ("logs", "CreateLogGroup", {"logGroupName": "a b"}),
    ("secretsmanager", "CreateSecret", {"Name": "a b", "SecretString": "s"}),
]


@functools.cache
def client(server, service):
    """A client that checks nothing itself."""
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=UNCHECKED,
    )


class Shapes(unittest.TestCase):
    def test_planted_faults_are_refused(self):
        for service, operation, parameters, code, words in FAULTS:
            with self.subTest(f"{service}.{operation}", code=code):
                with self.assertRaises(ClientError) as caught:
                    client(shared(), service)._make_api_call(operation, parameters)
                answer = caught.exception.response
                self.assertEqual(answer["Error"]["Code"], code)
                self.assertIn(words, answer["Error"]["Message"])
                self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 400)
                self.assertTrue(answer["ResponseMetadata"].get("RequestId"))

    def test_moto_takes_them_where_shapes_are_lax(self):
        server = Server(lax="shapes")
        self.addCleanup(server.close)
        for service, operation, parameters in TAKEN:
            with self.subTest(f"{service}.{operation}"):
                client(server, service)._make_api_call(operation, parameters)
                with self.assertRaises(ClientError):
                    client(shared(), service)._make_api_call(operation, parameters)

    def test_what_cannot_be_read_is_refused(self):
        for service, operation, parameters, change, status, code in (
            ("kms", "ListKeys", {"Limit": 5}, (b"5", b'"5"'), 400, "SerializationException"),
            ("kms", "ListKeys", {"Limit": 5}, (b"Limit", b"Most"), 400, "SerializationException"),
            ("kms", "ListKeys", {"Limit": 5}, (b"}", b""), 400, "SerializationException"),
            ("ec2", "DescribeVpcs", {"MaxResults": 5}, (b"5", b"v"), 400, "InvalidParameterValue"),
            ("ec2", "DescribeVpcs", {"MaxResults": 5}, (b"Max", b"Min"), 400, "UnknownParameter"),
            ("iam", "ListRoles", {"MaxItems": 5}, (b"=5", b"=five"), 400, "MalformedInput"),
            ("iam", "ListRoles", {"MaxItems": 5}, (b"Max", b"Min"), 400, "MalformedInput"),
            ("s3", "PutBucketVersioning", VERSIONING, (b"Status", b"State"), 400, "MalformedXML"),
            (
                "lambda",
                "CreateFunction",
                FUNCTION,
                (b"Role", b"Rule"),
                400,
                "SerializationException",
            ),
            (
                "cloudwatch",
                "DeleteAlarms",
                {"AlarmNames": []},
                (b"Names", b"Namen"),
                400,
                "Serializa",
            ),
        ):
            with self.subTest(f"{service}.{operation}", change=change):
                found, said = self.send(service, operation, parameters, change)
                self.assertEqual(found, status)
                self.assertIn(code.encode(), said)

    def send(self, service, operation, parameters, change):
        """The status and body that a request changed on its way is answered with."""
        service = get_service_model(service)
        environ, body = environ_of(service, service.operation_model(operation), parameters)
        self.assertIn(change[0], body)
        names = ("HTTP_", "CONTENT_TYPE")
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith(names) and name != "HTTP_HOST"
        }
        connection = http.client.HTTPConnection("127.0.0.1", shared().port)
        self.addCleanup(connection.close)
        path = environ["RAW_URI"]
        connection.request(environ["REQUEST_METHOD"], path, body.replace(*change), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_a_sensitive_value_is_not_repeated(self):
        call = read("secretsmanager", "CreateSecret", {"Name": "s", "SecretString": ""})
        with self.assertRaises(Refusal) as caught:
            shapes.check(call)
        self.assertIn("Value at 'secretString' failed", caught.exception.message)

    def test_several_violations_are_counted(self):
        call = read("logs", "DescribeLogGroups", {"logGroupNamePrefix": "", "limit": 51})
        with self.assertRaises(Refusal) as caught:
            shapes.check(call)
        # As fluent-plugin-cloudwatch-logs#223 has it, but for the order.
        self.assertEqual(
            caught.exception.message,
            "3 validation errors detected: Value '' at 'logGroupNamePrefix' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1; Value '' at "
            "'logGroupNamePrefix' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [\\.\\-_/#A-Za-z0-9]+; Value '51' at 'limit' failed to satisfy "
            "constraint: Member must have value less than or equal to 50",
        )


class AgainstBotocore(unittest.TestCase):
    """What botocore itself would refuse to send is what is refused here."""

    def test_every_operation_in_use(self):
        dice, seen = random.Random(7), 0
        for name in SERVICES:
            service = get_service_model(name)
            for operation in service.operation_names:
                if f"{name}.{operation}" in TWICE:
                    continue
                model = service.operation_model(operation)
                if model.input_shape is None:
                    continue
                parameters = thinned(model.input_shape, made(model.input_shape, dice=dice), dice)
                with self.subTest(f"{name}.{operation}"):
                    self.assertEqual(
                        ours(model.input_shape, parameters), theirs(model.input_shape, parameters)
                    )
                    seen += 1
        self.assertGreater(seen, 1500)


def thinned(shape, value, dice):
    """The value without some of its members, some texts emptied, some numbers small."""
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        kept = {name: item for name, item in value.items() if dice.random() < 0.8}
        return {name: thinned(shape.members[name], item, dice) for name, item in kept.items()}
    if kind == "list":
        return [thinned(shape.member, item, dice) for item in value if dice.random() < 0.9]
    if kind == "map":
        return {key: thinned(shape.value, item, dice) for key, item in value.items()}
    return "" if kind == "string" and dice.random() < 0.3 else value


# botocore looks for these, and for no upper limit, pattern or enum.
SEEN = ("greater than or equal", "null", "exactly one")


def ours(shape, parameters):
    """Our violations of the sorts that botocore looks for: (sort, last name of the place)."""
    found = []
    shapes._hold(shape, parameters, (), found)
    sorts = {"required": "missing", "length": "length", "range": "range", "union": "union"}
    return sorted(
        (sorts[one.kind], one.place[-1] if one.kind == "required" else "")
        for one in found
        # botocore does not measure blobs.
        if one.kind in sorts
        and any(words in one.constraint for words in SEEN)
        and not isinstance(one.value, bytes)
    )


def theirs(shape, parameters):
    """botocore's report in the same form, without keys of maps, which are told with their map."""
    sorts = {
        "missing required field": "missing",
        "invalid length": "length",
        "invalid range": "range",
        "empty input": "union",
        "more than one input": "union",
    }
    report = ParamValidator().validate(parameters, shape)
    return sorted(
        (sorts[kind], more.get("required_name", ""))
        for kind, name, more in report._errors
        if "(key:" not in name
    )


class Models(unittest.TestCase):
    def test_every_pattern_compiles(self):
        for name in SERVICES:
            service = get_service_model(name)
            for shape in service.shape_names:
                if pattern := service.shape_for(shape).metadata.get("pattern"):
                    with self.subTest(f"{name}.{shape}"):
                        shapes.pattern(pattern)

    def test_patterns_are_javas(self):
        for pattern, fits, other in (
            (r"[\.\-_/#A-Za-z0-9]+", "/aws/lambda", "a b"),
            (r"\w+", "abc_1", "ü"),
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 1", "a;b"),
            (r"[ -\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a 😀", "\x01"),
        ):
            with self.subTest(pattern):
                self.assertTrue(shapes.pattern(pattern).fullmatch(fits))
                self.assertFalse(shapes.pattern(pattern).fullmatch(other))


class Exceptions(unittest.TestCase):
    def test_they_are_named_in_the_models(self):
        for service, operation in exceptions.OPERATIONS:
            self.assertIn(operation, get_service_model(service).operation_names)

    def test_what_the_models_lack_passes(self):
        for service, operation, parameters in (
            ("ec2", "DescribeInstanceTypes", {"InstanceTypes": ["x9.large"]}),
            (
                "s3",
                "CreateBucket",
                {
                    "Bucket": "b-1",
                    "CreateBucketConfiguration": {"LocationConstraint": "eusc-de-east-1"},
                },
            ),
        ):
            shapes.check(read(service, operation, parameters))

    def test_one_lets_a_request_pass(self):
        call = read("logs", "CreateLogGroup", {"logGroupName": "a b"})
        with mock.patch.dict(exceptions.OPERATIONS, {("logs", "CreateLogGroup"): "reason"}):
            shapes.check(call)
        kept = {("logs", "logGroupName", "pattern"): "reason"}
        with mock.patch.dict(exceptions.CONSTRAINTS, kept):
            shapes.check(call)
        with self.assertRaises(Refusal):
            shapes.check(call)


class Switch(unittest.TestCase):
    def test_parts(self):
        self.assertEqual(strict.parts(""), {"shapes", "permissions", "behaviour"})
        self.assertEqual(strict.parts("shapes, behaviour"), {"permissions"})
        with self.assertRaisesRegex(ValueError, "not shape$"):
            strict.parts("shape")

    def test_an_unknown_part_ends_the_server(self):
        with self.assertRaisesRegex(RuntimeError, "--lax knows shapes, permissions, behaviour"):
            Server(lax="everything")


if __name__ == "__main__":
    unittest.main()
