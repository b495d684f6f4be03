"""Requests to deployed REST APIs: passed on to functions as API Gateway passes them on.

An API answers under the host that AWS gives it, `ID.execute-api.REGION.amazonaws.com`, sent as the
request's host, and under `/restapis/ID/STAGE/_user_request_/PATH`. What is served is what was
deployed. Signatures are asked for where a method wants IAM's, and not checked; web ACLs and
throttling let everything through.
"""

import base64
import json
import re
import time
import uuid
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import jsonschema
from moto.apigateway.models import apigateway_backends
from moto.awslambda.utils import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError
from moto.logs.models import logs_backends

from .functions import Refused
from .functions.pool import Throttled
from .partitions import SUFFIXES, partition
from .policy import ALLOW, decide

ENDS = "|".join(map(re.escape, SUFFIXES))
HOST = re.compile(rf"^(?P<api>\w+)\.execute-api\.[\w-]+\.({ENDS})(:\d+)?$")
PATH = re.compile(r"^/restapis/(?P<api>\w+)/(?P<stage>[^/]+)/_user_request_(?P<path>/.*)?$")
FUNCTION = re.compile(r":lambda:path/[\d-]+/functions/(?P<arn>arn:[^/]+)/invocations$")


class Refusal(Exception):
    """What API Gateway answers by itself: of which type, and for what reason, if one is told."""

    def __init__(self, status, message, kind=None, reason=None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.reason = reason


def is_for(environ):
    """Whether the request is one to an API, not to AWS."""
    return bool(HOST.match(environ.get("HTTP_HOST", "")) or PATH.match(environ["PATH_INFO"]))


def answer(functions, environ, body, start_response):
    """Answers a request to an API, and writes it into the stage's access log."""
    request = Request(environ, body)
    try:
        status, headers, payload = _answer(functions, request)
    except Refusal as refusal:
        status, headers, payload = _refuse(request, refusal)
    headers.append(("x-amzn-RequestId", request.id))
    _log(functions, request, status, payload)
    start_response(status_line(status), headers)
    return [payload]


def status_line(status):
    """A status with its usual words, as far as it has any."""
    reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    return f"{status} {reason}"


def _refuse(request, refusal):
    """The answer that the API has for what was refused, or API Gateway's own.

    Bodies are chosen by type, then by the hundred of the status (API Gateway's guide, "Gateway
    response types"); of several content types JSON is taken.
    """
    set_up = request.responses.get(refusal.kind)
    set_up = set_up or request.responses.get(f"DEFAULT_{refusal.status // 100}XX") or {}
    status = int(set_up.get("statusCode") or refusal.status)
    templates = set_up.get("responseTemplates") or {}
    kinds = sorted(templates, key=lambda kind: kind != "application/json")
    kind = kinds[0] if kinds else "application/json"
    text = _rendered(templates.get(kind, '{"message":$context.error.messageString}'), refusal)
    headers = [("Content-Type", kind)]
    for name, value in (set_up.get("responseParameters") or {}).items():
        if value.startswith("'"):
            headers.append((name.removeprefix("gatewayresponse.header."), value.strip("'")))
    return status, headers, text.encode()


def _rendered(template, refusal):
    """The template with its variables (API Gateway's guide, "Variables for data transformations").

    The message is quoted where it says so; the reason stands between quotes of the template's, so
    that its own are escaped: assumed.
    """
    message = json.dumps(refusal.message)
    known = {
        "messageString": message,
        "message": message[1:-1],
        "responseType": refusal.kind or f"DEFAULT_{refusal.status // 100}XX",
        "validationErrorString": json.dumps(refusal.reason or "")[1:-1],
    }
    return re.sub(
        r"\$context\.error\.(\w+)", lambda match: known.get(match[1], match[0]), template
    )


class Request:
    """One request, and what was found for it."""

    def __init__(self, environ, body):
        self.id = str(uuid.uuid4())
        self.at = time.time()
        self.body = body
        self.method = environ["REQUEST_METHOD"]
        self.ip = environ.get("REMOTE_ADDR", "127.0.0.1")
        self.protocol = environ.get("SERVER_PROTOCOL", "HTTP/1.1")
        self.query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        self.headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            self.headers["Content-Type"] = environ["CONTENT_TYPE"]
        if match := PATH.match(environ["PATH_INFO"]):
            self.api, self.stage, path = match["api"], match["stage"], match["path"]
        else:
            self.api = HOST.match(environ["HTTP_HOST"])["api"]
            self.stage, _, path = environ["PATH_INFO"].lstrip("/").partition("/")
        self.path = "/" + (path or "").lstrip("/")
        self.resource = self.path
        self.region = None
        self.access_log = None
        self.responses = {}


def _answer(functions, request):
    with functions.lock:
        served, parameters = _method(request)
        _check(request, served)
        arn = _function(request, served)
    payload = json.dumps(_event(request, parameters)).encode()
    try:
        invocation = functions.call(request.region, arn, payload, served["timeout"] / 1000)
    except (Refused, Throttled):
        raise Refusal(500, "Internal server error") from None
    if invocation is None:
        raise Refusal(504, "Endpoint request timed out", "INTEGRATION_TIMEOUT")
    if invocation.error:
        raise Refusal(502, "Internal server error")
    return _reply(invocation.result)


def _method(request):
    """What the stage serves for the request, and the parameters in its path."""
    nothing = Refusal(403, "Missing Authentication Token", "MISSING_AUTHENTICATION_TOKEN")
    for region, backend in apigateway_backends[DEFAULT_ACCOUNT_ID].items():
        if api := backend.apis.get(request.api):
            request.region = region
            break
    else:
        raise Refusal(403, "Forbidden")
    stage = api.stages.get(request.stage)
    if stage is None:
        raise Refusal(403, "Forbidden")
    request.access_log = stage.access_log_settings
    deployment = api.deployments.get(stage.deployment_id)
    deployed = getattr(deployment, "served", {})
    request.responses = getattr(deployment, "responses", {})
    for template, methods in sorted(deployed.items(), key=lambda item: "{" in item[0]):
        pattern = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(template))
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern)
        match = re.fullmatch(pattern, request.path)
        method = match and (methods.get(request.method) or methods.get("ANY"))
        if method:
            request.resource = template
            return method, {name: unquote(value) for name, value in match.groupdict().items()}
    raise nothing


def _check(request, served):
    if served["authorization"] == "AWS_IAM" and "Authorization" not in request.headers:
        raise Refusal(403, "Missing Authentication Token", "MISSING_AUTHENTICATION_TOKEN")
    kind = request.headers.get("Content-Type", "application/json").partition(";")[0].strip()
    schema = served["schemas"].get(kind)
    if served["validates_body"] and schema:
        try:
            jsonschema.validate(json.loads(request.body or b"null"), json.loads(schema))
        except ValueError:
            # What AWS tells of a body that is not JSON is not known.
            raise _invalid("Invalid request body") from None
        except jsonschema.ValidationError as error:
            raise _invalid(_reason(error)) from None


def _invalid(reason):
    return Refusal(400, "Invalid request body", "BAD_REQUEST_BODY", reason)


def _reason(error):
    """What a body lacks, in the words of AWS's validator, which is java-json-tools's: as
    RafPe/serverless-reqvalidator-plugin#1 quotes it, and as its `validation.properties` has them.
    """
    wanted, seen = error.validator_value, error.instance
    listed = lambda names: json.dumps(sorted(names), separators=(",", ":"))  # noqa: E731
    if error.validator == "required":
        lacking = [name for name in wanted if name not in seen]
        return f"[object has missing required properties ({listed(lacking)})]"
    if error.validator == "type":
        allowed = [wanted] if isinstance(wanted, str) else wanted
        return (
            f"[instance type ({_type(seen)}) does not match any allowed primitive type "
            f"(allowed: {listed(allowed)})]"
        )
    return f"[{error.message}]"


def _type(value):
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _function(request, served):
    """The function that answers, if it lets the API call it."""
    match = FUNCTION.search(served["uri"] or "")
    if served["integration"] != "AWS_PROXY" or not match:
        raise Refusal(500, "Internal server error")
    arn = match["arn"]
    source = f"{request.api}/{request.stage}/{request.method}{request.resource}"
    if not lets_in(request.region, arn, source):
        raise Refusal(500, "Internal server error")
    return arn


def lets_in(region, arn, source):
    """Whether there is such a function, and it lets that part of an API call it."""
    place = f"{partition(region)}:execute-api:{region}:{DEFAULT_ACCOUNT_ID}"
    context = {"aws:sourcearn": f"arn:{place}:{source}"}
    try:
        function = get_backend(DEFAULT_ACCOUNT_ID, region).get_function(arn)
    except JsonRESTError:
        return False
    document = {"Statement": function.policy.statements}
    principal = ("Service", "apigateway.amazonaws.com")
    return decide(document, principal, "lambda:InvokeFunction", arn, context) == ALLOW


def _event(request, parameters):
    """The event of a proxy integration, payload 1.0."""
    try:
        body, encoded = request.body.decode(), False
    except UnicodeDecodeError:
        body, encoded = base64.b64encode(request.body).decode(), True
    many = {}
    for name, value in request.query:
        many.setdefault(name, []).append(value)
    return {
        "resource": request.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": request.headers,
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "queryStringParameters": dict(request.query) or None,
        "multiValueQueryStringParameters": many or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": DEFAULT_ACCOUNT_ID,
            "apiId": request.api,
            "httpMethod": request.method,
            "identity": {"sourceIp": request.ip, "userAgent": request.headers.get("User-Agent")},
            "path": f"/{request.stage}{request.path}",
            "protocol": request.protocol,
            "requestId": request.id,
            "requestTime": written_time(request.at),
            "requestTimeEpoch": int(request.at * 1000),
            "resourcePath": request.resource,
            "stage": request.stage,
        },
        "body": body or None,
        "isBase64Encoded": encoded,
    }


def _reply(result):
    """The function's answer as HTTP; anything but the agreed form is an error of its."""
    malformed = Refusal(502, "Internal server error")
    try:
        reply = json.loads(result)
        status, body = int(reply["statusCode"]), reply.get("body") or ""
        if not isinstance(body, str):
            raise malformed
        payload = base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode()
        headers = [(name, str(value)) for name, value in (reply.get("headers") or {}).items()]
        for name, values in (reply.get("multiValueHeaders") or {}).items():
            headers += [(name, str(value)) for value in values]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise malformed from None
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return status, headers, payload


def _log(functions, request, status, payload):
    known = {
        "requestId": request.id,
        "identity.sourceIp": request.ip,
        "requestTime": written_time(request.at),
        "httpMethod": request.method,
        "resourcePath": request.resource,
        "path": f"/{request.stage}{request.path}",
        "status": str(status),
        "protocol": request.protocol,
        "responseLength": str(len(payload)),
    }
    place = (request.region, request.api, request.at)
    write_log(functions, request.access_log, known, *place)


def write_log(functions, settings, known, region, api, at):
    """Writes the line that a stage's format makes of what is known of a request."""
    settings = settings or {}
    _, found, group = settings.get("destinationArn", "").partition(":log-group:")
    if not found or not settings.get("format"):
        return
    line = re.sub(
        r"\$context\.([\w.]+)", lambda match: known.get(match[1], "-"), settings["format"]
    )
    with functions.lock:
        backend = logs_backends[DEFAULT_ACCOUNT_ID][region]
        if group not in backend.groups:
            return
        backend.ensure_log_stream(group, api)
        event = {"timestamp": int(at * 1000), "message": line}
        backend.put_log_events(group, api, [event])
    functions.changed()


def written_time(seconds):
    """A time as API Gateway writes it."""
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(seconds))
