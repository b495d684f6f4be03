"""Requests to deployed REST APIs."""

import base64
import http.client
import json
import re

from support import ACCOUNT, REGION, bootstrap, trust, zipped
from test_apis import Api
from test_functions import FunctionTest

ECHO = """
if event["body"] == '"fail"':
    raise ValueError("no")
if event["body"] == '"odd"':
    answer = "no proxy answer"
else:
    time.sleep(1.5 if event["body"] == '"slow"' else 0)
    answer = dict(statusCode=201, headers={"X-Count": count}, body=json.dumps(event))
"""
SCHEMA = json.dumps({"type": "object", "required": ["id"]})


class Rest(FunctionTest):
    """An API before a function that answers what it was given."""

    def setUp(self):
        super().setUp()
        self.create(Code={"ZipFile": zipped(bootstrap(ECHO))}, Timeout=10)
        self.client = self.aws("apigateway")
        self.api = Api(self.client)
        self.arn = self.configuration()["FunctionArn"]
        self.at = self.method("POST")
        self.permit("/*/POST/payments")
        self.deploy()

    def method(self, name, resource=None, **options):
        """A method that the function answers."""
        at = {"restApiId": self.api.id, "httpMethod": name}
        at["resourceId"] = resource or self.api.resource
        options.setdefault("authorizationType", "NONE")
        self.client.put_method(**at, **options)
        path = "lambda:path/2015-03-31/functions"
        uri = f"arn:aws:apigateway:{REGION}:{path}/{self.arn}/invocations"
        self.client.put_integration(
            **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, timeoutInMillis=1000
        )
        return at

    def permit(self, path):
        """Lets the API call the function."""
        self.functions.add_permission(
            FunctionName=self.name,
            StatementId=re.sub(r"\W+", "-", path),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.api.id}{path}",
        )

    def deploy(self):
        """Serves what there is now."""
        self.client.create_deployment(restApiId=self.api.id, stageName="prod")

    def ask(self, method="POST", path="/payments", body=None, headers=(), by_host=True):
        """A request to the API: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = dict(headers)
        if by_host:
            headers["Host"] = f"{self.api.id}.execute-api.{REGION}.amazonaws.com"
            target = f"/prod{path}"
        else:
            target = f"/restapis/{self.api.id}/prod/_user_request_{path}"
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(text)

    def test_a_function_gets_a_proxy_event_and_its_answer_goes_back(self):
        for by_host in (True, False):
            status, headers, event = self.ask(
                path="/payments?a=1&a=2", body='{"id": 1}', headers={"X-Mine": "m"}, by_host=by_host
            )
            self.assertEqual(status, 201)
            self.assertIn("X-Count", headers)
            self.assertEqual(event["httpMethod"], "POST")
            self.assertEqual((event["path"], event["resource"]), ("/payments", "/payments"))
            self.assertEqual(event["body"], '{"id": 1}')
            self.assertEqual(event["headers"]["X-Mine"], "m")
            self.assertEqual(event["queryStringParameters"], {"a": "2"})
            self.assertEqual(event["multiValueQueryStringParameters"], {"a": ["1", "2"]})
            self.assertEqual(event["requestContext"]["stage"], "prod")
            self.assertFalse(event["isBase64Encoded"])

    def test_bytes_come_in_base64(self):
        _, _, event = self.ask(body=b"\xff\x00")
        self.assertTrue(event["isBase64Encoded"])
        self.assertEqual(base64.b64decode(event["body"]), b"\xff\x00")

    def test_what_is_not_there_is_forbidden(self):
        self.assertEqual(self.ask(path="/nowhere")[0], 403)
        self.assertEqual(self.ask(method="GET")[0], 403)
        self.client.delete_stage(restApiId=self.api.id, stageName="prod")
        self.assertEqual(self.ask()[0], 403)

    def test_paths_may_have_parameters(self):
        one = self.client.create_resource(
            restApiId=self.api.id, parentId=self.api.resource, pathPart="{id}"
        )["id"]
        self.method("GET", one)
        self.permit("/*/GET/payments/{id}")
        self.assertEqual(self.ask(method="GET", path="/payments/7")[0], 403, "not deployed")
        self.deploy()
        status, _, event = self.ask(method="GET", path="/payments/7%208")
        self.assertEqual((status, event["pathParameters"]), (201, {"id": "7 8"}))

    def test_what_is_served_is_what_was_deployed(self):
        self.client.delete_method(**self.at)
        self.method("PUT")
        self.assertEqual(self.ask()[0], 201)
        self.deploy()
        self.assertEqual(self.ask()[0], 403)

    def test_a_body_has_to_fit_its_model(self):
        self.client.create_model(
            restApiId=self.api.id, name="Payment", contentType="application/json", schema=SCHEMA
        )
        validator = self.client.create_request_validator(
            restApiId=self.api.id, name="body", validateRequestBody=True
        )["id"]
        self.client.delete_method(**self.at)
        models = {"application/json": "Payment"}
        self.method("POST", requestModels=models, requestValidatorId=validator)
        self.deploy()
        self.assertEqual(self.ask(body='{"id": 1}')[0], 201)
        for body in ("{}", "[]", "no json", None):
            status, _, answer = self.ask(body=body)
            self.assertEqual((status, answer), (400, {"message": "Invalid request body"}), body)
        # As AWS: a content type without a model is not looked at.
        self.assertEqual(self.ask(body="{}", headers={"Content-Type": "text/plain"})[0], 201)

    def set_response(self, kind, template, **more):
        """Has the API answer that by itself, once it is deployed."""
        self.client.put_gateway_response(
            restApiId=self.api.id,
            responseType=kind,
            responseTemplates={"application/json": template},
            **more,
        )

    def test_what_api_gateway_answers_can_be_set(self):
        schema = {"type": "object", "required": ["b", "a"], "properties": {"a": {"type": "string"}}}
        self.client.create_model(
            restApiId=self.api.id,
            name="Payment",
            contentType="application/json",
            schema=json.dumps(schema),
        )
        validator = self.client.create_request_validator(
            restApiId=self.api.id, name="body", validateRequestBody=True
        )["id"]
        self.client.delete_method(**self.at)
        models = {"application/json": "Payment"}
        self.method("POST", requestModels=models, requestValidatorId=validator)
        self.deploy()
        own = {"message": "Invalid request body"}
        reason = '{"error":"$context.error.validationErrorString"}'
        header = {"gatewayresponse.header.X-By": "'api'"}
        self.set_response("BAD_REQUEST_BODY", reason, statusCode="422", responseParameters=header)
        self.set_response("DEFAULT_4XX", '{"error":$context.error.messageString}')
        self.assertEqual(self.ask(body="{}")[2], own)
        self.deploy()
        status, headers, answer = self.ask(body="{}")
        wanted = '[object has missing required properties (["a","b"])]'
        self.assertEqual((status, answer, headers["X-By"]), (422, {"error": wanted}, "api"))
        wanted = (
            "[instance type (integer) does not match any allowed primitive type "
            '(allowed: ["string"])]'
        )
        self.assertEqual(self.ask(body='{"a": 1, "b": 2}')[2], {"error": wanted})
        self.assertEqual(self.ask(body="no json")[2], {"error": "Invalid request body"})
        status, _, answer = self.ask(path="/nothing")
        self.assertEqual((status, answer), (403, {"error": "Missing Authentication Token"}))
        kinds = ("BAD_REQUEST_BODY", "DEFAULT_4XX")
        for kind in kinds:
            self.client.delete_gateway_response(restApiId=self.api.id, responseType=kind)
        self.deploy()
        self.assertEqual(self.ask(body="{}")[2], own)

    def test_a_signature_is_asked_for(self):
        self.client.delete_method(**self.at)
        self.method("POST", authorizationType="AWS_IAM")
        self.deploy()
        self.assertEqual(self.ask()[0], 403)
        self.assertEqual(self.ask(headers={"Authorization": "AWS4-HMAC-SHA256 x"})[0], 201)

    def test_a_function_that_does_not_let_the_api_call_it_is_not_called(self):
        self.functions.remove_permission(
            FunctionName=self.name, StatementId="-POST-payments"
        )
        self.assertEqual(self.ask()[0], 500)

    def test_failures_of_the_function_are_not_told(self):
        for body in ('"fail"', '"odd"'):
            status, _, answer = self.ask(body=body)
            self.assertEqual((status, answer), (502, {"message": "Internal server error"}))
        status, _, answer = self.ask(body='"slow"')
        self.assertEqual((status, answer), (504, {"message": "Endpoint request timed out"}))

    def test_the_access_log_has_a_line_for_each(self):
        logs, iam = self.aws("logs"), self.aws("iam")
        group = f"/access/{self.api.id}"
        logs.create_log_group(logGroupName=group)
        policy = trust("apigateway.amazonaws.com")
        role = iam.create_role(RoleName=f"r-{self.api.id}", AssumeRolePolicyDocument=policy)
        set_role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role["Role"]["Arn"]}
        self.client.update_account(patchOperations=[set_role])
        written = json.dumps({"status": "$context.status", "path": "$context.resourcePath"})
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        settings = {"destinationArn": arn, "format": written}
        patches = [
            {"op": "replace", "path": f"/accessLogSettings/{name}", "value": value}
            for name, value in settings.items()
        ]
        self.client.update_stage(
            restApiId=self.api.id, stageName="prod", patchOperations=patches
        )
        self.ask()
        self.ask(path="/nowhere")
        events = logs.get_log_events(logGroupName=group, logStreamName=self.api.id)["events"]
        lines = [json.loads(event["message"]) for event in events]
        expected = [{"status": "201", "path": "/payments"}, {"status": "403", "path": "/nowhere"}]
        self.assertEqual(lines, expected)
