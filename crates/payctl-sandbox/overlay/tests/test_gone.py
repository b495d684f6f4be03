"""What is told of that which is gone: nothing, but for an hour of a few."""

import unittest
import uuid

from support import ACCOUNT, REGION, SandboxTest, Server, closes_gaps, until
from test_keys import for_service, policy

TAG = {"Key": "gone", "Value": "1"}


def tagged(*kinds):
    """What a call to EC2 makes tagged, each of these kinds."""
    return [{"ResourceType": kind, "Tags": [TAG]} for kind in kinds]


def listed(client, value="1"):
    """What the resource groups tagging API lists under the tests' tag."""
    filters = [{"Key": TAG["Key"], "Values": [value]}]
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources")
    found = pages.paginate(TagFilters=filters).search("ResourceTagMappingList[].ResourceARN")
    return sorted(found)


class Network:
    """A VPC with a subnet, and what can be in it."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")
        self.subnet = made["Subnet"]["SubnetId"]

    def instance(self, **options):
        """Starts a tagged instance; its id."""
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = self.ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=tagged("instance"),
            **options or {"SubnetId": self.subnet},
        )
        return made["Instances"][0]["InstanceId"]

    def interfaces(self):
        """The ids and states of the network interfaces in the subnet."""
        here = [{"Name": "subnet-id", "Values": [self.subnet]}]
        found = self.ec2.describe_network_interfaces(Filters=here)["NetworkInterfaces"]
        return {each["NetworkInterfaceId"]: each["Status"] for each in found}


@closes_gaps
class Names(SandboxTest):
    """Under the same name the next one has none of the tags of the last."""

    def setUp(self):
        super().setUp()
        self.name = f"gone-{uuid.uuid4()}"
        # Only this test's, whatever others leave.
        self.tag = {**TAG, "Value": self.name}

    def listed(self):
        """What is listed of this test."""
        return listed(self.aws, self.name)

    def test_a_bucket(self):
        s3, bucket = self.aws("s3"), {"Bucket": self.name}
        s3.create_bucket(**bucket)
        s3.put_bucket_tagging(**bucket, Tagging={"TagSet": [self.tag]})
        self.assertEqual(self.listed(), [f"arn:aws:s3:::{self.name}"])
        s3.delete_bucket(**bucket)
        s3.create_bucket(**bucket)
        self.assertEqual(self.listed(), [])
        self.refused("NoSuchTagSet", s3.get_bucket_tagging, **bucket)

    def test_an_alarm(self):
        cloudwatch = self.aws("cloudwatch")
        alarm = {"AlarmName": self.name, "MetricName": "m", "Namespace": "n", "Threshold": 1}
        alarm.update(ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Period=60)
        alarm["Statistic"] = "Sum"
        cloudwatch.put_metric_alarm(**alarm, Tags=[self.tag])
        self.assertEqual(len(self.listed()), 1)
        cloudwatch.delete_alarms(AlarmNames=[self.name, "none"])
        cloudwatch.put_metric_alarm(**alarm)
        self.assertEqual(self.listed(), [])

    def test_a_trail(self):
        cloudtrail, trail = self.aws("cloudtrail"), f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail"
        bucket, service = f"arn:aws:s3:::{self.name}", "cloudtrail.amazonaws.com"
        document = policy(
            for_service(service, "s3:GetBucketAcl", bucket),
            for_service(service, "s3:PutObject", f"{bucket}/AWSLogs/{ACCOUNT}/*"),
        )
        self.aws("s3").create_bucket(Bucket=self.name)
        self.aws("s3").put_bucket_policy(Bucket=self.name, Policy=document)
        made = {"Name": self.name, "S3BucketName": self.name}

        def tags():
            arns = [f"{trail}/{self.name}"]
            (found,) = cloudtrail.list_tags(ResourceIdList=arns)["ResourceTagList"]
            return found["TagsList"]

        cloudtrail.create_trail(**made, TagsList=[self.tag])
        self.assertEqual(tags(), [self.tag])
        cloudtrail.delete_trail(Name=self.name)
        cloudtrail.create_trail(**made)
        self.assertEqual(tags(), [])

    def test_a_parameter(self):
        ssm = self.aws("ssm")
        for name in (f"/{self.name}-one", f"/{self.name}-two"):
            ssm.put_parameter(Name=name, Value="v", Type="String", Tags=[self.tag])
        self.assertEqual(len(self.listed()), 2)
        ssm.delete_parameter(Name=f"/{self.name}-one")
        ssm.delete_parameters(Names=[f"/{self.name}-two", "/none"])
        for name in (f"/{self.name}-one", f"/{self.name}-two"):
            ssm.put_parameter(Name=name, Value="v", Type="String")
        self.assertEqual(self.listed(), [])


@closes_gaps
class Ec2(SandboxTest):
    def setUp(self):
        super().setUp()
        self.ec2 = self.aws("ec2")
        self.network = Network(self.ec2)

    def test_tags_go_with_what_they_are_on(self):
        made = self.ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc"))
        vpc = made["Vpc"]["VpcId"]
        here = [{"Name": "resource-id", "Values": [vpc]}]
        self.assertEqual(len(self.ec2.describe_tags(Filters=here)["Tags"]), 1)
        self.ec2.delete_vpc(VpcId=vpc)
        self.assertEqual(self.ec2.describe_tags(Filters=here)["Tags"], [])

    def test_an_instance_takes_its_interface_along(self):
        instance = self.network.instance()
        self.assertEqual(list(self.network.interfaces().values()), ["in-use"])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.assertEqual(self.network.interfaces(), {})
        self.ec2.delete_subnet(SubnetId=self.network.subnet)

    def test_an_instance_leaves_what_was_there_before(self):
        made = self.ec2.create_network_interface(SubnetId=self.network.subnet)
        interface = made["NetworkInterface"]["NetworkInterfaceId"]
        first = {"DeviceIndex": 0, "NetworkInterfaceId": interface}
        instance = self.network.instance(NetworkInterfaces=[first])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.assertEqual(self.network.interfaces(), {interface: "available"})
        delete = self.ec2.delete_subnet
        self.refused("DependencyViolation", delete, SubnetId=self.network.subnet)
        self.ec2.delete_network_interface(NetworkInterfaceId=interface)
        delete(SubnetId=self.network.subnet)

    def test_an_instance_leaves_what_is_to_stay(self):
        first = {"DeviceIndex": 0, "SubnetId": self.network.subnet, "DeleteOnTermination": False}
        instance = self.network.instance(NetworkInterfaces=[first])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.assertEqual(list(self.network.interfaces().values()), ["available"])


class AfterAnHour(unittest.TestCase):
    """An hour is two seconds here."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(time_scale=1800)
        cls.addClassCleanup(cls.server.close)
        cls.ec2 = cls.server.client("ec2")

    def listed(self):
        """What is listed of this server."""
        return [arn.rsplit("/", 1)[-1] for arn in listed(self.server.client)]

    def test_a_terminated_instance(self):
        instance = Network(self.ec2).instance()

        def state():
            described = self.ec2.describe_instances(InstanceIds=[instance])
            return described["Reservations"][0]["Instances"][0]["State"]["Name"]

        self.ec2.terminate_instances(InstanceIds=[instance])
        until(lambda: state() == "terminated")
        self.assertIn(instance, self.listed())
        until(lambda: instance not in self.listed(), seconds=20)
        described = self.ec2.describe_instances()["Reservations"]
        found = [each["InstanceId"] for one in described for each in one["Instances"]]
        self.assertNotIn(instance, found)
        here = [{"Name": "resource-id", "Values": [instance]}]
        self.assertEqual(self.ec2.describe_tags(Filters=here)["Tags"], [])

    def test_a_nat_gateway(self):
        network = Network(self.ec2)
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(
            SubnetId=network.subnet, AllocationId=address, TagSpecifications=tagged("natgateway")
        )
        nat = made["NatGateway"]["NatGatewayId"]

        def states():
            found = self.ec2.describe_nat_gateways()["NatGateways"]
            return [each["State"] for each in found if each["NatGatewayId"] == nat]

        until(lambda: states() == ["available"])
        self.ec2.delete_nat_gateway(NatGatewayId=nat)
        until(lambda: states() == ["deleted"])
        self.assertIn(nat, self.listed())
        until(lambda: states() == [], seconds=20)
        self.assertNotIn(nat, self.listed())


if __name__ == "__main__":
    unittest.main()
