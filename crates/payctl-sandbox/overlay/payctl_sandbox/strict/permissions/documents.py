"""Policies that are put: what nobody could evaluate is refused when it is put.

IAM takes condition keys that no service has; here they are refused, since a policy that uses one
means something that it does not say.
"""

from ...conditions import PolicyError
from ...policy import parse
from ..refusal import Refusal
from . import context, reference
from .needs import at

# Where requests have policies.
PLACES = (
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "Policy",
    "ResourcePolicy",
    "Attributes.Policy",
)
# What a service calls a policy that it does not understand: its model's error.
MALFORMED = {
    "iam": "MalformedPolicyDocument",
    "kms": "MalformedPolicyDocumentException",
    "s3": "MalformedPolicy",
    "secretsmanager": "MalformedPolicyDocumentException",
    "sns": "InvalidParameter",
    "sqs": "InvalidAttributeValue",
    "ec2": "InvalidPolicyDocument",
}


def check(call, service):
    """Refuses policies in the request that are not understood."""
    texts = [value for place in PLACES for value in at(call.parameters, place)]
    if call.operation in ("SetTopicAttributes",):
        named = call.parameters.get("AttributeName") == "Policy"
        texts = [call.parameters.get("AttributeValue")] if named else []
    for text in texts:
        if isinstance(text, bytes):
            text = text.decode()
        if not isinstance(text, str) or not text.lstrip().startswith("{"):
            continue
        try:
            understood(text)
        except PolicyError as error:
            code = MALFORMED.get(service, "MalformedPolicyDocumentException")
            raise Refusal(code, f"Syntax errors in policy: {error}") from error


def understood(text):
    """Raises `PolicyError` unless every operator, element and key of the policy is known."""
    for statement in parse(text).statements:
        for condition in statement.conditions:
            key = condition.key
            if key in context.GLOBAL or key in context.ABSENT or key in context.ACROSS:
                continue
            if key.startswith(("aws:principaltag/", *reference.BY_ACTION)):
                continue
            if not reference.matches(key, reference.known_keys()):
                raise PolicyError(f"there is no condition key {key}")
