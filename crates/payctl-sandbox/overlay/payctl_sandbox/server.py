"""The HTTP side: one thread per connection, HTTP/1.1 with connections kept open."""

import socket
import socketserver
import traceback

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

# Writing a response in two segments with Nagle's algorithm on costs 40 ms a call.
BUFFER = 64 * 1024


class Handler(MotoRequestHandler):
    """Keeps connections open, which werkzeug's own handler never does.

    The application reads every request body to its end, so that the next request on the
    connection starts where it should.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = BUFFER
    # Seconds an idle connection is kept.
    timeout = 120

    def handle_expect_100(self):
        # The client waits for this before it sends its body, so it must not wait in a buffer.
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def run_wsgi(self):
        environ = self.environ = self.make_environ()
        answer = {}

        def start_response(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)

        try:
            parts = self.server.app(environ, start_response)
            body = b"".join(parts)
            if hasattr(parts, "close"):
                parts.close()
        except Exception as error:
            # An operation moto does not have, or fails at.
            traceback.print_exc()
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            body = f"{type(error).__name__}: {error}".encode()
        self._send(environ["REQUEST_METHOD"], answer["status"], answer["headers"], body)

    def _send(self, method, status, headers, body):
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        names = set()
        for name, value in headers:
            names.add(name.lower())
            if name.lower() not in ("connection", "transfer-encoding"):
                # A HEAD response tells the length of the body it does not carry.
                if name.lower() != "content-length" or method == "HEAD":
                    self.send_header(name, value)
        bodiless = method == "HEAD" or code in ("204", "304")
        if not bodiless:
            self.send_header("Content-Length", str(len(body)))
        elif method == "HEAD" and "content-length" not in names:
            self.send_header("Content-Length", "0")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(body)
        self.wfile.flush()

    def connection_dropped(self, error, environ=None):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, TimeoutError, socket.timeout):
            pass

    def log_request(self, *arguments):
        pass


class Server(ThreadedWSGIServer):
    """Does not look itself up in DNS, which may take seconds."""

    request_queue_size = 128

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def serve(application, port):
    """Binds 127.0.0.1:`port` (0: any free port) and answers the server, not yet running."""
    server = Server("127.0.0.1", port, application, handler=Handler)
    server.daemon_threads = True
    return server
