"""The gaps of what RDS tells topics."""

import json
import unittest
import uuid

from support import ACCOUNT, SandboxTest, closes_gaps


@closes_gaps
class EventSubscriptions(SandboxTest):
    def setUp(self):
        super().setUp()
        self.rds, self.sns = self.aws("rds"), self.aws("sns")
        self.name = f"events-{uuid.uuid4()}"

    def topic(self, service="events.rds.amazonaws.com"):
        """A topic that the service may publish to, on behalf of this account."""
        made = self.sns.create_topic(Name=f"events-{uuid.uuid4()}")["TopicArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": made,
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        self.sns.set_topic_attributes(
            TopicArn=made,
            AttributeName="Policy",
            AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        return made

    def create(self, topic, **more):
        """Makes the subscription."""
        self.rds.create_event_subscription(
            SubscriptionName=self.name, SnsTopicArn=topic, SourceType="db-cluster", **more
        )

    def test_one_that_changes(self):
        self.create(self.topic(), EventCategories=["failure"], Enabled=True)
        topic = self.topic()
        self.rds.modify_event_subscription(
            SubscriptionName=self.name,
            SnsTopicArn=topic,
            EventCategories=["failover", "failure"],
            Enabled=False,
        )
        found = self.rds.describe_event_subscriptions(SubscriptionName=self.name)
        [seen] = found["EventSubscriptionsList"]
        self.assertEqual((seen["SnsTopicArn"], seen["Enabled"]), (topic, False))
        self.assertEqual(seen["EventCategoriesList"], ["failover", "failure"])

    def test_a_topic_that_refuses_or_is_not_there(self):
        refusing = self.topic(service="cloudwatch.amazonaws.com")
        self.refused("SNSNoAuthorization", self.create, topic=refusing)
        missing = refusing.replace("events-", "missing-")
        self.refused("SNSTopicArnNotFound", self.create, topic=missing)

    def test_of_what_is_not_there(self):
        self.refused("SourceNotFound", self.create, topic=self.topic(), SourceIds=["missing"])


if __name__ == "__main__":
    unittest.main()
