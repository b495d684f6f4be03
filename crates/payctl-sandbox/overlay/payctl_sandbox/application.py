"""The WSGI application: control calls, function invocations, and everything else to moto.

moto is not safe for threads and Python gains nothing from running two of its calls at once,
so every call to it happens under one lock. That also gives the snapshots a consistent view.
"""

import io
import sys
import threading
from collections import Counter

from . import control, http_api, rest, tokens
from .clock import later
from .strict import refusal
from .strict.call import understand

# Operations that only read leave nothing to save.
READS = ("Get", "List", "Describe", "Head", "Query", "Scan", "BatchGet", "Lookup", "Filter")
READS += ("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "Assume", "Simulate", "Search")


class Application:
    """Answers one request at a time where moto is concerned, many at once elsewhere."""

    def __init__(self, moto, lock):
        self.moto = moto
        self.lock = lock
        self.calls = Counter()
        # What the process gives us once it has it: `__main__` fills these in.
        self.health = {}
        self.checks = []
        self.permissions = None
        self.contents = None
        self.functions = None
        self.feed = None
        self.stop = None
        self.current = threading.local()
        self.tokens = tokens.Tokens()

    def __call__(self, environ, start_response):
        body = read_body(environ)
        if environ["PATH_INFO"].startswith("/_payctl/"):
            return control.answer(self, environ, start_response)
        if self.functions and rest.is_for(environ):
            self.calls["execute-api.Invoke"] += 1
            if found := http_api.find(environ):
                return http_api.answer(self.functions, found, environ, body, start_response)
            return rest.answer(self.functions, environ, body, start_response)
        call = understand(environ, body)
        self.calls[f"{call.service}.{call.operation}"] += 1
        try:
            for check in self.checks:
                check(call)
            if self.permissions:
                with self.lock:
                    self.permissions.authorise(call, environ)
        except refusal.Refusal as refused:
            return refusal.answer(refused, call, environ, start_response)
        if self.functions and call.service == "lambda" and call.operation in INVOCATIONS:
            return self.functions.answer(environ, body, start_response)
        return self.tokens.once(
            call.asked, body, start_response, lambda start: self._moto(call, environ, start)
        )

    def _moto(self, call, environ, start_response):
        with self.lock:
            changed = later.run_due()
            try:
                answer = self.moto(environ, start_response)
                parts = [b"".join(answer)]
                if hasattr(answer, "close"):
                    answer.close()
            except Exception:
                print(f"{call.service}.{call.operation} failed:", file=sys.stderr)
                raise
        if not call.operation.startswith(READS):
            changed = True
            if self.contents:
                self.contents.changed()
        if self.feed and changed:
            self.feed.wake()
        if self.functions:
            self.functions.deliver()
        return parts


INVOCATIONS = ("Invoke", "InvokeAsync")


def read_body(environ):
    """Reads the whole request body and leaves it readable again."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = stream.read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
    return body
