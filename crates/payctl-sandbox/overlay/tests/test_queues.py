"""Queues that feed functions."""

import base64
import json
import threading
import time
import unittest
import uuid
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from support import (
    SandboxTest,
    Server,
    bootstrap,
    closes_gaps,
    make_role,
    no_gap,
    until,
    zipped,
)

# Says what it got and does what the bodies say.
WORK = """
records = event["Records"]
print("batch " + json.dumps(records))
bodies = [record["body"] for record in records]
if "fail" in bodies:
    raise ValueError("no")
if "exit" in bodies:
    sys.exit(3)
if "hang" in bodies:
    time.sleep(30)
if "slow" in bodies:
    time.sleep(1.5)
if "poison" in bodies:
    bad = [record["messageId"] for record in records if record["body"] == "poison"]
    answer = dict(batchItemFailures=[dict(itemIdentifier=each) for each in bad])
if "answer" in bodies[0]:
    answer = json.loads(bodies[0])["answer"]
"""
PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


class Queues:
    """Queues, functions and mappings of one server."""

    def __init__(self, server):
        self.server = server
        self.reconnect()
        self.role = make_role(self.iam, f"role-{uuid.uuid4()}")

    def reconnect(self):
        """New clients, for a server that was started again."""
        self.sqs, self.functions, self.logs, self.iam = map(
            self.server.client, ("sqs", "lambda", "logs", "iam")
        )

    def queue(self, name=None, **attributes):
        """A queue: its URL."""
        name = name or f"queue-{uuid.uuid4()}"
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def with_dead_letters(self, **attributes):
        """A queue with a dead-letter queue after three receives: the URLs of both."""
        dead = self.queue()
        redrive = {"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": "3"}
        return self.queue(RedrivePolicy=json.dumps(redrive), **attributes), dead

    def arn(self, url):
        """A queue's ARN."""
        return self.attribute(url, "QueueArn")

    def attribute(self, url, name):
        """An attribute of a queue."""
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return found["Attributes"][name]

    def function(self, code=WORK, **options):
        """A function that runs this: its name."""
        name = f"function-{uuid.uuid4()}"
        self.functions.create_function(
            **{
                "FunctionName": name,
                "Role": self.role,
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Code": {"ZipFile": zipped(bootstrap(code))},
                **options,
            }
        )
        return name

    def map(self, url, function, **options):
        """A mapping: its UUID."""
        made = self.functions.create_event_source_mapping(
            EventSourceArn=self.arn(url), FunctionName=function, **options
        )
        return made["UUID"]

    def send(self, url, *bodies, **options):
        """Sends these; answers the ids."""
        ids = []
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(number), "MessageBody": body, **options}
                for number, body in enumerate(bodies[start : start + 10])
            ]
            sent = self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
            ids += [each["MessageId"] for each in sent["Successful"]]
        return ids

    def receive(self, url):
        """What a queue has, with everything said about it."""
        return self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", [])

    def lines(self, function):
        """Everything the function logged."""
        group = f"/aws/lambda/{function}"
        if not self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        streams = self.logs.describe_log_streams(logGroupName=group)["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    def batches(self, function):
        """The records of each batch the function got."""
        return [
            json.loads(line.removeprefix("batch "))
            for line in self.lines(function)
            if line.startswith("batch ")
        ]

    def bodies(self, function):
        """The bodies of all it got, sorted."""
        return sorted(each["body"] for batch in self.batches(function) for each in batch)

    def left(self, url):
        """How many messages a queue holds, visible or not."""
        # At one time: what becomes visible between two calls would be in neither answer.
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)


class QueueTest(SandboxTest):
    def setUp(self):
        super().setUp()
        self.aws = Queues(self.server)

    def done(self, url):
        """Waits until nothing is left in the queue."""
        until(lambda: self.aws.left(url) == 0)


class Feeding(QueueTest):
    def test_what_a_function_is_done_with_is_gone(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        attributes = {
            "kind": {"DataType": "String", "StringValue": "payment"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
        sent = self.aws.sqs.send_message(
            QueueUrl=url, MessageBody="ü", MessageAttributes=attributes
        )
        self.done(url)
        ((record,),) = self.aws.batches(function)
        self.assertEqual(record["messageId"], sent["MessageId"])
        self.assertEqual(record["body"], "ü")
        self.assertEqual(record["md5OfBody"], sent["MD5OfMessageBody"])
        self.assertEqual(record["md5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
        self.assertEqual(record["eventSource"], "aws:sqs")
        self.assertEqual(record["eventSourceARN"], self.aws.arn(url))
        self.assertEqual(record["awsRegion"], "us-east-1")
        self.assertTrue(record["receiptHandle"])
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")
        sent_at = int(record["attributes"]["SentTimestamp"]) / 1000
        self.assertLess(abs(time.time() - sent_at), 60)
        self.assertIn("SenderId", record["attributes"])
        self.assertIn("ApproximateFirstReceiveTimestamp", record["attributes"])
        seen = record["messageAttributes"]
        self.assertEqual(seen["kind"]["stringValue"], "payment")
        self.assertEqual(seen["kind"]["dataType"], "String")
        self.assertEqual(base64.b64decode(seen["raw"]["binaryValue"]), b"\x00\xff")

    def test_batches_are_no_larger_than_they_may(self):
        url, function = self.aws.queue(), self.aws.function()
        uuid = self.aws.map(url, function, Enabled=False, BatchSize=10)
        bodies = [f"{number:02}" for number in range(25)]
        self.aws.send(url, *bodies)
        self.aws.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
        self.done(url)
        sizes = sorted(len(batch) for batch in self.aws.batches(function))
        self.assertEqual(sizes, [5, 10, 10])
        self.assertEqual(self.aws.bodies(function), bodies)

    def test_a_poisoned_message_ends_in_the_dead_letter_queue(self):
        url, dead = self.aws.with_dead_letters(VisibilityTimeout="300")
        function = self.aws.function()
        uuid = self.aws.map(url, function, Enabled=False, **PARTIAL)
        self.aws.send(url, "a", "poison", "b")
        self.aws.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
        (message,) = until(lambda: self.aws.receive(dead))
        self.assertEqual(message["Body"], "poison")
        self.assertEqual(self.aws.left(url), 0)
        batches = self.aws.batches(function)
        self.assertEqual([len(batch) for batch in batches], [3, 1, 1])
        counts = [batch[-1]["attributes"]["ApproximateReceiveCount"] for batch in batches[1:]]
        self.assertEqual(counts, ["2", "3"])

    def test_a_batch_fails_as_a_whole(self):
        for body in ("fail", "exit", "hang"):
            with self.subTest(body):
                url, dead = self.aws.with_dead_letters()
                function = self.aws.function(Timeout=1)
                uuid = self.aws.map(url, function, Enabled=False, **PARTIAL)
                self.aws.send(url, "a", body)
                self.aws.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
                self.done(url)
                self.assertEqual(self.aws.left(dead), 2)
                lines = "".join(self.aws.lines(function))
                self.assertEqual(lines.count("START RequestId"), 3)
                if body == "hang":
                    self.assertIn("Task timed out after 1.00 seconds", lines)

    def test_answers_that_name_nothing_are_success(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function, BatchSize=1, **PARTIAL)
        answers = ({}, {"batchItemFailures": []}, {"batchItemFailures": None}, None)
        self.aws.send(url, *(json.dumps({"answer": answer}) for answer in answers))
        self.done(url)
        self.assertEqual(len(self.aws.batches(function)), len(answers))

    def test_answers_that_cannot_be_understood_are_failure(self):
        url, dead = self.aws.with_dead_letters()
        function = self.aws.function()
        self.aws.map(url, function, BatchSize=1, **PARTIAL)
        failures = (
            [{"itemIdentifier": ""}],
            [{"itemIdentifier": None}],
            [{"itemIdentifier": "unknown"}],
            [{"id": "wrong key"}],
            ["no object"],
            "no list",
        )
        answers = [{"batchItemFailures": each} for each in failures] + [["no object"], "text"]
        self.aws.send(url, *(json.dumps({"answer": answer}) for answer in answers))
        until(lambda: self.aws.left(dead) == len(answers))

    def test_an_answer_counts_only_where_it_was_agreed(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        self.aws.send(url, "poison")
        self.done(url)
        self.assertEqual(len(self.aws.batches(function)), 1)

    def test_disabled_and_enabled(self):
        url, function = self.aws.queue(), self.aws.function()
        uuid = self.aws.map(url, function)
        self.aws.send(url, "a")
        self.done(url)
        update = self.aws.functions.update_event_source_mapping
        update(UUID=uuid, Enabled=False)
        self.aws.send(url, "b")
        time.sleep(0.5)
        self.assertEqual(self.aws.left(url), 1)
        update(UUID=uuid, Enabled=True)
        self.done(url)
        self.assertEqual(self.aws.bodies(function), ["a", "b"])

    def test_a_function_or_a_queue_that_is_deleted(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        self.aws.functions.delete_function(FunctionName=function)
        self.aws.send(url, "a")
        time.sleep(0.5)
        (message,) = self.aws.receive(url)
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")
        other, function = self.aws.queue(), self.aws.function()
        self.aws.map(other, function)
        self.aws.send(other, "slow")
        until(lambda: self.aws.attribute(other, "ApproximateNumberOfMessagesNotVisible") == "1")
        self.aws.sqs.delete_queue(QueueUrl=other)
        until(lambda: self.aws.batches(function))
        self.assertNotIn("Traceback", self.server.logged())

    def test_two_mappings_of_one_queue_share_it(self):
        url, one, two = self.aws.queue(), self.aws.function(), self.aws.function()
        uuids = [self.aws.map(url, each, Enabled=False, BatchSize=1) for each in (one, two)]
        self.aws.send(url, *"abcdefgh")
        for uuid in uuids:
            self.aws.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
        self.done(url)
        both = [self.aws.bodies(one), self.aws.bodies(two)]
        self.assertEqual(sorted(both[0] + both[1]), list("abcdefgh"))

    def test_two_mappings_of_two_queues(self):
        function = self.aws.function()
        urls = [self.aws.queue(), self.aws.queue()]
        for url in urls:
            self.aws.map(url, function)
        for url in urls:
            self.aws.send(url, url)
            self.done(url)
        self.assertEqual(self.aws.bodies(function), sorted(urls))

    def test_no_more_at_once_than_reserved(self):
        url = self.aws.queue()
        code = """
print("began", time.time())
time.sleep(0.4)
print("ended", time.time())
"""
        function = self.aws.function(code)
        reserve = self.aws.functions.put_function_concurrency
        reserve(FunctionName=function, ReservedConcurrentExecutions=0)
        self.aws.map(url, function, BatchSize=1)
        self.aws.send(url, *"abcdef")
        time.sleep(0.5)
        self.assertEqual(self.aws.attribute(url, "ApproximateNumberOfMessages"), "6")
        reserve(FunctionName=function, ReservedConcurrentExecutions=2)
        self.done(url)
        lines = self.aws.lines(function)
        changes = sorted(
            (float(line.split()[1]), 1 if line.startswith("began") else -1)
            for line in lines
            if line.startswith(("began", "ended"))
        )
        at_once = [sum(change for _, change in changes[:end]) for end in range(13)]
        self.assertEqual(max(at_once), 2)

    def test_a_delayed_message(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        began = time.monotonic()
        self.aws.send(url, "a", DelaySeconds=2)
        until(lambda: self.aws.bodies(function))
        self.assertGreater(time.monotonic() - began, 1.8)

    def test_a_message_that_somebody_hands_back(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.send(url, "a")
        (message,) = self.aws.receive(url)
        self.aws.map(url, function)
        time.sleep(0.3)
        self.assertEqual(self.aws.bodies(function), [])
        self.aws.sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1
        )
        self.done(url)
        ((record,),) = self.aws.batches(function)
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "2")

    def test_the_function_says_when_a_message_comes_back(self):
        body = """
print("at", time.time())
target = dict(QueueUrl=os.environ["QUEUE_URL"], VisibilityTimeout=2)
target["ReceiptHandle"] = event["Records"][0]["receiptHandle"]
scope = "Credential=test/20261122/us-east-1/sqs/aws4_request"
headers = {
    "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x",
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "AmazonSQS.ChangeMessageVisibility",
}
url = os.environ["AWS_ENDPOINT_URL"]
if event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1":
    http.urlopen(http.Request(url, json.dumps(target).encode(), headers)).read()
    raise ValueError("later")
"""
        url = self.aws.queue()
        # As it was given to the function before the sandbox moved to another port.
        moved = urlsplit(url)._replace(netloc="sqs.elsewhere:1").geturl()
        function = self.aws.function(body, Environment={"Variables": {"QUEUE_URL": moved}})
        self.aws.map(url, function)
        self.aws.send(url, "a")
        self.done(url)
        times = [
            float(line.split()[1])
            for line in self.aws.lines(function)
            if line.startswith("at ")
        ]
        self.assertEqual(len(times), 2)
        self.assertGreater(times[1] - times[0], 1.8)

    def test_a_queue_in_order(self):
        url = self.aws.queue(
            f"queue-{uuid.uuid4()}.fifo", FifoQueue="true", ContentBasedDeduplication="true"
        )
        function = self.aws.function()
        self.aws.map(url, function, BatchSize=1)
        for body in ("slow", "a", "b", "c"):
            self.aws.sqs.send_message(
                QueueUrl=url,
                MessageBody=body,
                MessageGroupId="g",
                MessageDeduplicationId=body,
            )
        self.done(url)
        found = [record for batch in self.aws.batches(function) for record in batch]
        self.assertEqual([each["body"] for each in found], ["slow", "a", "b", "c"])
        self.assertEqual(found[0]["attributes"]["MessageGroupId"], "g")
        self.assertEqual(found[0]["attributes"]["MessageDeduplicationId"], "slow")
        self.assertIn("SequenceNumber", found[0]["attributes"])

    def test_what_a_filter_does_not_let_through_is_gone(self):
        url, function = self.aws.queue(), self.aws.function()
        pattern = json.dumps({"body": {"amount": [{"numeric": [">", 100]}]}})
        self.aws.map(url, function, FilterCriteria={"Filters": [{"Pattern": pattern}]})
        bodies = ['{"amount": 99}', '{"amount": 101}', "text"]
        self.aws.send(url, *bodies)
        self.done(url)
        self.assertEqual(self.aws.bodies(function), [bodies[1]])

    def test_from_another_service(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        topics = self.server.client("sns")
        topic = topics.create_topic(Name=f"topic-{uuid.uuid4()}")["TopicArn"]
        topics.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=self.aws.arn(url),
            Attributes={"RawMessageDelivery": "true"},
        )
        topics.publish(TopicArn=topic, Message="hello")
        self.done(url)
        self.assertEqual(self.aws.bodies(function), ["hello"])


@closes_gaps
class Sending(QueueTest):
    def test_a_deleted_mapping_feeds_no_more(self):
        url, function = self.aws.queue(), self.aws.function()
        uuid = self.aws.map(url, function)
        self.aws.functions.delete_event_source_mapping(UUID=uuid)
        self.aws.send(url, "a")
        time.sleep(0.5)
        (message,) = self.aws.receive(url)
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")

    def test_the_sender_does_not_wait_for_the_function(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        began = time.monotonic()
        self.aws.send(url, "slow")
        self.assertLess(time.monotonic() - began, 1)
        until(lambda: self.aws.left(url) == 0, 5)
        self.assertEqual(self.aws.bodies(function), ["slow"])

    @no_gap
    def test_who_waits_for_a_message_holds_up_nobody(self):
        url, found = self.aws.queue(), []

        def wait():
            client = self.server.client("sqs")
            answer = client.receive_message(QueueUrl=url, WaitTimeSeconds=10)
            found.extend(answer["Messages"])

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.5)
        began = time.monotonic()
        self.aws.send(url, "a")
        waiting.join()
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(found[0]["Body"], "a")


class Restarted(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.aws = Queues(self.server)

    def restart(self, gently):
        """Another process with the same contents."""
        if gently:
            self.server.stop()
        else:
            time.sleep(4)
            self.server.kill()
        self.server.start()
        self.aws.reconnect()

    def test_the_feed_goes_on(self):
        url, dead = self.aws.with_dead_letters(VisibilityTimeout="300")
        function = self.aws.function()
        uuid = self.aws.map(url, function, Enabled=False, **PARTIAL)
        self.aws.send(url, "a", "poison")
        self.restart(gently=True)
        self.aws.functions.update_event_source_mapping(UUID=uuid, Enabled=True)
        (message,) = until(lambda: self.aws.receive(dead))
        self.assertEqual(message["Body"], "poison")
        self.restart(gently=False)
        self.assertEqual(self.aws.left(dead), 1)
        self.aws.send(url, "b")
        until(lambda: self.aws.left(url) == 0)
        self.assertIn("b", self.aws.bodies(function))

    def test_messages_that_were_sent_before_it_was_ready(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        reserve = self.aws.functions.put_function_concurrency
        reserve(FunctionName=function, ReservedConcurrentExecutions=0)
        self.aws.send(url, "a", "b")
        self.restart(gently=True)
        self.assertEqual(self.aws.left(url), 2)
        self.aws.functions.delete_function_concurrency(FunctionName=function)
        until(lambda: self.aws.left(url) == 0)

    def test_a_batch_that_was_under_way_comes_back(self):
        for gently in (True, False):
            with self.subTest(gently=gently):
                self.under_way(gently)

    def under_way(self, gently):
        """A batch whose first attempt would take a minute, and a restart meanwhile."""
        url = self.aws.queue(VisibilityTimeout="300")
        code = """
first = event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"
time.sleep(60 if first else 0)
print("batch " + json.dumps(event["Records"]))
"""
        function = self.aws.function(code, Timeout=120)
        self.aws.map(url, function)
        self.aws.send(url, "a")
        hidden = "ApproximateNumberOfMessagesNotVisible"
        until(lambda: self.aws.attribute(url, hidden) == "1")
        self.restart(gently)
        until(lambda: self.aws.left(url) == 0)
        self.assertEqual(self.aws.bodies(function), ["a"])

    def test_a_reset_while_a_function_runs(self):
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function, BatchSize=1)
        self.aws.send(url, *["slow"] * 8)
        time.sleep(0.8)
        self.server.control("POST", "reset")
        time.sleep(1)
        self.assertEqual(self.aws.logs.describe_log_groups()["logGroups"], [])
        self.aws = Queues(self.server)
        url, function = self.aws.queue(), self.aws.function()
        self.aws.map(url, function)
        self.aws.send(url, "a")
        until(lambda: self.aws.left(url) == 0)
        self.assertEqual(self.aws.bodies(function), ["a"])
        self.assertNotIn("Traceback", self.server.logged())

    def test_it_is_idle_when_there_is_nothing_to_do(self):
        url, function = self.aws.queue(VisibilityTimeout="300"), self.aws.function()
        self.aws.map(url, function)
        self.aws.send(url, "a")
        until(lambda: self.aws.left(url) == 0)
        # What somebody has for minutes is nothing to do.
        other = self.aws.queue(VisibilityTimeout="300")
        self.aws.send(other, "b")
        self.assertEqual(len(self.aws.receive(other)), 1)
        self.aws.map(other, function)
        time.sleep(5)
        before = self.seconds()
        time.sleep(3)
        self.assertLess(self.seconds() - before, 0.15)

    def seconds(self):
        """The processor time the server has used."""
        with open(f"/proc/{self.server.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


class Timed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(time_scale=100)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.aws = Queues(self.server)

    def function(self):
        """A function, once its role is known everywhere."""

        def made():
            try:
                return self.aws.function(Timeout=10)
            except ClientError:
                return None

        return until(made)

    def test_what_failed_comes_back_after_the_visibility_timeout(self):
        url, dead = self.aws.with_dead_letters(VisibilityTimeout="150")
        function = self.function()
        self.aws.map(url, function)
        began = time.monotonic()
        self.aws.send(url, "fail")
        until(lambda: self.aws.left(dead) == 1)
        passed = time.monotonic() - began
        self.assertGreater(passed, 4.4)
        self.assertLess(passed, 8)
        self.assertEqual(len(self.aws.batches(function)), 3)

    def test_a_batch_waits_for_its_window(self):
        url, function = self.aws.queue(), self.function()
        self.aws.map(url, function, BatchSize=100, MaximumBatchingWindowInSeconds=150)
        until(lambda: self.active(function))
        began = time.monotonic()
        for body in "abc":
            self.aws.send(url, body)
        self.aws.send(url, *"defghijklmno")
        until(lambda: self.aws.left(url) == 0)
        self.assertGreater(time.monotonic() - began, 1.4)
        ((*records,),) = self.aws.batches(function)
        self.assertEqual(len(records), 15)

    def active(self, function):
        """Whether the function can run."""
        found = self.aws.functions.get_function_configuration(FunctionName=function)
        return found["State"] == "Active"
