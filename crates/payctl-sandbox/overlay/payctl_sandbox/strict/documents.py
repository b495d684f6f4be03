"""Reads requests' documents by the shapes of AWS's model: JSON, CBOR, forms, XML.

moto.core.parse reads them as well, and passes over what a shape does not know or has another type
for. Here every such place is noted: the document is walked, not the shape.
"""

import base64
import functools
from datetime import datetime

from botocore.utils import parse_timestamp

# What a value turns into that has another type than its shape: it was noted, and is left out.
ABSENT = object()


class Reader:
    """Reads one request; afterwards `unknown` and `malformed` hold the places that were noted.

    A place is a tuple of the API's names, list positions (from 0) and map keys; each malformed one
    comes with its shape.
    """

    def __init__(self):
        self.unknown = []
        self.malformed = []

    def read(self, shape, raw, place=()):
        """What the API would call the value: dicts, lists and scalars, or ABSENT."""
        try:
            return getattr(self, shape.type_name)(shape, raw, place)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
            self.malformed.append((place, shape))
            return ABSENT

    def members(self, shape, pairs, place):
        """A structure of (name on the wire, raw value) pairs."""
        found, known = {}, names(shape, self.name)
        for wire_name, raw in pairs:
            if raw is None:
                continue
            if wire_name not in known:
                self.unknown.append((*place, wire_name))
                continue
            name, member = known[wire_name]
            value = self.read(member, raw, (*place, name))
            if value is not ABSENT:
                found[name] = value
        return found

    def items(self, shape, raws, place):
        """A list's items."""
        member = shape.member
        read = [self.read(member, raw, (*place, at)) for at, raw in enumerate(raws)]
        return [value for value in read if value is not ABSENT]

    def entries(self, shape, pairs, place):
        """A map of (key, raw value) pairs."""
        value_shape = shape.value
        read = {key: self.read(value_shape, raw, (*place, key)) for key, raw in pairs}
        return {key: value for key, value in read.items() if value is not ABSENT}


class Json(Reader):
    """Parsed JSON, whose types have to be the shape's."""

    @staticmethod
    def name(shape, name):
        return shape.serialization.get("name", name)

    def structure(self, shape, raw, place):
        return raw if shape.is_document_type else self.members(shape, raw.items(), place)

    def list(self, shape, raw, place):
        return self.items(shape, _typed(raw, list), place)

    def map(self, shape, raw, place):
        return self.entries(shape, raw.items(), place)

    def string(self, shape, raw, place):
        return _typed(raw, str)

    def integer(self, shape, raw, place):
        if isinstance(raw, bool):
            raise TypeError(raw)
        return _typed(raw, int)

    long = integer

    def float(self, shape, raw, place):
        if raw in ("NaN", "Infinity", "-Infinity"):
            return float(raw)
        return float(self.integer(shape, raw, place) if not isinstance(raw, float) else raw)

    double = float

    def boolean(self, shape, raw, place):
        return _typed(raw, bool)

    def timestamp(self, shape, raw, place):
        if shape.serialization.get("timestampFormat", "unixTimestamp") == "unixTimestamp":
            raw = float(self.float(shape, raw, place))
        return parse_timestamp(raw)

    def blob(self, shape, raw, place):
        return base64.b64decode(_typed(raw, str), validate=True)


class Cbor(Json):
    """Decoded CBOR, which has bytes and points in time of its own."""

    def timestamp(self, shape, raw, place):
        return _typed(raw, datetime)

    def blob(self, shape, raw, place):
        return _typed(raw, bytes)


class Text(Reader):
    """Scalars that come as text: in forms, XML, paths, query strings and headers."""

    def string(self, shape, raw, place):
        return _typed(raw, str)

    def integer(self, shape, raw, place):
        return int(raw) if raw.removeprefix("-").isdecimal() else _wrong(raw)

    long = integer

    def float(self, shape, raw, place):
        return float(raw)

    double = float

    def boolean(self, shape, raw, place):
        return {"true": True, "false": False}[raw] if raw in ("true", "false") else _wrong(raw)

    def timestamp(self, shape, raw, place):
        return parse_timestamp(_typed(raw, str))

    def blob(self, shape, raw, place):
        return base64.b64decode(raw, validate=True)


class Form(Text):
    """A form's parameters as a tree, by the parts of their names: `tree` makes one."""

    @staticmethod
    def name(shape, name):
        name = shape.serialization.get("name", name)
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            return shape.member.serialization.get("name", name)
        return name

    def structure(self, shape, raw, place):
        return self.members(shape, raw.items(), place)

    def list(self, shape, raw, place):
        # An empty list is an empty text.
        if raw == "":
            return []
        if not shape.serialization.get("flattened"):
            raw = self._inner(raw, shape.member.serialization.get("name", "member"), place)
        return self.items(shape, _numbered(raw), place)

    def map(self, shape, raw, place):
        if raw == "":
            return {}
        if not shape.serialization.get("flattened"):
            raw = self._inner(raw, "entry", place)
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        pairs = []
        for entry in _numbered(raw):
            pairs.append((_typed(entry[key], str), entry[value]))
            self.unknown += [(*place, name) for name in entry if name not in (key, value)]
        return self.entries(shape, pairs, place)

    def _inner(self, raw, name, place):
        self.unknown += [(*place, other) for other in raw if other != name]
        return raw.get(name, {})


class Ec2Form(Form):
    """EC2's forms, whose lists are numbered right away."""

    @staticmethod
    def name(shape, name):
        serialization = shape.serialization
        if "queryName" in serialization:
            return serialization["queryName"]
        name = serialization.get("name", name)
        return name[0].upper() + name[1:]

    def list(self, shape, raw, place):
        return self.items(shape, _numbered(raw), place)


class Xml(Text):
    """An XML element."""

    @staticmethod
    def name(shape, name):
        if shape.serialization.get("xmlAttribute"):
            return "@" + shape.serialization["name"].partition(":")[2]
        return shape.serialization.get("name", name)

    def read(self, shape, raw, place=()):
        if shape.type_name not in ("structure", "list", "map"):
            if len(raw):
                self.unknown += [(*place, tag(inner)) for inner in raw]
            raw = raw.text or ""
        return super().read(shape, raw, place)

    def structure(self, shape, raw, place):
        if (raw.text or "").strip():
            raise ValueError(raw.text)
        members, pairs = names(shape, self.name), {}
        for inner in raw:
            name = tag(inner)
            flat = name in members and members[name][1].serialization.get("flattened")
            pairs.setdefault(name, []).append(inner) if flat else pairs.update({name: inner})
        for name, value in raw.attrib.items():
            pairs["@" + name.rpartition("}")[2]] = _Attribute(value)
        return self.members(shape, pairs.items(), place)

    def list(self, shape, raw, place):
        if isinstance(raw, list):
            return self.items(shape, raw, place)
        name = shape.member.serialization.get("name", "member")
        self.unknown += [(*place, tag(inner)) for inner in raw if tag(inner) != name]
        return self.items(shape, [inner for inner in raw if tag(inner) == name], place)


class _Attribute(str):
    """An attribute's value, read as if it were an element's text."""

    @property
    def text(self):
        return str(self)

    def __len__(self):
        return 0


def tree(pairs):
    """A form's (name, value) pairs by the parts of their names."""
    root = {}
    for name, value in pairs:
        *above, last = name.split(".")
        node = root
        for part in above:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        node[last] = value
    return root


@functools.cache
def names(shape, naming):
    """A structure's members by their names in a document: (name in the API, shape)."""
    members = shape.members.items()
    inside = [(name, member) for name, member in members if "location" not in member.serialization]
    return {naming(member, name): (name, member) for name, member in inside}


def _numbered(raw):
    """The values of 1, 2, 3 … in order; gaps are passed over, as AWS does."""
    return [raw[number] for number in sorted(raw, key=int)]


def tag(element):
    return element.tag.rpartition("}")[2]


def _typed(value, kind):
    return value if isinstance(value, kind) else _wrong(value)


def _wrong(value):
    raise TypeError(value)
