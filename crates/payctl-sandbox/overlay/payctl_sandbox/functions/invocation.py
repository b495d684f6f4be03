"""One invocation of a function: what goes in, and what comes out."""

import json
import threading
import time
import uuid
from secrets import token_hex


class Invocation:
    """Goes to a process once, and is finished once, whoever is first."""

    def __init__(self, definition, payload, client_context=None, request_id=None):
        self.request_id = request_id or str(uuid.uuid4())
        self.arn = definition.arn
        self.payload = payload
        self.client_context = client_context
        self.trace_id = f"Root=1-{int(time.time()):08x}-{token_hex(12)};Sampled=0"
        self.deadline = time.time() + definition.timeout
        self.done = threading.Event()
        self.result = b""
        # What X-Amz-Function-Error says, if the function failed.
        self.error = None
        self._once = threading.Lock()

    def finish(self, result, error=None):
        """Settles the outcome; False when it was settled before."""
        with self._once:
            if self.done.is_set():
                return False
            self.result, self.error = result, error
            self.done.set()
            return True

    def fail(self, kind, message):
        """Settles it as an error of the platform's, worded as AWS words it."""
        return self.finish(platform_error(self.request_id, kind, message), "Unhandled")


def platform_error(request_id, kind, message):
    """The body AWS answers when not the function but its environment failed."""
    body = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return json.dumps(body).encode()
