"""SNS: topics that exist already, and subscriptions that nobody has confirmed."""

import json

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

from ..patching import replace

# What only the owner of the endpoint can confirm. Endpoints of HTTP are left as moto has them: it
# delivers to them without a word.
CONFIRMED_BY_MAIL = ("email", "email-json")


@replace(SNSBackend, "create_topic")
def create_topic(original, self, name, attributes=None, tags=None):
    before = set(self.topics)
    topic = original(self, name, attributes, tags)
    if topic.arn not in before:
        return topic
    for attribute, value in (attributes or {}).items():
        there = getattr(topic, camelcase_to_underscores(attribute), None)
        if _parsed(attribute, there) != _parsed(attribute, value):
            raise SNSInvalidParameter(
                "Invalid parameter: Attributes Reason: Topic already exists with different "
                "attributes"
            )
    if tags and topic._tags != tags:
        raise SNSInvalidParameter(
            "Invalid parameter: Tags Reason: Topic already exists with different tags"
        )
    return topic


def _parsed(attribute, value):
    return json.loads(value) if attribute == "Policy" and value else value


@replace(SNSBackend, "get_topic")
def get_topic(original, self, arn):
    """moto fails at what is no ARN; the words are those of public reports."""
    if (elements := len(arn.split(":"))) < 6:
        raise SNSInvalidParameter(
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not "
            f"{elements}"
        )
    return original(self, arn)


@replace(SNSBackend, "subscribe")
def subscribe(original, self, topic_arn, endpoint, protocol):
    known = self._find_subscription(topic_arn, endpoint, protocol)
    subscription = original(self, topic_arn, endpoint, protocol)
    if known is None and protocol in CONFIRMED_BY_MAIL:
        subscription.attributes["PendingConfirmation"] = True
        subscription.attributes["ConfirmationWasAuthenticated"] = False
    return subscription


@replace(SNSBackend, "unsubscribe")
def unsubscribe(original, self, subscription_arn):
    subscription = self.subscriptions.get(subscription_arn)
    if subscription and _pending(subscription):
        raise SNSInvalidParameter(
            "Invalid parameter: Cannot unsubscribe a subscription that is pending confirmation"
        )
    original(self, subscription_arn)


@replace(SNSResponse, "subscribe")
def answer_subscribe(original, self):
    answer = original(self)
    subscription = self.backend.subscriptions[answer.result["SubscriptionArn"]]
    if _pending(subscription) and not self._get_param("ReturnSubscriptionArn"):
        return ActionResult({"SubscriptionArn": "pending confirmation"})
    return answer


def _list(original, self):
    answer = original(self).result
    listed = [
        {
            "SubscriptionArn": "PendingConfirmation" if _pending(one) else one.arn,
            "Owner": one.owner,
            "Protocol": one.protocol,
            "Endpoint": one.endpoint,
            "TopicArn": one.topic_arn,
        }
        for one in answer["Subscriptions"]
    ]
    return ActionResult({**answer, "Subscriptions": listed})


for _name in ("list_subscriptions", "list_subscriptions_by_topic"):
    replace(SNSResponse, _name)(_list)


def _pending(subscription):
    return subscription.attributes["PendingConfirmation"]
