"""VPC links: requests passed on to what a load balancer's listener passes them on to.

A listener's default action names target groups and their weights. One of them is drawn, and one of
its healthy targets gets the request over HTTP. As the sandbox has no network, that is one at an
address of the loopback.
"""

import http.client
import ipaddress
import random

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.elbv2.exceptions import ListenerNotFoundError
from moto.elbv2.models import elbv2_backends

from . import trust
from .rest import Refusal

# Of one connection, not of the message.
OF_THE_CONNECTION = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}


def target(region, integration):
    """Where a request goes: address and port. Called under the lock."""
    links = apigatewayv2_backends[DEFAULT_ACCOUNT_ID][region].vpc_links
    link = links.get(integration.connection_id)
    if link is None or link.status != "AVAILABLE":
        raise _unavailable()
    balancers = elbv2_backends[DEFAULT_ACCOUNT_ID][region]
    try:
        [listener] = balancers.describe_listeners(None, [integration.integration_uri])
    except ListenerNotFoundError:
        raise _unavailable() from None
    # It is spoken to in the clear unless the integration names whom to expect.
    encrypted = bool((integration.tls_config or {}).get("serverNameToVerify"))
    if encrypted != (listener.protocol == "HTTPS"):
        raise _unavailable()
    expected = integration.tls_config["serverNameToVerify"] if encrypted else None
    if encrypted and not trust.is_trusted(region, listener, expected):
        raise Refusal(500, "Internal Server Error")
    group = _group(listener)
    healthy = [
        (health.instance_id, int(health.port))
        for health in balancers.describe_target_health(group, [])
        if health.status == "healthy" and _is_here(health.instance_id)
    ]
    if not healthy:
        raise _unavailable()
    return random.choice(healthy)


def _group(listener):
    """A target group of the listener's, by their weights."""
    groups = {}
    for action in listener.default_actions:
        config = action.data.get("ForwardConfig") or {}
        for group in config.get("TargetGroups", ()):
            groups[group["TargetGroupArn"]] = int(group.get("Weight", 1))
        if not groups and action.data.get("TargetGroupArn"):
            groups[action.data["TargetGroupArn"]] = 1
    if not sum(groups.values()):
        raise _unavailable()
    return random.choices(list(groups), list(groups.values()))[0]


def _is_here(address):
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def forward(request, to, seconds):
    """The target's answer: status, headers, body."""
    address, port = to
    query = f"?{request.query}" if request.query else ""
    headers = {
        name: value for name, value in request.headers.items() if name not in OF_THE_CONNECTION
    }
    headers |= {"x-forwarded-for": request.ip, "x-forwarded-proto": "https"}
    connection = http.client.HTTPConnection(address, port, timeout=seconds)
    try:
        path = f"{request.raw_path}{query}"
        connection.request(request.method, path, request.body or None, headers)
        answer = connection.getresponse()
        payload = answer.read()
    except (OSError, http.client.HTTPException):
        raise _unavailable() from None
    finally:
        connection.close()
    told = [one for one in answer.getheaders() if one[0].lower() not in OF_THE_CONNECTION]
    return answer.status, told, payload


def _unavailable():
    return Refusal(503, "Service Unavailable")
