"""CloudWatch's rpc-v2-cbor protocol, translated to the JSON protocol moto understands.

The Rust SDK speaks only CBOR to CloudWatch:
POST /service/GraniteServiceVersion20100801/operation/PutMetricAlarm.
"""

import io
import json
import re
from datetime import datetime, timezone

import cbor2

OPERATION = re.compile(r"^/service/GraniteServiceVersion20100801/operation/(?P<name>\w+)/?$")
# Members that hold points in time: CBOR wants them tagged (1, seconds since the epoch).
TIME = re.compile(r"(Timestamps?|Time|Date|LastModified)$")


def middleware(application):
    """Wraps a WSGI application that speaks the JSON protocol to CloudWatch."""

    def translated(environ, start_response):
        match = OPERATION.match(environ.get("PATH_INFO", ""))
        if not match:
            return application(environ, start_response)
        return _translate(application, environ, start_response, match["name"])

    return translated


def _translate(application, environ, start_response, operation):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    received = environ["wsgi.input"].read(length) if length else b""
    body = json.dumps(_plain(cbor2.loads(received)) if received else {}).encode()
    environ = {
        **environ,
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_AMZ_TARGET": f"GraniteServiceVersion20100801.{operation}",
        "HTTP_ACCEPT": "application/json",
        "wsgi.input": io.BytesIO(body),
    }
    environ.pop("HTTP_SMITHY_PROTOCOL", None)
    answer = {}

    def note(status, headers, exc_info=None):
        answer.update(status=status, headers=headers)

    parts = application(environ, note)
    try:
        text = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    try:
        value = json.loads(text) if text.strip() else {}
    except ValueError:
        value = {"__type": "InternalFailure", "message": text.decode("utf-8", "replace")}
    encoded = cbor2.dumps(_tagged(value))
    dropped = ("content-type", "content-length", "smithy-protocol")
    headers = [(name, text) for name, text in answer["headers"] if name.lower() not in dropped]
    headers += [
        ("Content-Type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("Content-Length", str(len(encoded))),
    ]
    start_response(answer["status"], headers)
    return [encoded]


def _plain(value):
    """What CBOR carried, in the types JSON knows."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return value


def _tagged(value, name=""):
    """The JSON answer with its points in time tagged, and without its nulls."""
    if isinstance(value, dict):
        items = value.items()
        return {key: _tagged(item, key) for key, item in items if item is not None}
    if isinstance(value, list):
        return [_tagged(item, name) for item in value]
    if TIME.search(name):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return cbor2.CBORTag(1, value)
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
            except ValueError:
                return value
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            return cbor2.CBORTag(1, moment.timestamp())
    return value
