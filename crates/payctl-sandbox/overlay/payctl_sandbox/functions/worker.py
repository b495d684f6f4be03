"""A running function: its `bootstrap` as a process, warm between invocations."""

import errno
import os
import queue
import select
import signal
import subprocess
import threading
import time
from datetime import datetime, timezone
from secrets import token_hex

from . import permissions
from .architecture import mismatch
from .runtime_api import RuntimeApi

# Seconds a process may take until it asks for work: then the function's own timeout begins (Lambda
# developer guide, "Understanding the Lambda execution environment lifecycle").
INIT = 10.0
# Bytes of one invocation's output that are kept.
OUTPUT = 1024 * 1024


class StartError(Exception):
    """The bootstrap cannot be run at all."""


class Worker:
    """One process of a function; runs one invocation at a time."""

    def __init__(self, definition, folder, endpoint):
        self.definition = definition
        today = datetime.now(timezone.utc).strftime("%Y/%m/%d")
        self.log_stream = f"{today}/[{definition.version}]{token_hex(16)}"
        self.idle_since = time.monotonic()
        self.init_seconds = None
        self.init_error = None
        self.invocations = 0
        self._work = queue.Queue()
        self._current = None
        self._ready = threading.Event()
        self._exited = threading.Event()
        self._exit_message = "Runtime exited without providing a reason"
        self._reader_done = threading.Event()
        self._output = bytearray()
        self._output_lock = threading.Lock()
        self._started = time.monotonic()
        self._api = RuntimeApi(self)
        try:
            self._process = self._start(folder, endpoint)
        except (StartError, permissions.KeyRefused):
            self._api.close()
            raise
        for target in (self._read_output, self._wait_for_exit):
            threading.Thread(target=target, daemon=True).start()

    def _start(self, folder, endpoint):
        bootstrap = os.path.join(folder, "bootstrap")
        if not os.path.isfile(bootstrap):
            raise StartError("Couldn't find valid bootstrap(s): [/var/task/bootstrap]")
        variables = self.definition.variables(
            folder, self._api.address, endpoint, self.log_stream, permissions.begin(self.definition)
        )
        try:
            return subprocess.Popen(
                [bootstrap],
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            reason = REASONS.get(error.errno, error.strerror)
            hint = mismatch(bootstrap)
            raise StartError(
                f"fork/exec /var/task/bootstrap: {reason}" + (f" ({hint})" if hint else "")
            ) from error

    @property
    def alive(self):
        """Whether the process can take another invocation."""
        return self._process.poll() is None and not self.init_error

    def run(self, invocation):
        """Gives the process the invocation and waits until it is settled."""
        self._current = invocation
        self.invocations += 1
        ready = self._ready.wait(max(INIT, self.definition.timeout))
        if self.init_error is not None:
            invocation.finish(self.init_error, "Unhandled")
            self.kill()
        elif not self.alive:
            self._exited.wait(1)
            invocation.fail("Runtime.ExitError", self._exit_message)
        elif not ready:
            self._time_out(invocation, INIT)
        else:
            invocation.deadline = time.time() + self.definition.timeout
            self._work.put(invocation)
            if not invocation.done.wait(self.definition.timeout):
                self._time_out(invocation, self.definition.timeout)
        self._current = None
        self.idle_since = time.monotonic()

    def _time_out(self, invocation, seconds):
        invocation.fail("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        self.kill()

    def take_output(self):
        """What the process wrote since the last time."""
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            with self._output_lock:
                # Read and append happen under the lock: nothing in the pipe, nothing under way.
                try:
                    waiting = select.select([self._process.stdout], [], [], 0)[0]
                except (OSError, ValueError):
                    waiting = False
                if not waiting or self._process.poll() is not None:
                    break
            time.sleep(0.001)
        if self._process.poll() is not None:
            self._reader_done.wait(0.5)
        with self._output_lock:
            output, self._output = bytes(self._output), bytearray()
        return output.decode("utf-8", "replace")

    def peak_memory(self):
        """The process's peak memory in MiB; None where the system does not tell."""
        try:
            with open(f"/proc/{self._process.pid}/status") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        return -(-int(line.split()[1]) // 1024)
        except OSError:
            pass
        return None

    def kill(self):
        """Ends the process and what it started."""
        self._end_group()
        self._work.put(None)
        self._process.wait()

    def _end_group(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    # What the runtime API calls:

    def next(self):
        """The next invocation; None when there will be none."""
        if not self._ready.is_set():
            self.init_seconds = time.monotonic() - self._started
            self._ready.set()
        return self._work.get()

    def finished(self, request_id, body, failed):
        """Takes the function's answer."""
        current = self._current
        if current and current.request_id == request_id:
            current.finish(body, "Unhandled" if failed else None)

    def init_failed(self, body):
        """Takes the reason why the function cannot start."""
        self.init_error = body
        self._ready.set()

    # Threads:

    def _read_output(self):
        pipe = self._process.stdout
        while True:
            select.select([pipe], [], [])
            with self._output_lock:
                read = os.read(pipe.fileno(), 64 * 1024)
                if len(self._output) < OUTPUT:
                    self._output += read
            if not read:
                break
        self._reader_done.set()

    def _wait_for_exit(self):
        code = self._process.wait()
        self._end_group()
        if code < 0:
            reason = f"signal: {signal.Signals(-code).name.removeprefix('SIG').lower()}"
            self._exit_message = f"Runtime exited with error: {reason}"
        elif code > 0:
            self._exit_message = f"Runtime exited with error: exit status {code}"
        current = self._current
        if current and self._ready.is_set() and self.init_error is None:
            current.fail("Runtime.ExitError", self._exit_message)
        self._exited.set()
        self._ready.set()
        self._work.put(None)
        self._api.close()


REASONS = {
    errno.ENOEXEC: "exec format error",
    errno.EACCES: "permission denied",
    errno.ENOENT: "no such file or directory",
}
