"""The control calls under /_payctl/."""

import json
import threading


def answer(application, environ, start_response):
    """GET health, GET calls, GET permissions, POST calls/reset, POST reset, POST stop."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_payctl/")
    action = ACTIONS.get((method, path.rstrip("/")))
    if action is None:
        return _send(start_response, "404 Not Found", {"error": f"no control call {path!r}"})
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
    ("POST", "calls/reset"): _calls_reset,
    ("POST", "reset"): _reset,
    ("POST", "stop"): _stop,
}


def _send(start_response, status, value):
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]
