"""Lambda, EventBridge and both API Gateways: what a package needs, schedules, names and routes."""

import regex

from .rule import Rule, unlike

CALLS = "CreateFunction UpdateFunctionConfiguration"
METHODS = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY"
RATE = regex.compile(r"rate\((?:1 (?:minute|hour|day)|(?!0|1 )\d+ (?:minutes|hours|days))\)")
CRON = regex.compile(r"cron\(\S+(?: \S+){5}\)")


def _no_schedule(value):
    return not RATE.fullmatch(value) and not CRON.fullmatch(value)


def _lacks(member):
    """A function of a .zip package without what such a one needs."""
    return lambda made: made.get("PackageType", "Zip") == "Zip" and not made.get(member)


def _big(variables):
    return sum(len(key.encode()) + len(value.encode()) for key, value in variables.items()) > 4096


LAMBDA = [
    *[
        Rule(
            "CreateFunction",
            "",
            f"a function of a .zip package has a {member.lower()}",
            _lacks(member),
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages.",
            source=f"API reference (botocore 1.44.5), CreateFunction.{member}",
        )
        for member in ("Runtime", "Handler")
    ],
    Rule(
        CALLS,
        "Environment.Variables",
        "a function's environment has up to 4 KB",
        _big,
        "InvalidParameterValueException",
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit.",
        source="docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    ),
]

EVENTS = [
    Rule(
        "PutRule",
        "ScheduleExpression",
        "a schedule is a rate in words that agree with the number, or cron's six fields",
        _no_schedule,
        "ValidationException",
        "Parameter ScheduleExpression is not valid.",
        source="docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html; "
        "cron's six fields as in the API reference's example",
    ),
    Rule(
        "PutTargets",
        "Targets",
        "a rule has up to five targets",
        lambda targets: len(targets) > 5,
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
        source="aws-cloudformation/cfn-lint#306 (2024-04-17), 18F/identity-terraform#121",
    ),
]

REST = [
    Rule(
        "CreateStage CreateDeployment",
        "stageName",
        "a stage's name has up to 128 letters, digits, hyphens and underscores",
        unlike(r"[A-Za-z0-9_-]{1,128}"),
        "BadRequestException",
        "Stage name only allows a-zA-Z0-9_-",
        documented=("alphanumeric characters, hyphens, and underscores", "128"),
    ),
    Rule(
        "CreateModel",
        "name",
        "a model's name has letters and digits",
        unlike(r"[A-Za-z0-9]+"),
        "BadRequestException",
        "Model name must be alphanumeric: {value}",
        documented=("alphanumeric",),
    ),
    Rule(
        "CreateResource",
        "pathPart",
        "a part of a path has letters, digits and ._:-, or is a parameter in braces",
        unlike(r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._:-]+\+?\}"),
        "BadRequestException",
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
        "braces at the beginning and the end.",
        source="claudiajs/claudia#11 (2016-02-26); the colon: getmoto/moto#6148 (2023-03-29)",
    ),
    Rule(
        "PutMethod",
        "authorizationType",
        "a method is authorised in one of the listed ways",
        lambda value: value not in ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"),
        "BadRequestException",
        "Invalid authorizationType {value}",
        documented=("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"),
    ),
    Rule(
        "PutIntegration",
        "timeoutInMillis",
        "an integration waits for 50 milliseconds or more",
        lambda value: value < 50,
        "BadRequestException",
        "Timeout should be between 50 ms and 29000 ms",
        documented=("between 50 and 29,000",),
    ),
]

HTTP = [
    Rule(
        "CreateRoute UpdateRoute",
        "RouteKey",
        "a route is a method and a path, or $default",
        unlike(rf"\$default|(?:{METHODS}) /\S*"),
        "BadRequestException",
        "The provided route key is not formatted properly for HTTP protocol. Format should be "
        '"<HTTP METHOD> /<RESOURCE PATH>" or "$default"',
        source="docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html",
    ),
    Rule(
        "CreateStage",
        "StageName",
        "a stage's name has letters, digits, hyphens and underscores, or is $default",
        unlike(r"\$default|[A-Za-z0-9_-]{1,128}"),
        "BadRequestException",
        "Invalid stage name. Stage name only allows alphanumeric characters, underscores, dashes, "
        "or $default",
        source="assumed",
    ),
    Rule(
        "CreateIntegration UpdateIntegration",
        "PayloadFormatVersion",
        "payloads have the format 1.0 or 2.0",
        lambda value: value not in ("1.0", "2.0"),
        "BadRequestException",
        "Invalid payloadFormatVersion {value}",
        documented=("1.0 and 2.0",),
    ),
]
