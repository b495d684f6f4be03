"""What the operator may do, and what services do in the operator's name.

Each test passes without the permissions in a sandbox with `--lax permissions`.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from botocore.exceptions import ClientError
from permissions_support import MISSING, POLICY, Permissions, allow, but, deny
from support import ACCOUNT, OVERLAY, REGION, trust

OPERATOR = f"User: arn:aws:iam::{ACCOUNT}:user/operator is not authorized to perform: "


class Operator(Permissions):
    """The operator under a policy."""

    def test_what_is_missing_is_told_in_each_service_s_way(self):
        arn = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}"
        for service, code, action, resource, operation, arguments in (
            ("dynamodb", "AccessDeniedException", "dynamodb:DescribeTable",
             arn.format("dynamodb", "table/a-b"), "describe_table", {"TableName": "a-b"}),
            ("iam", "AccessDenied", "iam:GetRole",
             f"arn:aws:iam::{ACCOUNT}:role/a", "get_role", {"RoleName": "a"}),
            ("ec2", "UnauthorizedOperation", "ec2:CreateVpc",
             arn.format("ec2", "vpc/*"), "create_vpc", {"CidrBlock": "10.0.0.0/16"}),
            ("s3", "AccessDenied", "s3:ListBucket",
             f"arn:aws:s3:::{self.name}", "list_objects_v2", {"Bucket": self.name}),
            ("sns", "AuthorizationError", "SNS:CreateTopic",
             arn.format("sns", "t"), "create_topic", {"Name": "t"}),
            ("lambda", "AccessDeniedException", "lambda:GetFunction",
             arn.format("lambda", "function:f"), "get_function", {"FunctionName": "f"}),
            ("apigateway", "AccessDeniedException", "apigateway:GET",
             f"arn:aws:apigateway:{REGION}::/restapis/x", "get_rest_api", {"restApiId": "x"}),
            ("logs", "AccessDeniedException", "logs:PutRetentionPolicy",
             arn.format("logs", "log-group:g:log-stream:"),
             "put_retention_policy", {"logGroupName": "g", "retentionInDays": 1}),
            ("secretsmanager", "AccessDeniedException", "secretsmanager:DescribeSecret",
             arn.format("secretsmanager", "secret:s"), "describe_secret", {"SecretId": "s"}),
            ("sqs", "AccessDeniedException", "sqs:CreateQueue",
             arn.format("sqs", "q"), "create_queue", {"QueueName": "q"}),
            ("cloudwatch", "AccessDeniedException", "cloudwatch:DeleteAlarms",
             arn.format("cloudwatch", "alarm:a"), "delete_alarms", {"AlarmNames": ["a"]}),
            ("elbv2", "AccessDenied", "elasticloadbalancing:CreateTargetGroup",
             arn.format("elasticloadbalancing", "targetgroup/g/*"),
             "create_target_group", {"Name": "g", "TargetType": "lambda"}),
            ("ssm", "AccessDeniedException", "ssm:GetParameter",
             arn.format("ssm", "parameter/a/b"), "get_parameter", {"Name": "/a/b"}),
        ):  # fmt: skip
            with self.subTest(action=action):
                self.let_operator(but(action.lower()))
                words = f"{action} on resource: {resource} {MISSING.format(action=action)}"
                call = getattr(self.aws(service), operation)
                try:
                    self.refused(code, OPERATOR + words, call, **arguments)
                except ClientError as error:
                    # Without permissions, what is not there is not found.
                    self.assertTrue(self.lax)
                    self.assertNotIn("not authorized", str(error))

    def test_what_is_there_is_enough(self):
        self.let_operator(
            allow("dynamodb:ListTables"), allow("sqs:CreateQueue", on=f"*:{self.name}")
        )
        self.aws("dynamodb").list_tables()
        self.aws("sqs").create_queue(QueueName=self.name)

    def test_a_policy_may_be_one_access_keys(self):
        self.server.control("POST", "operator?key=limited", allow("sqs:ListQueues"))
        limited = self.aws("sqs", key="limited")
        limited.list_queues()
        words = "sqs:CreateQueue on resource"
        self.refused("AccessDeniedException", words, limited.create_queue, QueueName=self.name)
        self.aws("sqs").create_queue(QueueName=self.name)

    def test_a_rest_apis_policy_is_a_right_of_its_own(self):
        rest = self.aws("apigateway")
        api = rest.create_rest_api(name=self.name)["id"]
        self.let_operator(but("apigateway:UpdateRestApiPolicy"))
        named = [{"op": "replace", "path": "/description", "value": "a"}]
        rest.update_rest_api(restApiId=api, patchOperations=named)
        words = f"apigateway:UpdateRestApiPolicy on resource: arn:aws:apigateway:{REGION}::/restapis/{api} "
        opened = [{"op": "replace", "path": "/policy", "value": "{}"}]
        self.refused("AccessDeniedException", words, rest.update_rest_api,
                     restApiId=api, patchOperations=opened)

    def test_what_is_tagged_otherwise_is_left_alone(self):
        ec2 = self.aws("ec2")
        ours = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        theirs = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[ours], Tags=[{"Key": "team", "Value": "a"}])
        mine = {"StringEquals": {"aws:ResourceTag/team": "a"}}
        self.let_operator(allow("ec2:DeleteVpc", Condition=mine))
        words = f"ec2:DeleteVpc on resource: arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{theirs} "
        words += MISSING.format(action="ec2:DeleteVpc")
        self.refused("UnauthorizedOperation", words, ec2.delete_vpc, VpcId=theirs)
        ec2.delete_vpc(VpcId=ours)

    def test_keys_are_known_by_their_tags(self):
        kms = self.aws("kms")
        tags = [{"TagKey": "team", "TagValue": "a"}]
        ours = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
        theirs = self.key()
        mine = {"StringEquals": {"aws:ResourceTag/team": "a"}}
        self.let_operator(allow("kms:*", Condition=mine))
        words = MISSING.format(action="kms:DescribeKey")
        self.refused("AccessDeniedException", words, kms.describe_key, KeyId=theirs)
        kms.describe_key(KeyId=ours)

    def test_apis_are_known_by_their_tags(self):
        rest, http = self.aws("apigateway"), self.aws("apigatewayv2")
        mine = {"StringEquals": {"aws:ResourceTag/team": "a"}}
        ours = rest.create_rest_api(name=self.name, tags={"team": "a"})["id"]
        theirs = rest.create_rest_api(name=self.name)["id"]
        newer = http.create_api(Name=self.name, ProtocolType="HTTP", Tags={"team": "a"})["ApiId"]
        http.create_stage(ApiId=newer, StageName="$default", Tags={"team": "a"})
        self.let_operator(allow("apigateway:*", Condition=mine))
        http.get_stage(ApiId=newer, StageName="$default")
        words = MISSING.format(action="apigateway:GET")
        self.refused("AccessDeniedException", words, rest.get_rest_api, restApiId=theirs)
        rest.get_rest_api(restApiId=ours)
        # What belongs to a REST API has its tags.
        rest.get_resources(restApiId=ours)
        http.get_api(ApiId=newer)
        # What belongs to an HTTP API has none.
        self.refused("AccessDeniedException", words, http.get_routes, ApiId=newer)

    def test_a_key_belongs_to_whom_its_policy_names(self):
        kms = self.aws("kms")
        key = self.key()
        mine = f"arn:aws:iam::{ACCOUNT}:user/operator"
        letting = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        only = allow("kms:PutKeyPolicy", Principal={"AWS": mine})
        # The administrator's own policy is useless where the key's names nobody.
        kms.put_key_policy(
            KeyId=key,
            PolicyName="default",
            Policy=json.dumps(only),
            BypassPolicyLockoutSafetyCheck=True,
        )
        words = f"kms:Encrypt on resource: {key} because no resource-based policy allows"
        self.refused("AccessDeniedException", words, kms.encrypt, KeyId=key, Plaintext=b"x")
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(letting))
        kms.encrypt(KeyId=key, Plaintext=b"x")

    def test_a_grant_lends_the_key(self):
        kms = self.aws("kms")
        key = self.key()
        mine = f"arn:aws:iam::{ACCOUNT}:user/operator"
        self.let_operator(but("kms:Encrypt"))
        words = MISSING.format(action="kms:Encrypt")
        self.refused("AccessDeniedException", words, kms.encrypt, KeyId=key, Plaintext=b"x")
        subset = {"EncryptionContextSubset": {"a": "b"}}
        kms.create_grant(
            KeyId=key, GranteePrincipal=mine, Operations=["Encrypt"], Constraints=subset
        )
        self.refused("AccessDeniedException", words, kms.encrypt, KeyId=key, Plaintext=b"x")
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b", "c": "d"})

    def test_a_role_s_session_is_the_role(self):
        mine = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/operator"}
        trusting = {
            **POLICY,
            "Statement": [{"Effect": "Allow", "Principal": mine, "Action": "sts:AssumeRole"}],
        }
        role = self.iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(trusting)
        )["Role"]["Arn"]
        self.let(allow("dynamodb:*"))
        session = {"RoleArn": role, "RoleSessionName": "me"}
        narrow = self.aws("sts").assume_role(
            **session, Policy=json.dumps(allow("dynamodb:ListTables"))
        )
        wide = self.aws("sts").assume_role(**session)
        narrow, wide = (
            self.aws("dynamodb", key=each["Credentials"]["AccessKeyId"],
                     token=each["Credentials"]["SessionToken"])
            for each in (narrow, wide)
        )  # fmt: skip
        wide.describe_limits()
        narrow.list_tables()
        words = "because no session policy allows the dynamodb:DescribeLimits action"
        self.refused("AccessDeniedException", words, narrow.describe_limits)
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="here")
        words = f"assumed-role/{self.name}/me is not authorized to perform: dynamodb:ListTables "
        self.refused("AccessDeniedException", words, wide.list_tables)
        self.iam.update_assume_role_policy(
            RoleName=self.name, PolicyDocument=trust("ec2.amazonaws.com")
        )
        words = f"sts:AssumeRole on resource: {role}"
        self.refused("AccessDenied", words, self.aws("sts").assume_role, **session)

    def test_what_nobody_could_evaluate_is_not_put(self):
        self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust())
        unknown = {"StringEquall": {"aws:SourceIp": "x"}}
        cases = [(unknown, "unknown condition operator StringEquall")]
        for condition, words in (
            # This one moto refuses as well, in fewer words.
            *([] if self.lax else cases),
            ({"StringEquals": {"aws:SourceIpp": "x"}}, "there is no condition key aws:sourceipp"),
            ({"StringEquals": {"s3:prefixx": "x"}}, "there is no condition key s3:prefixx"),
        ):
            with self.subTest(words=words):
                policy = json.dumps(allow("s3:*", Condition=condition))
                put = {"RoleName": self.name, "PolicyName": "p", "PolicyDocument": policy}
                self.refused("MalformedPolicyDocument", words, self.iam.put_role_policy, **put)

    def test_what_was_allowed_is_told(self):
        self.let_operator(allow("dynamodb:ListTables"))
        self.aws("dynamodb").list_tables()
        told = self.server.control("GET", "permissions")
        if not self.lax:
            mine = told[f"arn:aws:iam::{ACCOUNT}:user/operator"]
            self.assertGreaterEqual(mine["dynamodb:ListTables"]["*"], 1)


class OperatorLax(Operator):
    """The same where permissions are left out."""

    lax = "permissions"


class Option(unittest.TestCase):
    """`--operator-policy FILE`."""

    def test_a_file_that_is_no_policy_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "policy.json")
            with open(file, "w") as opened:
                json.dump(
                    {"Statement": [deny("s3:*", Condition={"Nonsense": {"a": "b"}})]}, opened
                )
            command = [sys.executable, "-m", "payctl_sandbox", "--home", folder, "--port", "0"]
            path = os.pathsep.join(filter(None, [OVERLAY, os.environ.get("PYTHONPATH")]))
            ended = subprocess.run(
                [*command, "--operator-policy", file],
                env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=60,
            )
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("unknown condition operator Nonsense", ended.stderr)


class Simulations(Permissions):
    """What IAM says that somebody may do, without doing it."""

    def simulated(self, source, actions, **more):
        pages = self.iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=source, ActionNames=actions, PaginationConfig={"PageSize": 3}, **more
        )
        return {
            (each["EvalActionName"], each["EvalResourceName"]): each["EvalDecision"]
            for page in pages
            for each in page["EvaluationResults"]
        }

    def test_each_action_on_each_resource(self):
        operator = f"arn:aws:iam::{ACCOUNT}:user/operator"
        tagged = {"StringEquals": {"aws:RequestTag/team": "red"}}
        self.let_operator(
            allow("iam:SimulatePrincipalPolicy"),
            allow("s3:PutObject", on="arn:aws:s3:::a/*"),
            allow("sqs:CreateQueue", Condition=tagged),
            {**POLICY, "Statement": [deny("s3:PutObject", on="arn:aws:s3:::a/secret")]},
        )
        places = ["arn:aws:s3:::a/x", "arn:aws:s3:::a/secret", "arn:aws:s3:::b/x", "*"]
        told = self.simulated(operator, ["s3:PutObject", "s3:GetObject"], ResourceArns=places)
        self.assertEqual(len(told), 8)
        self.assertEqual(
            [told["s3:PutObject", place] for place in places],
            ["allowed", "explicitDeny", "implicitDeny", "implicitDeny"],
        )
        create = ("sqs:CreateQueue", "*")
        self.assertEqual(self.simulated(operator, [create[0]]), {create: "implicitDeny"})
        red = {
            "ContextKeyName": "aws:RequestTag/team",
            "ContextKeyValues": ["red"],
            "ContextKeyType": "string",
        }
        told = self.simulated(operator, [create[0]], ContextEntries=[red])
        self.assertEqual(told, {create: "allowed"})

    def test_a_role_within_its_boundary(self):
        boundary = self.iam.create_policy(
            PolicyName=self.name, PolicyDocument=json.dumps(allow("s3:GetObject"))
        )["Policy"]["Arn"]
        role = self.iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=trust(), PermissionsBoundary=boundary
        )["Role"]["Arn"]
        self.iam.put_role_policy(
            RoleName=self.name, PolicyName="all", PolicyDocument=json.dumps(allow("s3:*"))
        )
        told = self.simulated(role, ["s3:GetObject", "s3:PutObject"])
        self.assertEqual(list(told.values()), ["allowed", "implicitDeny"])

    def test_nobody_and_what_is_none(self):
        for code, arn in (("NoSuchEntity", "role/nobody"), ("InvalidInput", "root")):
            with self.assertRaises(ClientError) as raised:
                self.simulated(f"arn:aws:iam::{ACCOUNT}:{arn}", ["s3:GetObject"])
            self.assertEqual(raised.exception.response["Error"]["Code"], code)

    def test_who_may_not_ask(self):
        self.let_operator(allow("s3:*"))
        with self.assertRaises(ClientError) as raised:
            self.simulated(f"arn:aws:iam::{ACCOUNT}:user/operator", ["s3:GetObject"])
        self.assertEqual(raised.exception.response["Error"]["Code"], "AccessDenied")


del Permissions


if __name__ == "__main__":
    unittest.main()
