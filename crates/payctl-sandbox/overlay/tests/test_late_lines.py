"""What a function logs after it, its log group or its role is gone."""

import json
import os
import tempfile
import threading
import unittest
import uuid

from support import ACCOUNT, REGION, bootstrap, trust, until, zipped
from test_functions import FunctionTest
from test_keys import policy

# Says by files when it runs and when it may end.
SLOW = """
open(event["began"], "w").close()
print("late")
while not os.path.exists(event["end"]):
    time.sleep(0.02)
"""


class LateLines(FunctionTest):
    """What a function logs that still runs while it is deleted."""

    def setUp(self):
        super().setUp()
        self.logs, self.iam = self.aws("logs"), self.aws("iam")
        self.group = f"/aws/lambda/{self.name}"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.event = {each: os.path.join(folder.name, each) for each in ("began", "end")}

    def role(self, *actions, on=":*"):
        """A role with these permissions on the function's group."""
        self.role_name = f"role-{uuid.uuid4()}"
        trusted = {"AssumeRolePolicyDocument": trust()}
        role = self.iam.create_role(RoleName=self.role_name, **trusted)["Role"]["Arn"]
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.group}{on}"
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": arn}
        self.iam.put_role_policy(
            RoleName=self.role_name, PolicyName="logs", PolicyDocument=policy(statement)
        )
        return role

    def run_while(self, role, change):
        """Runs the function and does something meanwhile; back when its lines are written."""
        tags = {"a": "1"}
        self.logs.create_log_group(logGroupName=self.group, tags=tags)
        self.logs.put_retention_policy(logGroupName=self.group, retentionInDays=7)
        self.create(Role=role, Code={"ZipFile": zipped(bootstrap(SLOW))}, Timeout=60)
        call = {"FunctionName": self.name, "Payload": json.dumps(self.event)}
        answers = []
        # Lines are written before the caller has its answer.
        invoke = threading.Thread(target=lambda: answers.append(self.functions.invoke(**call)))
        invoke.start()
        try:
            until(lambda: os.path.exists(self.event["began"]))
            change()
        finally:
            open(self.event["end"], "w").close()
            invoke.join(60)
        self.assertEqual([answer["StatusCode"] for answer in answers], [200])
        self.assertNotIn("FunctionError", answers[0])

    def destroy(self):
        """Deletes the function, then its group."""
        self.functions.delete_function(FunctionName=self.name)
        self.logs.delete_log_group(logGroupName=self.group)

    def found(self):
        """The groups under the function's name, and everything in them."""
        groups = self.logs.describe_log_groups(logGroupNamePrefix=self.group)["logGroups"]
        lines = self.logs.filter_log_events(logGroupName=self.group)["events"] if groups else []
        return groups, [line["message"] for line in lines]

    def test_a_role_that_may_not_make_groups(self):
        role = self.role("logs:CreateLogStream", "logs:PutLogEvents")
        self.run_while(role, self.destroy)
        self.assertEqual(self.found(), ([], []))
        # Nothing is in the way of the next environment of this name.
        self.logs.create_log_group(logGroupName=self.group, tags={"a": "2"})

    def test_a_role_that_may_make_groups(self):
        role = self.role("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
        self.run_while(role, self.destroy)
        (group,), lines = self.found()
        self.assertIn("late\n", lines)
        self.assertNotIn("retentionInDays", group)
        self.assertNotIn("kmsKeyId", group)
        tags = self.logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
        self.assertEqual(tags, {})

    def test_a_role_that_may_make_this_group_alone(self):
        # Lambda asks for a log stream of the group: the group's own ARN does not match.
        role = self.role("logs:*", on="")
        self.run_while(role, self.destroy)
        self.assertEqual(self.found(), ([], []))

    def test_a_role_that_is_gone_as_well(self):
        def destroy_all():
            self.destroy()
            self.iam.delete_role_policy(RoleName=self.role_name, PolicyName="logs")
            self.iam.delete_role(RoleName=self.role_name)

        self.run_while(self.role("logs:*"), destroy_all)
        self.assertEqual(self.found(), ([], []))

    def test_a_function_that_is_gone_while_its_group_stays(self):
        role = self.role("logs:CreateLogStream", "logs:PutLogEvents")
        self.run_while(role, lambda: self.functions.delete_function(FunctionName=self.name))
        self.assertIn("late\n", self.found()[1])

    def test_a_role_that_may_not_write_at_all(self):
        self.run_while(self.role("logs:CreateLogStream"), lambda: None)
        (_,), lines = self.found()
        self.assertEqual(lines, [])

    def test_a_boundary_and_a_denial_count(self):
        boundary = policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        boundary = self.iam.create_policy(
            PolicyName=f"boundary-{uuid.uuid4()}", PolicyDocument=boundary
        )["Policy"]["Arn"]
        denial = policy({"Effect": "Deny", "Action": "logs:Put*", "Resource": "*"})

        def bound():
            self.iam.put_role_permissions_boundary(
                RoleName=self.role_name, PermissionsBoundary=boundary
            )

        def deny():
            self.iam.put_role_policy(
                RoleName=self.role_name, PolicyName="denial", PolicyDocument=denial
            )

        for change in (bound, deny):
            with self.subTest(change.__name__):
                self.setUp()
                self.run_while(self.role("logs:*"), change)
                self.assertEqual(self.found()[1], [])


if __name__ == "__main__":
    unittest.main()
