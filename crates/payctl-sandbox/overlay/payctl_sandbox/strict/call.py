"""What a request asks for, by AWS's own model of the service (botocore's)."""

import functools
import json
import re
from urllib.parse import parse_qs, parse_qsl, unquote
from xml.etree import ElementTree

import cbor2
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.utils import get_service_model

from .. import requests
from . import documents
from .documents import ABSENT, Cbor, Ec2Form, Form, Json, Text, Xml

KEY = re.compile(r"Credential=([^/,\s]+)/")
CBOR = re.compile(r"^/service/[^/]+/operation/\w+")
# Where the name that signs is not the model's. The others are equal; what has no model is moto's.
MODELS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
# The names of one, in forms, for the lists that a model has.
LISTS = {
    "sqs": {
        "AttributeName": "AttributeNames",
        "MessageAttributeName": "MessageAttributeNames",
        "TagKey": "TagKeys",
    }
}
_services = {}


class Call:
    """A request, read.

    `service`, `operation` and `region` are those of `requests.identify`; `key` is the access key
    id that signed, or None. `model` is the operation's model, or None where there is none: then
    `parameters` are empty. `unknown` and `malformed` are the places in the request that the model
    has no name or another type for (see `documents.Reader`).
    """

    def __init__(self, asked, key):
        self.asked = asked
        self.service, self.operation, self.region = asked
        self.key = key
        self.model = _model(asked)
        self.parameters = {}
        self.unknown = []
        self.malformed = []


def understand(environ, body):
    """Reads a request, whose body was read already."""
    call = Call(requests.identify(environ, body), _key(environ))
    if call.model is not None and call.model.input_shape is not None:
        _read(call, environ, body)
    return call


def preload(names):
    """Reads the models of services, by the names that sign, before anybody asks."""
    for name in names:
        name = MODELS.get(name, name)
        _services[name] = get_service_model(name)


def key_of(authorization):
    """The access key id in a header, of whatever length; None where there is none."""
    match = KEY.search(authorization)
    return match[1] if match else None


def _key(environ):
    if found := key_of(environ.get("HTTP_AUTHORIZATION", "")):
        return found
    # A presigned address.
    signed = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [None])[0]
    return signed.partition("/")[0] if signed else None


def _model(asked):
    name = MODELS.get(asked.service, asked.service)
    try:
        service = _services.get(name)
        if service is None:
            with requests.LOADING:
                service = _services[name] = get_service_model(name)
        return service.operation_model(asked.operation)
    except (UnknownServiceError, OperationNotFoundError):
        return None


def _read(call, environ, body):
    shape, service = call.model.input_shape, call.model.service_model
    if CBOR.match(environ.get("PATH_INFO", "")):
        _document(call, Cbor(), lambda: cbor2.loads(body) if body else {})
    elif "HTTP_X_AMZ_TARGET" in environ:
        _document(call, Json(), lambda: json.loads(body or b"{}"))
    elif service.protocol.startswith("rest"):
        _rest(call, shape, environ, body)
    else:
        formed = functools.partial(_form, body, call.service)
        _document(call, Ec2Form() if service.protocol == "ec2" else Form(), formed)


def _form(body, service):
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    tree = documents.tree(pair for pair in pairs if pair[0] not in ("Action", "Version"))
    # Older clients send lists under the name of one, which the model of today has no more (SQS API
    # reference, GetQueueAttributes: its sample request in the AWS query protocol).
    lists = LISTS.get(service, {})
    return {lists.get(name, name): value for name, value in tree.items()}


def _document(call, reader, parse, shape=None, place=()):
    """Reads a document by a shape (the whole input's, unless told), and notes what was noted."""
    shape = shape or call.model.input_shape
    try:
        raw = parse()
    except (ValueError, ElementTree.ParseError, cbor2.CBORDecodeError):
        call.malformed.append((place, shape))
        return ABSENT
    value = reader.read(shape, raw, place)
    if value is not ABSENT and not place:
        call.parameters.update(value)
    call.unknown += reader.unknown
    call.malformed += reader.malformed
    return value


def _rest(call, shape, environ, body):
    """REST's bindings: path, query string, headers, and the body for the rest or one member."""
    reader = Text()
    path = environ.get("payctl.path", {})
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    for name, member in shape.members.items():
        raw = _bound(member, name, path, query, environ)
        if member.type_name == "map" and raw is query:
            raw = _others(query, call.model)
        if raw is None:
            continue
        if member.type_name == "list":
            value = reader.items(member, raw, (name,))
        elif member.type_name == "map":
            value = reader.entries(member, raw.items(), (name,))
        else:
            value = reader.read(member, raw, (name,))
        if value is not ABSENT:
            call.parameters[name] = value
    call.malformed += reader.malformed
    if payload := shape.serialization.get("payload"):
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            if body:
                call.parameters[payload] = body if member.type_name == "blob" else body.decode()
        elif body:
            value = _body(call, body, member, (payload,))
            if value is not ABSENT:
                call.parameters[payload] = value
    elif body:
        _body(call, body, shape, ())


def _others(query, model):
    """The query string's parameters that are no other member's."""
    members = model.input_shape.members.values()
    bound = {member.serialization.get("name") for member in members}.union(
        model.http_trait.query_args
    )
    return {name: values[0] for name, values in query.items() if name not in bound}


def _body(call, body, shape, place):
    if call.model.service_model.protocol == "rest-json":
        return _document(call, Json(), lambda: json.loads(body), shape, place)
    return _document(call, Xml(), lambda: _root(body, shape), shape, place)


def _root(body, shape):
    root = ElementTree.fromstring(body)
    if documents.tag(root) != shape.serialization.get("name", shape.name):
        raise ValueError(root.tag)
    return root


def _bound(member, name, path, query, environ):
    """What path, query string or headers hold for a member; None for nothing."""
    location = member.serialization.get("location")
    name = member.serialization.get("name", name)
    if location == "uri":
        return path.get(name)
    if location == "querystring":
        if member.type_name == "map":
            return query
        values = query.get(name)
        return values and (values if member.type_name == "list" else values[0])
    if location == "header":
        wsgi = name.upper().replace("-", "_")
        value = environ.get(wsgi if wsgi in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{wsgi}")
        if value is not None and member.type_name == "list":
            return [part.strip() for part in value.split(",")]
        return value
    if location == "headers":
        prefix = "HTTP_" + name.upper().replace("-", "_")
        found = {
            key[len(prefix) :].replace("_", "-").lower(): unquote(value)
            for key, value in environ.items()
            if key.startswith(prefix)
        }
        return found or None
    return None
