"""The gaps of instances, of what starts them, and of what scales their number."""

import base64
import time
import unittest
import uuid

from botocore.exceptions import ClientError
from support import SandboxTest, Server, closes_gaps, no_gap, trust, until
from test_ec2 import Network

# A state has to last for longer than it takes to look at it, on a busy machine too.
SCALE = 15


def encoded(text):
    """User data as EC2 takes it."""
    return base64.b64encode(text.encode()).decode()


class Fleet:
    """A network and what a group of instances in it needs, with names of its own."""

    def __init__(self, client):
        self.ec2, self.iam = client("ec2"), client("iam")
        self.autoscaling = client("autoscaling")
        self.network = Network(self.ec2)
        self.name = f"fleet-{uuid.uuid4()}"
        self.of_group = {"AutoScalingGroupName": self.name}
        self.security_group = self.network.group()
        self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust("ec2"))
        profile = {"InstanceProfileName": self.name}
        made = self.iam.create_instance_profile(**profile)
        self.iam.add_role_to_instance_profile(**profile, RoleName=self.name)
        self.profile = made["InstanceProfile"]["Arn"]
        self.template = self.ec2.create_launch_template(
            LaunchTemplateName=self.name, LaunchTemplateData=self.data("one")
        )["LaunchTemplate"]["LaunchTemplateId"]

    def data(self, user_data, profile=None):
        """A template's data."""
        return {
            "ImageId": "ami-03cf127a",
            "InstanceType": "t3.small",
            "IamInstanceProfile": {"Arn": profile or self.profile},
            "SecurityGroupIds": [self.security_group],
            "UserData": encoded(user_data),
        }

    def arguments(self, size, template=None):
        """What a group of `size` is made with."""
        return {
            **self.of_group,
            "LaunchTemplate": {
                "LaunchTemplateId": template or self.template,
                "Version": "$Default",
            },
            "MinSize": 0,
            "MaxSize": 5,
            "DesiredCapacity": size,
            "VPCZoneIdentifier": self.network.subnet,
        }

    def start(self, size):
        """Makes the group."""
        self.autoscaling.create_auto_scaling_group(**self.arguments(size))

    def resize(self, size):
        """Has the group start or stop instances."""
        self.autoscaling.update_auto_scaling_group(**self.of_group, DesiredCapacity=size)

    def group(self):
        """The group as it is now; None when it is gone."""
        name = {"AutoScalingGroupNames": [self.name]}
        groups = self.autoscaling.describe_auto_scaling_groups(**name)["AutoScalingGroups"]
        return groups[0] if groups else None

    def states(self):
        """The lifecycle states of the group's instances."""
        return sorted(one["LifecycleState"] for one in self.group()["Instances"])


class FleetTest(SandboxTest):
    def setUp(self):
        super().setUp()
        self.fleet = Fleet(self.aws)


@closes_gaps
class Templates(FleetTest):
    def test_an_instance_is_started_as_a_later_version(self):
        fleet = self.fleet
        fleet.start(0)
        made = fleet.ec2.create_launch_template_version(
            LaunchTemplateId=fleet.template, LaunchTemplateData=fleet.data("two")
        )["LaunchTemplateVersion"]
        self.assertEqual(made["LaunchTemplateData"]["UserData"], encoded("two"))
        number = str(made["VersionNumber"])
        fleet.ec2.modify_launch_template(LaunchTemplateId=fleet.template, DefaultVersion=number)
        fleet.resize(1)
        instance = {"InstanceId": fleet.group()["Instances"][0]["InstanceId"]}
        seen = fleet.ec2.describe_instance_attribute(**instance, Attribute="userData")
        self.assertEqual(seen["UserData"]["Value"], encoded("two"))

    def test_its_tags_change(self):
        ec2, template = self.fleet.ec2, self.fleet.template
        ec2.create_tags(Resources=[template], Tags=[{"Key": "a", "Value": "b"}])
        (seen,) = ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
        self.assertEqual(seen["Tags"], [{"Key": "a", "Value": "b"}])


@closes_gaps
class Groups(FleetTest):
    def test_a_name_is_taken(self):
        fleet = self.fleet
        fleet.start(1)
        create = fleet.autoscaling.create_auto_scaling_group
        self.refused("AlreadyExists", create, **fleet.arguments(1))
        self.assertEqual(len(fleet.group()["Instances"]), 1)

    def test_a_template_has_to_exist(self):
        create = self.fleet.autoscaling.create_auto_scaling_group
        arguments = self.fleet.arguments(1, template="lt-0123456789abcdef0")
        self.assertIn("does not exist", self.refused("ValidationError", create, **arguments))

    def test_a_templates_profile_has_to_exist(self):
        fleet = self.fleet
        fleet.ec2.create_launch_template_version(
            LaunchTemplateId=fleet.template,
            LaunchTemplateData=fleet.data("two", profile=f"{fleet.profile}-2"),
        )
        change = {"LaunchTemplateId": fleet.template, "DefaultVersion": "2"}
        fleet.ec2.modify_launch_template(**change)
        create = fleet.autoscaling.create_auto_scaling_group
        said = self.refused("ValidationError", create, **fleet.arguments(1))
        self.assertIn("Invalid IAM Instance Profile", said)

    def test_its_instances_go_first(self):
        fleet = self.fleet
        fleet.start(1)
        delete = fleet.autoscaling.delete_auto_scaling_group
        self.refused("ResourceInUse", delete, **fleet.of_group)
        fleet.resize(0)
        self.assertEqual(fleet.states(), [])
        delete(**fleet.of_group)
        self.assertIsNone(fleet.group())

    @no_gap
    def test_or_by_force_with_it(self):
        fleet = self.fleet
        fleet.start(1)
        fleet.autoscaling.delete_auto_scaling_group(**fleet.of_group, ForceDelete=True)
        self.assertIsNone(fleet.group())

    def test_instances_hold_their_subnet_and_their_security_group(self):
        fleet = self.fleet
        fleet.start(1)
        subnet = {"SubnetId": fleet.network.subnet}
        security_group = {"GroupId": fleet.security_group}
        self.refused("DependencyViolation", fleet.ec2.delete_subnet, **subnet)
        self.refused("DependencyViolation", fleet.ec2.delete_security_group, **security_group)
        fleet.resize(0)
        fleet.ec2.delete_security_group(**security_group)
        fleet.autoscaling.delete_auto_scaling_group(**fleet.of_group)
        fleet.ec2.delete_subnet(**subnet)

    def test_its_default_warmup_is_kept(self):
        fleet = self.fleet
        arguments = {**fleet.arguments(0), "DefaultInstanceWarmup": 120}
        fleet.autoscaling.create_auto_scaling_group(**arguments)
        self.assertEqual(fleet.group()["DefaultInstanceWarmup"], 120)
        update = fleet.autoscaling.update_auto_scaling_group
        update(**fleet.of_group, DefaultInstanceWarmup=60)
        self.assertEqual(fleet.group()["DefaultInstanceWarmup"], 60)


@closes_gaps
class Policies(FleetTest):
    def put(self, fleet, change):
        """Sets the policy `steps`, and answers what AWS does."""
        return fleet.autoscaling.put_scaling_policy(
            **fleet.of_group,
            PolicyName="steps",
            PolicyType="StepScaling",
            AdjustmentType="ChangeInCapacity",
            StepAdjustments=[{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": change}],
        )

    def seen(self, fleet):
        """The group's policies."""
        return fleet.autoscaling.describe_policies(**fleet.of_group)["ScalingPolicies"]

    def test_its_arn_is_answered(self):
        self.fleet.start(0)
        arn = self.put(self.fleet, 1)["PolicyARN"]
        self.assertTrue(arn.endswith(":policyName/steps"))
        self.assertEqual(self.seen(self.fleet)[0]["PolicyARN"], arn)

    def test_two_groups_have_one_each(self):
        one, two = self.fleet, Fleet(self.aws)
        for fleet, change in ((one, 1), (two, 2)):
            fleet.start(0)
            self.put(fleet, change)
        for fleet, change in ((one, 1), (two, 2)):
            ((step,),) = (each["StepAdjustments"] for each in self.seen(fleet))
            self.assertEqual(step["ScalingAdjustment"], change)
        one.autoscaling.delete_policy(**one.of_group, PolicyName="steps")
        self.assertEqual((len(self.seen(one)), len(self.seen(two))), (0, 1))

    def test_it_goes_with_its_group(self):
        fleet = self.fleet
        fleet.start(0)
        self.put(fleet, 1)
        fleet.autoscaling.delete_auto_scaling_group(**fleet.of_group)
        self.assertEqual(self.seen(fleet), [])

    def test_its_group_has_to_exist(self):
        self.refused("ValidationError", self.put, fleet=self.fleet, change=1)


@closes_gaps
class Metrics(FleetTest):
    def told(self):
        return {one["Metric"] for one in self.fleet.group()["EnabledMetrics"]}

    def test_all_are_told_and_none(self):
        fleet = self.fleet
        fleet.start(0)
        fleet.autoscaling.enable_metrics_collection(**fleet.of_group, Granularity="1Minute")
        self.assertIn("GroupInServiceInstances", self.told())
        fleet.autoscaling.disable_metrics_collection(**fleet.of_group)
        self.assertEqual(self.told(), set())

    def test_one_is_told_no_longer(self):
        fleet = self.fleet
        fleet.start(0)
        for metrics in (["GroupMinSize"], ["GroupMaxSize"]):
            fleet.autoscaling.enable_metrics_collection(
                **fleet.of_group, Granularity="1Minute", Metrics=metrics
            )
        self.assertEqual(self.told(), {"GroupMinSize", "GroupMaxSize"})
        fleet.autoscaling.disable_metrics_collection(**fleet.of_group, Metrics=["GroupMinSize"])
        self.assertEqual(self.told(), {"GroupMaxSize"})

    def test_the_group_has_to_exist(self):
        fleet = self.fleet
        enable = fleet.autoscaling.enable_metrics_collection
        self.refused("ValidationError", enable, **fleet.of_group, Granularity="1Minute")
        self.refused(
            "ValidationError", fleet.autoscaling.disable_metrics_collection, **fleet.of_group
        )


class Timed(unittest.TestCase):
    """In AWS's time."""

    def test_a_group_and_its_instances(self):
        server = Server(time_scale=SCALE)
        self.addCleanup(server.close)
        fleet = Fleet(server.client)
        delete = fleet.autoscaling.delete_auto_scaling_group

        def code(call, **arguments):
            try:
                call(**arguments)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return None

        def took(aws_seconds, began):
            passed = (time.monotonic() - began) * SCALE
            self.assertGreaterEqual(passed, aws_seconds * 0.9)

        def machine():
            seen = fleet.ec2.describe_instances(InstanceIds=identifiers)["Reservations"]
            return sorted(one["State"]["Name"] for each in seen for one in each["Instances"])

        create = fleet.autoscaling.create_auto_scaling_group
        until(lambda: code(create, **fleet.arguments(2)) is None)
        began = time.monotonic()
        self.assertEqual(fleet.states(), ["Pending", "Pending"])
        identifiers = [one["InstanceId"] for one in fleet.group()["Instances"]]
        self.assertEqual(machine(), ["pending", "pending"])
        # What is on its way is not started twice.
        fleet.resize(2)
        self.assertEqual(len(fleet.states()), 2)
        until(lambda: fleet.states() == ["InService", "InService"])
        took(35, began)
        self.assertEqual(machine(), ["running", "running"])

        began = time.monotonic()
        fleet.resize(1)
        self.assertEqual(fleet.states(), ["InService", "Terminating"])
        fleet.resize(0)
        self.assertEqual(fleet.states(), ["Terminating", "Terminating"])
        self.assertEqual(machine(), ["shutting-down", "shutting-down"])
        self.assertEqual(code(delete, **fleet.of_group), "ResourceInUse")
        subnet = {"SubnetId": fleet.network.subnet}
        security_group = {"GroupId": fleet.security_group}
        self.assertEqual(code(fleet.ec2.delete_subnet, **subnet), "DependencyViolation")
        refused = code(fleet.ec2.delete_security_group, **security_group)
        self.assertEqual(refused, "DependencyViolation")
        until(lambda: fleet.states() == [])
        took(60, began)
        self.assertEqual(machine(), ["terminated", "terminated"])
        delete(**fleet.of_group)
        fleet.ec2.delete_subnet(**subnet)
        fleet.ec2.delete_security_group(**security_group)

    def test_what_is_under_way_survives_a_restart(self):
        server = Server(time_scale=2)
        self.addCleanup(server.close)
        fleet = Fleet(server.client)
        refused = []

        def start():
            try:
                fleet.start(1)
            except ClientError as error:
                refused.append(error.response["Error"]["Message"])
                return False
            return True

        until(start)
        # A new instance profile is not seen by all at once.
        self.assertTrue(refused and all("Invalid IAM Instance Profile" in why for why in refused))
        server.stop()
        server.start()
        self.assertEqual(fleet.states(), ["Pending"])
        until(lambda: fleet.states() == ["InService"])
        fleet.resize(0)
        self.assertEqual(fleet.states(), ["Terminating"])
        server.stop()
        server.start()
        self.assertEqual(fleet.states(), ["Terminating"])
        until(lambda: fleet.states() == [])


if __name__ == "__main__":
    unittest.main()
