"""What `--lax behaviour` lets pass, for comparison."""

import unittest

from support import Server
from test_tables import Tables


class Lax(unittest.TestCase, Tables):
    def setUp(self):
        self.server = Server(lax="behaviour")
        self.addCleanup(self.server.close)
        self.tables = self.server.client("dynamodb")

    def test_a_rule_of_behaviour(self):
        name = self.table()
        self.expire(name, "until")
        # Refused otherwise (`test_table_ttl`).
        self.expire(name, "until", False)


if __name__ == "__main__":
    unittest.main()
