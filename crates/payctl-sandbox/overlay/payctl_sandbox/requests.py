"""Which service and operation a request is for."""

import re
import threading
from typing import NamedTuple

from moto.core.request import Request
from moto.core.routing import get_service_router

ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
CREDENTIAL = re.compile(r"Credential=[^/]*/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
CBOR = re.compile(r"^/service/[^/]+/operation/(\w+)")
# Reading a model takes a while, and requests come by many threads: one reads for all.
LOADING = threading.Lock()
_routers = {}


class Call(NamedTuple):
    """A request's service (its signing name, but for HTTP APIs), operation and region."""

    service: str
    operation: str
    region: str


def identify(environ, body):
    """What the request asks for; operation `Unknown` when nothing tells."""
    match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    service, region = (match["service"], match["region"]) if match else ("s3", "us-east-1")
    # HTTP APIs sign as REST APIs do.
    if service == "apigateway" and environ.get("PATH_INFO", "").startswith("/v2/"):
        service = "apigatewayv2"
    return Call(service, _operation(service, environ, body) or "Unknown", region)


def _operation(service, environ, body):
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rsplit(".", 1)[-1]
    if match := CBOR.match(environ.get("PATH_INFO", "")):
        return match[1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        match = ACTION.search(body)
        return match and match[1].decode()
    try:
        # Who reads the request wants the path's parts as well.
        operation, environ["payctl.path"] = _route(service, Request(environ.copy()))
        return operation.name
    except Exception:
        # A path no operation has: moto answers that.
        return None


def _route(service, request):
    if router := _routers.get(service):
        return router.match(request)
    with LOADING:
        router = get_service_router(service)
        found = router.match(request)
        _routers[service] = router
        return found
