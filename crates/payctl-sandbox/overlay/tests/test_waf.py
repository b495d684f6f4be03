"""WAF's gaps."""

import unittest
import uuid

from support import REGION, SandboxTest, closes_gaps


@closes_gaps
class WebAcls(SandboxTest):
    def setUp(self):
        super().setUp()
        self.waf = self.aws("wafv2")

    def visibility(self):
        """What every rule and web ACL has to say."""
        return {
            "SampledRequestsEnabled": True,
            "CloudWatchMetricsEnabled": True,
            "MetricName": "metric",
        }

    def rule(self):
        """A rate limit."""
        rate = {"Limit": 100, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}
        return {
            "Name": "rate",
            "Priority": 0,
            "Action": {"Block": {}},
            "Statement": {"RateBasedStatement": rate},
            "VisibilityConfig": self.visibility(),
        }

    def web_acl(self, name=None):
        """A web ACL: what names it, and its ARN."""
        made = self.waf.create_web_acl(
            Name=name or f"acl-{uuid.uuid4()}",
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig=self.visibility(),
            Rules=[self.rule()],
        )["Summary"]
        name = {"Name": made["Name"], "Scope": "REGIONAL", "Id": made["Id"]}
        return name, made["ARN"]

    def token(self, name):
        """The token that the next change has to show."""
        return self.waf.get_web_acl(**name)["LockToken"]

    def stage(self):
        """A REST API's stage: the API's id, and the stage's ARN."""
        gateway = self.aws("apigateway")
        api = gateway.create_rest_api(name="api")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(**method, type="MOCK")
        gateway.create_deployment(restApiId=api, stageName="test")
        return api, f"arn:aws:apigateway:{REGION}::/restapis/{api}/stages/test"

    def test_a_second_one_of_the_same_name(self):
        name, _ = self.web_acl()
        self.refused("WAFDuplicateItemException", self.web_acl, name=name["Name"])

    def test_an_update_takes_all_rules_away(self):
        name, _ = self.web_acl()
        self.waf.update_web_acl(
            **name,
            DefaultAction={"Allow": {}},
            VisibilityConfig=self.visibility(),
            LockToken=self.token(name),
        )
        self.assertEqual(self.waf.get_web_acl(**name)["WebACL"]["Rules"], [])

    def test_a_stage_is_behind_one(self):
        (first, first_arn), (second, second_arn) = self.web_acl(), self.web_acl()
        api, stage = self.stage()
        for arn in (first_arn, second_arn):
            self.waf.associate_web_acl(WebACLArn=arn, ResourceArn=stage)
            behind = self.waf.get_web_acl_for_resource(ResourceArn=stage)["WebACL"]["ARN"]
            self.assertEqual(behind, arn)
        self.waf.delete_web_acl(**first, LockToken=self.token(first))
        self.refused(
            "WAFAssociatedItemException",
            self.waf.delete_web_acl,
            **second,
            LockToken=self.token(second),
        )
        # The association goes with the stage.
        self.aws("apigateway").delete_stage(restApiId=api, stageName="test")
        self.waf.delete_web_acl(**second, LockToken=self.token(second))

    def test_a_stage_that_is_not_there(self):
        _, arn = self.web_acl()
        stage = f"arn:aws:apigateway:{REGION}::/restapis/abc123/stages/test"
        gone = "WAFNonexistentItemException"
        call = self.waf.associate_web_acl
        self.refused(gone, call, WebACLArn=arn, ResourceArn=stage)
        self.refused(gone, self.waf.get_web_acl_for_resource, ResourceArn=stage)

    def test_logging_to_a_group_of_another_name(self):
        name, arn = self.web_acl()
        group = f"arn:aws:logs:{REGION}:123456789012:log-group:"

        def put(group_name, web_acl=arn):
            logging = {"ResourceArn": web_acl, "LogDestinationConfigs": [group + group_name]}
            self.waf.put_logging_configuration(LoggingConfiguration=logging)

        put("aws-waf-logs-test")
        self.refused("WAFInvalidParameterException", put, group_name="test")
        self.waf.delete_web_acl(**name, LockToken=self.token(name))
        gone = "WAFNonexistentItemException"
        self.refused(gone, self.waf.get_logging_configuration, ResourceArn=arn)
        self.refused(gone, put, group_name="aws-waf-logs-test")


if __name__ == "__main__":
    unittest.main()
