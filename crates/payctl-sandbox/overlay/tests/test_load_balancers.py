"""Elastic Load Balancing's gaps."""

import http.server
import json
import threading
import time
import unittest
import uuid

from support import REGION, SandboxTest, Server, closes_gaps, no_gap, until
from test_certificates import imported

POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


class Balanced:
    """A network with a load balancer in two zones and two target groups, of names of their own."""

    def __init__(self, client):
        self.ec2, self.elb, self.acm = client("ec2"), client("elbv2"), client("acm")
        self.unique = uuid.uuid4().hex[:12]
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self.subnet("a", 1), self.subnet("b", 2)]
        self.group = self.security_group("alb")
        self.arguments = {
            "Name": f"alb-{self.unique}",
            "Scheme": "internal",
            "Subnets": self.subnets,
            "SecurityGroups": [self.group],
        }
        self.arn = self.create()
        self.of_balancer = {"LoadBalancerArn": self.arn}
        self.blue, self.green = self.target_group("blue"), self.target_group("green")

    def create(self):
        """Makes the load balancer, once more."""
        made = self.elb.create_load_balancer(**self.arguments)
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def subnet(self, zone, nth):
        """A subnet in the zone."""
        place = {"CidrBlock": f"10.0.{nth}.0/24", "AvailabilityZone": f"{REGION}{zone}"}
        return self.ec2.create_subnet(VpcId=self.vpc, **place)["Subnet"]["SubnetId"]

    def security_group(self, name):
        """A security group."""
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)
        return made["GroupId"]

    def target_group(self, name, port=8080):
        """A target group of addresses."""
        made = self.elb.create_target_group(
            Name=f"{name}-{self.unique}",
            Protocol="HTTP",
            Port=port,
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckTimeoutSeconds=2,
        )
        return made["TargetGroups"][0]["TargetGroupArn"]

    def forward(self, blue, green):
        """What divides the requests."""
        groups = [
            {"TargetGroupArn": self.blue, "Weight": blue},
            {"TargetGroupArn": self.green, "Weight": green},
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    def listen(self, certificate, port=443, **options):
        """A listener."""
        return self.elb.create_listener(
            **self.of_balancer,
            Port=port,
            Protocol="HTTPS",
            DefaultActions=self.forward(90, 10),
            **{"SslPolicy": POLICY, "Certificates": [{"CertificateArn": certificate}], **options},
        )["Listeners"][0]["ListenerArn"]

    def interfaces(self):
        """Its network interfaces, by subnet."""
        described = {"Name": "description", "Values": [f"ELB {self.arn.split('loadbalancer/')[1]}"]}
        found = self.ec2.describe_network_interfaces(Filters=[described])["NetworkInterfaces"]
        return {each["SubnetId"]: each for each in found}

    def state(self):
        """The load balancer's state."""
        found = self.elb.describe_load_balancers(LoadBalancerArns=[self.arn])
        return found["LoadBalancers"][0]["State"]["Code"]


@closes_gaps
class LoadBalancers(SandboxTest):
    def setUp(self):
        super().setUp()
        self.made = Balanced(self.aws)
        self.elb, self.ec2 = self.aws("elbv2"), self.aws("ec2")

    def test_a_second_one_of_its_name_is_itself_or_refused(self):
        self.assertEqual(self.made.create(), self.made.arn)
        other = {**self.made.arguments, "Scheme": "internet-facing"}
        self.refused("DuplicateLoadBalancerName", self.elb.create_load_balancer, **other)

    def test_it_is_in_two_zones(self):
        one = {**self.made.arguments, "Name": "one", "Subnets": self.made.subnets[:1]}
        self.refused("ValidationError", self.elb.create_load_balancer, **one)

    def test_its_interfaces_hold_subnets_and_groups(self):
        made = self.made
        self.assertEqual(set(made.interfaces()), set(made.subnets))
        subnet, group = {"SubnetId": made.subnets[0]}, {"GroupId": made.group}
        self.refused("DependencyViolation", self.ec2.delete_subnet, **subnet)
        self.refused("DependencyViolation", self.ec2.delete_security_group, **group)
        other, third = made.security_group("other"), made.subnet("c", 3)
        self.elb.set_security_groups(**made.of_balancer, SecurityGroups=[other])
        self.elb.set_subnets(**made.of_balancer, Subnets=[made.subnets[1], third])
        self.ec2.delete_subnet(**subnet)
        self.ec2.delete_security_group(**group)
        self.elb.delete_load_balancer(**made.of_balancer)
        self.assertEqual(made.interfaces(), {})
        self.ec2.delete_security_group(GroupId=other)
        self.ec2.delete_subnet(SubnetId=third)

    def test_a_protected_one_stays(self):
        attributes = [{"Key": "deletion_protection.enabled", "Value": "true"}]
        modify = self.elb.modify_load_balancer_attributes
        modify(**self.made.of_balancer, Attributes=attributes)
        delete = self.elb.delete_load_balancer
        self.refused("OperationNotPermitted", delete, **self.made.of_balancer)
        attributes[0]["Value"] = "false"
        modify(**self.made.of_balancer, Attributes=attributes)
        delete(**self.made.of_balancer)

    def test_its_logs_need_a_bucket_that_it_may_write_to(self):
        s3, name = self.aws("s3"), f"logs-{self.made.unique}"
        modify = self.elb.modify_load_balancer_attributes
        values = {"enabled": "true", "bucket": name, "prefix": "alb"}
        attributes = [{"Key": f"access_logs.s3.{k}", "Value": v} for k, v in values.items()]
        logs = {**self.made.of_balancer, "Attributes": attributes}
        self.refused("InvalidConfigurationRequest", modify, **logs)
        s3.create_bucket(Bucket=name)
        self.assertIn("Access Denied", self.refused("InvalidConfigurationRequest", modify, **logs))
        service = "logdelivery.elasticloadbalancing.amazonaws.com"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}/alb/AWSLogs/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        modify(**logs)
        encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [encryption]}
        )
        self.refused("InvalidConfigurationRequest", modify, **logs)
        attributes[0]["Value"] = "false"
        modify(**logs)

    def test_it_takes_fifty_tags(self):
        for nth in range(12):
            tags = [{"Key": f"tag-{nth}", "Value": "1"}]
            self.elb.add_tags(ResourceArns=[self.made.arn], Tags=tags)
        many = [{"Key": f"more-{nth}", "Value": "1"} for nth in range(39)]
        self.refused("TooManyTags", self.elb.add_tags, ResourceArns=[self.made.arn], Tags=many)


@closes_gaps
class Listeners(SandboxTest):
    def setUp(self):
        super().setUp()
        self.made = Balanced(self.aws)
        self.elb = self.aws("elbv2")
        self.certificate = imported(self.aws("acm"))

    def test_a_port_is_taken_once(self):
        self.made.listen(self.certificate)
        self.refused("DuplicateListener", self.made.listen, certificate=self.certificate)
        other = self.made.listen(self.certificate, 8443)
        modify = self.elb.modify_listener
        self.refused("DuplicateListener", modify, ListenerArn=other, Port=443)
        modify(ListenerArn=other, Port=8443)

    def test_it_shows_a_certificate_that_exists(self):
        gone = self.certificate[:-4] + "0000"
        self.refused("CertificateNotFound", self.made.listen, certificate=gone)
        none = {"certificate": gone, "Certificates": []}
        self.refused("ValidationError", self.made.listen, **none)

    def test_its_policy_exists(self):
        wrong = {"certificate": self.certificate, "SslPolicy": "ELBSecurityPolicy-None"}
        self.refused("SSLPolicyNotFound", self.made.listen, **wrong)

    def test_only_an_encrypted_one_has_a_policy(self):
        plain = {"Port": 80, "Protocol": "HTTP", "DefaultActions": self.made.forward(90, 10)}
        made = self.elb.create_listener(**self.made.of_balancer, **plain)["Listeners"][0]
        described = self.elb.describe_listeners(ListenerArns=[made["ListenerArn"]])["Listeners"][0]
        self.assertNotIn("SslPolicy", described)

    def test_it_forwards_to_groups_that_exist(self):
        listener = {"ListenerArn": self.made.listen(self.certificate)}
        actions = self.made.forward(50, 50)
        self.elb.modify_listener(**listener, DefaultActions=actions)
        actions[0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"] += "0"
        modify = self.elb.modify_listener
        self.refused("TargetGroupNotFound", modify, **listener, DefaultActions=actions)

    def test_a_second_group_of_its_name_is_itself_or_refused(self):
        self.assertEqual(self.made.target_group("blue"), self.made.blue)
        self.refused("DuplicateTargetGroupName", self.made.target_group, name="blue", port=8081)

    @no_gap
    def test_a_group_in_use_stays(self):
        listener = {"ListenerArn": self.made.listen(self.certificate)}
        delete = self.elb.delete_target_group
        self.refused("ResourceInUse", delete, TargetGroupArn=self.made.green)
        self.elb.modify_listener(**listener, DefaultActions=self.made.forward(100, 0))
        self.refused("ResourceInUse", delete, TargetGroupArn=self.made.green)
        self.elb.delete_listener(**listener)
        delete(TargetGroupArn=self.made.green)


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers its health with the server's status."""

    def do_GET(self):
        """Says how it is."""
        status = self.server.status if self.path == "/health" else 404
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@closes_gaps
class Targets(SandboxTest):
    def setUp(self):
        super().setUp()
        self.made = Balanced(self.aws)
        self.elb = self.aws("elbv2")

    def serve(self):
        """A server on the loopback."""
        server = http.server.HTTPServer(("127.0.0.2", 0), Answering)
        server.status = 200
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def health(self, group):
        """States and reasons."""
        found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        health = [each["TargetHealth"] for each in found]
        return [(each["State"], each.get("Reason")) for each in health]

    def register(self, group, address, port):
        """Adds a target."""
        targets = [{"Id": address, "Port": port}]
        self.elb.register_targets(TargetGroupArn=group, Targets=targets)

    def test_one_is_as_well_as_its_server(self):
        self.made.listen(imported(self.aws("acm")))
        server = self.serve()
        self.register(self.made.blue, "127.0.0.2", server.server_address[1])
        self.assertEqual(self.health(self.made.blue), [("healthy", None)])
        server.status = 500
        mismatch = ("unhealthy", "Target.ResponseCodeMismatch")
        self.assertEqual(self.health(self.made.blue), [mismatch])
        server.shutdown()
        server.server_close()
        failed = ("unhealthy", "Target.FailedHealthChecks")
        self.assertEqual(self.health(self.made.blue), [failed])

    def test_one_that_does_not_answer_is_unhealthy(self):
        self.made.listen(imported(self.aws("acm")))
        server = http.server.HTTPServer(("127.0.0.2", 0), Answering)
        self.addCleanup(server.server_close)
        # It accepts, and says nothing.
        self.register(self.made.blue, "127.0.0.2", server.server_address[1])
        # Nothing is at the end of the sandbox's network.
        self.register(self.made.green, "10.0.1.7", 8080)
        began = time.monotonic()
        for group in (self.made.blue, self.made.green):
            self.assertEqual(self.health(group), [("unhealthy", "Target.Timeout")])
        self.assertLess(time.monotonic() - began, 2)

    def test_the_matcher_says_what_is_well(self):
        self.made.listen(imported(self.aws("acm")))
        server = self.serve()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.register(self.made.blue, "127.0.0.2", server.server_address[1])
        blue = {"TargetGroupArn": self.made.blue}
        self.elb.modify_target_group(**blue, Matcher={"HttpCode": "200,202-204"})
        for status, state in ((200, "healthy"), (201, "unhealthy"), (203, "healthy")):
            server.status = status
            self.assertEqual(self.health(self.made.blue)[0][0], state, status)

    def test_a_group_that_gets_nothing_is_not_asked(self):
        self.register(self.made.blue, "127.0.0.2", 1)
        self.assertEqual(self.health(self.made.blue), [("unused", "Target.NotInUse")])


class Timed(SandboxTest):
    """A load balancer takes minutes to come, and its interfaces to go."""

    scale = 60

    def setUp(self):
        super().setUp()
        self.server = Server(time_scale=self.scale)
        self.addCleanup(self.server.close)

    def test_it_comes_and_goes(self):
        began = time.monotonic()
        made = Balanced(self.aws)
        self.assertEqual(made.state(), "provisioning")
        until(lambda: made.state() == "active")
        self.assertGreater((time.monotonic() - began) * self.scale, 150)

        made.listen(imported(self.aws("acm")))
        targets = [{"Id": "10.0.1.7"}]
        made.elb.register_targets(TargetGroupArn=made.blue, Targets=targets)
        told = made.elb.describe_target_health(TargetGroupArn=made.blue)
        health = told["TargetHealthDescriptions"][0]["TargetHealth"]
        self.assertEqual(health["Reason"], "Elb.RegistrationInProgress")

        # It lives on where the server does.
        self.server.stop()
        self.server.start()
        self.assertEqual(made.state(), "active")
        began = time.monotonic()
        made.elb.delete_load_balancer(**made.of_balancer)
        states = lambda: {each["Status"] for each in made.interfaces().values()}
        self.assertEqual(states(), {"in-use"})
        until(lambda: states() == {"available"})
        self.assertGreater((time.monotonic() - began) * self.scale, 60)
        until(lambda: not made.interfaces())
        self.assertGreater((time.monotonic() - began) * self.scale, 240)


if __name__ == "__main__":
    unittest.main()
