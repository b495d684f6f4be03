"""What the first use of a service in a new account is like."""

import unittest

from support import Server
from test_databases import Database
from test_tables import error


class FirstUse(unittest.TestCase):
    def test_the_second_try_of_rds(self):
        server = Server(more=("--account", "new"))
        self.addCleanup(server.close)
        database = Database(server.client)
        refused, message = error(database.create_subnet_group)
        self.assertEqual(refused, "InvalidParameterValue")
        self.assertIn("Missing necessary credentials", message)
        role = server.client("iam").get_role(RoleName="AWSServiceRoleForRDS")["Role"]
        self.assertEqual(role["Path"], "/aws-service-role/rds.amazonaws.com/")
        database.create()

    def test_a_cluster_says_it_otherwise(self):
        server = Server(time_scale=10, more=("--account", "new"))
        self.addCleanup(server.close)
        database = Database(server.client)
        wanted = database.arguments()
        for name in ("DBSubnetGroupName", "DBClusterParameterGroupName"):
            del wanted[name]
        _, message = error(server.client("rds").create_db_cluster, **wanted)
        self.assertIn("permission to create service linked role", message)
        # Not at once.
        _, message = error(database.create_subnet_group)
        self.assertIn("Missing necessary credentials", message)


if __name__ == "__main__":
    unittest.main()
