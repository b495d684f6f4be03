"""The gaps of DynamoDB's backups."""

import unittest

from support import closes_gaps, until
from test_tables import OnScale, Untimed, code


@closes_gaps
class Backups(Untimed):
    def backups(self, name, kind):
        """The table's backups of that kind."""
        listed = self.tables.list_backups(TableName=name, BackupType=kind)
        return listed["BackupSummaries"]

    def test_the_last_one_stays(self):
        name = self.table()
        self.recover(name)
        self.tables.delete_table(TableName=name)
        (backup,) = self.backups(name, "SYSTEM")
        self.assertEqual(backup["BackupName"], f"{name}$DeletedTableBackup")
        kept = backup["BackupExpiryDateTime"] - backup["BackupCreationDateTime"]
        self.assertEqual(kept.days, 35)
        self.assertEqual(self.backups(name, "USER"), [])
        arn = backup["BackupArn"]
        delete = self.tables.delete_backup
        message = self.refused("ValidationException", delete, BackupArn=arn)
        self.assertIn("not allowed to delete the system backup", message)

    def test_none_without_recovery(self):
        name = self.table()
        self.recover(name)
        self.recover(name, False)
        self.tables.delete_table(TableName=name)
        self.assertEqual(self.backups(name, "SYSTEM"), [])
        other = self.table()
        self.recover(other)
        self.tables.delete_table(TableName=other)
        self.assertEqual(len(self.backups(other, "ALL")), 1)


class BackupsInTime(OnScale):
    def test_recovery_of_a_table_in_the_making(self):
        name = self.table()
        self.assertEqual(code(self.recover, name), "TableNotFoundException")
        until(lambda: code(self.recover, name) == "ContinuousBackupsUnavailableException")
        self.active(name)
        self.assertEqual(code(self.recover, name), "ContinuousBackupsUnavailableException")
        until(lambda: code(self.recover, name) is None)

    def test_no_backup_where_recovery_ends_in_time(self):
        name = self.table()
        until(lambda: code(self.recover, name) is None)
        self.tables.delete_table(TableName=name)
        self.recover(name, False)
        until(lambda: code(self.tables.describe_table, TableName=name))
        listed = self.tables.list_backups(TableName=name, BackupType="ALL")
        self.assertEqual(listed["BackupSummaries"], [])


if __name__ == "__main__":
    unittest.main()
