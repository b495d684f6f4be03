"""CloudWatch, its logs, SNS and SQS: alarms that can never be, names, periods."""

import functools
import json

import regex
from moto.core.utils import get_service_model

from .rule import Rule, not_among, unlike

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557)
DAYS += (2922, 3288, 3653)
PROTOCOLS = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda")
PROTOCOLS += ("firehose",)
ALARM = "PutMetricAlarm"


def _no_alarm(code, fact, message, broken, source):
    return Rule(ALARM, "", fact, broken, code, message, source=source)


def _more_points(alarm):
    return alarm.get("DatapointsToAlarm", 0) > alarm.get("EvaluationPeriods", 1)


def _no_metric(alarm):
    named = [name for name in ("MetricName", "Metrics", "EvaluationCriteria") if alarm.get(name)]
    return len(named) != 1


def _no_statistic(alarm):
    named = [name for name in ("Statistic", "ExtendedStatistic") if name in alarm]
    return "MetricName" in alarm and len(named) != 1


def _too_long(alarm):
    period, count = alarm.get("Period", 0), alarm.get("EvaluationPeriods", 0)
    return period * count > (86_400 if period < 3600 else 604_800)


def _no_threshold(alarm):
    lacks = "ThresholdMetricId" not in alarm and "EvaluationCriteria" not in alarm
    return lacks and "Threshold" not in alarm


def _no_json(value):
    try:
        return not isinstance(json.loads(value), dict)
    except ValueError:
        return True


def _endpoint_wrong(subscription):
    wanted = {
        "email": r"[^@\s]+@[^@\s]+",
        "email-json": r"[^@\s]+@[^@\s]+",
        "http": r"http://.+",
        "https": r"https://.+",
        "sqs": r"arn:[^:]+:sqs:.+",
        "lambda": r"arn:[^:]+:lambda:.+",
        "firehose": r"arn:[^:]+:firehose:.+",
    }.get(subscription["Protocol"])
    return bool(wanted) and not regex.fullmatch(wanted, subscription.get("Endpoint", ""))


@functools.cache
def attributes():
    """What the reference names as attributes of topics, with other words in the same type."""
    model = get_service_model("sns").shape_for("CreateTopicInput")._shape_model
    said = model["members"]["Attributes"]["documentation"]
    also = get_service_model("sns").shape_for("SetTopicAttributesInput")._shape_model
    said += also["members"]["AttributeName"]["documentation"]
    # It tells of FIFO topics in other words.
    return frozenset(regex.findall(r"<code>([A-Z]\w+)", said)) | {"FifoTopic"}


def _numbers_wrong(queue):
    numbers = ("DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod")
    numbers += ("ReceiveMessageWaitTimeSeconds", "VisibilityTimeout")
    return any(not queue.get(name, "0").isdecimal() for name in numbers)


def _policies_wrong(attributes):
    named = ("Policy", "RedrivePolicy", "RedriveAllowPolicy", "DeliveryPolicy", "FilterPolicy")
    return any(attributes.get(name) and _no_json(attributes[name]) for name in named)


LOGS = [
    Rule(
        "PutRetentionPolicy",
        "retentionInDays",
        "log groups keep their events for one of the listed numbers of days",
        not_among(*DAYS),
        "InvalidParameterException",
        "Invalid parameter: {value} is not a valid value for retentionInDays",
        documented=tuple(map(str, DAYS)),
    ),
    Rule(
        "CreateLogGroup",
        "logGroupName",
        "log groups that start with aws/ are AWS's",
        lambda value: value.lower().startswith("aws/"),
        "InvalidParameterException",
        "Log groups starting with AWS/ are reserved for AWS.",
        source="aws-solutions/application-monitoring-with-amazon-cloudwatch#11 (2022-10-25)",
    ),
]

CLOUDWATCH = [
    Rule(
        "PutMetricAlarm PutCompositeAlarm",
        "AlarmName",
        "an alarm's name has no control characters",
        unlike(r"[^\x00-\x1f\x7f]*"),
        "ValidationError",
        "Invalid alarm name: {value}",
        source="API reference (botocore 1.44.5), PutMetricAlarm.AlarmName",
    ),
    Rule(
        ALARM,
        "Period",
        "an alarm's period is 10, 20 or 30 seconds, or full minutes",
        lambda value: value not in (10, 20, 30) and value % 60 != 0,
        "ValidationError",
        "Period must be 10, 20, 30 or a multiple of 60",
        documented=("10, 20, 30, and any multiple of 60",),
    ),
    Rule(
        ALARM,
        "TreatMissingData",
        "missing data is breaching, notBreaching, ignore or missing",
        not_among("breaching", "notBreaching", "ignore", "missing"),
        "ValidationError",
        "Option {value} is not supported for TreatMissingData. Supported options: [breaching, "
        "notBreaching, ignore, missing]",
        documented=("breaching | notBreaching | ignore | missing",),
    ),
    _no_alarm(
        "ValidationError",
        "an alarm needs no more points than it looks at",
        "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        _more_points,
        "hashicorp/terraform#24070 (2020-02-10)",
    ),
    _no_alarm(
        "ValidationError",
        "an alarm has one of a metric, a list of metrics and criteria",
        "Exactly one of MetricName, Metrics and EvaluationCriteria must be specified",
        _no_metric,
        "API reference (botocore 1.44.5), PutMetricAlarm.MetricName",
    ),
    _no_alarm(
        "ValidationError",
        "an alarm on a metric has one of a statistic and an extended statistic",
        "Exactly one of Statistic and ExtendedStatistic must be specified",
        _no_statistic,
        "API reference (botocore 1.44.5), PutMetricAlarm.Statistic",
    ),
    _no_alarm(
        "ValidationError",
        "an alarm looks back a day, or a week with periods of an hour or more",
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= "
        "86400), or a week with periods of an hour and more",
        _too_long,
        "API reference (botocore 1.44.5), PutMetricAlarm.Period: 604,800 and 86,400 seconds",
    ),
    _no_alarm(
        "ValidationError",
        "an alarm without anomaly detection has a threshold",
        "Threshold must be specified",
        _no_threshold,
        "API reference (botocore 1.44.5), PutMetricAlarm.Threshold",
    ),
    Rule(
        "PutDashboard",
        "DashboardBody",
        "a dashboard is a JSON object",
        _no_json,
        "InvalidParameterInput",
        "The field DashboardBody must be a valid JSON object",
        documented=("JSON",),
    ),
]

SNS = [
    Rule(
        "CreateTopic",
        "Name",
        "a topic's name has up to 256 letters, digits, underscores and hyphens",
        unlike(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo"),
        "InvalidParameter",
        "Invalid parameter: Topic Name",
        documented=("256", "underscores, and hyphens", ".fifo"),
    ),
    Rule(
        "CreateTopic",
        "Attributes",
        "a topic's attributes are those that the reference names",
        lambda value: not set(value) <= attributes(),
        "InvalidParameter",
        "Invalid parameter: AttributeName",
        source="API reference (botocore 1.44.5), CreateTopic.Attributes",
    ),
    Rule(
        "CreateTopic Subscribe",
        "Attributes",
        "policies of topics and subscriptions are JSON objects",
        _policies_wrong,
        "InvalidParameter",
        "Invalid parameter: Policy Error: null",
        source="API reference (botocore 1.44.5), SetTopicAttributes and Subscribe; words of moto",
    ),
    Rule(
        "Subscribe",
        "Protocol",
        "subscriptions have one of the listed protocols",
        not_among(*PROTOCOLS),
        "InvalidParameter",
        "Invalid parameter: Amazon SNS does not support this protocol string: {value}",
        documented=PROTOCOLS,
    ),
    Rule(
        "Subscribe",
        "",
        "a subscription's endpoint is of its protocol's kind",
        _endpoint_wrong,
        "InvalidParameter",
        "Invalid parameter: Endpoint",
        source="API reference (botocore 1.44.5), Subscribe.Endpoint",
    ),
]

SQS = [
    Rule(
        "CreateQueue",
        "QueueName",
        "a queue's name has up to 80 letters, digits, hyphens and underscores",
        unlike(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo"),
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        documented=("80 characters", ".fifo"),
    ),
    Rule(
        "CreateQueue SetQueueAttributes",
        "Attributes",
        "a queue's seconds and bytes are numbers",
        _numbers_wrong,
        "InvalidAttributeValue",
        "Invalid value for the parameter VisibilityTimeout or another number.",
        documented=("An integer from",),
    ),
    Rule(
        "CreateQueue SetQueueAttributes",
        "Attributes",
        "a queue's policies are JSON objects",
        _policies_wrong,
        "InvalidAttributeValue",
        "Invalid value for the parameter Policy.",
        documented=("JSON",),
    ),
]
