"""Servers for the tests: the sandbox, and plain moto to show that a gap is one."""

import atexit
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

OVERLAY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ACCOUNT = "123456789012"
REGION = "us-east-1"
CLIENT = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


class Server:
    """A server process: the sandbox, or with `plain` stock moto."""

    def __init__(self, home=None, plain=False, time_scale=None, lax="", more=()):
        self.plain = plain
        self.time_scale = time_scale
        self.lax = lax
        self.more = more
        self.home = home or tempfile.mkdtemp(prefix="payctl-sandbox-test-")
        self.temporary = home is None
        self.port = _free_port()
        self.start()
        atexit.register(self.close)

    def start(self):
        """Starts it and waits until it answers."""
        module = "payctl_sandbox.plain" if self.plain else "payctl_sandbox"
        command = [sys.executable, "-m", module, "--port", str(self.port)]
        if not self.plain:
            command += ["--home", self.home, "--token", "test", "--lax", self.lax, *self.more]
        if self.time_scale:
            command += ["--time-scale", str(self.time_scale)]
        path = os.pathsep.join(filter(None, [OVERLAY, os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        with open(os.path.join(self.home, "test.log"), "ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(self.logged()) from None
                time.sleep(0.02)

    def logged(self):
        """What it printed."""
        with open(os.path.join(self.home, "test.log")) as log:
            return log.read()

    @property
    def endpoint(self):
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service, key="test", token=None, region=REGION):
        """A boto3 client that tries once."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key="test",
            aws_session_token=token,
            config=CLIENT,
        )

    def control(self, method, path, body=None):
        """A control call's answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_payctl/{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        """Ends it gently."""
        self.process.terminate()
        self.process.wait(20)

    def kill(self):
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait(20)

    def close(self):
        """Ends it and removes its home."""
        if self.process.poll() is None:
            self.kill()
        if self.temporary:
            shutil.rmtree(self.home, ignore_errors=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


_shared = {}


def shared(plain=False):
    """One server of each kind for all tests that do not need their own."""
    if plain not in _shared:
        _shared[plain] = Server(plain=plain)
    return _shared[plain]


class SandboxTest(unittest.TestCase):
    """A test against the shared sandbox, with a client for each service by its name."""

    plain = False

    def setUp(self):
        self.server = shared(self.plain)
        self.clients = {}

    def aws(self, service):
        """The client of a service."""
        if service not in self.clients:
            self.clients[service] = self.server.client(service)
        return self.clients[service]

    def refused(self, code, call, **arguments):
        """Asserts that AWS's error code is answered, and returns the message."""
        try:
            call(**arguments)
        except ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], code)
            return error.response["Error"]["Message"]
        self.fail(f"not refused with {code}")


def closes_gaps(case):
    """Runs every test of the class against plain moto too, where each has to fail.

    A test that passes there is reported: moto has closed the gap, and ours can go.
    """
    name = f"{case.__name__}OnPlainMoto"
    tests = {
        test: unittest.expectedFailure(_again(getattr(case, test)))
        for test in dir(case)
        if test.startswith("test_") and not getattr(getattr(case, test), "no_gap", False)
    }
    for test in dir(case):
        if test.startswith("test_") and test not in tests:
            tests[test] = None
    plain = type(name, (case,), {**tests, "plain": True, "__module__": case.__module__})
    sys.modules[case.__module__].__dict__[name] = plain
    return case


def no_gap(test):
    """Marks a test of what plain moto does as well."""
    test.no_gap = True
    return test


def _again(test):
    def again(self):
        test(self)

    again.__name__ = test.__name__
    return again


def trust(service="lambda.amazonaws.com"):
    """A trust policy for a service."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _allowing(*actions):
    """A policy that allows them on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


INTERFACES = _allowing(
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)
QUEUES = _allowing(
    "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"
)
SECRETS = _allowing(
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def make_role(iam, name, in_vpc=True):
    """A role for functions that log, with queues and secrets and in a VPC; answers its ARN."""
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    iam.attach_role_policy(RoleName=name, PolicyArn=LOGS)
    if in_vpc:
        iam.put_role_policy(RoleName=name, PolicyName="vpc", PolicyDocument=INTERFACES)
        iam.put_role_policy(RoleName=name, PolicyName="queues", PolicyDocument=QUEUES)
        iam.put_role_policy(RoleName=name, PolicyName="secrets", PolicyDocument=SECRETS)
    return role["Role"]["Arn"]


def zipped(text, name="bootstrap", mode=0o755):
    """A zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, text)
    return buffer.getvalue()


def bootstrap(body):
    """A bootstrap that answers each event with what `body` makes of it.

    `body` sees `event` and the imported modules, and sets `answer`; it may raise.
    """
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    return f"""#!{sys.executable} -u
import json, os, sys, time
import urllib.request as http
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
count = 0
while True:
    work = http.urlopen(base + "invocation/next")
    event = json.load(work)
    number = work.headers["lambda-runtime-aws-request-id"]
    count += 1
    answer, what = None, "response"
    try:
{lines}
    except Exception as error:
        what = "error"
        answer = dict(errorMessage=str(error), errorType=type(error).__name__)
    data = json.dumps(answer).encode()
    http.urlopen(http.Request(base + "invocation/" + number + "/" + what, data=data)).read()
"""


def until(check, seconds=60.0):
    """Waits for `check` to answer something true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("it did not come true")
        time.sleep(0.05)
