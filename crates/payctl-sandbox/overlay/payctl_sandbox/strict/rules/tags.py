"""Tags: AWS's own prefix and how many there are, for every service that takes tags.

50 tags, 128 and 256 characters, no `aws:` in any case: docs.aws.amazon.com/emr/latest/
EMR-Serverless-UserGuide/tagging-restrictions.html and personalize/latest/dg/
personalize-managing-tags.html, which repeat what holds for all. (EC2's API reference has 127
characters for a key.) The codes are those that each service's model declares for its call that
tags; where it declares none for this, they are assumed.
"""

from ..refusal import Refusal
from .rule import find

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
RESERVED = "aws:"
# Where a request has tags.
PLACES = ("Tags", "tags", "TagSpecifications.*.Tags", "Tagging.TagSet", "TagsList")
# Code of a wrong tag, and of too many, by the name that signs.
CODES = {
    "acm": ("InvalidTagException", "TooManyTagsException"),
    "apigateway": ("BadRequestException", "BadRequestException"),
    "apigatewayv2": ("BadRequestException", "BadRequestException"),
    "autoscaling": ("ValidationError", "ValidationError"),
    "cloudtrail": ("InvalidTagParameterException", "TagsLimitExceededException"),
    "config": ("ValidationException", "TooManyTagsException"),
    "dynamodb": ("ValidationException", "ValidationException"),
    "ec2": ("InvalidParameterValue", "TagLimitExceeded"),
    "elasticloadbalancing": ("ValidationError", "TooManyTags"),
    "events": ("ValidationException", "LimitExceededException"),
    "guardduty": ("BadRequestException", "BadRequestException"),
    "iam": ("InvalidInput", "LimitExceeded"),
    "kms": ("TagException", "LimitExceededException"),
    "lambda": ("InvalidParameterValueException", "InvalidParameterValueException"),
    "logs": ("InvalidParameterException", "TooManyTagsException"),
    "monitoring": ("InvalidParameterValue", "InvalidParameterValue"),
    "rds": ("InvalidParameterValue", "InvalidParameterValue"),
    "s3": ("InvalidTag", "BadRequest"),
    "secretsmanager": ("InvalidParameterException", "InvalidParameterException"),
    "sns": ("InvalidParameter", "TagLimitExceeded"),
    "sqs": ("InvalidParameterValue", "InvalidParameterValue"),
    "ssm": ("ValidationException", "TooManyTagsError"),
    "wafv2": ("WAFTagOperationException", "WAFLimitsExceededException"),
}


def check(call):
    """Raises the refusal of the first tags that AWS would not take."""
    if call.service not in CODES or "Untag" in call.operation:
        return
    wrong, many = CODES[call.service]
    for place in PLACES:
        for tags in find(call.parameters, place):
            pairs = list(_pairs(tags))
            if len(pairs) > MOST:
                message = f"The maximum number of Tags for a resource has been reached: {MOST}"
                raise Refusal(many, message)
            for key, value in pairs:
                _check(key, value, wrong)


def _check(key, value, code):
    if key.lower().startswith(RESERVED):
        message = f"Tag keys starting with '{RESERVED}' are reserved for internal use: {key}"
        raise Refusal(code, message)
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Refusal(code, f"Tag keys have 1 to {LONGEST_KEY} characters: {key}")
    if len(value) > LONGEST_VALUE:
        raise Refusal(code, f"Tag values have up to {LONGEST_VALUE} characters: {value}")


def _pairs(tags):
    """The keys and values of a list or map of tags; nothing of a list of keys."""
    if isinstance(tags, dict):
        yield from tags.items()
        return
    for tag in tags:
        if isinstance(tag, dict):
            key = tag.get("Key", tag.get("TagKey"))
            if key is not None:
                yield key, tag.get("Value", tag.get("TagValue")) or ""
