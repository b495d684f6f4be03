"""The gaps of DynamoDB's time to live."""

import time
import unittest

from support import closes_gaps, until
from test_tables import OnScale, Untimed, code, error


@closes_gaps
class TimeToLive(Untimed):
    def test_a_second_change(self):
        name = self.table()
        self.expire(name, "until")
        off = {"name": name, "attribute": "until", "enabled": False}
        message = self.refused("ValidationException", self.expire, **off)
        self.assertIn("modified multiple times within a fixed interval", message)

    def test_what_cannot_be_is_told_first(self):
        name = self.table()
        off = {"name": name, "attribute": "until", "enabled": False}
        message = self.refused("ValidationException", self.expire, **off)
        self.assertEqual(message, "TimeToLive is already disabled")
        self.expire(name, "until")
        on = {"name": name, "attribute": "until"}
        message = self.refused("ValidationException", self.expire, **on)
        self.assertEqual(message, "TimeToLive is already enabled")
        message = self.refused("ValidationException", self.expire, name=name, attribute="other")
        self.assertIn("active on a different AttributeName: current", message)


class TimeToLiveInTheMaking(OnScale):
    def test_of_a_table_in_the_making(self):
        name = self.table()
        refused, message = error(self.tables.describe_time_to_live, TableName=name)
        self.assertEqual(refused, "ValidationException")
        self.assertIn("while table is in CREATING state", message)
        refused = code(self.expire, name, "until")
        self.assertIn(refused, ("ResourceNotFoundException", "ResourceInUseException"))
        self.active(name)
        self.expire(name, "until")


class TimeToLiveInTime(OnScale):
    scale = 400

    def test_time_to_live_again(self):
        name = self.table()
        self.active(name)
        began = time.monotonic()
        self.expire(name, "until")
        self.assertEqual(code(self.expire, name, "until", False), "ValidationException")
        until(lambda: code(self.expire, name, "until", False) is None)
        self.assertGreater((time.monotonic() - began) * self.scale, 1_800)
        look = self.tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        self.assertEqual(look, {"TimeToLiveStatus": "DISABLED"})
        self.assertEqual(code(self.expire, name, "other"), "ValidationException")


if __name__ == "__main__":
    unittest.main()
