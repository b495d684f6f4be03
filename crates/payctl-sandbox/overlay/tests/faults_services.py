"""Planted faults for the rules of serverless, monitoring and security services."""

import json

LONG = "x" * 256
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
TABLE = {
    "TableName": "payments",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
ALARM = {
    "AlarmName": "errors",
    "MetricName": "Errors",
    "Namespace": "AWS/Lambda",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
SUBSCRIPTION = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"}
SUBSCRIPTION |= {"Protocol": "email", "Endpoint": "ops@example.com"}
RULE = {
    "Name": "common",
    "Priority": 0,
    "Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}},
    "Action": {"Block": {}},
    "VisibilityConfig": {
        "SampledRequestsEnabled": True,
        "CloudWatchMetricsEnabled": True,
        "MetricName": "common",
    },
}
ACL = {
    "Name": "acl",
    "Scope": "REGIONAL",
    "DefaultAction": {"Allow": {}},
    "VisibilityConfig": RULE["VisibilityConfig"],
    "Rules": [RULE],
}
FUNCTION = {
    "FunctionName": "f",
    "Role": "arn:aws:iam::123456789012:role/r",
    "Code": {"ZipFile": b"zip"},
    "Runtime": "provided.al2023",
    "Handler": "bootstrap",
    "Environment": {"Variables": {"TABLE": "payments"}},
}
SCALING = {"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1}
TRAIL = {"Name": "trail", "S3BucketName": "b-1", "S3KeyPrefix": "logs"}
RETENTION = {"logGroupName": "/a", "retentionInDays": 365}

# Service, operation, a good request, what makes a fault of it (None: left out), AWS's code.
FAULTS = [
    (
        "logs",
        "PutRetentionPolicy",
        RETENTION,
        {"retentionInDays": 366},
        "InvalidParameterException",
    ),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "/aws/lambda/f"},
        {"logGroupName": "AWS/x"},
        "InvalidParameterException",
    ),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"AlarmName": "a\tb"}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"Period": 45}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"TreatMissingData": "none"}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"DatapointsToAlarm": 6}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"MetricName": None}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"ExtendedStatistic": "p99"}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"EvaluationPeriods": 1441}, "ValidationError"),
    ("cloudwatch", "PutMetricAlarm", ALARM, {"Threshold": None}, "ValidationError"),
    (
        "cloudwatch",
        "PutDashboard",
        {"DashboardName": "d", "DashboardBody": "{}"},
        {"DashboardBody": "x"},
        "InvalidParameterInput",
    ),
    ("sns", "CreateTopic", {"Name": "alerts"}, {"Name": "a.b"}, "InvalidParameter"),
    ("sns", "Subscribe", SUBSCRIPTION, {"Protocol": "mail"}, "InvalidParameter"),
    ("sns", "Subscribe", SUBSCRIPTION, {"Endpoint": "ops"}, "InvalidParameter"),
    ("sqs", "CreateQueue", {"QueueName": "q"}, {"QueueName": "a.b"}, "InvalidParameterValue"),
    (
        "sns",
        "CreateTopic",
        {"Name": "t", "Attributes": {"FifoTopic": "true", "DisplayName": "d"}},
        {"Attributes": {"Foo": "1"}},
        "InvalidParameter",
    ),
    (
        "sns",
        "CreateTopic",
        {"Name": "t", "Attributes": {"Policy": POLICY}},
        {"Attributes": {"Policy": "{"}},
        "InvalidParameter",
    ),
    (
        "sqs",
        "CreateQueue",
        {"QueueName": "q", "Attributes": {"VisibilityTimeout": "30"}},
        {"Attributes": {"VisibilityTimeout": "x"}},
        "InvalidAttributeValue",
    ),
    (
        "sqs",
        "CreateQueue",
        {"QueueName": "q", "Attributes": {"Policy": POLICY}},
        {"Attributes": {"Policy": "{"}},
        "InvalidAttributeValue",
    ),
    (
        "sqs",
        "CreateQueue",
        {"QueueName": "q", "Attributes": {"Policy": POLICY}},
        {"Attributes": {"Foo": "1"}},
        "InvalidAttributeName",
    ),
    ("lambda", "CreateFunction", FUNCTION, {"Runtime": None}, "InvalidParameterValueException"),
    ("lambda", "CreateFunction", FUNCTION, {"Handler": None}, "InvalidParameterValueException"),
    (
        "lambda",
        "CreateFunction",
        FUNCTION,
        {"Environment": {"Variables": {"AB": "x" * 4095}}},
        "InvalidParameterValueException",
    ),
    *[
        (
            "events",
            "PutRule",
            {"Name": "r", "ScheduleExpression": right},
            {"ScheduleExpression": wrong},
            "ValidationException",
        )
        for right, wrong in (
            ("rate(5 minutes)", "rate(1 minutes)"),
            ("rate(1 hour)", "rate(5 hour)"),
            ("cron(0 20 * * ? *)", "cron(0 20 * * ?)"),
        )
    ],
    (
        "events",
        "PutTargets",
        {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:lambda:x"}]},
        {"Targets": [{"Id": f"{at}", "Arn": "arn:aws:lambda:x"} for at in range(6)]},
        "LimitExceededException",
    ),
    (
        "apigateway",
        "CreateStage",
        {"restApiId": "a", "stageName": "prod-1", "deploymentId": "d"},
        {"stageName": "a.b"},
        "BadRequestException",
    ),
    (
        "apigateway",
        "CreateModel",
        {"restApiId": "a", "name": "Payment", "contentType": "application/json"},
        {"name": "a-b"},
        "BadRequestException",
    ),
    (
        "apigateway",
        "CreateResource",
        {"restApiId": "a", "parentId": "p", "pathPart": "{proxy+}"},
        {"pathPart": "{a}.html"},
        "BadRequestException",
    ),
    (
        "apigateway",
        "PutMethod",
        {"restApiId": "a", "resourceId": "r", "httpMethod": "GET", "authorizationType": "NONE"},
        {"authorizationType": "IAM"},
        "BadRequestException",
    ),
    (
        "apigateway",
        "PutIntegration",
        {
            "restApiId": "a",
            "resourceId": "r",
            "httpMethod": "GET",
            "type": "MOCK",
            "timeoutInMillis": 50,
        },
        {"timeoutInMillis": 49},
        "BadRequestException",
    ),
    (
        "apigatewayv2",
        "CreateRoute",
        {"ApiId": "a", "RouteKey": "POST /validate"},
        {"RouteKey": "/validate"},
        "BadRequestException",
    ),
    (
        "apigatewayv2",
        "CreateStage",
        {"ApiId": "a", "StageName": "$default"},
        {"StageName": "$other"},
        "BadRequestException",
    ),
    (
        "apigatewayv2",
        "CreateIntegration",
        {"ApiId": "a", "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"},
        {"PayloadFormatVersion": "3.0"},
        "BadRequestException",
    ),
    (
        "wafv2",
        "CreateWebACL",
        ACL,
        {"Rules": [{**RULE, "Statement": {}}]},
        "WAFInvalidParameterException",
    ),
    (
        "wafv2",
        "CreateWebACL",
        ACL,
        {"Rules": [{**RULE, "OverrideAction": {"None": {}}}]},
        "WAFInvalidParameterException",
    ),
    ("wafv2", "CreateWebACL", ACL, {"Rules": [RULE, RULE]}, "WAFInvalidParameterException"),
    (
        "wafv2",
        "CreateWebACL",
        ACL,
        {"DefaultAction": {"Allow": {}, "Block": {}}},
        "WAFInvalidParameterException",
    ),
    ("cloudtrail", "CreateTrail", TRAIL, {"Name": "a--b"}, "InvalidTrailNameException"),
    ("cloudtrail", "CreateTrail", TRAIL, {"S3KeyPrefix": LONG}, "InvalidS3PrefixException"),
    ("autoscaling", "CreateAutoScalingGroup", SCALING, {"MinSize": 3}, "ValidationError"),
    ("autoscaling", "CreateAutoScalingGroup", SCALING, {"DesiredCapacity": 3}, "ValidationError"),
    (
        "lambda",
        "TagResource",
        {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Tags": {"k": "v"}},
        {"Tags": {"aws:k": "v"}},
        "InvalidParameterValueException",
    ),
]
