"""Event source mappings: gaps, and what takes time."""

import json
import time
import unittest
import uuid

from botocore.exceptions import ClientError
from support import (
    ACCOUNT,
    REGION,
    SandboxTest,
    Server,
    closes_gaps,
    make_role,
    no_gap,
    until,
    zipped,
)

QUEUES = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def make_function(server, actions=QUEUES, seconds=30):
    """A function whose role may do that; answers its name."""
    iam, functions = server.client("iam"), server.client("lambda")
    name = f"function-{uuid.uuid4()}"
    role = make_role(iam, name, in_vpc=False)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="queues", PolicyDocument=policy)
    arguments = {
        "FunctionName": name,
        "Role": role,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Timeout": seconds,
        "Code": {"ZipFile": zipped("-")},
    }

    def made():
        # A new role cannot be assumed for some seconds.
        try:
            return functions.create_function(**arguments)
        except functions.exceptions.InvalidParameterValueException:
            return None

    until(made)
    return name


def make_queue(server, seconds=30):
    """A queue that hides a message for so long; answers its ARN."""
    name = f"queue-{uuid.uuid4()}"
    attributes = {"VisibilityTimeout": str(seconds)}
    server.client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


@closes_gaps
class Mappings(SandboxTest):
    def setUp(self):
        super().setUp()
        self.functions = self.aws("lambda")

    def create(self, source, function, **options):
        """Makes a mapping; answers its id."""
        made = self.functions.create_event_source_mapping(
            EventSourceArn=source, FunctionName=function, **options
        )
        return made["UUID"]

    def test_a_second_one(self):
        source, function = make_queue(self.server), make_function(self.server)
        first = self.create(source, function)
        arguments = {"source": source, "function": function}
        said = self.refused("ResourceConflictException", self.create, **arguments)
        self.assertIn(f"Please update or delete the existing mapping with UUID {first}", said)
        other = self.create(source, make_function(self.server))
        self.refused(
            "ResourceConflictException",
            self.functions.update_event_source_mapping,
            UUID=other,
            FunctionName=function,
        )

    def test_a_queue_that_shows_its_messages_too_early(self):
        source = make_queue(self.server, seconds=20)
        function = make_function(self.server, seconds=21)
        code = "InvalidParameterValueException"
        said = self.refused(code, self.create, source=source, function=function)
        expected = "Queue visibility timeout: 20 seconds is less than Function timeout: 21 seconds"
        self.assertEqual(said, expected)

    def test_a_queue_that_is_not_there(self):
        source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"
        function = make_function(self.server)
        code = "InvalidParameterValueException"
        said = self.refused(code, self.create, source=source, function=function)
        self.assertIn("NonExistentQueue", said)

    def test_a_role_that_may_not_receive(self):
        source = make_queue(self.server)
        function = make_function(self.server, actions=QUEUES[1:])
        code = "InvalidParameterValueException"
        said = self.refused(code, self.create, source=source, function=function)
        self.assertIn("does not have permissions to call ReceiveMessage on SQS", said)

    def test_a_large_batch_without_a_window(self):
        source, function = make_queue(self.server), make_function(self.server)
        code = "InvalidParameterValueException"
        self.refused(code, self.create, source=source, function=function, BatchSize=11)
        made = self.create(source, function, BatchSize=11, MaximumBatchingWindowInSeconds=1)
        change = {"UUID": made, "MaximumBatchingWindowInSeconds": 0}
        self.refused(code, self.functions.update_event_source_mapping, **change)

    def test_one_that_is_not_there(self):
        gone = {"UUID": str(uuid.uuid4())}
        for call in ("update", "delete"):
            call = getattr(self.functions, f"{call}_event_source_mapping")
            self.refused("ResourceNotFoundException", call, **gone)

    def test_the_list_of_a_function_that_was_changed(self):
        source, first, second = make_queue(self.server), *map(make_function, [self.server] * 2)
        made = self.create(source, first)
        self.functions.update_event_source_mapping(UUID=made, FunctionName=second)

        def listed(function):
            answer = self.functions.list_event_source_mappings(FunctionName=function)
            return [mapping["UUID"] for mapping in answer["EventSourceMappings"]]

        self.assertEqual(listed(second), [made])
        self.assertEqual(listed(first), [])

    def test_the_window_that_none_was_asked_for(self):
        made = self.create(make_queue(self.server), make_function(self.server))
        seen = self.functions.get_event_source_mapping(UUID=made)
        self.assertEqual(seen["MaximumBatchingWindowInSeconds"], 0)

    # Plain moto sends it to the function, where it fails and the message shows again.
    @no_gap
    def test_a_message_after_its_end(self):
        source, function = make_queue(self.server), make_function(self.server)
        made = self.create(source, function)
        self.functions.delete_event_source_mapping(UUID=made)
        sqs = self.aws("sqs")
        url = sqs.get_queue_url(QueueName=source.rsplit(":", 1)[1])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="{}")
        self.assertEqual(len(sqs.receive_message(QueueUrl=url)["Messages"]), 1)


class MappingsInTime(unittest.TestCase):
    SCALE = 50

    def test_a_life(self):
        server = Server(time_scale=self.SCALE)
        self.addCleanup(server.close)
        functions = server.client("lambda")
        function, source = make_function(server), make_queue(server)

        def code(call, **arguments):
            try:
                call(**arguments)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return None

        def state():
            return functions.get_event_source_mapping(**mapping)["State"]

        arguments = {"EventSourceArn": source, "FunctionName": function}
        began = time.monotonic()
        made = functions.create_event_source_mapping(**arguments)
        self.assertEqual(made["State"], "Creating")
        mapping = {"UUID": made["UUID"]}
        in_use = "ResourceInUseException"
        update, delete = (
            functions.update_event_source_mapping,
            functions.delete_event_source_mapping,
        )
        self.assertEqual(code(update, **mapping, Enabled=False), in_use)
        self.assertEqual(code(delete, **mapping), in_use)
        until(lambda: state() == "Enabled")
        self.assertGreaterEqual((time.monotonic() - began) * self.SCALE, 9)

        self.assertEqual(update(**mapping, Enabled=False)["State"], "Updating")
        self.assertEqual(code(delete, **mapping), in_use)
        until(lambda: state() == "Disabled")

        began = time.monotonic()
        self.assertEqual(delete(**mapping)["State"], "Deleting")
        self.assertEqual(code(delete, **mapping), in_use)
        again = functions.create_event_source_mapping
        self.assertEqual(code(again, **arguments), "ResourceConflictException")
        gone = "ResourceNotFoundException"
        until(lambda: code(functions.get_event_source_mapping, **mapping) == gone)
        self.assertGreaterEqual((time.monotonic() - began) * self.SCALE, 9)
        again(**arguments)


if __name__ == "__main__":
    unittest.main()
