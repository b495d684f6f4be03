"""WAF: what is associated with what, and what is refused therefore."""

import re

from moto.wafv2.exceptions import (
    WAFNonexistentItemException,
    WAFv2ClientError,
    WAFV2DuplicateItemException,
)
from moto.wafv2.models import APIGATEWAY_REGEX, WAFV2Backend

from ..patching import replace

LOG_GROUP = ":log-group:"
LOG_GROUP_PREFIX = "aws-waf-logs-"


@replace(WAFV2Backend, "create_web_acl")
def create_web_acl(original, self, *arguments, **options):
    try:
        return original(self, *arguments, **options)
    except WAFV2DuplicateItemException:
        # moto's code for it is one that AWS does not have.
        raise WAFv2ClientError(
            "WAFDuplicateItemException",
            "AWS WAF couldn\u2019t perform the operation because some resource in your request is "
            "a duplicate of an existing one.",
        ) from None


@replace(WAFV2Backend, "update_web_acl")
def update_web_acl(original, self, name, _id, default_action, rules, *more, **options):
    token = original(self, name, _id, default_action, rules, *more, **options)
    # The call replaces everything: what it leaves out is gone.
    if not rules:
        self.get_web_acl(None, name, _id).rules = []
    return token


@replace(WAFV2Backend, "delete_web_acl")
def delete_web_acl(original, self, name, scope, _id, lock_token):
    web_acl = self.get_web_acl(None, name, _id)
    if any(_exists(self, resource) for resource in web_acl.associated_resources):
        raise WAFv2ClientError(
            "WAFAssociatedItemException",
            "AWS WAF couldn\u2019t perform the operation because your resource is being used by "
            "another resource or it\u2019s associated with another resource.",
        )
    original(self, name, scope, _id, lock_token)
    self.logging_configurations.pop(web_acl.arn, None)


@replace(WAFV2Backend, "associate_web_acl")
def associate_web_acl(original, self, web_acl_arn, resource_arn):
    if web_acl_arn not in self.wacls or not _exists(self, resource_arn):
        raise WAFNonexistentItemException
    # A resource is behind one at most; moto's would be behind both.
    self.disassociate_web_acl(resource_arn)
    original(self, web_acl_arn, resource_arn)


@replace(WAFV2Backend, "get_web_acl_for_resource")
def get_web_acl_for_resource(original, self, resource_arn):
    if not _exists(self, resource_arn):
        raise WAFNonexistentItemException
    return original(self, resource_arn)


@replace(WAFV2Backend, "put_logging_configuration")
def put_logging_configuration(original, self, arn, log_destination_configs, *more, **options):
    if arn not in self.wacls:
        raise WAFNonexistentItemException
    for destination in log_destination_configs:
        _, _, group = destination.partition(LOG_GROUP)
        if group and not group.startswith(LOG_GROUP_PREFIX):
            raise WAFv2ClientError(
                "WAFInvalidParameterException",
                "Error reason: The ARN isn\u2019t valid. A valid ARN begins with arn: and includes "
                "other information separated by colons or slashes., field: LOG_DESTINATION, "
                f"parameter: {destination}",
            )
    return original(self, arn, log_destination_configs, *more, **options)


def _exists(backend, resource_arn):
    """Whether there is such a resource, as far as that can be told: a stage, or another sort."""
    if not re.search(APIGATEWAY_REGEX, resource_arn):
        return True
    return backend._find_apigw_stage(resource_arn) is not None
