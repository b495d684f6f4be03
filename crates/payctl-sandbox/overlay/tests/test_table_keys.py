"""DynamoDB's tables whose key cannot be used."""

import time
import unittest

from support import until
from test_tables import OnScale, code, error


class Keys(OnScale):
    scale = 1000

    def test_one_is_lost_and_found(self):
        kms = self.server.client("kms")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        encrypted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        name = self.table(SSESpecification=encrypted)
        self.active(name)
        item = {"TableName": name, "Item": {"id": {"S": "a"}}}
        self.tables.put_item(**item)
        began = time.monotonic()
        kms.disable_key(KeyId=key)
        until(lambda: code(self.tables.put_item, **item) == "ValidationException")
        self.assertGreater((time.monotonic() - began) * self.scale, 300)
        self.assertEqual(self.described(name)["TableStatus"], "ACTIVE")
        lost = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
        until(lambda: self.described(name)["TableStatus"] == lost)
        told = self.described(name)["SSEDescription"]
        self.assertEqual(told["Status"], "ENABLED")
        self.assertIn("InaccessibleEncryptionDateTime", told)
        refused, message = error(self.expire, name, "until")
        self.assertEqual(refused, "ValidationException")
        self.assertIn("KMS key disabled error", message)
        self.tables.update_table(TableName=name, DeletionProtectionEnabled=True)
        kms.enable_key(KeyId=key)
        # Items are there again long before the table says so.
        self.tables.put_item(**item)
        self.assertEqual(self.described(name)["TableStatus"], lost)
        self.active(name)

    def test_it_can_be_deleted_without(self):
        kms = self.server.client("kms")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        encrypted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        name = self.table(SSESpecification=encrypted)
        self.active(name)
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        until(lambda: self.described(name)["TableStatus"] != "ACTIVE")
        self.tables.delete_table(TableName=name)
        until(lambda: code(self.tables.describe_table, TableName=name))


if __name__ == "__main__":
    unittest.main()
