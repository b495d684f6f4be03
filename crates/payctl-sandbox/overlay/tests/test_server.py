"""The server itself: control calls, connections, and CloudWatch's CBOR."""

import http.client
import socket
import subprocess
import sys
import time
import unittest
import uuid

import cbor2
from botocore.exceptions import ClientError
from support import OVERLAY, SandboxTest, Server, closes_gaps, until


class Control(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_health(self):
        health = self.server.control("GET", "health")
        self.assertEqual(health["pid"], self.server.process.pid)
        self.assertEqual((health["token"], health["time_scale"]), ("test", None))
        self.assertEqual(health["endpoint"], self.server.endpoint)

    def test_calls_are_counted_until_the_count_is_reset(self):
        self.server.client("ec2").describe_vpcs()
        s3 = self.server.client("s3")
        s3.create_bucket(Bucket="counted")
        s3.put_object(Bucket="counted", Key="a/b", Body=b"")
        s3.list_objects_v2(Bucket="counted")
        self.server.client("cloudwatch").describe_alarms()
        self.server.client("lambda").list_functions()
        self.assertEqual(
            self.server.control("GET", "calls"),
            {
                "ec2.DescribeVpcs": 1,
                "lambda.ListFunctions": 1,
                "monitoring.DescribeAlarms": 1,
                "s3.CreateBucket": 1,
                "s3.ListObjectsV2": 1,
                "s3.PutObject": 1,
            },
        )
        self.server.control("POST", "calls/reset")
        self.assertEqual(self.server.control("GET", "calls"), {})

    def test_stop(self):
        self.server.client("s3").create_bucket(Bucket="stopped")
        self.server.control("POST", "stop")
        self.server.process.wait(10)
        self.server.start()
        buckets = self.server.client("s3").list_buckets()["Buckets"]
        self.assertEqual([each["Name"] for each in buckets], ["stopped"])

    def test_a_connection_serves_many_calls_quickly(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.addCleanup(connection.close)
        scope = "Credential=test/20261122/us-east-1/sts/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = "Action=GetCallerIdentity&Version=2011-06-15"

        def call():
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 200)
            return connection.sock

        first = call()
        began = time.monotonic()
        for _ in range(50):
            self.assertIs(call(), first)
        # Nagle's algorithm alone would take 2 s.
        self.assertLess(time.monotonic() - began, 1.5)


@closes_gaps
class CborOnStockMoto(SandboxTest):
    """Against moto's own server, as `payctl_sandbox.plain` has the layer as well."""

    def setUp(self):
        super().setUp()
        if self.plain:
            command = "from moto.server import main; main(['-p', '{}'])"
            server = Server(plain=True)
            server.kill()
            code = command.format(server.port)
            server.process = subprocess.Popen(
                [sys.executable, "-c", code], stderr=subprocess.DEVNULL
            )
            self.addCleanup(server.close)
            self.server = server
            until(self.listens)

    def listens(self):
        """Whether the server takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.server.port), 1).close()
        except OSError:
            return False
        return True

    def test_alarms_read_back(self):
        name = f"alarm-{uuid.uuid4()}"
        wanted = {
            "AlarmName": name,
            "Namespace": "AWS/Lambda",
            "MetricName": "Duration",
            "ExtendedStatistic": "p99",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
            "Period": 300,
            "EvaluationPeriods": 2,
            "Threshold": 2.5,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }

        def call(operation, body):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
            scope = "Credential=test/20261122/us-east-1/monitoring/aws4_request"
            headers = {
                "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x",
                "Content-Type": "application/cbor",
                "smithy-protocol": "rpc-v2-cbor",
            }
            path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
            connection.request("POST", path, cbor2.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            self.assertEqual(answer.getheader("smithy-protocol"), "rpc-v2-cbor")
            return answer.status, cbor2.loads(text)

        self.assertEqual(call("PutMetricAlarm", wanted)[0], 200)
        status, found = call("DescribeAlarms", {"AlarmNames": [name]})
        (alarm,) = found["MetricAlarms"]
        self.assertEqual({each: alarm[each] for each in wanted}, wanted)
        self.assertEqual(type(alarm["StateUpdatedTimestamp"]).__name__, "datetime")
        status, error = call("DeleteDashboards", {"DashboardNames": ["missing"]})
        self.assertEqual(status // 100, 4)
        self.assertIn("__type", error)


class Connections(SandboxTest):
    def test_a_client_that_asks_before_it_sends_is_told_once_and_at_once(self):
        self.aws("s3").create_bucket(Bucket=f"asked-{uuid.uuid4()}")
        with socket.create_connection(("127.0.0.1", self.server.port), 5) as connection:
            connection.sendall(
                b"PUT /asked HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            self.assertEqual(connection.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"body")
            self.assertRegex(connection.recv(1000), rb"^HTTP/1.1 [2-5]")

    def test_a_body_in_chunks(self):
        bucket = f"chunks-{uuid.uuid4()}"
        self.aws("s3").create_bucket(Bucket=bucket)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.addCleanup(connection.close)
        scope = "Credential=test/20261122/us-east-1/s3/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x",
            "Transfer-Encoding": "chunked",
        }
        for _ in range(2):
            parts = iter((b"one", b"two"))
            connection.request("PUT", f"/{bucket}/key", parts, headers, encode_chunked=True)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 200)
        found = self.aws("s3").get_object(Bucket=bucket, Key="key")
        self.assertEqual(found["Body"].read(), b"onetwo")


class Plain(unittest.TestCase):
    def test_it_has_the_cbor_layer_and_nothing_else(self):
        server = Server(plain=True)
        self.addCleanup(server.close)
        self.assertEqual(server.client("cloudwatch").describe_alarms()["MetricAlarms"], [])
        with self.assertRaises(OSError):
            server.control("GET", "health")

    def test_what_moto_fails_at_is_an_answer(self):
        server = Server(plain=True)
        self.addCleanup(server.close)
        kms = server.client("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        with self.assertRaises(ClientError) as caught:
            kms.disable_key(KeyId=arn)
        status = caught.exception.response["ResponseMetadata"]["HTTPStatusCode"]
        self.assertEqual(status, 500)

    def test_help(self):
        command = [sys.executable, "-m", "payctl_sandbox", "--help"]
        shown = subprocess.run(
            command, cwd=OVERLAY, capture_output=True, text=True, check=True
        )
        self.assertIn("--time-scale", shown.stdout)
