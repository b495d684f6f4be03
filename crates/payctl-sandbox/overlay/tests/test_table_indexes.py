"""The gaps of DynamoDB's indexes."""

import time
import unittest

from support import closes_gaps, until
from test_tables import OnScale, Untimed, code, error


@closes_gaps
class Indexes(Untimed):
    def test_one_at_a_time(self):
        name = self.table("aaa")
        refused, message = error(self.add, "bbb", "ccc", TableName=name)
        self.assertEqual(refused, "LimitExceededException")
        self.assertIn("Only 1 online index can be created or deleted simultaneously", message)
        self.assertEqual(len(self.described(name)["GlobalSecondaryIndexes"]), 1)

    def test_attributes_go_with_the_last_index(self):
        name = self.table("aaa")
        gone = {"Delete": {"IndexName": "aaa"}}
        self.tables.update_table(TableName=name, GlobalSecondaryIndexUpdates=[gone])
        names = [each["AttributeName"] for each in self.described(name)["AttributeDefinitions"]]
        self.assertEqual(names, ["id"])

    def test_one_that_is_not_there(self):
        gone = {"Delete": {"IndexName": "none"}}
        update = {"TableName": self.table(), "GlobalSecondaryIndexUpdates": [gone]}
        message = self.refused("ResourceNotFoundException", self.tables.update_table, **update)
        self.assertIn("Index none for table", message)


class IndexesInTime(OnScale):
    scale = 400

    def status(self, name, index):
        """The states of a table and of one of its indexes."""
        told = self.described(name)
        found = [each for each in told["GlobalSecondaryIndexes"] if each["IndexName"] == index]
        states = ((each["IndexStatus"], each.get("Backfilling")) for each in found)
        return told["TableStatus"], *states

    def test_an_index_that_is_added(self):
        name = self.table("aaa")
        self.assertEqual(self.status(name, "aaa"), ("CREATING", ("CREATING", None)))
        self.active(name)
        began = time.monotonic()
        self.add("bbb", TableName=name)
        self.assertEqual(self.status(name, "bbb"), ("UPDATING", ("CREATING", False)))
        gone = [{"Delete": {"IndexName": "bbb"}}]
        gone = {"TableName": name, "GlobalSecondaryIndexUpdates": gone}
        refused, message = error(self.tables.update_table, **gone)
        self.assertIn("Index creation is in resource allocation phase", message)
        until(lambda: self.status(name, "bbb") == ("ACTIVE", ("CREATING", True)))
        # The table says that it is active, and cannot be deleted.
        refused, message = error(self.tables.delete_table, TableName=name)
        self.assertEqual(refused, "ResourceInUseException")
        self.assertIn("while indexes are being created, updated, or deleted", message)
        refused = code(lambda: self.add("ccc", TableName=name))
        self.assertEqual(refused, "LimitExceededException")
        until(lambda: self.status(name, "bbb") == ("ACTIVE", ("ACTIVE", None)))
        self.assertGreater((time.monotonic() - began) * self.scale, 500)
        self.tables.update_table(**gone)
        until(lambda: self.status(name, "bbb") == ("ACTIVE",))
        self.tables.delete_table(TableName=name)


if __name__ == "__main__":
    unittest.main()
