"""The systems whose handlers scripts/bench_handlers.py measures, and what each is asked."""

import http.client
import json
import os
import subprocess
import sys
import time
import uuid

import boto3
from botocore.config import Config
from bench_runtime import REGION, renewed, unique

PAYCTL = os.path.abspath(os.environ.get("PAYCTL_BIN", "target/release/payctl"))
HANDLERS = os.path.abspath(os.environ.get("PAYCTL_HANDLERS", "lambda-src/target/lambda"))
AT_ONCE, SUFFIX = 4, "bench"


class System:
    """One system in its sandbox."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder

    def up(self):
        self.payctl("up", "--yes", "--quiet")
        self.outputs = json.loads(self.payctl("output", "--json"))
        status = subprocess.run([PAYCTL, "sandbox", "status"], env=self.environment(), text=True, capture_output=True)
        self.endpoint = status.stdout.split()[2]
        key = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
        config = Config(max_pool_connections=AT_ONCE, retries={"max_attempts": 0})
        self.client = lambda service: boto3.client(
            service, region_name=REGION, endpoint_url=self.endpoint, config=config, **key
        )
        self.functions = self.client("lambda")

    def environment(self):
        return {**os.environ, "PAYCTL_SANDBOX_HOME": os.path.join(self.folder, "home"), "PAYCTL_HANDLERS": HANDLERS}

    def stop(self):
        subprocess.run([PAYCTL, "sandbox", "stop"], env=self.environment(), capture_output=True)

    def payctl(self, *arguments):
        command = [PAYCTL, *arguments, "--stack", self.name, "--suffix", SUFFIX, "--sandbox"]
        done = subprocess.run(command, cwd=self.folder, env=self.environment(), text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"bench: {' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def afresh(self):
        """Starts the emulator again, without the payments: it keeps each copy that it makes."""
        self.empty()
        self.stop()
        subprocess.run([PAYCTL, "sandbox", "start"], env=self.environment(), capture_output=True, check=True)

    def empty(self):
        """Forgets the payments: the emulator copies the whole table for each transaction."""
        client = self.client("dynamodb")
        for name in client.list_tables()["TableNames"]:
            keys = [key["AttributeName"] for key in client.describe_table(TableName=name)["Table"]["KeySchema"]]
            items = client.scan(TableName=name)["Items"]
            gone = [{"DeleteRequest": {"Key": {key: item[key] for key in keys}}} for item in items]
            for nth in range(0, len(gone), 25):
                client.batch_write_item(RequestItems={name: gone[nth : nth + 25]})

    def variables(self, function):
        """What Lambda would give the function's process."""
        reply = self.functions.get_function_configuration(FunctionName=function)
        authority = os.path.join(self.folder, "home", "databases", "authority.pem")
        trusted = {"SSL_CERT_FILE": authority} if os.path.exists(authority) else {}
        return {**reply.get("Environment", {}).get("Variables", {}), **trusted}


class Handler:
    """A handler that is invoked. `new` makes the event of one payment more, `good` judges its answer."""

    way, at_once = "Invoke", True

    def __init__(self, system, name, new, good, function=None):
        self.system, self.name, self.new, self.good = system, name, new, good
        self.function = f"{function or name}-{SUFFIX}"
        self.bootstrap = os.path.join(HANDLERS, name, "bootstrap")

    def events(self):
        return [self.new()]

    def through(self, events):
        reply = self.system.functions.invoke(FunctionName=self.function, Payload=json.dumps(events[0]))
        return [json.load(reply["Payload"])]

    def renewed(self, events, ids):
        """What is put in the places of the ids to ask the same once more."""
        return renewed(ids)

    def alone(self):
        """Called before the handler is measured without Lambda."""


class Posted(Handler):
    """One that an API calls, with the path's events: a REST API's, or an HTTP API's."""

    def __init__(self, system, name, path, new, good, stage=None, function=None):
        super().__init__(system, name, lambda: request(path, new(), stage is None), good, function)
        url = system.outputs.get("api_endpoint") or system.outputs["api_gateway_url"]
        self.host, self.path = url.split("/")[2], f"/{stage}{path}" if stage else path
        self.way = f"POST {path}"

    def through(self, events):
        connection = http.client.HTTPConnection(self.system.endpoint.removeprefix("http://"), timeout=60)
        connection.request("POST", self.path, events[0]["body"], {**events[0]["headers"], "Host": self.host})
        answer = connection.getresponse()
        reply = {"statusCode": answer.status, "body": answer.read().decode()}
        connection.close()
        return [reply]


class Queued(Handler):
    """One that a queue feeds, with one message at a time, of a payment that an API's handler queued."""

    def __init__(self, system, name, api, good):
        super().__init__(system, name, self.message, good)
        self.api, self.sqs, self.queue = api, system.client("sqs"), system.outputs["queue_url"]
        self.sqs.purge_queue(QueueUrl=self.queue)

    def message(self):
        checked(self.api, self.api.through(self.api.events()))
        received = self.sqs.receive_message(QueueUrl=self.queue, AttributeNames=["All"], WaitTimeSeconds=5)
        (message,) = received["Messages"]
        self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        record = {name[0].lower() + name[1:]: value for name, value in message.items() if name != "MD5OfBody"}
        return {"Records": [{**record, "eventSource": "aws:sqs", "messageAttributes": {}, "awsRegion": REGION}]}

    def renewed(self, events, ids):
        # A payment that waits, in the place of the one that was completed then.
        body = lambda event: json.loads(event["Records"][0]["body"])
        then, now = body(events[0]), body(self.message())
        texts = [name for name, value in then.items() if isinstance(value, str) and value != now[name]]
        return {**renewed(ids), **{then[name]: now[name] for name in texts}}


class Rotation(Handler):
    """The one that Secrets Manager calls, four times for each new password."""

    way, at_once = "RotateSecret", False

    def __init__(self, system):
        super().__init__(system, "secrets-rotation", None, lambda answer: "errorType" not in (answer or {}))
        self.secrets, self.secret = system.client("secretsmanager"), system.outputs["secret_arn"]
        self.by_itself = True

    def alone(self):
        # The sandbox begins a rotation, and its function may not run: the steps are ours to take.
        self.system.functions.put_function_concurrency(FunctionName=self.function, ReservedConcurrentExecutions=0)
        self.by_itself = False

    def events(self):
        token = str(uuid.uuid4())
        if not self.by_itself:
            self.secrets.rotate_secret(SecretId=self.secret, ClientRequestToken=token)
        steps = ["createSecret", "setSecret", "testSecret", "finishSecret"]
        return [{"Step": step, "SecretId": self.secret, "ClientRequestToken": token} for step in steps]

    def through(self, events):
        token = events[0]["ClientRequestToken"]
        self.secrets.rotate_secret(SecretId=self.secret, ClientRequestToken=token)
        until = time.monotonic() + 30
        while self.current() != token:
            if time.monotonic() > until:
                return [{"errorType": "the rotation did not end"}]
            time.sleep(0.002)
        return [None]

    def current(self):
        versions = self.secrets.describe_secret(SecretId=self.secret)["VersionIdsToStages"]
        return next(version for version, labels in versions.items() if "AWSCURRENT" in labels)

    def renewed(self, events, ids):
        # The version that was made then, and the one whose place it took.
        made = events[0]["ClientRequestToken"]
        (took_over,) = ids - {made}
        return {took_over: self.current(), made: self.events()[0]["ClientRequestToken"]}


def request(path, body, http_api):
    """The event that an API makes of a body that is posted."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": unique(), "X-Forwarded-For": "203.0.113.7"}
    event = {"headers": headers, "body": json.dumps(body), "isBase64Encoded": False}
    if not http_api:
        context = {"resourcePath": path, "httpMethod": "POST", "requestId": unique()}
        return {**event, "resource": path, "path": path, "httpMethod": "POST", "requestContext": context}
    context = {"http": {"method": "POST", "path": path}, "requestId": unique(), "stage": "$default"}
    event["headers"] = {name.lower(): value for name, value in headers.items()}
    return {**event, "version": "2.0", "routeKey": f"POST {path}", "rawPath": path, "requestContext": context}


def answered(code, **fields):
    """Whether an API's answer has the status, and its body the fields."""
    return lambda answer: answer.get("statusCode") == code and fields.items() <= json.loads(answer["body"]).items()


def payment(**fields):
    return {"customerId": unique(), "amount": "12.50", "currency": "EUR", **fields}


def pci_core(system):
    new = lambda: {"transactionId": unique(), "amount": "12.50", "currency": "EUR", "cardLast4": "4242"}
    yield Handler(system, "payment-processor", lambda: {"payment_data": new()}, answered(200))


def secure_api(system):
    new = lambda: {"transactionId": unique(), "customerId": "c-1", "amount": "12.50"}
    yield Posted(system, "payment-api", "/process-payment", new, answered(200), SUFFIX, "payment-processor")


def cost_optimized(system):
    # Or the queue's function would take the payments, while others are measured.
    mapping = system.functions.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    system.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    while system.functions.get_event_source_mapping(UUID=mapping)["State"] != "Disabled":
        time.sleep(0.1)
    api = Posted(system, "payments-api", "/payments", payment, answered(202), "prod", "payment-processor")
    yield api
    yield Queued(system, "event-handler", api, lambda answer: answer == {"batchItemFailures": []})


def migration(system):
    yield Posted(system, "payment-validation", "/validate", payment, answered(200))
    new = lambda: payment(transactionId=unique(), timestamp=int(time.time() * 1000))
    yield Handler(system, "fraud-detection", new, lambda answer: answer.get("decision") == "approve")
    yield Posted(system, "transaction-processing", "/process", payment, answered(200, status="approved"))
    yield Rotation(system)


def checked(handler, answers):
    for answer in answers:
        if not handler.good(answer):
            sys.exit(f"bench: {handler.name} answered {answer}")
    return answers


SYSTEMS = {"pci-core": pci_core, "secure-api": secure_api, "cost-optimized": cost_optimized, "migration": migration}
