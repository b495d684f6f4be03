"""Functions that run for real."""

import base64
import json
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError
from support import bootstrap, make_role, until, zipped
from test_functions import FunctionTest

ECHO = """
if event.get("fail"):
    raise ValueError("no")
if event.get("exit") is not None:
    sys.exit(event["exit"])
time.sleep(event.get("sleep", 0))
print("saw", json.dumps(event))
answer = dict(event=event, count=count, environment=dict(os.environ))
"""


class Invocations(FunctionTest):
    def make(self, code=ECHO, **options):
        """Makes a function that runs this."""
        return self.create(Code={"ZipFile": zipped(bootstrap(code))}, **options)

    def invoke(self, event=None, **options):
        """Invokes the function: the answer, and what it carries."""
        payload = json.dumps(event or {})
        answer = self.functions.invoke(FunctionName=self.name, Payload=payload, **options)
        text = answer["Payload"].read()
        return answer, json.loads(text) if text else None

    def lines(self):
        """Everything the function logged."""
        logs, group = self.aws("logs"), {"logGroupName": f"/aws/lambda/{self.name}"}
        found = []
        for stream in logs.describe_log_streams(**group)["logStreams"]:
            name = stream["logStreamName"]
            events = logs.get_log_events(**group, logStreamName=name)["events"]
            found += [event["message"] for event in events]
        return found

    def test_a_function_answers_and_stays_warm(self):
        self.make(Environment={"Variables": {"TABLE": "t"}}, MemorySize=256)
        answer, first = self.invoke({"a": 1})
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "$LATEST"))
        self.assertEqual(first["event"], {"a": 1})
        self.assertEqual(self.invoke()[1]["count"], 2)
        environment = first["environment"]
        self.assertEqual(environment["TABLE"], "t")
        self.assertEqual(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256")
        self.assertEqual(environment["AWS_ENDPOINT_URL"], self.server.endpoint)
        for name in ("HOME", "USER", "PYTHONPATH", "PWD"):
            self.assertNotIn(name, environment)

    def test_what_it_fails_at_each_time_is_kept(self):
        sqs = self.aws("sqs")
        url = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        target = {"TargetArn": asked["Attributes"]["QueueArn"]}
        self.make(DeadLetterConfig=target)
        answer, _ = self.invoke({"fail": 1}, InvocationType="Event")

        def kept():
            options = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
            return sqs.receive_message(QueueUrl=url, **options).get("Messages")

        (message,) = until(kept)
        self.assertEqual(json.loads(message["Body"]), {"fail": 1})
        why = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
        request = answer["ResponseMetadata"]["RequestId"]
        self.assertEqual(why, {"RequestID": request, "ErrorCode": "200", "ErrorMessage": "no"})

    def test_a_change_starts_it_anew(self):
        self.make()
        self.invoke()
        variables = {"Variables": {"NEW": "1"}}
        self.functions.update_function_configuration(
            FunctionName=self.name, Environment=variables
        )
        found = self.invoke()[1]
        self.assertEqual((found["count"], found["environment"]["NEW"]), (1, "1"))
        code = zipped(bootstrap('answer = "other"'))
        self.functions.update_function_code(FunctionName=self.name, ZipFile=code)
        self.assertEqual(self.invoke()[1], "other")

    def test_its_log(self):
        self.make()
        answer, _ = self.invoke({"a": 1}, LogType="Tail")
        tail = base64.b64decode(answer["LogResult"]).decode()
        for expected in ("START RequestId: ", 'saw {"a": 1}', "END RequestId: ", "REPORT "):
            self.assertIn(expected, tail)
        logged = "".join(self.lines())
        self.assertIn('saw {"a": 1}', logged)
        self.assertIn("Init Duration: ", logged)

    def test_it_fails(self):
        self.make()
        answer, error = self.invoke({"fail": True})
        self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
        self.assertEqual(error, {"errorMessage": "no", "errorType": "ValueError"})

    def test_it_exits(self):
        self.make()
        answer, error = self.invoke({"exit": 3})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual(error["errorType"], "Runtime.ExitError")
        self.assertIn("exit status 3", error["errorMessage"])
        self.assertEqual(self.invoke()[1]["count"], 1)

    def test_it_takes_too_long(self):
        self.make(Timeout=1)
        answer, error = self.invoke({"sleep": 5})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertIn("Task timed out after 1.00 seconds", error["errorMessage"])
        self.assertIn("Task timed out after 1.00 seconds", "".join(self.lines()))

    def test_it_does_not_start(self):
        for archive, expected in (
            (zipped("x", name="main"), "Couldn't find valid bootstrap"),
            (zipped("#!/bin/sh\n", mode=0o644), "permission denied"),
            (zipped(b"\x7fELF" + bytes(14) + b"\xf3\0"), "is built for riscv64"),
            (zipped("#!/no/such/interpreter\n"), "does not exist here"),
        ):
            with self.subTest(expected):
                self.name = f"function-{uuid.uuid4()}"
                self.create(Code={"ZipFile": archive})
                answer, error = self.invoke()
                self.assertEqual(answer["FunctionError"], "Unhandled")
                self.assertEqual(error["errorType"], "Runtime.InvalidEntrypoint")
                self.assertIn(expected, error["errorMessage"])

    def test_it_dies_before_it_is_ready(self):
        self.create(Code={"ZipFile": zipped("#!/bin/sh\nexit 7\n")})
        _, error = self.invoke()
        self.assertIn("Runtime exited with error: exit status 7", error["errorMessage"])

    def test_no_more_at_once_than_reserved(self):
        self.make()
        self.functions.put_function_concurrency(
            FunctionName=self.name, ReservedConcurrentExecutions=2
        )

        def one(_):
            try:
                return self.invoke({"sleep": 1})[0]["StatusCode"]
            except ClientError as error:
                return error.response["Error"]["Code"]

        with ThreadPoolExecutor(4) as pool:
            answers = sorted(map(str, pool.map(one, range(4))))
        self.assertEqual(answers, ["200", "200"] + ["TooManyRequestsException"] * 2)
        # Asynchronous ones wait for their turn instead.
        for _ in range(4):
            self.invoke({"sleep": 0.1}, InvocationType="Event")
        until(lambda: sum("saw" in line and "0.1" in line for line in self.lines()) == 4)

    def test_dry_run_and_unknown(self):
        self.make()
        answer, nothing = self.invoke(InvocationType="DryRun")
        self.assertEqual((answer["StatusCode"], nothing), (204, None))
        self.name = "unknown"
        self.refused("ResourceNotFoundException", self.invoke)

    def test_an_asynchronous_request_is_at_most_a_megabyte(self):
        self.make()
        event = {"text": "x" * 1024 * 1024}
        self.refused("RequestTooLargeException", self.invoke, event=event, InvocationType="Event")
        self.assertEqual(self.invoke(event)[0]["StatusCode"], 200)

    def test_asynchronous_and_tried_again(self):
        self.make('print("try"); raise ValueError("no")')
        answer, nothing = self.invoke(InvocationType="Event")
        self.assertEqual((answer["StatusCode"], nothing), (202, None))
        group = self.aws("logs").describe_log_groups

        def tries():
            prefix = f"/aws/lambda/{self.name}"
            return group(logGroupNamePrefix=prefix)["logGroups"] and self.lines().count("try\n")

        until(lambda: tries() == 3)
        time.sleep(1.5)
        self.assertEqual(tries(), 3)

    def test_it_reaches_the_sandbox(self):
        # boto3 is not in a function's environment: a signed-looking plain request does.
        body = """
import urllib.parse
form = urllib.parse.urlencode(dict(Action="GetCallerIdentity", Version="2011-06-15"))
scope = "Credential=test/20261122/us-east-1/sts/aws4_request"
headers = dict(Authorization=f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x")
url = os.environ["AWS_ENDPOINT_URL"]
answer = http.urlopen(http.Request(url, form.encode(), headers)).read().decode()
"""
        self.make(body)
        self.assertIn("<Account>123456789012</Account>", self.invoke()[1])


class Notifications(FunctionTest):
    def setUp(self):
        super().setUp()
        if self.plain:
            raise unittest.SkipTest("plain moto runs no functions")
        self.s3 = self.aws("s3")
        self.bucket = f"bucket-{uuid.uuid4()}"
        self.s3.create_bucket(Bucket=self.bucket)
        role = make_role(self.aws("iam"), f"role-{uuid.uuid4()}")
        code = bootstrap('print("event " + json.dumps(event)); time.sleep(0.05)')
        made = self.create(Role=role, Code={"ZipFile": zipped(code)})
        self.arn = made["FunctionArn"]

    def allow(self, bucket=None):
        """Lets a bucket invoke the function."""
        self.functions.add_permission(
            FunctionName=self.name,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{bucket or self.bucket}",
            SourceAccount="123456789012",
        )

    def notify(self):
        """Sends new JSON objects under payments/ to the function."""
        rules = [
            {"Name": "prefix", "Value": "payments/"},
            {"Name": "suffix", "Value": ".json"},
        ]
        to = {
            "Id": "payments",
            "LambdaFunctionArn": self.arn,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": rules}},
        }
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration={"LambdaFunctionConfigurations": [to]},
        )

    def events(self):
        """The events the function saw."""
        return [
            json.loads(line.removeprefix("event "))
            for line in Invocations.lines(self)
            if line.startswith("event ")
        ]

    def test_a_new_object_runs_the_function(self):
        self.allow()
        self.notify()
        versioned = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=versioned)
        key = "payments/a b+ü.json"
        put = self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"{}")
        for other in ("payments/a.txt", "other/a.json"):
            self.s3.put_object(Bucket=self.bucket, Key=other, Body=b"{}")
        groups = self.aws("logs").describe_log_groups
        name = f"/aws/lambda/{self.name}"
        until(lambda: groups(logGroupNamePrefix=name)["logGroups"] and self.events())
        ((event,),) = [each["Records"] for each in self.events()]
        self.assertEqual(event["eventName"], "ObjectCreated:Put")
        self.assertEqual(event["eventSource"], "aws:s3")
        self.assertEqual(event["s3"]["bucket"]["name"], self.bucket)
        self.assertEqual(event["s3"]["configurationId"], "payments")
        described = event["s3"]["object"]
        self.assertEqual(described["key"], "payments/a+b%2B%C3%BC.json")
        self.assertEqual(described["size"], 2)
        self.assertEqual(described["versionId"], put["VersionId"])
        self.assertEqual(described["eTag"], put["ETag"].strip('"'))

    def test_a_function_that_does_not_allow_it(self):
        self.refused("InvalidArgument", self.notify)
        self.allow(bucket="another")
        message = self.refused("InvalidArgument", self.notify)
        self.assertIn("Unable to validate the following destination configurations", message)
