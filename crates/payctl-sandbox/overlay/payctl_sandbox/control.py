"""The control calls under /_payctl/."""

import json
import threading
from urllib.parse import parse_qs


def answer(application, environ, start_response):
    """GET health, GET calls, GET permissions, POST operator, POST calls/reset, POST reset,
    POST stop."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_payctl/")
    action = ACTIONS.get((method, path.rstrip("/")))
    if action is None:
        return _send(start_response, "404 Not Found", {"error": f"no control call {path!r}"})
    if action is _operator:
        try:
            query = parse_qs(environ.get("QUERY_STRING", ""))
            told = _operator(application, environ["wsgi.input"].read(), *query.get("key", []))
        except ValueError as error:
            return _send(start_response, "400 Bad Request", {"error": str(error)})
        return _send(start_response, "200 OK", told)
    return _send(start_response, "200 OK", action(application))


def _health(application):
    return application.health


def _calls(application):
    return dict(sorted(application.calls.items()))


def _calls_reset(application):
    application.calls.clear()
    return {}


def _permissions(application):
    """What was asked for and allowed, by principal: how often each action on which resources."""
    return application.permissions.told() if application.permissions else {}


def _operator(application, body, key=None):
    """Lets the operator have what the body says: a policy, a list of them, or null for all. With
    `?key=ID` whoever comes with that access key, and nobody else."""
    if application.permissions:
        application.permissions.let_operator(json.loads(body), key)
    return {}


def _reset(application):
    application.contents.empty()
    application.calls.clear()
    return {}


def _stop(application):
    # From another thread, so that the answer still goes out.
    threading.Timer(0.05, application.stop).start()
    return {}


ACTIONS = {
    ("GET", "health"): _health,
    ("GET", "calls"): _calls,
    ("GET", "permissions"): _permissions,
    ("POST", "operator"): _operator,
    ("POST", "calls/reset"): _calls_reset,
    ("POST", "reset"): _reset,
    ("POST", "stop"): _stop,
}


def _send(start_response, status, value):
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]
