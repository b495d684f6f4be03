"""What the tests of DynamoDB's gaps share, and tables in the making."""

import unittest
import uuid

from botocore.exceptions import ClientError
from support import SandboxTest, Server, until

HASH = {"AttributeName": "id", "KeyType": "HASH"}


def attributes(*names):
    """Attribute definitions of strings."""
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name):
    """An index by an attribute of its own name."""
    key = [{"AttributeName": name, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}


def error(call, *arguments, **options):
    """The error that the call is answered with, as code and message; None: no error."""
    try:
        call(*arguments, **options)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return None


def code(call, *arguments, **options):
    """The error's code alone."""
    return (error(call, *arguments, **options) or (None,))[0]


class Tables:
    """Makes tables, and asks after them."""

    def table(self, *indexes, **options):
        """A new table by its name."""
        name = f"table-{uuid.uuid4()}"
        if indexes:
            options["GlobalSecondaryIndexes"] = [index(each) for each in indexes]
        self.tables.create_table(
            TableName=name,
            KeySchema=[HASH],
            AttributeDefinitions=attributes("id", *indexes),
            BillingMode="PAY_PER_REQUEST",
            **options,
        )
        return name

    def described(self, name):
        """What DescribeTable says of the table."""
        return self.tables.describe_table(TableName=name)["Table"]

    def arn(self, name):
        """The table's ARN."""
        return self.described(name)["TableArn"]

    def expire(self, name, attribute, enabled=True):
        """Turns time to live on or off."""
        wanted = {"Enabled": enabled, "AttributeName": attribute}
        self.tables.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)

    def stream(self, name, enabled, **view):
        """Turns the stream on or off."""
        wanted = {"StreamEnabled": enabled, **view}
        self.tables.update_table(TableName=name, StreamSpecification=wanted)

    def recover(self, name, enabled=True):
        """Turns point-in-time recovery on or off."""
        wanted = {"PointInTimeRecoveryEnabled": enabled}
        self.tables.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification=wanted
        )

    def add(self, *names, **options):
        """One call that adds these indexes to a table."""
        self.tables.update_table(
            AttributeDefinitions=attributes("id", *names),
            GlobalSecondaryIndexUpdates=[{"Create": index(name)} for name in names],
            **options,
        )


class Untimed(SandboxTest, Tables):
    def setUp(self):
        super().setUp()
        self.tables = self.aws("dynamodb")


class OnScale(unittest.TestCase, Tables):
    """Against a server where time passes faster."""

    scale = 20

    @classmethod
    def setUpClass(cls):
        cls.server = Server(time_scale=cls.scale)
        cls.addClassCleanup(cls.server.close)
        cls.tables = cls.server.client("dynamodb")

    def active(self, name):
        """Waits until the table is."""
        until(lambda: self.described(name)["TableStatus"] == "ACTIVE")


class Making(OnScale):
    def test_with_an_index(self):
        name = self.table("aaa")
        told = self.described(name)
        self.assertEqual(told["TableStatus"], "CREATING")
        self.assertEqual(told["GlobalSecondaryIndexes"][0]["IndexStatus"], "CREATING")
        self.active(name)
        told = self.described(name)
        self.assertEqual(told["GlobalSecondaryIndexes"][0]["IndexStatus"], "ACTIVE")


if __name__ == "__main__":
    unittest.main()
