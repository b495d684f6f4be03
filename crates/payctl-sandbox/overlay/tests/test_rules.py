"""The rules that AWS's models lack: each has a planted fault, and its words in the reference."""

import json
import os
import re
import sys
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from support import CLIENT, REGION, shared
from test_call import environ_of

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from moto.core.utils import get_service_model  # noqa: E402
from payctl_sandbox.strict import rules, shapes  # noqa: E402
from payctl_sandbox.strict.call import MODELS, understand  # noqa: E402
from payctl_sandbox.strict.refusal import Refusal  # noqa: E402
from payctl_sandbox.strict.rules.rule import find  # noqa: E402

UNCHECKED = CLIENT.merge(Config(parameter_validation=False))
LONG = "x" * 256
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/0123456789abcdef"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef"
CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}


def permission(**more):
    base = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    base["IpRanges"] = [{"CidrIp": "10.0.0.0/8", "Description": "all of ours"}]
    kept = {name: value for name, value in {**base, **more}.items() if value is not None}
    return {"GroupId": "sg-1", "IpPermissions": [kept]}


def tags(number=1, key="k"):
    return [{"Key": f"{key}{at}", "Value": "v"} for at in range(number)]


SECURITY_GROUP = {"GroupName": "db", "Description": "the database (5432)", "VpcId": "vpc-1"}
ENTRY = {"NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow"}
ENTRY |= {"Egress": False, "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 1, "To": 2}}
FLOW_LOG = {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "MaxAggregationInterval": 60}
ENDPOINT = {"VpcId": "vpc-1", "ServiceName": "s", "PolicyDocument": POLICY}
TEMPLATE = {"LaunchTemplateName": "one", "ClientToken": "t"}
TEMPLATE |= {"LaunchTemplateData": {"UserData": "AAAA"}}
CLUSTER = {
    "DBClusterIdentifier": "payments-dev",
    "Engine": "aurora-postgresql",
    "MasterUsername": "payments_admin",
    "MasterUserPassword": "longenough!",
    "DatabaseName": "payments",
    "BackupRetentionPeriod": 7,
    "Port": 5432,
    "PreferredBackupWindow": "03:00-04:00",
    "EnableCloudwatchLogsExports": ["postgresql"],
    "MonitoringInterval": 60,
    "MonitoringRoleArn": "arn:aws:iam::123456789012:role/r",
    "PerformanceInsightsRetentionPeriod": 7,
}
INSTANCE = {"DBInstanceIdentifier": "i-1", "DBInstanceClass": "db.r6g.large"}
INSTANCE |= {"Engine": "aurora-postgresql", "PromotionTier": 1, "MonitoringInterval": 0}
SUBNETS = {"DBSubnetGroupName": "a", "DBSubnetGroupDescription": "d", "SubnetIds": ["subnet-1"]}
DELETE = {"DBClusterIdentifier": "a", "FinalDBSnapshotIdentifier": "a-final"}
BALANCER = {"Name": "payments", "Subnets": ["subnet-1", "subnet-2"]}
TARGETS = {"Name": "blue", "Port": 80, "Protocol": "HTTP", "VpcId": "vpc-1"}
LISTENER = {"LoadBalancerArn": ARN, "Protocol": "HTTPS", "Port": 443}
LISTENER |= {"Certificates": [CERTIFICATE], "DefaultActions": [{"Type": "forward"}]}
ROLE = {"RoleName": "r", "AssumeRolePolicyDocument": POLICY, "Tags": tags()}
INLINE = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": POLICY}
MANAGED = {"PolicyName": "p", "PolicyDocument": POLICY}
PARAMETER = {"Name": "/payments/dev/host", "Value": "v", "Type": "String"}
TABLE = {
    "TableName": "payments",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
ALARM = {
    "AlarmName": "errors",
    "MetricName": "Errors",
    "Namespace": "AWS/Lambda",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
SUBSCRIPTION = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"}
SUBSCRIPTION |= {"Protocol": "email", "Endpoint": "ops@example.com"}
RETENTION = {"logGroupName": "/a", "retentionInDays": 365}


def bulky(length):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "x" * length}]})


# Service, operation, a good request, what makes a fault of it (None: left out), AWS's code.
FAULTS = [
    ("ec2", "CreateSecurityGroup", SECURITY_GROUP, {"GroupName": "sg-db"}, "InvalidParameterValue"),
    ("ec2", "CreateSecurityGroup", SECURITY_GROUP, {"GroupName": LONG}, "InvalidParameterValue"),
    ("ec2", "CreateSecurityGroup", SECURITY_GROUP, {"Description": "it's"}, "InvalidParameterValue"),
    *[
        (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            permission(),
            permission(**{where: [{"Description": "a > b"}]}),
            "InvalidParameterValue",
        )
        for where in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    ],
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        permission(),
        permission(FromPort=None),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        permission(),
        permission(FromPort=444),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        permission(),
        permission(IpRanges=None),
        "MissingParameter",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        permission(),
        permission(IpRanges=[{"CidrIp": "10.0.0.0"}]),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        permission(),
        permission(Ipv6Ranges=[{"CidrIpv6": "::/129"}]),
        "InvalidParameterValue",
    ),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.0/16"}, "InvalidParameterValue"),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.0.0.0/15"}, "InvalidVpc.Range"),
    (
        "ec2",
        "CreateSubnet",
        {"VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"},
        {"CidrBlock": "10.0.1.0/29"},
        "InvalidSubnet.Range",
    ),
    (
        "ec2",
        "CreateRoute",
        {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
        {"DestinationCidrBlock": "0.0.0.0"},
        "InvalidParameterValue",
    ),
    ("ec2", "CreateNetworkAclEntry", ENTRY, {"RuleNumber": 32767}, "InvalidParameterValue"),
    ("ec2", "CreateNetworkAclEntry", ENTRY, {"PortRange": None}, "MissingParameter"),
    ("ec2", "CreateNetworkAclEntry", ENTRY, {"Protocol": "1"}, "MissingParameter"),
    ("ec2", "CreateFlowLogs", FLOW_LOG, {"MaxAggregationInterval": 300}, "InvalidParameterValue"),
    ("ec2", "CreateVpcEndpoint", ENDPOINT, {"PolicyDocument": "{"}, "InvalidPolicyDocument"),
    (
        "ec2",
        "CreateTags",
        {"Resources": ["vpc-1"], "Tags": tags()},
        {"Resources": [f"vpc-{at}" for at in range(1001)]},
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "CreateNatGateway",
        {"SubnetId": "subnet-1", "ClientToken": "t"},
        {"ClientToken": "ü"},
        "InvalidParameterValue",
    ),
    ("ec2", "CreateLaunchTemplate", TEMPLATE, {"ClientToken": LONG}, "InvalidParameterValue"),
    (
        "ec2",
        "CreateLaunchTemplate",
        TEMPLATE,
        {"LaunchTemplateData": {"UserData": "A" * 22_000}},
        "InvalidUserData.Malformed",
    ),
    ("ec2", "CreateTags", {"Resources": ["vpc-1"], "Tags": tags()}, {"Tags": tags(51)}, "TagLimitExceeded"),
    (
        "ec2",
        "CreateTags",
        {"Resources": ["vpc-1"], "Tags": tags()},
        {"Tags": tags(1, "AWS:")},
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "CreateInternetGateway",
        {"TagSpecifications": [{"ResourceType": "internet-gateway", "Tags": tags()}]},
        {"TagSpecifications": [{"ResourceType": "internet-gateway", "Tags": tags(1, LONG)}]},
        "InvalidParameterValue",
    ),
    ("rds", "CreateDBCluster", CLUSTER, {"DBClusterIdentifier": "a--b"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"DatabaseName": "1st"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUsername": "1st"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUserPassword": "short"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUserPassword": LONG}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUserPassword": "with/slash"}, "InvalidParameterValue"),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"ManageMasterUserPassword": True},
        "InvalidParameterCombination",
    ),
    ("rds", "CreateDBCluster", CLUSTER, {"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"Port": 443}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"PreferredBackupWindow": "3-4"}, "InvalidParameterValue"),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"EnableCloudwatchLogsExports": ["audit"]},
        "InvalidParameterCombination",
    ),
    ("rds", "CreateDBCluster", CLUSTER, {"MonitoringInterval": 2}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MonitoringInterval": 0}, "InvalidParameterCombination"),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"PerformanceInsightsRetentionPeriod": 94},
        "InvalidParameterValue",
    ),
    ("rds", "CreateDBInstance", INSTANCE, {"DBInstanceIdentifier": "1a"}, "InvalidParameterValue"),
    ("rds", "CreateDBInstance", INSTANCE, {"PromotionTier": 16}, "InvalidParameterValue"),
    ("rds", "CreateDBSubnetGroup", SUBNETS, {"DBSubnetGroupName": "Default"}, "InvalidParameterValue"),
    ("rds", "DeleteDBCluster", DELETE, {"FinalDBSnapshotIdentifier": "a-"}, "InvalidParameterValue"),
    (
        "rds",
        "DeleteDBCluster",
        DELETE,
        {"FinalDBSnapshotIdentifier": None},
        "InvalidParameterCombination",
    ),
    ("rds", "DeleteDBCluster", DELETE, {"SkipFinalSnapshot": True}, "InvalidParameterCombination"),
    ("elbv2", "CreateLoadBalancer", BALANCER, {"Name": "a_b"}, "ValidationError"),
    ("elbv2", "CreateLoadBalancer", BALANCER, {"Name": "a-"}, "ValidationError"),
    ("elbv2", "CreateLoadBalancer", BALANCER, {"Name": "internal-a"}, "ValidationError"),
    (
        "elbv2",
        "CreateLoadBalancer",
        BALANCER,
        {"SubnetMappings": [{"SubnetId": "subnet-1"}]},
        "ValidationError",
    ),
    ("elbv2", "CreateTargetGroup", TARGETS, {"Name": "x" * 33}, "ValidationError"),
    ("elbv2", "CreateTargetGroup", TARGETS, {"Name": "-a"}, "ValidationError"),
    *[
        ("elbv2", "CreateTargetGroup", TARGETS, {member: None}, "ValidationError")
        for member in ("Port", "Protocol", "VpcId")
    ],
    ("elbv2", "CreateListener", LISTENER, {"Certificates": [CERTIFICATE] * 2}, "ValidationError"),
    ("elbv2", "CreateListener", LISTENER, {"Certificates": None}, "ValidationError"),
    *[
        (
            "elbv2",
            operation,
            {name: arn, "Attributes": [{"Key": key, "Value": value}]},
            {"Attributes": [{"Key": wrong_key, "Value": wrong}]},
            "ValidationError",
        )
        for operation, name, arn, key, value, wrong_key, wrong in (
            (
                "ModifyLoadBalancerAttributes",
                "LoadBalancerArn",
                ARN,
                "idle_timeout.timeout_seconds",
                "60",
                "idle_timeout.timeout_seconds",
                "4001",
            ),
            (
                "ModifyLoadBalancerAttributes",
                "LoadBalancerArn",
                ARN,
                "routing.http2.enabled",
                "true",
                "routing.http3.enabled",
                "true",
            ),
            (
                "ModifyTargetGroupAttributes",
                "TargetGroupArn",
                GROUP,
                "stickiness.enabled",
                "true",
                "stickyness.enabled",
                "true",
            ),
        )
    ],
    ("iam", "CreateRole", ROLE, {"Tags": [*tags(1, "key"), *tags(1, "KEY")]}, "InvalidInput"),
    ("iam", "CreateRole", ROLE, {"AssumeRolePolicyDocument": "{"}, "MalformedPolicyDocument"),
    ("iam", "CreateRole", ROLE, {"AssumeRolePolicyDocument": bulky(2048)}, "LimitExceeded"),
    (
        "iam",
        "UpdateAssumeRolePolicy",
        {"RoleName": "r", "PolicyDocument": POLICY},
        {"PolicyDocument": bulky(2048)},
        "LimitExceeded",
    ),
    ("iam", "CreatePolicy", MANAGED, {"PolicyDocument": bulky(6144)}, "LimitExceeded"),
    ("iam", "PutRolePolicy", INLINE, {"PolicyDocument": bulky(10_240)}, "LimitExceeded"),
    ("iam", "PutRolePolicy", INLINE, {"PolicyDocument": "[]"}, "MalformedPolicyDocument"),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/a", "TargetKeyId": "k"},
        {"AliasName": "a"},
        "ValidationException",
    ),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/a", "TargetKeyId": "k"},
        {"AliasName": "alias/aws/s3"},
        "NotAuthorizedException",
    ),
    ("secretsmanager", "CreateSecret", {"Name": "a/b"}, {"Name": "a b"}, "ValidationException"),
    ("ssm", "PutParameter", PARAMETER, {"Name": "/AWS/x"}, "ValidationException"),
    ("ssm", "PutParameter", PARAMETER, {"Name": "a b"}, "ValidationException"),
    ("ssm", "PutParameter", PARAMETER, {"Value": "x" * 4097}, "ValidationException"),
    ("dynamodb", "CreateTable", TABLE, {"KeySchema": None}, "ValidationException"),
    ("dynamodb", "CreateTable", TABLE, {"AttributeDefinitions": None}, "ValidationException"),
    ("dynamodb", "CreateTable", TABLE, {"TableName": "ab"}, "ValidationException"),
    ("s3", "CreateBucket", {"Bucket": "payments"}, {"Bucket": "Payments"}, "InvalidBucketName"),
    ("logs", "PutRetentionPolicy", RETENTION, {"retentionInDays": 366}, "InvalidParameterException"),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "/aws/lambda/f"},
        {"logGroupName": "AWS/x"},
        "InvalidParameterException",
    ),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"AlarmName": "a\tb"}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"Period": 45}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"TreatMissingData": "none"}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"DatapointsToAlarm": 6}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"MetricName": None}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"ExtendedStatistic": "p99"}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"EvaluationPeriods": 1441}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"Threshold": None}, "ValidationError"),
    (
        "cloudwatch",
        "PutDashboard",
        {"DashboardName": "d", "DashboardBody": "{}"},
        {"DashboardBody": "x"},
        "InvalidParameterInput",
    ),
    ("sns", "CreateTopic", {"Name": "alerts"}, {"Name": "a.b"}, "InvalidParameter"),
    ("sns", "Subscribe", SUBSCRIPTION, {"Protocol": "mail"}, "InvalidParameter"),
    ("sns", "Subscribe", SUBSCRIPTION, {"Endpoint": "ops"}, "InvalidParameter"),
    ("sqs", "CreateQueue", {"QueueName": "q"}, {"QueueName": "a.b"}, "InvalidParameterValue"),
    (
        "lambda",
        "TagResource",
        {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Tags": {"k": "v"}},
        {"Tags": {"aws:k": "v"}},
        "InvalidParameterValueException",
    ),
    (
        "s3",
        "PutBucketTagging",
        {"Bucket": "b", "Tagging": {"TagSet": tags()}},
        {"Tagging": {"TagSet": tags(1, "aws:")}},
        "InvalidTag",
    ),
]


def faulty(good, change):
    """The request with its fault."""
    return {name: value for name, value in {**good, **change}.items() if value is not None}


def read(service, operation, parameters):
    """The request, as the server reads it."""
    model = get_service_model(service)
    return understand(*environ_of(model, model.operation_model(operation), parameters))


class Rules(unittest.TestCase):
    def test_planted_faults_are_refused(self):
        clients = {}
        for service, operation, good, change, code in FAULTS:
            client = clients.setdefault(service, self.client(service))
            with self.subTest(f"{service}.{operation}", fault=str(change)[:60]):
                with self.assertRaises(ClientError) as caught:
                    client._make_api_call(operation, faulty(good, change))
                self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_without_a_fault_they_pass(self):
        for service, operation, good, _, _ in FAULTS:
            with self.subTest(f"{service}.{operation}"):
                call = read(service, operation, good)
                shapes.check(call)
                rules.check(call)

    def test_every_rule_has_a_planted_fault(self):
        every = {id(rule): rule for found in rules.RULES.values() for rule in found}
        for service, operation, good, change, _ in FAULTS:
            call = read(service, operation, faulty(good, change))
            for rule in rules.RULES.get((call.service, call.operation), ()):
                if any(rule.broken(value) for value in find(call.parameters, rule.member)):
                    every.pop(id(rule), None)
        self.assertEqual([(rule.operations, rule.fact) for rule in every.values()], [])

    def test_the_reference_has_the_words(self):
        models = {name: MODELS.get(name, name) for name in rules.TABLES}
        for name, table in rules.TABLES.items():
            service = get_service_model(models[name])
            for rule in table:
                for operation in rule.operations.split():
                    self.assertIn(operation, service.operation_names)
                operation = rule.operations.split()[0]
                with self.subTest(f"{name}.{operation}", member=rule.member):
                    said = documentation(service.operation_model(operation), rule.member)
                    for words in rule.documented:
                        self.assertIn(words, said)

    def test_codes_of_tags_are_declared_by_the_models(self):
        framework = {"ValidationException", "ValidationError", "BadRequestException"}
        assumed = {
            # Their models declare nothing for it.
            "ec2": {"InvalidParameterValue", "TagLimitExceeded"},
            "rds": {"InvalidParameterValue"},
            "s3": {"InvalidTag", "BadRequest"},
            "sqs": {"InvalidParameterValue"},
            "events": {"LimitExceededException"},
        }
        for name, codes in rules.tags.CODES.items():
            service = get_service_model(MODELS.get(name, name))
            declared = {shape.error_code for shape in service.error_shapes}
            with self.subTest(name):
                left = set(codes) - declared - framework - assumed.get(name, set())
                self.assertEqual(left, set())

    def client(self, service):
        """A client that checks nothing itself."""
        return boto3.client(
            service,
            endpoint_url=shared().endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=UNCHECKED,
        )


def documentation(operation, member):
    """What the reference says of a member, without its mark-up."""
    shape, said = operation.input_shape, ""
    for part in member.split(".") if member else ():
        if part == "*":
            shape = shape.member
            continue
        model = shape._shape_model["members"][part]
        shape = shape.members[part]
        said = model.get("documentation", "") or shape.documentation
        said += shape._shape_resolver.get_shape_by_name(model["shape"]).documentation
    return " ".join(re.sub(r"<[^>]+>", " ", said).split())


class Refusing(unittest.TestCase):
    def test_a_refusal_says_the_value(self):
        call = read("elbv2", "CreateLoadBalancer", {**BALANCER, "Name": "internal-x"})
        with self.assertRaisesRegex(Refusal, "'internal-x' cannot begin with"):
            rules.check(call)


if __name__ == "__main__":
    unittest.main()
