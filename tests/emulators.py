"""Starts emulators for the tests: python emulators.py MODULE

Reading moto takes a second or two, and every test has a server of its own. So MODULE is read
once, and each server is a fork that finds it read.

Each line of the input is a JSON array: "start", a folder and the server's arguments, answered by its
process id; or "stop" and a process id, answered when it is gone. The servers end with the input.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys


def main():
    program = read(sys.argv[1])
    # The servers share these pages as long as nobody counts what is in them.
    gc.collect()
    gc.freeze()
    running = set()
    for line in sys.stdin:
        task, *arguments = json.loads(line)
        if task == "start":
            answer = start(program, *arguments)
            running.add(answer)
        else:
            answer = stop(*arguments)
            running.discard(answer)
        print(answer, flush=True)
    for server in running:
        stop(server)


def read(module):
    """The program of this module, after all that it will want to import."""
    if module == "payctl_sandbox":
        program = importlib.import_module("payctl_sandbox.__main__")
        program.prepare()
        import payctl_sandbox.fast  # noqa: F401
        from payctl_sandbox import gaps

        gaps.install()
        # Each server would read the models of AWS's services anew.
        from payctl_sandbox.strict import call, rules

        call.preload(rules.tags.CODES)
        package = importlib.import_module(module)
        for found in pkgutil.walk_packages(package.__path__, module + "."):
            if not found.name.endswith(("__main__", "plain", "worker")):
                importlib.import_module(found.name)
        forget(importlib.import_module("payctl_sandbox.contents").Contents)
        return program.main
    import moto.moto_server.werkzeug_app  # noqa: F401

    return importlib.import_module(module).main


def forget(contents):
    """Keeps no contents over a restart, as these servers have none: a fifth of their work."""
    contents.changed = contents._save = lambda self: None


def start(program, folder, *arguments):
    """A server in a process of its own, which writes to `log` in the folder."""
    server = os.fork()
    if server:
        return server
    try:
        import moto.moto_api._internal

        # As after any start, and not as in every other server.
        moto.moto_api._internal.mock_random.seed()
        os.chdir(folder)
        log = os.open("log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, nothing), (1, log), (2, log)):
            os.dup2(source, target)
        sys.argv = ["emulator", *arguments]
        program()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


def stop(server):
    try:
        os.kill(server, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(server, 0)
    return server


if __name__ == "__main__":
    main()
