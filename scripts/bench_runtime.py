"""A handler's binary alone, as Lambda runs it, and what it asked of AWS, sent again by a plain loop."""

import base64
import http.client
import json
import os
import queue
import random
import re
import string
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
import recording  # noqa: E402

# Conditions too: a put that must not meet another costs what it costs.
recording.KEPT = re.compile(f"{recording.KEPT.pattern}|if-none-match|if-match", re.I)

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# Every system is made there.
REGION = "us-east-1"


class Server(ThreadingHTTPServer):
    """One that does not mind when a process is ended."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class RuntimeApi(BaseHTTPRequestHandler):
    """Lambda's side of the runtime interface."""

    protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, -1

    def do_GET(self):
        event = self.server.events.get()
        self.server.handed = time.perf_counter()
        self._answer(200, event, {
            "Lambda-Runtime-Aws-Request-Id": unique(),
            "Lambda-Runtime-Deadline-Ms": "4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:1:function:f",
        })

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        took = time.perf_counter() - self.server.handed
        self._answer(202, b"{}", {})
        if not self.path.endswith("/response"):
            body = json.dumps({"errorType": body.decode()}).encode()
        self.server.answers.put((json.loads(body), took))

    def _answer(self, status, body, headers):
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Alone:
    """One process of a handler, without Lambda before it."""

    def __init__(self, bootstrap, variables, endpoint):
        self.api = Server(RuntimeApi)
        self.api.events, self.api.answers, self.api.handed = queue.Queue(), queue.Queue(), 0.0
        lambdas = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": endpoint,
        }
        # The seconds from the start to the first answer.
        self.first, self.started = None, time.perf_counter()
        self.process = subprocess.Popen([bootstrap], env={**variables, **lambdas}, stdout=subprocess.DEVNULL)

    def ask(self, event):
        """The answer to an event, and the seconds since it was handed out."""
        self.api.events.put(json.dumps(event).encode())
        answer, took = self.api.answers.get(timeout=60)
        self.first = self.first or time.perf_counter() - self.started
        return answer, took

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.api.shutdown()
        self.api.server_close()


class Recorded:
    """A proxy before AWS that keeps what is asked."""

    def __init__(self, endpoint):
        recording.Recorder.upstream = endpoint.removeprefix("http://")
        self.proxy = Server(recording.Recorder)
        self.endpoint = f"http://127.0.0.1:{self.proxy.server_port}"

    def calls(self):
        """What was asked since the last look."""
        calls, recording.Recorder.kept[:] = list(recording.Recorder.kept), []
        return calls

    def close(self):
        self.proxy.shutdown()
        self.proxy.server_close()


class Plain:
    """The calls that were recorded for events and their answers, sent by nothing but a loop."""

    def __init__(self, endpoint, calls, about):
        self.calls = [(call, base64.b64decode(call["body"])) for call in calls]
        texts = [json.dumps(about), *(call["path"] + body.decode() for call, body in self.calls)]
        # What stays the same: a key of KMS.
        self.ids = ids_of(*texts) - ids_of(*(json.dumps(call["headers"]) for call in calls))
        self.connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=60)

    def again(self, ids):
        """The seconds that the calls take with ids in the places of theirs."""

        def put(text):
            for before, now in ids.items():
                text = text.replace(before, now)
            return text

        made = [
            (call["method"], put(call["path"]), put(body.decode()).encode(), call["headers"], call["status"])
            for call, body in self.calls
        ]
        began = time.perf_counter()
        for method, path, body, headers, status in made:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
            if answer.status != status:
                sys.exit(f"bench: {method} {path} {body[:300]}: {answer.status}, not {status}: {text[:300]}")
        return time.perf_counter() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


def ids_of(*texts):
    """The ids of one payment, as `unique` and the handlers make them."""
    return {found for text in texts for found in [*UUID.findall(text), *re.findall(r"bench-[a-z]{16}", text)]}


def renewed(ids):
    """Another id for each."""
    hexadecimal = lambda: "".join(random.choices("0123456789abcdef", k=12))
    return {each: unique() if each.startswith("bench-") else each[:-12] + hexadecimal() for each in ids}


def unique():
    """A name that nothing had before. Letters only: digits in a row may pass for a card number."""
    return "bench-" + "".join(random.choices(string.ascii_lowercase, k=16))
