"""How each service words what a request violates, with the reports that show it.

Most services are built with the same framework and count the violations; EC2, RDS, SNS, SQS, S3,
API Gateway and GuardDuty have words of their own for the first one. Where no report is named, the
code and the words are assumed.
"""

from .refusal import Refusal

# Stands for a value that the model calls sensitive: it is not repeated.
SECRET = object()
# Violations that mean that the request could not be read.
UNREADABLE = ("type", "unknown")


def refusal(call, violations):
    """The refusal of a call, for what it violates."""
    word, code = SERVICES.get(call.service, (coral, None))
    return word(call, violations, code)


def coral(call, violations, code):
    """The framework's: fluent-plugin-cloudwatch-logs#223 (2021-02-10: two at once, `logs` answers
    InvalidParameterException), kubernetes-sigs/aws-load-balancer-controller#4014 (2025-01-10:
    ValidationError of a query service), KensioSoftware/yulin#1058 (2026-08-27: WAFv2).

    What it cannot read it calls SerializationException (aarondfrancis/sidecar#148, 2024-07-22;
    amazon-archives/amazon-cognito-identity-js#485, 2017-07-26). A member that the model does not
    know is passed over by JSON services of AWS, as far as is known; here it is refused, because
    what is asked for and not done has to be seen.
    """
    query = call.model.service_model.protocol == "query"
    if violations[0].kind in UNREADABLE:
        text = "; ".join(f"{one.constraint} at '{lowered(one.place)}'" for one in violations)
        return Refusal("MalformedInput" if query else "SerializationException", text)
    code = code or ("ValidationError" if query else "ValidationException")
    number = len(violations)
    head = f"{number} validation error{'s' if number > 1 else ''} detected: "
    return Refusal(code, head + "; ".join(constraint(one) for one in violations))


def constraint(violation):
    """One violation in the framework's words."""
    where = f"at '{lowered(violation.place)}' failed to satisfy constraint: {violation.constraint}"
    return f"Value {shown(violation)}{where}"


def shown(violation):
    """The value in the framework's notation, and nothing of a sensitive one."""
    if violation.kind == "required":
        return "null "
    return "" if violation.value is SECRET else f"'{_plain(violation.value)}' "


def _plain(value):
    if value is SECRET:
        return ""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return str(value).lower() if isinstance(value, bool) else str(value)


def lowered(place):
    """A place as the framework writes it: tags.1.member.key."""
    parts = [
        f"{part + 1}.member" if isinstance(part, int) else part[:1].lower() + part[1:]
        for part in place
    ]
    return ".".join(parts)


def dotted(place):
    """A place as forms write it: Tags.1.Key."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def ec2(call, violations, code):
    """EC2's: appoxy/aws#32 (2010-11-10), aws/aws-sdk-cpp#327 (2016-11-02) for what is unknown;
    MissingParameter and its words are moto's and fog's, the rest is as a group's name is refused
    ("Value (…) for parameter … is invalid.")."""
    first = violations[0]
    name = dotted(first.place)
    if first.kind == "unknown":
        return Refusal("UnknownParameter", f"The parameter {name} is not recognized")
    if first.kind == "required":
        return Refusal("MissingParameter", f"The request must contain the parameter {name}")
    value = "" if first.value in (None, SECRET) else f" ({_plain(first.value)})"
    message = f"Value{value} for parameter {name} is invalid. {first.constraint}"
    return Refusal("InvalidParameterValue", message)


def rds(call, violations, code):
    """RDS's: hashicorp/terraform-provider-aws#5360 (2018-07-27) for what is missing."""
    first = violations[0]
    name = dotted(first.place)
    if first.kind == "unknown":
        return Refusal("MalformedInput", f"Unknown parameter {name}")
    if first.kind == "required":
        message = f"The parameter {name} must be provided and must not be blank."
        return Refusal("InvalidParameterValue", message)
    message = f"Invalid value {_plain(first.value)} for {name}. {first.constraint}"
    return Refusal("InvalidParameterValue", message)


def sns(call, violations, code):
    """SNS's: sul-dlss/dlme#432 (2019-02-27) for what is missing, wellcomecollection/platform#1107
    (2017-10-23) for the rest."""
    first = violations[0]
    name = dotted(first.place)
    if first.kind == "unknown":
        return Refusal("MalformedInput", f"Unknown parameter {name}")
    reason = "no value for required parameter" if first.kind == "required" else first.constraint
    return Refusal("InvalidParameter", f"Invalid parameter: {name} Reason: {reason}")


def sqs(call, violations, code):
    """SQS's: its model declares MissingParameter and InvalidAttributeName; the rest is assumed."""
    first = violations[0]
    name = dotted(first.place)
    if first.kind in UNREADABLE:
        return Refusal("SerializationException", f"{first.constraint} at {name}")
    if first.kind == "required":
        return Refusal("MissingParameter", f"The request must contain the parameter {name}.")
    if first.place == ("Attributes",):
        return Refusal("InvalidAttributeName", f"Unknown Attribute in {_plain(first.value)}.")
    message = f"Value {_plain(first.value)} for parameter {name} is invalid. Reason: "
    return Refusal("InvalidParameterValue", f"{message}{first.constraint}.")


def s3(call, violations, code):
    """S3's: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html lists the codes; which is
    answered to what is assumed."""
    first = violations[0]
    body = call.model.input_shape.serialization.get("payload")
    if body and first.place and first.place[0] == body:
        message = "The XML you provided was not well-formed or did not validate against our "
        return Refusal("MalformedXML", f"{message}published schema")
    if first.place == ("Bucket",):
        return Refusal("InvalidBucketName", "The specified bucket is not valid.")
    return Refusal("InvalidArgument", f"{dotted(first.place)}: {first.constraint}")


def gateway(call, violations, code):
    """API Gateway's, both: every refusal of a request is a BadRequestException (their models)."""
    if violations[0].kind in UNREADABLE:
        first = violations[0]
        return Refusal("SerializationException", f"{first.constraint} at {dotted(first.place)}")
    return coral(call, violations, "BadRequestException")


def guardduty(call, violations, code):
    """GuardDuty's: boto/boto3#3890 (2023-10-06); what cannot be read:
    hashicorp/terraform-provider-aws#28367 (2022-12-15)."""
    first = violations[0]
    name = dotted(first.place)
    message = f"the parameter {name} has an invalid value."
    if first.kind in UNREADABLE:
        message = "the JSON could not be processed."
    elif first.kind == "required":
        message = f"the required parameter {name} is missing."
    return Refusal("BadRequestException", f"The request is rejected because {message}")


# By the name that signs: (words, code where the framework's is another one).
SERVICES = {
    "apigateway": (gateway, None),
    "apigatewayv2": (gateway, None),
    "ec2": (ec2, None),
    "guardduty": (guardduty, None),
    "logs": (coral, "InvalidParameterException"),
    # As in its days as a query service, which its clients still know (awsQueryCompatible).
    "monitoring": (coral, "ValidationError"),
    "rds": (rds, None),
    "s3": (s3, None),
    "sns": (sns, None),
    "sqs": (sqs, None),
    # Its model declares it for whatever is missing or malformed.
    "tagging": (coral, "InvalidParameterException"),
}
