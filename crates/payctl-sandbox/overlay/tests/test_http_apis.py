"""Gaps of HTTP APIs and VPC links."""

import time

from support import REGION, SandboxTest, Server, closes_gaps, no_gap, until

URI = f"arn:aws:lambda:{REGION}:123456789012:function:validation"


class Api:
    """An HTTP API with an integration, made for one test."""

    def __init__(self, client, **settings):
        self.client = client
        self.id = client.create_api(Name="payments", ProtocolType="HTTP", **settings)["ApiId"]
        self.integration = client.create_integration(
            ApiId=self.id, IntegrationType="AWS_PROXY", IntegrationUri=URI
        )["IntegrationId"]

    def route(self, key="POST /validate"):
        """A route's id."""
        target = f"integrations/{self.integration}"
        return self.client.create_route(ApiId=self.id, RouteKey=key, Target=target)["RouteId"]

    def stage(self, name="prod", **settings):
        """A stage; answers what names it."""
        self.client.create_stage(ApiId=self.id, StageName=name, AutoDeploy=True, **settings)
        return {"ApiId": self.id, "StageName": name}

    def arn(self, stage):
        """A stage's ARN."""
        return f"arn:aws:apigateway:{REGION}::/apis/{self.id}/stages/{stage}"


class HttpApiTest(SandboxTest):
    def setUp(self):
        super().setUp()
        self.client = self.aws("apigatewayv2")


@closes_gaps
class Refusals(HttpApiTest):
    def test_a_route_is_there_once(self):
        api = Api(self.client)
        api.route()
        call, at = self.client.create_route, {"ApiId": api.id, "RouteKey": "POST /validate"}
        self.assertIn("already exists", self.refused("ConflictException", call, **at))

    def test_a_stage_is_there_once(self):
        at = Api(self.client).stage()
        message = self.refused("ConflictException", self.client.create_stage, **at)
        self.assertIn("already exists", message)

    def test_an_integration_goes_after_its_routes(self):
        api = Api(self.client)
        at = {"ApiId": api.id, "IntegrationId": api.integration}
        route = api.route()
        message = self.refused("ConflictException", self.client.delete_integration, **at)
        self.assertIn(route, message)
        self.client.delete_route(ApiId=api.id, RouteId=route)
        self.client.delete_integration(**at)

    def test_what_is_gone_cannot_be_deleted(self):
        api = Api(self.client)
        for call, at in (
            (self.client.delete_route, {"ApiId": api.id, "RouteId": "gone"}),
            (self.client.delete_integration, {"ApiId": api.id, "IntegrationId": "gone"}),
            (self.client.delete_stage, {"ApiId": api.id, "StageName": "gone"}),
            (self.client.delete_api, {"ApiId": "gone"}),
            (self.client.delete_vpc_link, {"VpcLinkId": "gone"}),
        ):
            self.refused("NotFoundException", call, **at)


@closes_gaps
class Changes(HttpApiTest):
    def test_a_stage_changes_and_what_is_left_out_stays(self):
        at = Api(self.client).stage(
            Description="one",
            DefaultRouteSettings={"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5},
        )
        self.client.update_stage(
            **at, AutoDeploy=False, DefaultRouteSettings={"ThrottlingBurstLimit": 6}
        )
        stage = self.client.get_stage(**at)
        self.assertEqual((stage["Description"], stage["AutoDeploy"]), ("one", False))
        settings = stage["DefaultRouteSettings"]
        self.assertEqual(settings["ThrottlingBurstLimit"], 6)
        self.assertEqual(settings["ThrottlingRateLimit"], 2.5)

    def test_an_access_log_can_be_taken_away(self):
        group = f"arn:aws:logs:{REGION}:123456789012:log-group:apis"
        log = {"DestinationArn": group, "Format": "$context.requestId"}
        at = Api(self.client).stage(AccessLogSettings=log)
        self.assertEqual(self.client.get_stage(**at)["AccessLogSettings"], log)
        self.client.delete_access_log_settings(**at)
        self.assertNotIn("AccessLogSettings", self.client.get_stage(**at))

    def test_a_stage_has_tags(self):
        for name in ("prod", "$default"):
            api = Api(self.client)
            at, arn = api.stage(name, Tags={"a": "1", "b": "2"}), api.arn(name)
            self.client.tag_resource(ResourceArn=arn, Tags={"a": "3"})
            self.client.untag_resource(ResourceArn=arn, TagKeys=["b"])
            self.assertEqual(self.client.get_tags(ResourceArn=arn)["Tags"], {"a": "3"})
            self.assertEqual(self.client.get_stage(**at)["Tags"], {"a": "3"})

    @no_gap
    def test_an_api_has_tags(self):
        api = Api(self.client, Tags={"a": "1"})
        arn = f"arn:aws:apigateway:{REGION}::/apis/{api.id}"
        self.client.tag_resource(ResourceArn=arn, Tags={"b": "2"})
        self.client.untag_resource(ResourceArn=arn, TagKeys=["a"])
        self.assertEqual(self.client.get_api(ApiId=api.id)["Tags"], {"b": "2"})


@closes_gaps
class Links(HttpApiTest):
    def setUp(self):
        super().setUp()
        self.ec2 = self.aws("ec2")
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
        self.subnet = subnet["Subnet"]["SubnetId"]
        self.group = self.ec2.create_security_group(
            GroupName="link", Description="link", VpcId=vpc
        )["GroupId"]

    def link(self, **settings):
        """A link's id."""
        settings = {"SubnetIds": [self.subnet], "SecurityGroupIds": [self.group], **settings}
        while True:
            try:
                return self.client.create_vpc_link(Name="link", **settings)["VpcLinkId"]
            except self.client.exceptions.TooManyRequestsException:
                # In time there is one in 15 s of AWS's at most.
                time.sleep(0.05)

    def test_a_link_holds_its_subnets_and_groups(self):
        link = self.link()
        self.assertEqual(self.client.get_vpc_link(VpcLinkId=link)["VpcLinkStatus"], "AVAILABLE")
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnet)
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=self.group)
        self.client.delete_vpc_link(VpcLinkId=link)
        self.refused("NotFoundException", self.client.get_vpc_link, VpcLinkId=link)
        self.ec2.delete_security_group(GroupId=self.group)
        self.ec2.delete_subnet(SubnetId=self.subnet)

    def test_a_link_needs_what_it_names(self):
        for settings in ({"SubnetIds": ["subnet-0"]}, {"SecurityGroupIds": ["sg-0"]}):
            try:
                self.link(**settings)
            except self.client.exceptions.BadRequestException as error:
                self.assertIn("does not exist", str(error))
            else:
                self.fail(f"{settings} is taken")


class LinksInTime(Links):
    """The same, simulating AWS delays at 300x speed."""

    def setUp(self):
        self.slow = Server(time_scale=300)
        self.addCleanup(self.slow.close)
        super().setUp()

    def aws(self, service):
        return self.slow.client(service)

    def test_a_link_holds_its_subnets_and_groups(self):
        link = self.link()

        def status():
            return self.client.get_vpc_link(VpcLinkId=link)["VpcLinkStatus"]

        self.assertEqual(status(), "PENDING")
        until(lambda: status() == "AVAILABLE")
        self.client.delete_vpc_link(VpcLinkId=link)
        self.assertEqual(status(), "DELETING")
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnet)
        until(lambda: not self.client.get_vpc_links()["Items"])
        self.ec2.delete_subnet(SubnetId=self.subnet)
