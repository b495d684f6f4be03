"""API Gateway's gaps."""

import json

from support import ACCOUNT, REGION, SandboxTest, closes_gaps, no_gap, trust

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:processor"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


class Api:
    """A REST API with a resource, made for one test."""

    def __init__(self, client, **settings):
        self.client = client
        made = client.create_rest_api(name="payments", **settings)
        self.id, self.root = made["id"], made["rootResourceId"]
        self.resource = self.add("payments")

    def add(self, part):
        """A further resource at the root."""
        made = self.client.create_resource(restApiId=self.id, parentId=self.root, pathPart=part)
        return made["id"]

    def method(self, name="POST", resource=None):
        """A method with an integration; answers what names it."""
        at = {"restApiId": self.id, "resourceId": resource or self.resource, "httpMethod": name}
        self.client.put_method(**at, authorizationType="NONE")
        self.client.put_integration(
            **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI
        )
        return at

    def deploy(self):
        """A deployment's id."""
        return self.client.create_deployment(restApiId=self.id)["id"]

    @property
    def arn(self):
        """Its ARN."""
        return f"arn:aws:apigateway:{REGION}::/restapis/{self.id}"


def change(path, value=None, op="replace"):
    """One patch operation."""
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


@closes_gaps
class Refusals(SandboxTest):
    def test_a_path_is_there_once(self):
        api = Api(self.aws("apigateway"))
        call, at = api.client.create_resource, {"restApiId": api.id, "parentId": api.root}
        message = self.refused("ConflictException", call, **at, pathPart="payments")
        self.assertIn("already has this name", message)

    def test_a_method_is_there_once(self):
        api = Api(self.aws("apigateway"))
        at = api.method()
        call = api.client.put_method
        self.refused("ConflictException", call, **at, authorizationType="NONE")

    def test_a_model_is_there_once(self):
        api = Api(self.aws("apigateway"))
        model = {"restApiId": api.id, "name": "Payment", "contentType": "application/json"}
        api.client.create_model(**model, schema="{}")
        self.refused("ConflictException", api.client.create_model, **model, schema="{}")

    def test_a_deployment_stays_while_a_stage_serves_it(self):
        api = Api(self.aws("apigateway"))
        api.method()
        first, second = api.deploy(), api.deploy()
        stage = {"restApiId": api.id, "stageName": "prod"}
        api.client.create_stage(**stage, deploymentId=first)
        old = {"restApiId": api.id, "deploymentId": first}
        self.refused("BadRequestException", api.client.delete_deployment, **old)
        api.client.update_stage(**stage, patchOperations=[change("/deploymentId", second)])
        api.client.delete_deployment(**old)

    def test_a_stage_stays_as_it_is_when_it_is_deployed_to(self):
        api = Api(self.aws("apigateway"))
        api.method()
        stage = {"restApiId": api.id, "stageName": "prod"}
        api.client.create_stage(**stage, deploymentId=api.deploy(), tags={"a": "1"})
        throttled = [change("/*/*/throttling/rateLimit", "100")]
        api.client.update_stage(**stage, patchOperations=throttled)
        second = api.client.create_deployment(**stage)["id"]
        seen = api.client.get_stage(**stage)
        self.assertEqual((seen["deploymentId"], seen["tags"]), (second, {"a": "1"}))
        self.assertEqual(seen["methodSettings"]["*/*"]["throttlingRateLimit"], 100)

    def test_logs_need_a_role_that_can_be_used(self):
        api, iam = Api(self.aws("apigateway")), self.aws("iam")
        api.method()
        stage = {"restApiId": api.id, "stageName": "prod"}
        api.client.create_stage(**stage, deploymentId=api.deploy())
        logging = [change("/*/*/logging/loglevel", "INFO")]
        call = api.client.update_stage
        self.refused("BadRequestException", call, **stage, patchOperations=logging)
        arns = [
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
            for name, service in (("apis", "apigateway.amazonaws.com"), ("other", "ec2.amazonaws.com"))
        ]
        account = api.client.update_account
        role = [change("/cloudwatchRoleArn", arns[1])]
        message = self.refused("BadRequestException", account, patchOperations=role)
        self.assertIn("does not have required permissions", message)
        account(patchOperations=[change("/cloudwatchRoleArn", arns[0])])
        call(**stage, patchOperations=logging)

    # Plain moto is started with these closed.
    @no_gap
    def test_what_is_gone_is_absent(self):
        client = self.aws("apigateway")
        api = Api(client)
        at = {"restApiId": api.id}
        resource = {**at, "resourceId": "gone"}
        self.refused("NotFoundException", client.delete_resource, **resource)
        deployment = {**at, "deploymentId": "gone"}
        self.refused("NotFoundException", client.get_deployment, **deployment)
        validator = {**at, "requestValidatorId": "gone"}
        self.refused("NotFoundException", client.get_request_validator, **validator)
        self.refused("NotFoundException", client.delete_request_validator, **validator)
        method = {**at, "resourceId": api.resource, "httpMethod": "POST"}
        client.put_method(**method, authorizationType="NONE")
        self.refused("NotFoundException", client.delete_integration, **method)
        client.delete_rest_api(**at)
        self.refused("NotFoundException", client.delete_rest_api, **at)


@closes_gaps
class Changes(SandboxTest):
    def test_a_method_changes(self):
        api = Api(self.aws("apigateway"))
        at, header = api.method(), "method.request.header.Idempotency-Key"
        operations = [
            change("/authorizationType", "AWS_IAM"),
            change("/apiKeyRequired", "true"),
            change("/requestValidatorId", "v1"),
            change("/requestModels/application~1json", "Payment", "add"),
            change(f"/requestParameters/{header}", "true", "add"),
        ]
        api.client.update_method(**at, patchOperations=operations)
        seen = api.client.get_method(**at)
        self.assertEqual(seen["authorizationType"], "AWS_IAM")
        self.assertIs(seen["apiKeyRequired"], True)
        self.assertEqual(seen["requestValidatorId"], "v1")
        self.assertEqual(seen["requestModels"], {"application/json": "Payment"})
        self.assertEqual(seen["requestParameters"], {header: True})
        back = [
            change("/requestValidatorId"),
            change("/requestModels/application~1json", op="remove"),
        ]
        api.client.update_method(**at, patchOperations=back)
        seen = api.client.get_method(**at)
        self.assertIsNone(seen.get("requestValidatorId"))
        self.assertEqual(seen["requestModels"], {})
        self.assertIn("methodIntegration", seen)

    def test_a_model_changes(self):
        api = Api(self.aws("apigateway"))
        model = {"restApiId": api.id, "name": "Payment", "contentType": "application/json"}
        api.client.create_model(**model, schema="{}")
        at = {"restApiId": api.id, "modelName": "Payment"}
        schema = json.dumps({"type": "object"})
        operations = [change("/schema", schema), change("/description", "one")]
        api.client.update_model(**at, patchOperations=operations)
        seen = api.client.get_model(**at)
        self.assertEqual((seen["schema"], seen["description"]), (schema, "one"))

    def test_an_endpoint_is_enabled_again(self):
        api = Api(self.aws("apigateway"), disableExecuteApiEndpoint=True)
        operations = [change("/disableExecuteApiEndpoint", "false")]
        api.client.update_rest_api(restApiId=api.id, patchOperations=operations)
        seen = api.client.get_rest_api(restApiId=api.id)
        self.assertIs(seen["disableExecuteApiEndpoint"], False)

    def test_an_api_takes_tags(self):
        api = Api(self.aws("apigateway"), tags={"a": "1", "b": "2"})
        api.client.tag_resource(resourceArn=api.arn, tags={"b": "3", "c": "4"})
        api.client.untag_resource(resourceArn=api.arn, tagKeys=["a"])
        wanted = {"b": "3", "c": "4"}
        self.assertEqual(api.client.get_tags(resourceArn=api.arn)["tags"], wanted)
        self.assertEqual(api.client.get_rest_api(restApiId=api.id)["tags"], wanted)

    @no_gap
    def test_a_stage_takes_tags(self):
        api = Api(self.aws("apigateway"))
        api.method()
        stage = {"restApiId": api.id, "stageName": "prod"}
        api.client.create_stage(**stage, deploymentId=api.deploy(), tags={"a": "1", "b": "2"})
        arn = f"{api.arn}/stages/prod"
        api.client.tag_resource(resourceArn=arn, tags={"b": "3"})
        api.client.untag_resource(resourceArn=arn, tagKeys=["a"])
        self.assertEqual(api.client.get_tags(resourceArn=arn)["tags"], {"b": "3"})

    def test_a_deployment_tells_what_it_serves(self):
        api = Api(self.aws("apigateway"))
        at = api.method()
        deployment = api.deploy()
        api.client.delete_method(**at)
        seen = api.client.get_deployment(
            restApiId=api.id, deploymentId=deployment, embed=["apisummary"]
        )
        snapshot = {"authorizationType": "NONE", "apiKeyRequired": False}
        self.assertEqual(seen["apiSummary"], {"/payments": {"POST": snapshot}})


@closes_gaps
class Responses(SandboxTest):
    def test_what_nobody_set_is_api_gateways_own(self):
        api = Api(self.aws("apigateway"))
        at = {"restApiId": api.id, "responseType": "BAD_REQUEST_BODY"}
        own = api.client.get_gateway_response(**at)
        self.assertTrue(own["defaultResponse"])
        self.assertIn("$context.error.messageString", own["responseTemplates"]["application/json"])
        api.client.put_gateway_response(**at, responseTemplates={"text/plain": "no"})
        self.assertFalse(api.client.get_gateway_response(**at)["defaultResponse"])
        api.client.delete_gateway_response(**at)
        self.assertTrue(api.client.get_gateway_response(**at)["defaultResponse"])
