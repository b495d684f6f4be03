"""What stands behind the load balancer in the demo: it answers with its colour, until it is unhealthy.

    application.py COLOUR ADDRESS PORT FILE

It is unhealthy for as long as FILE exists: then `/health` answers 503.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

colour, address, port, marker = sys.argv[1:]


class Application(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            unhealthy = os.path.exists(marker)
            self.answer(503 if unhealthy else 200, "unhealthy" if unhealthy else "healthy")
        elif self.path.startswith("/app/"):
            self.answer(200, f"{colour} answers {self.path}")
        else:
            self.answer(404, "not found")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


ThreadingHTTPServer((address, int(port)), Application).serve_forever()
