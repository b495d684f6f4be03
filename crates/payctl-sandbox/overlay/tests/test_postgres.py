"""Clusters with a real database: psql connects to what the API says."""

import glob
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import unittest
import uuid
from unittest import mock

from support import Server, bootstrap, make_role, until, zipped
from test_secret_rotations import ROTATE

# The second step, with psql: the user gives itself the next password.
SET = """import subprocess
    pending = json.loads(secrets.get_secret_value(**place)["SecretString"])
    target = "host={host} user={username} dbname={dbname} sslmode=verify-full sslrootcert="
    target = target.format(**value) + os.environ["SSL_CERT_FILE"]
    statement = "ALTER ROLE {username} PASSWORD '{password}'".format(**pending)
    variables = dict(PATH=os.environ["PATH"], PGPASSWORD=value["password"])
    subprocess.run([PSQL, "-Xc", statement, target], env=variables, check=True)"""
KEPT = ["authority.key", "authority.pem"]
# Whatever may stand in a password, and asks for care in SQL and in a shell.
PASSWORD = "first'Pass`$word\\0123"


def programs():
    """The folder of PostgreSQL's programs, as the sandbox finds it."""
    given = os.environ.get("PAYCTL_POSTGRES")
    folders = [given] if given else glob.glob("/usr/lib/postgresql/*/bin")
    folders = [each for each in folders if os.path.exists(os.path.join(each, "initdb"))]
    if not folders:
        raise AssertionError(
            "these tests need PostgreSQL: install it (Debian: postgresql), or name the folder of "
            "initdb and postgres in PAYCTL_POSTGRES"
        )
    return folders


def psql_program():
    """The path of psql."""
    beside = [os.path.join(folder, "psql") for folder in programs()]
    found = next(filter(os.path.exists, beside), None) or shutil.which("psql")
    if not found:
        raise AssertionError("these tests need psql (Debian: postgresql-client)")
    return found


def end(server):
    """Ends a sandbox gently, so that its servers end too."""
    if server.process.poll() is None:
        server.stop()
    server.close()


class PostgresTest(unittest.TestCase):
    def setUp(self):
        self.psql = psql_program()
        self.rds = self.server.client("rds")

    def create(self, **options):
        """Makes a cluster and answers it."""
        given = {
            "DBClusterIdentifier": f"db-{uuid.uuid4()}",
            "Engine": "aurora-postgresql",
            "MasterUsername": "payments_admin",
            "MasterUserPassword": PASSWORD,
            "DatabaseName": "payments",
            **options,
        }
        return self.rds.create_db_cluster(**given)["DBCluster"]

    def find(self, cluster):
        """The cluster as it is described."""
        name = cluster["DBClusterIdentifier"]
        return self.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]

    def delete(self, cluster):
        """Deletes the cluster, if it is still there."""
        name = cluster["DBClusterIdentifier"]
        try:
            self.find(cluster)
            self.rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
        except self.rds.exceptions.DBClusterNotFoundFault:
            pass

    @property
    def authority(self):
        """The file with the authority's certificate."""
        return os.path.join(self.server.home, "databases", "authority.pem")

    def run_psql(self, cluster, statement, password=PASSWORD, **options):
        """What psql answers, or says on failure."""
        wanted = {
            "host": cluster["Endpoint"],
            "port": cluster["Port"],
            "user": cluster["MasterUsername"],
            "dbname": cluster["DatabaseName"],
            "sslmode": "verify-full",
            "sslrootcert": self.authority,
            **options,
        }
        found = subprocess.run(
            [self.psql, "-XAt", " ".join(f"{name}={value}" for name, value in wanted.items())],
            input=statement,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"},
            capture_output=True,
            text=True,
            timeout=30,
        )
        return (found.stdout or found.stderr).strip()

    def processes(self):
        """The processes whose data is in the sandbox's home."""
        found = []
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                place = os.readlink(f"{folder}/cwd")
            except OSError:
                continue
            if place.startswith(f"{self.server.home}/databases/"):
                found.append(os.path.basename(folder))
        return found

    def sockets(self):
        """The folders of sockets that are outside of homes."""
        return set(glob.glob("/tmp/payctl-postgres-*"))


class Databases(PostgresTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(end, cls.server)

    def create(self, **options):
        cluster = super().create(**options)
        self.addCleanup(self.delete, cluster)
        return cluster

    def test_it_is_what_was_asked_for(self):
        cluster = self.create()
        self.assertTrue(cluster["Endpoint"].startswith("127."), cluster["Endpoint"])
        self.assertEqual(cluster["Endpoint"], cluster["ReaderEndpoint"])
        self.assertEqual(cluster["Port"], 5432)
        self.assertEqual(self.find(cluster)["Endpoint"], cluster["Endpoint"])
        asked = "SELECT current_user, current_database(), ssl, usesuper, s.version"
        asked += " FROM pg_stat_ssl s JOIN pg_user ON usename = current_user"
        answer = self.run_psql(cluster, f"{asked} WHERE pid = pg_backend_pid()")
        self.assertEqual(answer, "payments_admin|payments|t|f|TLSv1.3")
        self.assertEqual(self.run_psql(cluster, "CREATE TABLE t (id int)"), "CREATE TABLE")

    def test_who_does_not_come_in(self):
        cluster = self.create()
        refused = {
            "no encryption": {"sslmode": "disable"},
            "password authentication failed": {"password": "second"},
            "certificate verify failed": {"sslrootcert": "/etc/hostname"},
            'user "rdsadmin"': {"user": "rdsadmin"},
            'database "other" does not exist': {"dbname": "other"},
        }
        other = Server()
        self.addCleanup(other.close)
        refused["certificate verify failed"]["sslrootcert"] = os.path.join(
            other.home, "databases", "authority.pem"
        )
        for reason, options in refused.items():
            with self.subTest(reason):
                self.assertIn(reason, self.run_psql(cluster, "SELECT 1", **options))

    def test_two_have_the_same_port(self):
        first, second = self.create(), self.create(DatabaseName="other")
        self.assertNotEqual(first["Endpoint"], second["Endpoint"])
        for cluster in (first, second):
            answer = self.run_psql(cluster, "SELECT current_database()")
            self.assertEqual(answer, cluster["DatabaseName"])
        elsewhere = self.create(Port=5433)
        self.assertEqual(self.run_psql(elsewhere, "SELECT inet_server_port()"), "5433")

    def test_the_master_users_password_changes(self):
        cluster = self.create()
        self.find(cluster)
        name = cluster["DBClusterIdentifier"]
        self.rds.modify_db_cluster(DBClusterIdentifier=name, MasterUserPassword="second-one")
        self.assertIn("failed for user", self.run_psql(cluster, "SELECT 1"))
        self.assertEqual(self.run_psql(cluster, "SELECT 1", password="second-one"), "1")
        logs = glob.glob(f"{self.server.home}/databases/*/log")
        self.assertEqual(len(logs), 1)
        for path in (*logs, f"{self.server.home}/test.log"):
            with open(path) as file:
                self.assertNotIn("second-one", file.read())

    def test_it_goes_with_its_cluster(self):
        before = self.sockets()
        cluster = self.create()
        self.assertTrue(self.processes())
        self.delete(cluster)
        self.assertEqual(self.processes(), [])
        self.assertEqual(sorted(os.listdir(f"{self.server.home}/databases")), KEPT)
        self.assertEqual(self.sockets() - before, set())

    def test_another_engine_has_none(self):
        cluster = self.create(Engine="aurora-mysql")
        self.assertTrue(cluster["Endpoint"].endswith(".rds.amazonaws.com"), cluster["Endpoint"])
        self.assertEqual(self.processes(), [])

    def test_a_function_trusts_it(self):
        role = make_role(self.server.client("iam"), f"role-{uuid.uuid4()}")
        functions = self.server.client("lambda")
        with mock.patch.dict(os.environ, SSL_CERT_FILE="/the/users/own.pem"):
            self.server.stop()
            self.server.start()
        functions.create_function(
            FunctionName="trusts",
            Role=role,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": zipped(bootstrap('answer = os.environ["SSL_CERT_FILE"]'))},
        )
        answer = functions.invoke(FunctionName="trusts", Payload=b"{}")["Payload"].read()
        self.assertEqual(answer.decode(), f'"{self.authority}"')


    def test_a_function_rotates_its_password(self):
        cluster = self.create(MasterUserPassword="the-first-one")
        code = ROTATE.replace('time.sleep(value["wait"])', SET).replace("PSQL", repr(self.psql))
        function = self.server.client("lambda").create_function(
            FunctionName="rotates",
            Role=make_role(self.server.client("iam"), f"role-{uuid.uuid4()}"),
            Runtime="provided.al2023",
            Handler="bootstrap",
            Timeout=30,
            Code={"ZipFile": zipped(bootstrap(code))},
        )["FunctionArn"]
        self.server.client("lambda").add_permission(
            FunctionName="rotates",
            StatementId="rotation",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
        )
        secrets = self.server.client("secretsmanager")
        value = {
            "username": "payments_admin",
            "password": "the-first-one",
            "host": cluster["Endpoint"],
            "dbname": "payments",
        }
        secrets.create_secret(Name="db", SecretString=json.dumps(value))
        secrets.rotate_secret(SecretId="db", RotationLambdaARN=function)
        until(lambda: secrets.describe_secret(SecretId="db").get("LastRotatedDate"), 30)
        rotated = json.loads(secrets.get_secret_value(SecretId="db")["SecretString"])
        self.assertEqual(rotated, {**value, "password": "the-first-one+"})
        found = self.run_psql(cluster, "SELECT 1", password=rotated["password"])
        self.assertEqual(found, "1")
        self.assertIn("failed for user", self.run_psql(cluster, "SELECT 1", value["password"]))


class Lives(PostgresTest):
    def setUp(self):
        self.server = Server()
        self.addCleanup(end, self.server)
        super().setUp()
        self.before = self.sockets()
        self.cluster = self.create()
        self.run_psql(self.cluster, "CREATE TABLE kept AS SELECT 42 AS number")

    def assert_kept(self):
        """The same table, at the same address."""
        self.assertEqual(self.find(self.cluster)["Endpoint"], self.cluster["Endpoint"])
        self.assertEqual(self.run_psql(self.cluster, "SELECT number FROM kept"), "42")
        self.assertEqual(self.sockets() - self.before, set())

    def test_it_stops_and_starts_with_the_sandbox(self):
        self.server.stop()
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.sockets() - self.before, set())
        self.server.start()
        self.assert_kept()

    def test_a_killed_sandbox_leaves_none_behind(self):
        time.sleep(4)
        old = set(self.processes())
        self.server.kill()
        until(lambda: not old & set(self.processes()))
        self.server.start()
        self.assert_kept()

    def test_what_outlives_a_killed_sandbox_is_ended_at_the_next_start(self):
        time.sleep(4)
        self.server.stop()
        # Started by another parent, as where nothing ends it with the sandbox.
        data = glob.glob(f"{self.server.home}/databases/*/data")[0]
        owner = os.stat(data)
        through = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}"]
        through += ["--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        prefix = through if os.geteuid() == 0 else []
        program = os.path.join(programs()[0], "postgres")
        options = ["-D", data, "-h", self.cluster["Endpoint"], "-k", ""]
        with open(os.devnull, "w") as null:
            other = subprocess.Popen([*prefix, program, *options], stderr=null, cwd="/")
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        until(lambda: os.path.exists(f"{data}/postmaster.pid"))
        # As the zombie of a child that nobody waits for, it would seem to live on.
        threading.Thread(target=other.wait, daemon=True).start()
        self.server.start()
        until(lambda: other.poll() is not None)
        self.assert_kept()

    def test_one_that_no_contents_name_is_dropped(self):
        # Before it is kept that there is a cluster.
        self.server.kill()
        for path in glob.glob(f"{self.server.home}/contents.pickle"):
            os.remove(path)
        self.server.start()
        self.assertEqual(self.processes(), [])
        self.assertEqual(sorted(os.listdir(f"{self.server.home}/databases")), KEPT)

    def test_a_number_that_is_somebody_elses_by_now(self):
        time.sleep(4)
        self.server.stop()
        other = subprocess.Popen(["sleep", "60"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        data = glob.glob(f"{self.server.home}/databases/*/data")[0]
        with open(f"{data}/postmaster.pid", "w") as file:
            file.write(f"{other.pid}\n{data}\n")
        os.chmod(f"{data}/postmaster.pid", 0o644)
        self.server.start()
        self.assertIsNone(other.poll())

    def test_a_reset_drops_it(self):
        self.server.control("POST", "reset")
        self.assertEqual(self.processes(), [])
        self.assertEqual(sorted(os.listdir(f"{self.server.home}/databases")), KEPT)
        self.assertEqual(self.sockets() - self.before, set())

    def test_an_address_that_is_taken_is_left_alone(self):
        self.server.stop()
        with socket.socket() as taken:
            taken.bind((self.cluster["Endpoint"], 5432))
            taken.listen()
            self.server.start()
            self.assertIn("could not start the database of", self.server.logged())
            self.assertEqual(self.find(self.cluster)["Endpoint"], self.cluster["Endpoint"])
        self.server.stop()
        self.server.start()
        self.assert_kept()


class Without(unittest.TestCase):
    def test_clusters_are_as_before(self):
        with mock.patch.dict(os.environ, PAYCTL_POSTGRES="/no/such/folder"):
            server = Server()
        self.addCleanup(server.close)
        for name in ("one", "two"):
            cluster = server.client("rds").create_db_cluster(
                DBClusterIdentifier=name,
                Engine="aurora-postgresql",
                MasterUsername="payments_admin",
                MasterUserPassword=PASSWORD,
            )["DBCluster"]
            self.assertTrue(cluster["Endpoint"].endswith(".rds.amazonaws.com"), cluster)
        until(lambda: "PostgreSQL is not installed" in server.logged())
        self.assertEqual(server.logged().count("PostgreSQL is not"), 1)


if __name__ == "__main__":
    unittest.main()
