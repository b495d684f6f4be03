"""The gaps of DynamoDB's UpdateTable."""

import unittest

from support import closes_gaps
from test_tables import OnScale, Untimed, code, error


@closes_gaps
class Updates(Untimed):
    def test_one_change_a_call(self):
        name = self.table()
        both = {
            "DeletionProtectionEnabled": True,
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        }
        update = self.tables.update_table
        message = self.refused("ValidationException", update, TableName=name, **both)
        self.assertIn("must be the only operation in the request", message)
        self.assertFalse(self.described(name)["DeletionProtectionEnabled"])

    def test_protection_twice(self):
        name = self.table()
        protect = self.tables.update_table
        protect(TableName=name, DeletionProtectionEnabled=True)
        off = {"TableName": name, "DeletionProtectionEnabled": False}
        message = self.refused("ThrottlingException", protect, **off)
        self.assertIn("modified within the previous 15000 milliseconds", message)
        delete = self.tables.delete_table
        message = self.refused("ValidationException", delete, TableName=name)
        self.assertIn("Disable deletion protection first", message)

    def test_another_view_is_another_stream(self):
        name = self.table()
        self.stream(name, True, StreamViewType="KEYS_ONLY")
        first = self.described(name)["LatestStreamArn"]
        other = {"name": name, "enabled": True, "StreamViewType": "NEW_IMAGE"}
        message = self.refused("ValidationException", self.stream, **other)
        self.assertIn("Table already has an enabled stream", message)
        self.stream(name, False)
        self.refused("ValidationException", self.stream, name=name, enabled=False)
        self.stream(**other)
        self.assertNotEqual(self.described(name)["LatestStreamArn"], first)

    def test_provisioned_needs_its_throughput(self):
        provisioned = {"TableName": self.table(), "BillingMode": "PROVISIONED"}
        self.refused("ValidationException", self.tables.update_table, **provisioned)


class UpdatesInTime(OnScale):
    def test_a_stream_takes_a_while(self):
        name = self.table()
        self.active(name)
        self.stream(name, True, StreamViewType="KEYS_ONLY")
        self.assertEqual(self.described(name)["TableStatus"], "UPDATING")
        self.assertEqual(code(self.stream, name, False), "ResourceInUseException")
        refused, message = error(self.tables.delete_table, TableName=name)
        self.assertEqual(refused, "ResourceInUseException")
        self.assertIn("while stream is being enabled/disabled", message)
        self.active(name)
        self.stream(name, False)

    def test_another_way_of_paying_takes_a_while(self):
        name = self.table()
        self.active(name)
        self.tables.update_table(
            TableName=name,
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )
        self.assertEqual(self.described(name)["TableStatus"], "UPDATING")
        refused = code(self.tables.delete_table, TableName=name)
        self.assertEqual(refused, "ResourceInUseException")
        self.active(name)


if __name__ == "__main__":
    unittest.main()
