"""Requests to HTTP APIs: passed on to what a route leads to, as API Gateway passes them on.

An API answers under the host that AWS gives it, like a REST API. The stage `$default` answers what
begins with no other stage's name. What is served is what there is: stages deploy by themselves.
Functions are called with payload 2.0; through a VPC link, a healthy target of the listener's gets
the request as it is (`link.py`). Signatures are asked for where a route wants IAM's, and not
checked; throttling lets everything through.
"""

import base64
import json
import re
import time
import uuid
from urllib.parse import parse_qsl, unquote

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.core import DEFAULT_ACCOUNT_ID

from . import link, rest
from .functions import Refused
from .functions.pool import Throttled
from .rest import Refusal

NOT_FOUND = "Not Found"
FAILED = "Internal Server Error"
UNAVAILABLE = "Service Unavailable"
INVOCATION = re.compile(r"(?:.*:path/[\d-]+/functions/)?(?P<arn>arn:[^/]+)(?:/invocations)?")
TEXT = re.compile(r"text/.*|application/(.+\+)?(json|xml)|application/javascript")


def find(environ):
    """The HTTP API that a request is for, after its region; None when it is for no such API."""
    match = rest.HOST.match(environ.get("HTTP_HOST", ""))
    for region, backend in apigatewayv2_backends[DEFAULT_ACCOUNT_ID].items() if match else ():
        if api := backend.apis.get(match["api"]):
            return region, api
    return None


def answer(functions, found, environ, body, start_response):
    """Answers a request to the API that was found, and writes it into the stage's access log."""
    request = Request(found, environ, body)
    try:
        status, headers, payload = _answer(functions, request)
    except Refusal as refusal:
        status, payload = refusal.status, json.dumps({"message": refusal.message}).encode()
        headers = [("Content-Type", "application/json")]
    headers = [*headers, *_allowed_origin(request), ("Apigw-Requestid", request.id)]
    _log(functions, request, status, payload)
    start_response(rest.status_line(status), headers)
    return [payload]


class Request:
    """One request, and what was found for it."""

    def __init__(self, found, environ, body):
        self.id = str(uuid.uuid4())
        self.at = time.time()
        self.body = body
        self.method = environ["REQUEST_METHOD"]
        self.ip = environ.get("REMOTE_ADDR", "127.0.0.1")
        self.protocol = environ.get("SERVER_PROTOCOL", "HTTP/1.1")
        self.query = environ.get("QUERY_STRING", "")
        self.headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            self.headers["content-type"] = environ["CONTENT_TYPE"]
        if body:
            self.headers["content-length"] = str(len(body))
        self.host = environ["HTTP_HOST"].partition(":")[0]
        self.region, self.api = found
        # As the client wrote it, with the stage's name.
        self.raw_path = environ["PATH_INFO"]
        self.stage, self.path = _stage(self.api, self.raw_path)
        self.route = None


def _stage(api, path):
    """The stage that a path leads to, and what the stage's routes see of it."""
    first, _, others = path.lstrip("/").partition("/")
    if first in api.stages and first != "$default":
        return api.stages[first], f"/{others}"
    return api.stages.get("$default"), path


def _answer(functions, request):
    if request.stage is None or not request.stage.auto_deploy or not _is_open(request.api):
        raise Refusal(404, NOT_FOUND)
    if _is_preflight(request):
        return 204, _preflight(request), b""
    with functions.lock:
        request.route, parameters = _route(request)
        if request.route.authorization_type == "AWS_IAM" and "authorization" not in request.headers:
            raise Refusal(403, "Forbidden")
        integration = _integration(request)
        if integration.connection_type == "VPC_LINK":
            target = link.target(request.region, integration)
        else:
            arn = _function(request, integration)
    if integration.connection_type == "VPC_LINK":
        return link.forward(request, target, integration.timeout_in_millis / 1000)
    payload = json.dumps(_event(request, parameters)).encode()
    try:
        seconds = integration.timeout_in_millis / 1000
        invocation = functions.call(request.region, arn, payload, seconds)
    except Refused:
        raise Refusal(500, FAILED) from None
    except Throttled:
        raise Refusal(503, UNAVAILABLE) from None
    if invocation is None:
        raise Refusal(503, UNAVAILABLE)
    if invocation.error:
        raise Refusal(500, FAILED)
    return _reply(invocation.result)


def _is_open(api):
    return str(api.disable_execute_api_endpoint).lower() != "true"


def _route(request):
    """The route that fits best, and the parameters in its path."""
    found = []
    for route in request.api.routes.values():
        method, _, template = route.route_key.partition(" ")
        if route.route_key == "$default":
            found.append(((2,), route, {}))
            continue
        pattern = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(template))
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern)
        match = re.fullmatch(pattern, request.path)
        if match and method in (request.method, "ANY"):
            rank = ("+}" in template, template.count("{"), -template.count("/"), method == "ANY")
            found.append((rank, route, match.groupdict()))
    if not found:
        raise Refusal(404, NOT_FOUND)
    _, route, parameters = min(found, key=lambda one: one[0])
    return route, {name: unquote(value) for name, value in parameters.items()}


def _integration(request):
    _, _, identifier = (request.route.target or "").partition("/")
    integration = request.api.integrations.get(identifier)
    if integration is None:
        raise Refusal(500, FAILED)
    return integration


def _function(request, integration):
    """The function that answers, if it lets the API call it."""
    match = INVOCATION.fullmatch(integration.integration_uri or "")
    version = integration.payload_format_version
    if integration.integration_type != "AWS_PROXY" or not match or version != "2.0":
        raise Refusal(500, FAILED)
    path = request.route.route_key.partition(" ")[2]
    called = f"{request.method}{path}" if path else "$default"
    source = f"{request.api.api_id}/{request.stage.name}/{called}"
    if not rest.lets_in(request.region, match["arn"], source):
        raise Refusal(500, FAILED)
    return match["arn"]


def _event(request, parameters):
    """The event of a proxy integration, payload 2.0. What there is none of is left out."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = bool(TEXT.fullmatch(kind))
    try:
        body = request.body.decode() if text else base64.b64encode(request.body).decode()
    except UnicodeDecodeError:
        body, text = base64.b64encode(request.body).decode(), False
    headers = {name: value for name, value in request.headers.items() if name != "cookie"}
    event = {
        "version": "2.0",
        "routeKey": request.route.route_key,
        "rawPath": request.raw_path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": DEFAULT_ACCOUNT_ID,
            "apiId": request.api.api_id,
            "domainName": request.host,
            "domainPrefix": request.api.api_id,
            "http": {
                "method": request.method,
                "path": request.raw_path,
                "protocol": request.protocol,
                "sourceIp": request.ip,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": request.id,
            "routeKey": request.route.route_key,
            "stage": request.stage.name,
            "time": rest.written_time(request.at),
            "timeEpoch": int(request.at * 1000),
        },
        "isBase64Encoded": bool(body) and not text,
    }
    query = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    more = {
        "body": body,
        "cookies": [one for one in request.headers.get("cookie", "").split("; ") if one],
        "pathParameters": parameters,
        "queryStringParameters": query,
        "stageVariables": request.stage.stage_variables,
    }
    return event | {name: value for name, value in more.items() if value}


def _reply(result):
    """The function's answer as HTTP: in the agreed form, or any other JSON as the body itself."""
    failed = Refusal(500, FAILED)
    try:
        reply = json.loads(result)
        if not isinstance(reply, dict) or "statusCode" not in reply:
            return 200, [("Content-Type", "application/json")], result
        status, body = int(reply["statusCode"]), reply.get("body")
        if not isinstance(body, str | None):
            raise failed
        body = body or ""
        payload = base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode()
        headers = [(name, str(value)) for name, value in (reply.get("headers") or {}).items()]
        headers += [("Set-Cookie", cookie) for cookie in reply.get("cookies") or ()]
    except (ValueError, TypeError, AttributeError):
        raise failed from None
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "text/plain;charset=UTF-8"))
    return status, headers, payload


# What browsers ask before, and want to be told


def _is_preflight(request):
    asks = "access-control-request-method" in request.headers
    return bool(request.api.cors_configuration) and request.method == "OPTIONS" and asks


def _preflight(request):
    cors = request.api.cors_configuration
    if not _allowed_origin(request):
        return []
    lists = {"Methods": cors.get("allowMethods"), "Headers": cors.get("allowHeaders")}
    told = [(f"Access-Control-Allow-{of}", ",".join(all)) for of, all in lists.items() if all]
    age = cors.get("maxAge")
    return told + ([("Access-Control-Max-Age", str(age))] if age else [])


def _allowed_origin(request):
    cors, origin = request.api.cors_configuration or {}, request.headers.get("origin")
    allowed = cors.get("allowOrigins") or ()
    if not origin or not ({"*", origin} & set(allowed)):
        return []
    told = [("Access-Control-Allow-Origin", "*" if "*" in allowed else origin)]
    if cors.get("allowCredentials"):
        told.append(("Access-Control-Allow-Credentials", "true"))
    if cors.get("exposeHeaders"):
        told.append(("Access-Control-Expose-Headers", ",".join(cors["exposeHeaders"])))
    return told


def _log(functions, request, status, payload):
    settings = request.stage.access_log_settings if request.stage else None
    known = {
        "apiId": request.api.api_id,
        "requestId": request.id,
        "identity.sourceIp": request.ip,
        "requestTime": rest.written_time(request.at),
        "httpMethod": request.method,
        "routeKey": request.route.route_key if request.route else "-",
        "path": request.raw_path,
        "stage": request.stage.name if request.stage else "-",
        "status": str(status),
        "protocol": request.protocol,
        "responseLength": str(len(payload)),
    }
    place = (request.region, request.api.api_id, request.at)
    rest.write_log(functions, settings, known, *place)
