"""SNS's gaps."""

import json
import unittest
import uuid

from support import SandboxTest, closes_gaps, no_gap


@closes_gaps
class Topics(SandboxTest):
    def setUp(self):
        super().setUp()
        self.sns = self.aws("sns")
        self.name = f"topic-{uuid.uuid4()}"

    def create(self, owner="us", **attributes):
        """The topic's ARN."""
        tags = [{"Key": "owner", "Value": owner}]
        return self.sns.create_topic(Name=self.name, Attributes=attributes, Tags=tags)["TopicArn"]

    @no_gap
    def test_the_same_again(self):
        policy = {"Version": "2012-10-17", "Statement": []}
        first = self.create(DisplayName="name", Policy=json.dumps(policy))
        again = self.create(DisplayName="name", Policy=json.dumps(policy, indent=1))
        self.assertEqual(first, again)

    def test_with_other_attributes(self):
        self.create(DisplayName="name")
        self.refused("InvalidParameter", self.create, DisplayName="another")

    def test_with_other_tags(self):
        arn = self.create()
        message = self.refused("InvalidParameter", self.create, owner="them")
        self.assertIn("already exists with different tags", message)
        tags = self.sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
        self.assertEqual(tags, [{"Key": "owner", "Value": "us"}])

    def test_what_is_no_arn(self):
        message = self.refused("InvalidParameter", self.sns.get_topic_attributes, TopicArn="-1")
        self.assertIn("at least 6 elements, not 1", message)

    def subscribe(self, topic, **options):
        """What Subscribe answers for an address."""
        mail = {"Protocol": "email", "Endpoint": "operations@example.com"}
        return self.sns.subscribe(TopicArn=topic, **mail, **options)["SubscriptionArn"]

    def listed(self, topic):
        """The ARNs of the topic's subscriptions."""
        listed = self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return [one["SubscriptionArn"] for one in listed]

    def test_an_unconfirmed_subscription(self):
        topic = self.create()
        self.assertEqual(self.subscribe(topic), "pending confirmation")
        arn = self.subscribe(topic, ReturnSubscriptionArn=True)
        self.assertTrue(arn.startswith(topic))
        self.assertEqual(self.listed(topic), ["PendingConfirmation"])
        attributes = self.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        self.assertEqual(attributes["PendingConfirmation"], "true")
        message = self.refused("InvalidParameter", self.sns.unsubscribe, SubscriptionArn=arn)
        self.assertIn("pending confirmation", message)
        self.sns.delete_topic(TopicArn=topic)
        every = self.sns.list_subscriptions()["Subscriptions"]
        self.assertNotIn(topic, [one["TopicArn"] for one in every])

    @no_gap
    def test_a_subscription_that_needs_no_confirmation(self):
        topic = self.create()
        queue = "arn:aws:sqs:us-east-1:123456789012:queue"
        arn = self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
        self.assertEqual(self.listed(topic), [arn])
        self.sns.unsubscribe(SubscriptionArn=arn)
        self.assertEqual(self.listed(topic), [])


if __name__ == "__main__":
    unittest.main()
