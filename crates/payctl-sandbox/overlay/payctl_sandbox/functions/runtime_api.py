"""The Lambda Runtime API: what a function's process talks to for its work.

One listener a process, as the address in AWS_LAMBDA_RUNTIME_API is all that tells processes
apart. See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import re
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime"
RESULT = re.compile(rf"^{PREFIX}/invocation/(?P<id>[^/]+)/(?P<what>response|error)$")


class RuntimeApi:
    """The listener of one process; `worker` hands out invocations and takes results."""

    def __init__(self, worker):
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.worker = worker
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        thread = threading.Thread(target=self.server.serve_forever, args=(0.1,))
        thread.daemon = True
        thread.start()

    def close(self):
        """Stops listening."""
        self.server.shutdown()
        self.server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self):
        # HTTPServer's own looks the address up in DNS, which may take seconds.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request, client_address):
        # The process went away in the middle of a call: its exit is reported elsewhere.
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def do_GET(self):
        if self.path != f"{PREFIX}/invocation/next":
            return self._send(404)
        invocation = self.server.worker.next()
        if invocation is None:
            self.close_connection = True
            return None
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return self._send(200, invocation.payload, headers)

    def do_POST(self):
        body = self._body()
        worker = self.server.worker
        if self.path == f"{PREFIX}/init/error":
            worker.init_failed(body)
        elif match := RESULT.match(self.path):
            worker.finished(match["id"], body, failed=match["what"] == "error")
        else:
            return self._send(404)
        return self._send(202, b'{"status":"OK"}\n')

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            # Trailers, such as Lambda-Runtime-Function-Error-Type.
            pass
        return bytes(body)

    def _send(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass
