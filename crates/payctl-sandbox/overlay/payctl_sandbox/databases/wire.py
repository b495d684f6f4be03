"""As much of PostgreSQL's protocol as its administrator needs: a statement through the socket.

https://www.postgresql.org/docs/current/protocol-flow.html
"""

import socket
import struct

VERSION = 3 << 16
SECONDS = 20.0


class Refused(Exception):
    """The server's own reason, without the statement."""


def execute(path, user, database, statement):
    """Runs one statement whose rows nobody asks for."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        with connection.makefile("rwb") as stream:
            words = b"".join(
                word.encode() + b"\0" for word in ("user", user, "database", database)
            )
            _send(stream, b"", struct.pack("!I", VERSION) + words + b"\0")
            _until_ready(stream)
            _send(stream, b"Q", statement.encode() + b"\0")
            _until_ready(stream)
            _send(stream, b"X", b"")


def _send(stream, kind, body):
    stream.write(kind + struct.pack("!I", len(body) + 4) + body)
    stream.flush()


def _until_ready(stream):
    problem = None
    while True:
        head = stream.read(5)
        if len(head) < 5:
            raise Refused(problem or "the server closed the connection")
        body = stream.read(struct.unpack("!I", head[1:])[0] - 4)
        if head[:1] == b"E":
            fields = [field.decode("utf-8", "replace") for field in body.split(b"\0")]
            problem = next((field[1:] for field in fields if field[:1] == "M"), "no reason given")
        if head[:1] == b"Z":
            if problem:
                raise Refused(problem)
            return
