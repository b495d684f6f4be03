"""Contents survive: a stop, a crash, and a reset empties them."""

import json
import time
import unittest

from support import ACCOUNT, Server, bootstrap, make_role, trust, zipped
from test_keys import for_service, policy


def fill(server):
    """Makes one of everything, and answers how it reads back."""
    ec2, s3, kms, iam = map(server.client, ("ec2", "s3", "kms", "iam"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "Name", "Value": "kept"}])

    s3.create_bucket(Bucket="kept")
    versioned = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration=versioned)
    for body in (b"one", b"two"):
        s3.put_object(Bucket="kept", Key="key", Body=body)
    s3.put_object(Bucket="kept", Key="large", Body=bytes(3_000_000))
    service, bucket = "cloudtrail.amazonaws.com", "arn:aws:s3:::kept"
    s3.put_bucket_policy(
        Bucket="kept",
        Policy=policy(
            for_service(service, "s3:GetBucketAcl", bucket),
            for_service(service, "s3:PutObject", f"{bucket}/AWSLogs/{ACCOUNT}/*"),
        ),
    )
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]

    role = make_role(iam, "kept")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    server.client("lambda").create_function(
        FunctionName="kept",
        Role=role,
        Runtime="provided.al2023",
        Handler="bootstrap",
        Code={"ZipFile": zipped(bootstrap("answer = count"))},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]},
    )
    table = server.client("dynamodb")
    names = [("id", "HASH", "S"), ("at", "RANGE", "N")]
    table.create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in names],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": sort} for name, _, sort in names
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(500):
        item = {"id": {"S": "a"}, "at": {"N": str(number)}, "amount": {"N": "12.34"}}
        table.put_item(TableName="kept", Item=item)
    server.client("cloudwatch").put_metric_alarm(
        AlarmName="kept",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    server.client("cloudtrail").create_trail(Name="kept", S3BucketName="kept")
    server.client("cloudtrail").start_logging(Name="kept")
    server.client("logs").create_log_group(logGroupName="/kept")
    return sealed


def read(server, sealed):
    """Everything as it reads back."""
    ec2, s3, kms = map(server.client, ("ec2", "s3", "kms"))
    functions, trails = server.client("lambda"), server.client("cloudtrail")
    iam, table = server.client("iam"), server.client("dynamodb")
    found = [
        ec2.describe_vpcs()["Vpcs"],
        ec2.describe_subnets()["Subnets"],
        ec2.describe_security_groups()["SecurityGroups"],
        ec2.describe_nat_gateways()["NatGateways"],
        ec2.describe_addresses()["Addresses"],
        ec2.describe_route_tables()["RouteTables"],
        s3.list_object_versions(Bucket="kept")["Versions"],
        s3.get_object(Bucket="kept", Key="key")["Body"].read(),
        len(s3.get_object(Bucket="kept", Key="large")["Body"].read()),
        s3.get_bucket_policy(Bucket="kept")["Policy"],
        kms.list_aliases()["Aliases"],
        kms.decrypt(CiphertextBlob=sealed)["Plaintext"],
        iam.list_roles()["Roles"],
        iam.list_attached_role_policies(RoleName="kept")["AttachedPolicies"],
        len(iam.list_policies(Scope="AWS", OnlyAttached=True)["Policies"]),
        functions.get_function(FunctionName="kept")["Configuration"],
        table.describe_table(TableName="kept")["Table"],
        table.scan(TableName="kept")["Items"],
        server.client("cloudwatch").describe_alarms()["MetricAlarms"],
        trails.describe_trails()["trailList"],
        trails.get_trail_status(Name="kept")["IsLogging"],
        server.client("logs").describe_log_groups()["logGroups"],
    ]
    return json.loads(json.dumps(found, default=str))


class Contents(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.sealed = fill(self.server)
        self.before = read(self.server, self.sealed)

    def assert_kept(self):
        """Everything reads back as before, and works."""
        self.maxDiff = 2000
        for before, after in zip(self.before, read(self.server, self.sealed), strict=True):
            self.assertEqual(before, after)
        answer = self.server.client("lambda").invoke(FunctionName="kept", Payload=b"{}")
        self.assertEqual(answer["Payload"].read(), b"1")

    def test_after_a_stop(self):
        # A list that is read page by page is nothing to keep.
        self.server.client("resourcegroupstaggingapi").get_resources(ResourcesPerPage=1)
        self.server.stop()
        self.server.start()
        self.assert_kept()
        self.assertNotIn("are not kept", self.server.logged())
        # And twice, as what was read is written again.
        self.server.stop()
        self.server.start()
        self.server.client("iam").detach_role_policy(
            RoleName="kept",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        )
        names = self.server.client("ec2").describe_vpcs(
            Filters=[{"Name": "tag:Name", "Values": ["kept"]}]
        )
        self.assertEqual(len(names["Vpcs"]), 1)

    def test_after_a_crash(self):
        time.sleep(4)
        self.server.kill()
        self.server.start()
        self.assert_kept()

    def test_after_a_reset(self):
        self.server.control("POST", "reset")
        self.assertEqual(self.server.client("s3").list_buckets()["Buckets"], [])
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.client("s3").list_buckets()["Buckets"], [])
        self.assertEqual(len(self.server.client("ec2").describe_vpcs()["Vpcs"]), 1)
        self.server.client("s3").create_bucket(Bucket="kept")

    def test_unreadable_contents_are_put_aside(self):
        self.server.stop()
        with open(f"{self.server.home}/contents.pickle", "r+b") as file:
            file.truncate(100)
        self.server.start()
        self.assertEqual(self.server.client("s3").list_buckets()["Buckets"], [])
        self.assertIn("moved to", self.server.logged())


class OneAtATime(unittest.TestCase):
    def test_a_second_server_in_the_same_home_does_not_start(self):
        first = Server()
        self.addCleanup(first.close)
        with self.assertRaisesRegex(RuntimeError, "another server runs"):
            Server(home=first.home)
