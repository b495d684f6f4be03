"""The gaps of DynamoDB's encryption."""

import unittest

from support import closes_gaps, until
from test_tables import OnScale, Untimed, code


@closes_gaps
class Encryption(Untimed):
    def key(self):
        """A new key's ARN."""
        return self.aws("kms").create_key()["KeyMetadata"]["Arn"]

    def encrypt(self, name, key):
        """Encrypts the table with a key, or with DynamoDB's own."""
        on = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        wanted = on if key else {"Enabled": False}
        self.tables.update_table(TableName=name, SSESpecification=wanted)

    def test_the_key_changes(self):
        name, key = self.table(), self.key()
        self.refused("ValidationException", self.encrypt, name=name, key=None)
        self.encrypt(name, key)
        self.assertEqual(self.described(name)["SSEDescription"]["KMSMasterKeyArn"], key)
        message = self.refused("ValidationException", self.encrypt, name=name, key=key)
        self.assertIn("already encrypted with given KMSMasterKeyId", message)
        self.encrypt(name, None)
        self.assertNotIn("SSEDescription", self.described(name))

    def test_four_times_a_day(self):
        name, keys = self.table(), [self.key(), self.key()]
        for number in range(4):
            self.encrypt(name, keys[number % 2])
        message = self.refused("LimitExceededException", self.encrypt, name=name, key=keys[0])
        self.assertIn("Encryption mode changes are limited", message)

    def test_a_key_that_cannot_be_used(self):
        key = self.key()
        self.aws("kms").disable_key(KeyId=key)
        wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        message = self.refused("ValidationException", self.table, SSESpecification=wanted)
        self.assertIn("KMS key disabled error", message)
        self.refused("ValidationException", self.encrypt, name=self.table(), key=key)
        gone = f"{key[:-4]}0000"
        self.refused("ValidationException", self.encrypt, name=self.table(), key=gone)


class EncryptionInTime(OnScale):
    def test_another_key_takes_a_while(self):
        key = self.server.client("kms").create_key()["KeyMetadata"]["Arn"]
        name = self.table()
        self.active(name)
        wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        self.tables.update_table(TableName=name, SSESpecification=wanted)
        told = self.described(name)
        self.assertEqual(told["TableStatus"], "ACTIVE")
        self.assertEqual(told["SSEDescription"], {"Status": "UPDATING"})
        self.assertEqual(
            code(self.tables.delete_table, TableName=name), "ResourceInUseException"
        )
        told = until(lambda: "SSEType" in self.described(name)["SSEDescription"])
        self.assertEqual(self.described(name)["SSEDescription"]["KMSMasterKeyArn"], key)
        until(lambda: self.described(name)["SSEDescription"]["Status"] == "ENABLED")


if __name__ == "__main__":
    unittest.main()
