"""SQS's gaps."""

import json
import unittest
import uuid
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from support import Server, SandboxTest, closes_gaps, no_gap

KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
BY_QUEUE = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:a"]})


@closes_gaps
class Queues(SandboxTest):
    def setUp(self):
        super().setUp()
        self.sqs = self.aws("sqs")
        self.name = f"queue-{uuid.uuid4()}"

    def create(self, **attributes):
        """The queue's URL."""
        made = self.sqs.create_queue(
            QueueName=self.name, Attributes=attributes, tags={"owner": "us"}
        )
        return {"QueueUrl": made["QueueUrl"]}

    def attributes(self, url, names="All"):
        """What the queue says of itself."""
        return self.sqs.get_queue_attributes(**url, AttributeNames=[names])["Attributes"]

    def test_which_queues_may_move_messages_here(self):
        url = self.create(RedriveAllowPolicy=BY_QUEUE)
        self.assertEqual(self.attributes(url)["RedriveAllowPolicy"], BY_QUEUE)
        self.assertEqual(
            self.attributes(url, "RedriveAllowPolicy"), {"RedriveAllowPolicy": BY_QUEUE}
        )
        self.sqs.set_queue_attributes(**url, Attributes={"RedriveAllowPolicy": ""})
        self.assertNotIn("RedriveAllowPolicy", self.attributes(url))

    def test_a_policy_outlasts_other_changes(self):
        statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        url = self.create(Policy=json.dumps(policy))
        change = self.sqs.set_queue_attributes
        change(**url, Attributes={"DelaySeconds": "5"})
        self.assertEqual(json.loads(self.attributes(url)["Policy"]), policy)
        change(**url, Attributes={"Policy": ""})
        self.assertNotIn("Policy", self.attributes(url))

    def test_one_sort_of_encryption(self):
        url = self.create(KmsMasterKeyId=KEY)
        self.assertEqual(self.attributes(url)["SqsManagedSseEnabled"], "false")
        self.sqs.set_queue_attributes(**url, Attributes={"SqsManagedSseEnabled": "true"})
        attributes = self.attributes(url)
        self.assertEqual(attributes["SqsManagedSseEnabled"], "true")
        self.assertNotIn("KmsMasterKeyId", attributes)

    def test_a_foreign_queue_gets_no_tags(self):
        url = self.create()
        create = self.sqs.create_queue
        tags = {"owner": "them"}
        self.refused("QueueAlreadyExists", create, QueueName=self.name, tags=tags)
        self.assertEqual(self.sqs.list_queue_tags(**url)["Tags"], {"owner": "us"})

    def test_a_queue_that_others_may_move_messages_to(self):
        self.create()
        self.refused("QueueAlreadyExists", self.create, RedriveAllowPolicy=BY_QUEUE)

    @no_gap
    def test_the_same_again(self):
        self.assertEqual(self.create(DelaySeconds="5"), self.create(DelaySeconds="5"))
        self.refused("QueueAlreadyExists", self.create, DelaySeconds="6")

    @no_gap
    def test_absence(self):
        gone = "AWS.SimpleQueueService.NonExistentQueue"
        self.refused(gone, self.sqs.get_queue_url, QueueName=self.name)

    def test_limits(self):
        self.refused("InvalidAttributeValue", self.create, MessageRetentionPeriod="59")
        url = self.create()
        change = self.sqs.set_queue_attributes
        attributes = {"VisibilityTimeout": "43201"}
        self.refused("InvalidAttributeValue", change, **url, Attributes=attributes)


class NamesOverARestart(unittest.TestCase):
    def test_a_name_is_not_free_at_once(self):
        server = Server(time_scale=1)
        self.addCleanup(server.close)
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        sqs.delete_queue(QueueUrl=url)
        server.stop()
        server.start()
        sqs = server.client("sqs")
        sqs.get_queue_url(QueueName="queue")
        with self.assertRaises(sqs.exceptions.QueueDeletedRecently):
            sqs.create_queue(QueueName="queue")


class Forms(SandboxTest):
    """Clients of before 2023 speak AWS's query protocol to SQS."""

    def test_a_list_is_sent_by_the_name_of_one(self):
        url = self.aws("sqs").create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
        form = {"Action": "GetQueueAttributes", "QueueUrl": url, "AttributeName.1": "All"}
        signed = "Credential=test/20260101/us-east-1/sqs/aws4_request"
        request = Request(
            self.server.endpoint,
            urlencode(form).encode(),
            {"Authorization": f"AWS4-HMAC-SHA256 {signed}, SignedHeaders=host, Signature=0"},
        )
        with urlopen(request) as answer:
            self.assertIn("<Name>ApproximateNumberOfMessages</Name>", answer.read().decode())


if __name__ == "__main__":
    unittest.main()
