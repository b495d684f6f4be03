"""Log groups that services make by themselves."""

import unittest
import uuid

from support import SandboxTest, Server, closes_gaps, trust
from test_databases import Database

WELCOME = "/aws/apigateway/welcome"


class Groups(SandboxTest):
    def group(self, name):
        """The log group of that name; None if there is none."""
        found = self.aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return next((each for each in found if each["logGroupName"] == name), None)


@closes_gaps
class OfClusters(Groups):
    def setUp(self):
        super().setUp()
        self.database = Database(self.aws)
        self.name = f"/aws/rds/cluster/{self.database.name}/postgresql"

    def test_one_is_made_and_stays(self):
        self.database.create(EnableCloudwatchLogsExports=["postgresql"])
        self.assertIsNone(self.group(self.name))
        self.database.create_instance()
        group = self.group(self.name)
        self.assertNotIn("retentionInDays", group)
        self.assertNotIn("kmsKeyId", group)
        # As long as an instance writes, it comes back.
        self.aws("logs").delete_log_group(logGroupName=self.name)
        self.assertIsNotNone(self.group(self.name))
        rds = self.aws("rds")
        rds.delete_db_instance(**self.database.instance, SkipFinalSnapshot=True)
        rds.delete_db_cluster(**self.database.cluster, SkipFinalSnapshot=True)
        self.assertIsNotNone(self.group(self.name))
        self.aws("logs").delete_log_group(logGroupName=self.name)
        self.assertIsNone(self.group(self.name))

    def test_one_that_is_there_is_used(self):
        logs = self.aws("logs")
        logs.create_log_group(logGroupName=self.name)
        logs.put_retention_policy(logGroupName=self.name, retentionInDays=7)
        self.database.create(EnableCloudwatchLogsExports=["postgresql"])
        self.database.create_instance()
        self.assertEqual(self.group(self.name)["retentionInDays"], 7)
        logs.delete_log_group(logGroupName=self.name)
        # Without what it was made with.
        self.assertNotIn("retentionInDays", self.group(self.name))

    def test_one_is_made_when_it_is_asked_for_later(self):
        self.database.create()
        self.database.create_instance()
        self.assertIsNone(self.group(self.name))
        more = {"EnableLogTypes": ["postgresql"]}
        self.database.modify(CloudwatchLogsExportConfiguration=more)
        self.assertIsNotNone(self.group(self.name))


@closes_gaps
class OfApiGateway(Groups):
    def setUp(self):
        super().setUp()
        # An account has one role, which others' tests expect to be unset.
        self.server = Server(plain=self.plain)
        self.addCleanup(self.server.close)

    def test_one_is_made_with_the_role(self):
        name = f"role-{uuid.uuid4()}"
        role = self.aws("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=trust("apigateway.amazonaws.com")
        )["Role"]["Arn"]
        set_role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
        self.aws("apigateway").update_account(patchOperations=set_role)
        self.assertIsNotNone(self.group(WELCOME))
        # The same role again is no news.
        self.aws("logs").delete_log_group(logGroupName=WELCOME)
        self.aws("apigateway").update_account(patchOperations=set_role)
        self.assertIsNone(self.group(WELCOME))


if __name__ == "__main__":
    unittest.main()
