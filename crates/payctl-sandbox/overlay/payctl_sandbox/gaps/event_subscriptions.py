"""Event subscriptions of databases: they change, and are of what is there, to a topic that lets RDS
publish."""

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse
from moto.sns.models import sns_backends

from ..patching import replace
from ..policy import ALLOW, decide

PUBLISHER = ("Service", "events.rds.amazonaws.com")


@replace(RDSBackend, "create_event_subscription")
def create_event_subscription(original, self, kwargs):
    _check_topic(self, kwargs["sns_topic_arn"])
    there = {"db-cluster": self.clusters, "db-instance": self.databases}
    there = there.get(kwargs.get("source_type"))
    for source in kwargs.get("source_ids") or []:
        if there is not None and source not in there:
            raise RDSClientError("SourceNotFound", f"Could not find source {source}")
    return original(self, kwargs)


def modify_event_subscription(self):
    """What the request names takes the place of what was."""
    name = self.params["SubscriptionName"]
    [subscription] = self.backend.describe_event_subscriptions(name)
    if topic := self.params.get("SnsTopicArn"):
        _check_topic(self.backend, topic)
        subscription.sns_topic_arn = topic
    for attribute in ("SourceType", "EventCategories", "Enabled"):
        if (value := self.params.get(attribute)) is not None:
            setattr(subscription, ATTRIBUTES[attribute], value)
    return ActionResult({"EventSubscription": subscription})


ATTRIBUTES = {
    "SourceType": "source_type",
    "EventCategories": "event_categories",
    "Enabled": "enabled",
}
# moto does not have it.
RDSResponse.modify_event_subscription = modify_event_subscription


def _check_topic(backend, arn):
    topic = sns_backends[backend.account_id][backend.region_name].topics.get(arn)
    if topic is None:
        raise RDSClientError("SNSTopicArnNotFound", f"Topic arn {arn} does not exist")
    context = {"aws:sourceaccount": backend.account_id}
    if decide(topic.policy, PUBLISHER, "sns:Publish", arn, context) != ALLOW:
        raise RDSClientError(
            "SNSNoAuthorization", f"You do not have permission to publish to the SNS topic {arn}"
        )
