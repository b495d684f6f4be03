"""What the comments of the product say of AWS: sentences that have to have a source."""

import re

NAMES = (
    "AWS|EC2|Lambda|S3|IAM|KMS|RDS|Aurora|DynamoDB|SNS|SQS|CloudTrail|CloudWatch Logs|CloudWatch|EventBridge|"
    "API Gateway|WAF|AWS Config|GuardDuty|Secrets Manager|Auto Scaling|ACM|STS|Elastic Load Balancing|"
    "X-Ray|Cost Anomaly Detection|The tagging API|An HTTP API|HTTP APIs|A REST API"
)
# Words after a name that make no sentence of it: things that it has, and what it is allowed by us.
NO_VERB = (
    "this|as|its|is reached|errors|keys|aliases|roles|tables|clusters|instances|cannot be|"
    "may (?:use|encrypt)"
)
VERB = rf"(?!(?:{NO_VERB})\b)(?:\w*[a-z]s|may|never|only|can|cannot|would|might|did)"
CLAIM = re.compile(
    rf"\b(?:{NAMES}),? (?:itself |also |already |alone |by itself )?{VERB}\b(?!')"
)
# "As AWS takes them", "what AWS assigns", "when AWS cannot be asked": names of things, no claims.
NAMING = re.compile(
    rf"\b(?:as|what|when|whether|how|where|whoever|why|which role|a name|processors|"
    rf"(?:host|words?|account|all|documents|detector|region|stack,) that) (?:{NAMES}) \w+(?: not)?( be \w+)?",
    re.IGNORECASE,
)
# A word of AWS's reference in parentheses, an issue, a page, a guide, or that there is none.
SOURCED = re.compile(
    r"docs/aws-facts|botocore|https?://|\w#\d+|\((?:[A-Z][a-z]+){2,}\)|\b(?:guide|reference|quotas)\b|"
    r"api-quirks|DDB-TABLE|\bassumed\b|no sample|is not known|is not documented"
)
COMMENT = re.compile(r"^\s*//[/!]? ?")


def comments(text):
    """The comments of a source, each with its first line's number, on one line."""
    block, first = [], 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if COMMENT.match(line):
            first = first if block else number
            block.append(COMMENT.sub("", line))
        elif block:
            yield first, " ".join(" ".join(block).split())
            block = []


def claims(text):
    """The comments that say what AWS does."""
    for line, comment in comments(text):
        if CLAIM.search(NAMING.sub("", comment)):
            yield line, comment


def has_source(comment):
    """Whether a comment names where it has that from, or that nothing says so."""
    return bool(SOURCED.search(comment))
