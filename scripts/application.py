"""What stands behind the load balancer in the demo: it answers with its colour, until it is ill.

    application.py COLOUR ADDRESS PORT FILE

It is ill for as long as FILE exists: then `/health` answers 503.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

colour, address, port, illness = sys.argv[1:]


class Application(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            ill = os.path.exists(illness)
            self.answer(503 if ill else 200, "ill" if ill else "well")
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
