"""Rotations of secrets: what is refused, and functions that do them."""

import json
import time
import unittest
import uuid

from support import Server, bootstrap, closes_gaps, until, zipped
from test_functions import FunctionTest

# What AWS's own rotation functions do, but for the database: the second step takes as long as
# `wait` in the secret's value says.
ROTATE = """
import boto3
secrets = boto3.client("secretsmanager")
secret, version = event["SecretId"], event["ClientRequestToken"]
place = dict(SecretId=secret, VersionId=version, VersionStage="AWSPENDING")
versions = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
assert "AWSPENDING" in versions[version], versions
current = next(each for each in versions if "AWSCURRENT" in versions[each])
value = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
if event["Step"] == "createSecret":
    try:
        secrets.get_secret_value(**place)
    except secrets.exceptions.ResourceNotFoundException:
        secrets.put_secret_value(
            SecretId=secret,
            ClientRequestToken=version,
            SecretString=json.dumps({**value, "password": value["password"] + "+"}),
            VersionStages=["AWSPENDING"],
        )
if event["Step"] == "setSecret":
    time.sleep(value["wait"])
    if value.get("fail"):
        raise ValueError("the database is unavailable")
if event["Step"] == "testSecret":
    answer = secrets.get_secret_value(**place)["SecretString"]
if event["Step"] == "finishSecret":
    secrets.update_secret_version_stage(
        SecretId=secret,
        VersionStage="AWSCURRENT",
        MoveToVersionId=version,
        RemoveFromVersionId=current,
    )
print("did", event["Step"])
"""
RULES = {"AutomaticallyAfterDays": 30, "Duration": "3h"}


class RotationTest(FunctionTest):
    def setUp(self):
        super().setUp()
        self.begin()

    def begin(self):
        """Makes a secret on the test's server."""
        self.functions, self.secrets = self.aws("lambda"), self.aws("secretsmanager")
        value = {"password": "one", "username": "payments_admin", "wait": 0}
        name = f"secret-{uuid.uuid4()}"
        made = self.secrets.create_secret(Name=name, SecretString=json.dumps(value))
        self.arn, self.first = made["ARN"], made["VersionId"]

    def make(self, allowed=True):
        """Makes the function."""
        self.function = self.create(
            Code={"ZipFile": zipped(bootstrap(ROTATE))}, Timeout=30
        )["FunctionArn"]
        if allowed:
            self.allow("secretsmanager.amazonaws.com")

    def allow(self, principal):
        """Lets a service invoke it."""
        self.functions.add_permission(
            FunctionName=self.name,
            StatementId=principal.split(".")[0],
            Action="lambda:InvokeFunction",
            Principal=principal,
        )

    def set_up(self, **options):
        """Sets up the rotation."""
        given = {"RotationLambdaARN": self.function, "RotationRules": RULES, **options}
        return self.secrets.rotate_secret(SecretId=self.arn, **given)

    def value(self, **which):
        """The secret's value."""
        return json.loads(
            self.secrets.get_secret_value(SecretId=self.arn, **which)["SecretString"]
        )

    def put(self, **value):
        """Changes the value."""
        text = json.dumps({**self.value(), **value})
        return self.secrets.put_secret_value(SecretId=self.arn, SecretString=text)["VersionId"]

    def described(self):
        """The secret's description."""
        return self.secrets.describe_secret(SecretId=self.arn)

    def labels(self):
        """The labels of the versions that have some."""
        versions = self.described()["VersionIdsToStages"]
        return {version: sorted(labels) for version, labels in versions.items() if labels}

    def steps(self):
        """The steps that the function did."""
        logs, group = self.aws("logs"), f"/aws/lambda/{self.name}"
        groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if not groups:
            return []
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [line["message"].split()[1] for line in events if "did " in line["message"]]


@closes_gaps
class Settings(RotationTest):
    """Without a function that runs: plain moto would look for Docker."""

    def test_a_function_that_may_not_be_invoked(self):
        self.make(allowed=False)
        self.allow("events.amazonaws.com")
        message = self.refused("AccessDeniedException", self.set_up)
        self.assertIn("Secrets Manager cannot invoke the specified Lambda function", message)
        self.assertNotIn("RotationEnabled", self.described())

    def test_days_and_a_schedule_at_once(self):
        self.make()
        both = {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"}
        self.refused("InvalidParameterException", self.set_up, RotationRules=both)

    def test_no_function(self):
        rotate = self.secrets.rotate_secret
        self.refused("InvalidRequestException", rotate, SecretId=self.arn)
        self.assertEqual(self.labels(), {self.first: ["AWSCURRENT"]})

    def test_the_window_reads_back_until_it_is_cancelled(self):
        self.make()
        self.set_up(RotateImmediately=False)
        found = self.described()
        self.assertEqual((found["RotationEnabled"], found["RotationRules"]), (True, RULES))
        self.assertIn("NextRotationDate", found)
        self.secrets.cancel_rotate_secret(SecretId=self.arn)
        found = self.described()
        self.assertEqual((found["RotationEnabled"], found["RotationRules"]), (False, RULES))
        self.assertNotIn("NextRotationDate", found)

    def test_a_label_that_is_not_named_stays(self):
        text = json.dumps(self.value())
        self.secrets.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSPENDING", MoveToVersionId=self.first
        )
        put = self.secrets.put_secret_value
        second = put(SecretId=self.arn, SecretString=text)["VersionId"]
        expected = {self.first: ["AWSPENDING", "AWSPREVIOUS"], second: ["AWSCURRENT"]}
        self.assertEqual(self.labels(), expected)
        stages = ["AWSCURRENT", "AWSPENDING"]
        third = put(SecretId=self.arn, SecretString=text, VersionStages=stages)["VersionId"]
        self.assertEqual(self.labels(), {second: ["AWSPREVIOUS"], third: stages})

    def test_what_is_current_is_what_has_the_label(self):
        put = self.secrets.put_secret_value
        stages = ["AWSPENDING"]
        new = put(SecretId=self.arn, SecretString='{"password": "two"}', VersionStages=stages)
        self.secrets.update_secret_version_stage(
            SecretId=self.arn,
            VersionStage="AWSCURRENT",
            MoveToVersionId=new["VersionId"],
            RemoveFromVersionId=self.first,
        )
        self.assertEqual(self.value(), {"password": "two"})


class Rotations(RotationTest):
    """The function runs, and calls the server that it was called by."""

    def test_all_four_steps(self):
        self.make()
        version = self.set_up()["VersionId"]
        until(lambda: self.described().get("LastRotatedDate"))
        self.assertEqual(self.steps(), ["createSecret", "setSecret", "testSecret", "finishSecret"])
        expected = {self.first: ["AWSPREVIOUS"], version: ["AWSCURRENT", "AWSPENDING"]}
        self.assertEqual(self.labels(), expected)
        self.assertEqual(self.value()["password"], "one+")
        self.assertEqual(self.value(VersionStage="AWSPREVIOUS")["password"], "one")

        # And once more, as a user asks for it.
        second = self.secrets.rotate_secret(SecretId=self.arn)["VersionId"]
        until(lambda: self.value()["password"] == "one++")
        until(lambda: self.labels().get(second) == ["AWSCURRENT", "AWSPENDING"])
        self.assertEqual(self.labels()[version], ["AWSPREVIOUS"])

    def test_the_new_version_is_pending_meanwhile(self):
        self.make()
        wait = self.put(wait=2)
        version = self.set_up()["VersionId"]
        expected = {self.first: ["AWSPREVIOUS"], wait: ["AWSCURRENT"], version: ["AWSPENDING"]}
        self.assertEqual(self.labels(), expected)
        until(lambda: "createSecret" in self.steps())
        self.assertEqual(self.value()["password"], "one")
        self.assertEqual(self.value(VersionStage="AWSPENDING")["password"], "one+")
        message = self.refused("InvalidRequestException", self.set_up)
        self.assertIn("A previous rotation isn't complete", message)
        until(lambda: self.value()["password"] == "one+")
        self.assertEqual(len(self.steps()), 4)

    def test_only_a_test(self):
        self.make()
        token = str(uuid.uuid4())
        for _ in range(2):
            made = self.set_up(RotateImmediately=False, ClientRequestToken=token)
            self.assertEqual(made["VersionId"], token)
        until(lambda: self.steps() == ["testSecret"])
        until(lambda: self.labels() == {self.first: ["AWSCURRENT"]})
        self.assertEqual(self.value()["password"], "one")
        self.assertIsNone(self.described().get("LastRotatedDate"))

    def test_one_that_fails_is_tried_again(self):
        self.make()
        self.put(fail=True)
        version = self.set_up()["VersionId"]
        until(lambda: "failed in setSecret" in self.server.logged())
        self.assertEqual(self.labels()[version], ["AWSPENDING"])
        # The function's own value still says so.
        self.secrets.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSPENDING", RemoveFromVersionId=version
        )
        self.put(fail=False)
        self.set_up()
        until(lambda: self.value()["password"] == "one+")

    def test_one_that_is_cancelled_ends(self):
        self.make()
        self.put(wait=1)
        version = self.set_up()["VersionId"]
        until(lambda: "createSecret" in self.steps())
        self.secrets.cancel_rotate_secret(SecretId=self.arn)
        until(lambda: "setSecret" in self.steps())
        self.assertEqual(self.labels()[version], ["AWSPENDING"])
        self.assertEqual(self.value()["password"], "one")


class Kept(RotationTest):
    def begin(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.clients = {}
        super().begin()

    def test_settings_survive_a_restart(self):
        self.make()
        self.set_up(RotateImmediately=False)
        self.server.stop()
        self.server.start()
        found = self.described()
        self.assertEqual((found["RotationEnabled"], found["RotationRules"]), (True, RULES))

    def test_one_under_way_goes_on_after_a_crash(self):
        self.make()
        self.put(wait=6)
        version = self.set_up()["VersionId"]
        # Until it is kept that the function has made the next value.
        until(lambda: "createSecret" in self.steps())
        time.sleep(4)
        self.assertEqual(self.labels()[version], ["AWSPENDING"])
        self.server.kill()
        self.server.start()
        until(lambda: self.labels()[version] == ["AWSCURRENT", "AWSPENDING"], 20)
        self.assertEqual(self.value()["password"], "one+")


if __name__ == "__main__":
    unittest.main()
