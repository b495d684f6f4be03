"""What AWS asks for, and its models do not say: one table of rules per service."""

from collections import defaultdict

from ..refusal import Refusal
from . import account, data, ec2, elbv2, monitoring, rds, security, serverless, tags
from .rule import find

# By the name that signs.
TABLES = {
    "apigateway": serverless.REST,
    "apigatewayv2": serverless.HTTP,
    "autoscaling": security.SCALING,
    "cloudtrail": security.TRAILS,
    "dynamodb": data.DYNAMODB,
    "ec2": ec2.RULES,
    "elasticloadbalancing": elbv2.RULES,
    "events": serverless.EVENTS,
    "iam": account.IAM,
    "kms": account.KMS,
    "lambda": serverless.LAMBDA,
    "logs": monitoring.LOGS,
    "monitoring": monitoring.CLOUDWATCH,
    "rds": rds.RULES,
    "s3": data.S3,
    "secretsmanager": account.SECRETS,
    "sns": monitoring.SNS,
    "sqs": monitoring.SQS,
    "ssm": account.PARAMETERS,
    "wafv2": security.WAF,
}


def _by_operation():
    found = defaultdict(list)
    for service, rules in TABLES.items():
        for rule in rules:
            for operation in rule.operations.split():
                found[service, operation].append(rule)
    return dict(found)


RULES = _by_operation()


def check(call):
    """Raises the refusal of the first rule that a call breaks."""
    tags.check(call)
    for rule in RULES.get((call.service, call.operation), ()):
        for value in find(call.parameters, rule.member):
            if rule.broken(value):
                # Not `format`, as texts of AWS's have braces of their own.
                shown = value if isinstance(value, str) else repr(value)
                raise Refusal(rule.code, rule.message.replace("{value}", shown))
