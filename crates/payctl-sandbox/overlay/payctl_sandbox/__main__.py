"""Starts the sandbox: python -m payctl_sandbox --home FOLDER --port N --token T [options]"""

import argparse
import fcntl
import os
import signal
import sys
import threading
import time
from datetime import datetime, timezone

from .strict import PARTS, parts


def main():
    options = _options()
    # Held until the process is gone, however it goes.
    lock_file = _claim(options.home)
    prepare()
    os.environ["MOTO_PORT"] = str(options.port)

    from . import fast  # noqa: F401  isort:skip

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from . import cbor, gaps, lax, partitions, regions, s3_roots, strict
    from .account import account
    from .application import Application
    from .clock import clock
    from .contents import Contents
    from .databases import servers
    from .functions import Functions
    from .functions.queues import Feed
    from .gaps import databases, secret_rotations
    from .lock import lock
    from .rates import rates
    from .server import serve

    clock.scale = options.time_scale
    lax.parts.update(set(PARTS) - options.strict)
    account.kind, account.regions = options.account, set(options.enable_region)
    partitions.install()
    gaps.install()

    moto = DomainDispatcherApplication(create_backend_app)
    backends = s3_roots.middleware(cbor.middleware(moto))
    application = Application(backends, lock)
    application.checks = [*strict.checks(options.strict), regions.check, rates.check]
    application.permissions = strict.authorisation(options.strict, options.operator_policy)
    servers.open(options.home)
    contents = Contents(os.path.join(options.home, "contents.pickle"), lock)
    contents.start()
    databases.resume()
    server = serve(application, options.port)
    endpoint = f"http://127.0.0.1:{server.port}"
    functions = Functions(endpoint, os.path.join(options.home, "code"), lock, contents.changed)
    feed = Feed(functions, lock, contents.changed)
    contents.on_empty += [functions.forget, feed.forget, servers.forget]

    application.contents = contents
    application.functions = functions
    application.feed = feed
    application.stop = server.shutdown
    application.health = {
        "pid": os.getpid(),
        "version": options.version,
        "time_scale": options.time_scale,
        "token": options.token,
        "since": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "endpoint": endpoint,
    }
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    feed.start()
    secret_rotations.resume()
    functions.deliver()
    print(f"listening on {endpoint}", flush=True)
    try:
        server.serve_forever(poll_interval=0.05)
    finally:
        server.server_close()
        feed.stop()
        functions.stop()
        servers.stop()
        contents.stop()
        print("stopped", flush=True)
    # Threads of connections that are still open must not hold up the end.
    sys.stdout.flush()
    lock_file.flush()
    os._exit(0)


def prepare():
    """Sets what moto reads, before it is imported."""
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    # What an account has: functions may reserve all but 100 of it.
    os.environ["MOTO_LAMBDA_CONCURRENCY_QUOTA"] = "1000"
    # A certificate that is asked for is issued at once; moto waits for a minute.
    os.environ["MOTO_ACM_VALIDATION_WAIT"] = "0"
    # The server signs nothing and calls nobody; without these boto looks for a user's files.
    os.environ.update(AWS_ACCESS_KEY_ID="sandbox", AWS_SECRET_ACCESS_KEY="sandbox")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"):
        os.environ.pop(name, None)


def _claim(home):
    """Takes the home for this process and names it there."""
    file = open(os.path.join(home, "server.lock"), "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Somebody may just be looking whether it is held.
        time.sleep(0.2)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another server runs in {home}")
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _options():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--home", required=True, help="folder for the contents")
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--token", default="", help="tells this server from any other")
    options.add_argument("--time-scale", type=float, help="AWS seconds a second; none: at once")
    options.add_argument("--account", default="seasoned", choices=("new", "seasoned"))
    options.add_argument("--enable-region", action="append", default=[], help="one to opt in to")
    options.add_argument("--version", default="", help="what started this server")
    options.add_argument("--operator-policy", help="file of what the operator may do; none: all")
    options.add_argument("--lax", default="", help=f"parts left out: {', '.join(PARTS)}")
    parsed = options.parse_args()
    try:
        parsed.strict = parts(parsed.lax)
    except ValueError as error:
        options.error(str(error))
    if parsed.time_scale is not None and parsed.time_scale <= 0:
        options.error("--time-scale must be more than 0")
    os.makedirs(parsed.home, exist_ok=True)
    return parsed


if __name__ == "__main__":
    main()
