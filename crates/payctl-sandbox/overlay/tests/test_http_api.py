"""Requests to HTTP APIs."""

import base64
import http.client
import http.server
import json
import threading
import uuid

from support import ACCOUNT, REGION, bootstrap, until, zipped
from test_certificates import made
from test_functions import FunctionTest

ECHO = """
body = event.get("body")
if body == '"fail"':
    raise ValueError("no")
if body == '"odd"':
    answer = dict(statusCode=200, body=dict())
elif body == '"bare"':
    answer = dict(plain=True)
else:
    time.sleep(1.5 if body == '"slow"' else 0)
    answer = dict(statusCode=201, headers={"X-Count": count}, cookies=["a=1", "b=2"])
    answer["body"] = json.dumps(event)
"""
JSON = {"Content-Type": "application/json"}
ORIGIN = "https://shop.example.com"


class HttpApiTest(FunctionTest):
    """An API with a route, and requests to it."""

    def setUp(self):
        super().setUp()
        self.client = self.aws("apigatewayv2")
        cors = {"AllowOrigins": [ORIGIN], "AllowMethods": ["POST"], "MaxAge": 60}
        made = self.client.create_api(
            Name="payments", ProtocolType="HTTP", CorsConfiguration=cors
        )
        self.api = made["ApiId"]

    def lead(self, key, integration, **settings):
        """A route to what the integration describes."""
        integration = self.client.create_integration(ApiId=self.api, **integration)
        target = f"integrations/{integration['IntegrationId']}"
        self.client.create_route(ApiId=self.api, RouteKey=key, Target=target, **settings)

    def stage(self, name="$default", **settings):
        """A stage that deploys by itself."""
        self.client.create_stage(ApiId=self.api, StageName=name, AutoDeploy=True, **settings)

    def ask(self, path="/validate", method="POST", body=None, headers=None):
        """A request to the API: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = {"Host": f"{self.api}.execute-api.{REGION}.amazonaws.com", **(headers or {})}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(text) if text else None


class Functions(HttpApiTest):
    def setUp(self):
        super().setUp()
        self.create(Code={"ZipFile": zipped(bootstrap(ECHO))}, Timeout=10)
        self.arn = self.configuration()["FunctionArn"]
        self.lead("POST /validate", self.function())
        self.functions.add_permission(
            FunctionName=self.name,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.api}/*/*",
        )
        self.stage()

    def function(self):
        """An integration of the function."""
        return {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": self.arn,
            "PayloadFormatVersion": "2.0",
            "TimeoutInMillis": 1000,
        }

    def test_a_function_gets_an_event_and_its_answer_goes_back(self):
        status, headers, event = self.ask(
            "/validate?a=1&a=2", body='{"id": 1}', headers={**JSON, "X-Mine": "m", "Cookie": "c=1"}
        )
        self.assertEqual(status, 201)
        self.assertIn("X-Count", headers)
        self.assertEqual(headers.get_all("Set-Cookie"), ["a=1", "b=2"])
        self.assertEqual((event["version"], event["routeKey"]), ("2.0", "POST /validate"))
        self.assertEqual((event["rawPath"], event["rawQueryString"]), ("/validate", "a=1&a=2"))
        self.assertEqual(event["queryStringParameters"], {"a": "1,2"})
        self.assertEqual(event["cookies"], ["c=1"])
        self.assertEqual(event["headers"]["x-mine"], "m")
        self.assertEqual(event["headers"]["content-type"], "application/json")
        self.assertEqual((event["body"], event["isBase64Encoded"]), ('{"id": 1}', False))
        about = event["requestContext"]
        self.assertEqual((about["apiId"], about["stage"]), (self.api, "$default"))
        self.assertEqual(about["http"]["method"], "POST")
        self.assertEqual(about["http"]["path"], "/validate")
        self.assertNotIn("pathParameters", event)

    def test_what_is_no_text_comes_in_base64(self):
        _, _, event = self.ask(body=b"\xff\x00", headers={"Content-Type": "image/png"})
        self.assertTrue(event["isBase64Encoded"])
        self.assertEqual(base64.b64decode(event["body"]), b"\xff\x00")

    def test_any_json_is_an_answer(self):
        status, headers, answer = self.ask(body='"bare"', headers=JSON)
        self.assertEqual((status, answer), (200, {"plain": True}))
        self.assertEqual(headers["Content-Type"], "application/json")

    def test_failures_of_the_function_are_not_told(self):
        for body in ('"fail"', '"odd"'):
            status, _, answer = self.ask(body=body, headers=JSON)
            self.assertEqual((status, answer), (500, {"message": "Internal Server Error"}), body)
        status, _, answer = self.ask(body='"slow"', headers=JSON)
        self.assertEqual((status, answer), (503, {"message": "Service Unavailable"}))

    def test_what_is_not_there_is_not_found(self):
        self.assertEqual(self.ask("/nowhere")[0], 404)
        self.assertEqual(self.ask(method="GET")[0], 404)
        self.client.update_stage(ApiId=self.api, StageName="$default", AutoDeploy=False)
        self.assertEqual(self.ask()[0], 404, "nothing is deployed")
        self.client.update_stage(ApiId=self.api, StageName="$default", AutoDeploy=True)
        self.client.update_api(ApiId=self.api, DisableExecuteApiEndpoint=True)
        self.assertEqual(self.ask()[0], 404, "AWS's own name is closed")

    def test_the_route_that_fits_best_answers(self):
        for key in ("ANY /{proxy+}", "ANY /app/{proxy+}", "GET /app/{id}", "$default"):
            self.lead(key, self.function())
        for path, method, key, parameters in (
            ("/app/a/b%20c", "GET", "ANY /app/{proxy+}", {"proxy": "a/b c"}),
            ("/app/a", "GET", "GET /app/{id}", {"id": "a"}),
            ("/app/a", "PUT", "ANY /app/{proxy+}", {"proxy": "a"}),
            ("/other", "GET", "ANY /{proxy+}", {"proxy": "other"}),
            ("/", "GET", "$default", None),
        ):
            status, _, event = self.ask(path, method)
            self.assertEqual(status, 201, path)
            found = (event["routeKey"], event.get("pathParameters"))
            self.assertEqual(found, (key, parameters), path)

    def test_a_stage_with_a_name_answers_below_it(self):
        self.stage("prod", StageVariables={"v": "1"})
        _, _, event = self.ask("/prod/validate")
        self.assertEqual(event["rawPath"], "/prod/validate")
        self.assertEqual(event["requestContext"]["stage"], "prod")
        self.assertEqual(event["stageVariables"], {"v": "1"})

    def test_a_signature_is_asked_for(self):
        self.lead("POST /process", self.function(), AuthorizationType="AWS_IAM")
        self.assertEqual(self.ask("/process")[0], 403)
        signed = {"Authorization": "AWS4-HMAC-SHA256 x"}
        self.assertEqual(self.ask("/process", headers=signed)[0], 201)

    def test_a_function_that_does_not_let_the_api_call_it_is_not_called(self):
        self.functions.remove_permission(FunctionName=self.name, StatementId="api")
        self.assertEqual(self.ask()[0], 500)

    def test_browsers_are_told_who_may_call(self):
        asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        status, headers, _ = self.ask(method="OPTIONS", headers=asks)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, ORIGIN))
        self.assertEqual(headers["Access-Control-Allow-Methods"], "POST")
        self.assertEqual(headers["Access-Control-Max-Age"], "60")
        self.assertEqual(self.ask(headers=asks)[1]["Access-Control-Allow-Origin"], ORIGIN)
        asks["Origin"] = "https://other.example.com"
        status, headers, _ = self.ask(method="OPTIONS", headers=asks)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, None))

    def test_the_access_log_has_a_line_for_each(self):
        logs = self.aws("logs")
        group = f"/access/{self.api}"
        logs.create_log_group(logGroupName=group)
        written = json.dumps({"status": "$context.status", "route": "$context.routeKey"})
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        settings = {"DestinationArn": arn, "Format": written}
        self.client.update_stage(
            ApiId=self.api, StageName="$default", AccessLogSettings=settings
        )
        self.ask()
        self.ask("/nowhere")
        events = logs.get_log_events(logGroupName=group, logStreamName=self.api)["events"]
        lines = [json.loads(event["message"]) for event in events]
        expected = [{"status": "201", "route": "POST /validate"}, {"status": "404", "route": "-"}]
        self.assertEqual(lines, expected)


class Target(http.server.BaseHTTPRequestHandler):
    """Answers what it was asked."""

    def do_PUT(self):
        length = int(self.headers["Content-Length"])
        told = {
            "path": self.path,
            "mine": self.headers["X-Mine"],
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(told).encode()
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        """What a load balancer asks."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


class Links(HttpApiTest):
    def setUp(self):
        super().setUp()
        ec2, self.balancers = self.aws("ec2"), self.aws("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.0.{nth}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for nth, zone in enumerate("ab")
        ]
        name = f"alb-{self.api}"
        balancer = self.balancers.create_load_balancer(
            Name=name, Subnets=subnets, Scheme="internal"
        )["LoadBalancers"][0]["LoadBalancerArn"]
        self.groups = [
            self.balancers.create_target_group(
                Name=f"{colour}-{self.api}",
                Protocol="HTTP",
                Port=8080,
                VpcId=vpc,
                TargetType="ip",
                HealthCheckPath="/health",
            )["TargetGroups"][0]["TargetGroupArn"]
            for colour in ("blue", "green")
        ]
        self.balancer = balancer
        self.listener = self.balancers.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=self.weighted(1, 0)
        )["Listeners"][0]["ListenerArn"]
        self.link = self.client.create_vpc_link(Name=name, SubnetIds=subnets)["VpcLinkId"]
        self.integration = {
            "IntegrationType": "HTTP_PROXY",
            "IntegrationMethod": "ANY",
            "IntegrationUri": self.listener,
            "ConnectionType": "VPC_LINK",
            "ConnectionId": self.link,
            "PayloadFormatVersion": "1.0",
        }
        self.lead("ANY /app/{proxy+}", self.integration)
        self.stage()

    def weighted(self, *weights):
        """A listener's actions."""
        groups = [
            {"TargetGroupArn": group, "Weight": weight}
            for group, weight in zip(self.groups, weights)
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    def register(self, group):
        """A server of its own as the group's target."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        target = {"Id": "127.0.0.1", "Port": server.server_port}
        self.balancers.register_targets(TargetGroupArn=self.groups[group], Targets=[target])

    def put(self):
        """A request through the link: status and answer."""
        status, _, answer = self.ask("/app/a?b=1", "PUT", "text", {"X-Mine": "m"})
        return status, answer

    def test_a_target_answers(self):
        self.assertEqual(self.put(), (503, {"message": "Service Unavailable"}), "no target")
        self.register(0)
        told = {"path": "/app/a?b=1", "mine": "m", "body": "text"}
        self.assertEqual(self.put(), (202, told))

    def test_weights_choose(self):
        self.register(1)
        self.assertEqual(self.put()[0], 503)
        self.balancers.modify_listener(
            ListenerArn=self.listener, DefaultActions=self.weighted(0, 1)
        )
        self.assertEqual(self.put()[0], 202)

    def test_a_link_and_whom_to_expect_are_needed(self):
        self.register(0)
        self.lead("ANY /tls", {**self.integration, "TlsConfig": {"ServerNameToVerify": "a.b"}})
        self.assertEqual(self.ask("/tls", "PUT", "text")[0], 503, "the listener is not HTTPS")
        self.client.delete_vpc_link(VpcLinkId=self.link)
        self.assertEqual(self.put()[0], 503)

    def through_tls(self, certificate, expected="payments.example.com"):
        """The status of a request through a listener that shows the certificate."""
        listener = self.balancers.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=self.weighted(1, 0),
        )["Listeners"][0]["ListenerArn"]
        expects = {"IntegrationUri": listener, "TlsConfig": {"ServerNameToVerify": expected}}
        path = f"/{uuid.uuid4()}"
        self.lead(f"ANY {path}", {**self.integration, **expects})
        status = self.ask(path, "PUT", "text")[0]
        self.balancers.delete_listener(ListenerArn=listener)
        return status

    def test_only_certificates_of_public_authorities_are_trusted(self):
        self.register(0)
        acm = self.aws("acm")
        own = acm.import_certificate(**made(domain="payments.example.com"))["CertificateArn"]
        self.assertEqual(self.through_tls(own), 500)
        public = acm.request_certificate(
            DomainName="payments.example.com", ValidationMethod="DNS"
        )["CertificateArn"]
        of = {"CertificateArn": public}
        until(lambda: acm.describe_certificate(**of)["Certificate"]["Status"] == "ISSUED")
        self.assertEqual(self.through_tls(public), 202)
        self.assertEqual(self.through_tls(public, "other.example.com"), 500, "another name")
        self.lead("ANY /clear", self.integration)
        self.assertEqual(self.ask("/clear", "PUT", "text")[0], 202)
