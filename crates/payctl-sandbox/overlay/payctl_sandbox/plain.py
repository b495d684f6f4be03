"""Stock moto for tests that want to see moto itself, with only what the Rust SDK needs on the wire
(CBOR, S3 root elements), what makes a bulk read an answer (filters with several values), and what
tells a part of an API that is gone from an internal error.

python -m payctl_sandbox.plain --port 5010
"""

import argparse
import os
import signal
import sys


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=5010)
    port = arguments.parse_args().port
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    os.environ["MOTO_PORT"] = str(port)

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from . import cbor, s3_roots
    from .application import read_body
    from .gaps import apis_gone, filters  # noqa: F401
    from .server import serve

    moto = DomainDispatcherApplication(create_backend_app)
    moto = s3_roots.middleware(cbor.middleware(moto))

    def application(environ, start_response):
        read_body(environ)
        return moto(environ, start_response)

    server = serve(application, port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on http://127.0.0.1:{server.port}", flush=True)
    try:
        server.serve_forever()
    except (KeyboardInterrupt, SystemExit):
        pass


if __name__ == "__main__":
    main()
