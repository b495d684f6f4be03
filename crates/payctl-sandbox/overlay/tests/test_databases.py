"""The gaps of Aurora."""

import json
import time
import unittest
import uuid

from support import SandboxTest, Server, closes_gaps, no_gap, until

ENGINE = "aurora-postgresql"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


class Database:
    """What a cluster is made with, under names of its own."""

    def __init__(self, client):
        self.rds, self.ec2 = client("rds"), client("ec2")
        self.name = f"db-{uuid.uuid4()}"
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self.subnet(nth, zone) for nth, zone in enumerate(ZONES)]
        made = self.ec2.create_security_group(
            GroupName=self.name, Description="database", VpcId=self.vpc
        )
        self.security_group = made["GroupId"]
        policy = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}
        key = client("kms").create_key(Policy=json.dumps({"Statement": [policy]}))
        self.key = key["KeyMetadata"]["Arn"]
        self.of_subnets = {"DBSubnetGroupName": self.name}
        self.of_parameters = {"DBClusterParameterGroupName": self.name}
        self.cluster = {"DBClusterIdentifier": self.name}
        self.instance = {"DBInstanceIdentifier": self.name}

    def subnet(self, nth, zone):
        """A subnet of that zone."""
        block = f"10.0.{nth}.0/24"
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=zone)
        return made["Subnet"]["SubnetId"]

    def create_subnet_group(self, subnets=None):
        """Makes the subnet group."""
        self.rds.create_db_subnet_group(
            **self.of_subnets,
            DBSubnetGroupDescription="database",
            SubnetIds=subnets or self.subnets,
        )

    def subnet_group(self):
        """The subnet group as it is."""
        return self.rds.describe_db_subnet_groups(**self.of_subnets)["DBSubnetGroups"][0]

    def create_parameter_group(self, family=f"{ENGINE}16"):
        """Makes the parameter group."""
        self.rds.create_db_cluster_parameter_group(
            **self.of_parameters, DBParameterGroupFamily=family, Description="database"
        )

    def arguments(self, **more):
        """What the cluster is made with."""
        return {
            **self.cluster,
            "Engine": ENGINE,
            "EngineVersion": "16.8",
            "MasterUsername": "payments_admin",
            "MasterUserPassword": "0123456789",
            "VpcSecurityGroupIds": [self.security_group],
            "StorageEncrypted": True,
            "KmsKeyId": self.key,
            **self.of_subnets,
            **self.of_parameters,
            **more,
        }

    def create(self, **more):
        """Makes the cluster and what it is made with."""
        self.create_subnet_group()
        self.create_parameter_group()
        self.rds.create_db_cluster(**self.arguments(**more))

    def create_instance(self, zone=ZONES[1]):
        """Makes the instance."""
        self.rds.create_db_instance(
            **self.instance,
            **self.cluster,
            Engine=ENGINE,
            DBInstanceClass="db.r6g.large",
            AvailabilityZone=zone,
        )

    def modify(self, **change):
        """Changes the cluster at once."""
        self.rds.modify_db_cluster(**self.cluster, ApplyImmediately=True, **change)

    def seen(self):
        """The cluster as it is; None when it is gone."""
        found = self.rds.describe_db_clusters()["DBClusters"]
        return next((one for one in found if one["DBClusterIdentifier"] == self.name), None)

    def instance_status(self):
        """The instance's status; None when it is gone."""
        found = self.rds.describe_db_instances()["DBInstances"]
        named = (one for one in found if one["DBInstanceIdentifier"] == self.name)
        return next((one["DBInstanceStatus"] for one in named), None)

    def delete(self):
        """Deletes the cluster without a snapshot."""
        self.rds.delete_db_cluster(**self.cluster, SkipFinalSnapshot=True)


class DatabaseTest(SandboxTest):
    def setUp(self):
        super().setUp()
        self.database = Database(self.aws)
        self.rds = self.database.rds


@closes_gaps
class SubnetGroups(DatabaseTest):
    def test_a_changed_group_stays(self):
        database = self.database
        database.create_subnet_group()
        self.rds.modify_db_subnet_group(
            **database.of_subnets,
            DBSubnetGroupDescription="another",
            SubnetIds=database.subnets[:2],
        )
        seen = database.subnet_group()
        self.assertEqual(seen["DBSubnetGroupDescription"], "another")
        subnets = [subnet["SubnetIdentifier"] for subnet in seen["Subnets"]]
        self.assertEqual(subnets, database.subnets[:2])

    def test_what_is_gone_is_not_changed(self):
        change = self.rds.modify_db_subnet_group
        arguments = {**self.database.of_subnets, "SubnetIds": self.database.subnets}
        self.refused("DBSubnetGroupNotFoundFault", change, **arguments)

    def test_a_name_is_taken(self):
        create = self.database.create_subnet_group
        create()
        self.refused("DBSubnetGroupAlreadyExists", create)

    def test_it_is_in_two_zones(self):
        database = self.database
        code = "DBSubnetGroupDoesNotCoverEnoughAZs"
        self.refused(code, database.create_subnet_group, subnets=database.subnets[:1])
        database.create_subnet_group()
        change = self.rds.modify_db_subnet_group
        self.refused(code, change, **database.of_subnets, SubnetIds=database.subnets[:1])

    def test_it_stays_while_a_cluster_is_in_it(self):
        database = self.database
        database.create()
        delete = self.rds.delete_db_subnet_group
        self.refused("InvalidDBSubnetGroupStateFault", delete, **database.of_subnets)
        database.delete()
        delete(**database.of_subnets)

    def test_an_instance_keeps_its_subnet_and_groups(self):
        database = self.database
        database.create()
        database.create_instance()
        ec2 = database.ec2
        self.refused("DependencyViolation", ec2.delete_subnet, SubnetId=database.subnets[1])
        ec2.delete_subnet(SubnetId=database.subnets[2])
        group = {"GroupId": database.security_group}
        self.refused("DependencyViolation", ec2.delete_security_group, **group)
        self.rds.delete_db_instance(**database.instance, SkipFinalSnapshot=True)
        ec2.delete_subnet(SubnetId=database.subnets[1])
        ec2.delete_security_group(**group)


@closes_gaps
class ParameterGroups(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.database.create_parameter_group()

    def set(self, method, **parameters):
        """Sets parameters, which have two underscores for a dot."""
        self.rds.modify_db_cluster_parameter_group(
            **self.database.of_parameters,
            Parameters=[
                {
                    "ParameterName": name.replace("__", "."),
                    "ParameterValue": value,
                    "ApplyMethod": method,
                }
                for name, value in parameters.items()
            ],
        )

    def seen(self, **arguments):
        """Parameters by name."""
        reply = self.rds.describe_db_cluster_parameters(
            **self.database.of_parameters, **arguments
        )
        return {one["ParameterName"]: one for one in reply["Parameters"]}

    def test_those_of_the_user_are_told_apart(self):
        self.set("immediate", rds__force_ssl="1")
        self.assertEqual(list(self.seen(Source="user")), ["rds.force_ssl"])
        self.assertIn("log_statement", self.seen(Source="engine-default"))
        every = self.seen()
        self.assertEqual(every["rds.force_ssl"]["ParameterValue"], "1")
        self.assertEqual(every["rds.force_ssl"]["Source"], "user")
        self.assertEqual(every["max_connections"]["ApplyType"], "static")

    def test_they_are_found_by_name(self):
        names = [{"Name": "parameter-name", "Values": ["rds.force_ssl", "max_connections"]}]
        self.assertEqual(list(self.seen(Filters=names)), ["max_connections", "rds.force_ssl"])

    def test_they_come_in_pages(self):
        page = self.rds.describe_db_cluster_parameters(
            **self.database.of_parameters, MaxRecords=20
        )
        self.assertEqual(len(page["Parameters"]), 20)
        self.assertIn("Marker", page)

    def test_a_static_one_waits_for_the_reboot(self):
        code, change = "InvalidParameterCombination", {"max_connections": "300"}
        said = self.refused(code, self.set, method="immediate", **change)
        self.assertIn("static", said)
        self.set("pending-reboot", rds__force_ssl="1", **change)
        self.assertEqual(list(self.seen(Source="user")), ["max_connections", "rds.force_ssl"])

    def test_there_is_no_other(self):
        set_unknown = {"method": "immediate", "no_such": "1"}
        said = self.refused("InvalidParameterValue", self.set, **set_unknown)
        self.assertIn("no_such", said)

    def test_twenty_are_set_at_once(self):
        many = {name: "1" for name in list(self.seen(Source="engine-default"))[:21]}
        self.refused("InvalidParameterValue", self.set, method="pending-reboot", **many)

    def test_they_are_reset(self):
        self.set("immediate", rds__force_ssl="1", log_statement="ddl", lock_timeout="1")
        reset = self.rds.reset_db_cluster_parameter_group
        one = [{"ParameterName": "log_statement", "ApplyMethod": "immediate"}]
        reset(**self.database.of_parameters, Parameters=one)
        self.assertEqual(list(self.seen(Source="user")), ["lock_timeout", "rds.force_ssl"])
        reset(**self.database.of_parameters, ResetAllParameters=True)
        self.assertEqual(self.seen(Source="user"), {})

    def test_it_stays_while_a_cluster_has_it(self):
        database = self.database
        database.create_subnet_group()
        self.rds.create_db_cluster(**database.arguments())
        delete = self.rds.delete_db_cluster_parameter_group
        self.refused("InvalidDBParameterGroupState", delete, **database.of_parameters)
        database.delete()
        delete(**database.of_parameters)


@closes_gaps
class Clusters(DatabaseTest):
    def refused_with(self, code, **more):
        """That the cluster is not made with these arguments; the message."""
        create = self.rds.create_db_cluster
        return self.refused(code, create, **self.database.arguments(**more))

    def test_a_name_is_taken(self):
        self.database.create()
        self.refused_with("DBClusterAlreadyExistsFault")

    def test_what_it_is_made_with_has_to_exist(self):
        database = self.database
        self.refused_with("DBSubnetGroupNotFoundFault")
        database.create_subnet_group()
        self.refused_with("DBClusterParameterGroupNotFound")
        database.create_parameter_group()
        group = f"sg-{uuid.uuid4().hex[:17]}"
        self.refused_with("InvalidParameterValue", VpcSecurityGroupIds=[group])
        key = f"{database.key[:-36]}{uuid.uuid4()}"
        self.refused_with("KMSKeyNotAccessibleFault", KmsKeyId=key)
        self.rds.create_db_cluster(**database.arguments())

    def test_a_parameter_group_fits_the_version(self):
        self.database.create_subnet_group()
        self.database.create_parameter_group(family=f"{ENGINE}15")
        said = self.refused_with("InvalidParameterCombination")
        self.assertIn(f"{ENGINE}16", said)

    def test_some_names_are_no_master_users(self):
        for name in ("admin", "rdsadmin", "pg_monitor"):
            said = self.refused_with("InvalidParameterValue", MasterUsername=name)
            self.assertIn("reserved word", said)

    def test_a_version_has_to_be_offered(self):
        for version in ("14.6", "16.5", "9"):
            said = self.refused_with("InvalidParameterCombination", EngineVersion=version)
            self.assertIn(f"Cannot find version {version}", said)
        self.database.create(EngineVersion="16")
        self.assertEqual(self.database.seen()["EngineVersion"], "16.11")

    def test_a_version_only_rises(self):
        database = self.database
        database.create()
        database.modify(EngineVersion="16.10")
        self.assertEqual(database.seen()["EngineVersion"], "16.10")
        for version in ("16.9", "16.7", "15.14"):
            said = self.refused(
                "InvalidParameterCombination", database.modify, EngineVersion=version
            )
            self.assertIn("upgrade target", said)
        major = {"EngineVersion": "17.4"}
        self.refused("InvalidParameterCombination", database.modify, **major)
        major["AllowMajorVersionUpgrade"] = True
        said = self.refused("InvalidParameterCombination", database.modify, **major)
        self.assertIn(f"{ENGINE}17", said)
        self.assertEqual(database.seen()["EngineVersion"], "16.10")

    def test_what_is_gone_is_not_changed(self):
        self.refused("DBClusterNotFoundFault", self.database.modify, Port=5433)

    def test_logs_and_logins_change(self):
        database = self.database
        database.create(EnableCloudwatchLogsExports=["postgresql"])
        logs = {"EnableLogTypes": ["instance"], "DisableLogTypes": ["postgresql"]}
        database.modify(
            CloudwatchLogsExportConfiguration=logs, EnableIAMDatabaseAuthentication=True
        )
        seen = database.seen()
        self.assertEqual(seen["EnabledCloudwatchLogsExports"], ["instance"])
        self.assertTrue(seen["IAMDatabaseAuthenticationEnabled"])
        database.modify(Port=5433)
        self.assertTrue(database.seen()["IAMDatabaseAuthenticationEnabled"])
        self.assertEqual(database.seen()["EnabledCloudwatchLogsExports"], ["instance"])

    def test_a_deletion_says_what_becomes_of_the_data(self):
        database = self.database
        database.create()
        delete = self.rds.delete_db_cluster
        said = self.refused("InvalidParameterCombination", delete, **database.cluster)
        self.assertIn("FinalDBSnapshotIdentifier", said)
        self.assertIsNotNone(database.seen())
        delete(**database.cluster, FinalDBSnapshotIdentifier=f"final-{database.name}")
        self.assertIsNone(database.seen())

    def test_its_backups_go_with_it(self):
        database = self.database
        database.create()
        database.delete()
        # At once: moto names them after the minute.
        self.rds.create_db_cluster(**database.arguments())
        database.delete()
        snapshots = self.rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
        names = [one["DBClusterIdentifier"] for one in snapshots]
        self.assertNotIn(database.name, names)

    @no_gap
    def test_it_stays_while_it_is_protected_or_has_instances(self):
        database = self.database
        database.create(DeletionProtection=True)
        database.create_instance()
        self.refused("InvalidParameterCombination", database.delete)
        database.modify(DeletionProtection=False)
        self.refused("InvalidDBClusterStateFault", database.delete)
        self.rds.delete_db_instance(**database.instance, SkipFinalSnapshot=True)
        database.delete()
        self.assertIsNone(database.seen())


@closes_gaps
class Versions(SandboxTest):
    def versions(self, **arguments):
        """The versions that are described."""
        reply = self.aws("rds").describe_db_engine_versions(Engine=ENGINE, **arguments)
        return [one["EngineVersion"] for one in reply["DBEngineVersions"]]

    def test_they_are_listed(self):
        every = self.versions()
        self.assertEqual(every, sorted(every), "in the order of texts, as AWS has them")
        self.assertLess(every.index("16.10"), every.index("16.9"))
        self.assertEqual(self.versions(EngineVersion="16.9"), ["16.9"])
        self.assertEqual(
            self.versions(DBParameterGroupFamily=f"{ENGINE}17"),
            [each for each in every if each.startswith("17.")],
        )
        self.assertIn("16.11", self.versions(DefaultOnly=True))
        self.assertNotIn("14.6", every)
        self.assertIn("14.6", self.versions(IncludeAll=True))

    def test_they_come_in_pages(self):
        pages = self.aws("rds").get_paginator("describe_db_engine_versions")
        pages = list(pages.paginate(Engine=ENGINE, PaginationConfig={"PageSize": 20}))
        self.assertGreater(len(pages), 1)
        found = [one["EngineVersion"] for page in pages for one in page["DBEngineVersions"]]
        self.assertEqual(found, self.versions())


class Timed(SandboxTest):
    """A database takes AWS its minutes."""

    scale = 40

    def setUp(self):
        super().setUp()
        self.server = Server(time_scale=self.scale)
        self.addCleanup(self.server.close)

    def waited(self, began, check):
        """AWS's seconds from `began` until that is so."""
        until(check)
        return (time.monotonic() - began) * self.scale

    def test_it_comes_and_goes(self):
        database = Database(self.aws)
        rds, status = database.rds, lambda: (database.seen() or {}).get("Status")
        began = time.monotonic()
        database.create()
        self.assertEqual(status(), "creating")
        self.refused("InvalidDBClusterStateFault", database.modify, Port=5433)
        database.create_instance()
        self.assertEqual(database.instance_status(), "creating")
        self.assertGreater(self.waited(began, lambda: status() == "available"), 89)
        self.assertEqual(database.instance_status(), "creating")
        waited = self.waited(began, lambda: database.instance_status() == "available")
        self.assertGreater(waited, 419)
        database.modify(Port=5433)
        self.assertEqual(status(), "modifying")
        self.refused("InvalidDBClusterStateFault", database.delete)
        until(lambda: status() == "available")
        change = {**database.instance, "PromotionTier": 2, "ApplyImmediately": True}
        rds.modify_db_instance(**change)
        self.refused("InvalidDBInstanceState", rds.modify_db_instance, **change)
        until(lambda: database.instance_status() == "available")

        gone = {**database.instance, "SkipFinalSnapshot": True}
        began = time.monotonic()
        rds.delete_db_instance(**gone)
        self.assertEqual(database.instance_status(), "deleting")
        self.refused("InvalidDBInstanceState", rds.delete_db_instance, **gone)
        self.refused("InvalidDBClusterStateFault", database.delete)
        waited = self.waited(began, lambda: database.instance_status() is None)
        self.assertGreater(waited, 706)
        began = time.monotonic()
        database.delete()
        self.assertEqual(status(), "deleting")
        self.refused("InvalidDBClusterStateFault", database.create_instance)
        delete = rds.delete_db_subnet_group
        self.refused("InvalidDBSubnetGroupStateFault", delete, **database.of_subnets)
        self.assertGreater(self.waited(began, lambda: database.seen() is None), 62)
        delete(**database.of_subnets)


if __name__ == "__main__":
    unittest.main()
