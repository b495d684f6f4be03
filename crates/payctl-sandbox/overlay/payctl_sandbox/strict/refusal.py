"""A refusal, answered as AWS answers it: in the operation's own protocol, with a request id."""

import json
import uuid
from http import HTTPStatus
from xml.sax.saxutils import escape

import cbor2


class Refusal(Exception):
    """What AWS answers instead of doing what it was asked."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def answer(refusal, call, environ, start_response):
    """Answers a call with its refusal.

    The forms are those that botocore's parsers take (botocore.parsers), EC2's as appoxy/aws#32 has
    it and S3's as its guide (ErrorResponses.html).
    """
    request = str(uuid.uuid4())
    service = call.model.service_model if call.model is not None else None
    write = _writer(service.protocol if service else "query", call, environ)
    kind, body, headers = write(refusal, request, service)
    status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *headers]
    if not any(name.lower().startswith("x-amz") and name.endswith("-id") for name, _ in headers):
        headers.append(("x-amzn-RequestId", request))
    start_response(status, headers)
    return [body if environ.get("REQUEST_METHOD") != "HEAD" else b""]


def _writer(protocol, call, environ):
    if call.service == "s3":
        return _s3
    if protocol.startswith("rest"):
        return _rest
    if environ.get("PATH_INFO", "").startswith("/service/"):
        return _cbor
    if "HTTP_X_AMZ_TARGET" in environ:
        return _json
    return _ec2 if protocol == "ec2" else _query


def _json(refusal, request, service):
    body = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    kind = f"application/x-amz-json-{service.metadata.get('jsonVersion', '1.1')}"
    return kind, body, _compatible(refusal, service)


def _cbor(refusal, request, service):
    body = cbor2.dumps({"__type": refusal.code, "message": refusal.message})
    return (
        "application/cbor",
        body,
        [("smithy-protocol", "rpc-v2-cbor"), *_compatible(refusal, service)],
    )


def _compatible(refusal, service):
    """What clients of services that once spoke the query protocol look for."""
    if "awsQueryCompatible" not in service.metadata:
        return []
    fault = "Sender" if refusal.status < 500 else "Receiver"
    return [("x-amzn-query-error", f"{refusal.code};{fault}")]


def _rest(refusal, request, service):
    body = json.dumps({"message": refusal.message, "__type": refusal.code}).encode()
    return "application/json", body, [("x-amzn-ErrorType", refusal.code)]


def _query(refusal, request, service):
    fault = "Sender" if refusal.status < 500 else "Receiver"
    space = service.metadata.get("xmlNamespace") if service else None
    if space is None:
        name, version = (service.endpoint_prefix, service.api_version) if service else ("aws", "")
        space = f"http://{name}.amazonaws.com/doc/{version}/"
    error = f"<Error><Type>{fault}</Type>{_words(refusal)}</Error><RequestId>{request}</RequestId>"
    return "text/xml", f'<ErrorResponse xmlns="{space}">{error}</ErrorResponse>'.encode(), []


def _ec2(refusal, request, service):
    error = f"<Errors><Error>{_words(refusal)}</Error></Errors><RequestID>{request}</RequestID>"
    return "text/xml;charset=UTF-8", f"{PROLOGUE}<Response>{error}</Response>".encode(), []


def _s3(refusal, request, service):
    short = request.replace("-", "")[:16].upper()
    error = f"{_words(refusal)}<RequestId>{short}</RequestId><HostId>{request}</HostId>"
    body = f"{PROLOGUE}<Error>{error}</Error>".encode()
    return "application/xml", body, [("x-amz-request-id", short), ("x-amz-id-2", request)]


PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _words(refusal):
    return f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
