"""The processes of one function: reused while warm, as many at once as the function may."""

import threading
import time

from .worker import Worker

# Seconds a process stays without work.
WARM = 60.0
# At once, for a function without a reserved concurrency.
UNRESERVED = 100


class Throttled(Exception):
    """As many as allowed are running already."""

    def __init__(self, reserved):
        super().__init__("Rate Exceeded.")
        kind = "ReservedFunction" if reserved else ""
        self.reason = f"{kind}ConcurrentInvocationLimitExceeded"


class Pool:
    """Hands out processes of one function and version."""

    def __init__(self, endpoint, folder):
        self.endpoint = endpoint
        self.folder = folder
        self.running = 0
        self.idle = []
        self.busy = set()
        self.changed = threading.Condition()

    def take(self, definition, wait):
        """A process for this definition; throttles or waits when too many run.

        `wait` is asked again before each wait for the definition as it is now.
        """
        while True:
            with self.changed:
                limit = UNRESERVED if definition.concurrency is None else definition.concurrency
                if self.running < limit:
                    self.running += 1
                    worker = self._warm(definition)
                    break
                if not wait:
                    raise Throttled(definition.concurrency is not None)
                self.changed.wait(1.0)
            definition = wait()
        if worker is None:
            try:
                worker = Worker(definition, definition.unpacked(self.folder), self.endpoint)
            except BaseException:
                self._gone()
                raise
        with self.changed:
            self.busy.add(worker)
        return worker

    def _warm(self, definition):
        stale = [worker for worker in self.idle if worker.definition != definition]
        for worker in stale:
            worker.kill()
        self.idle = [worker for worker in self.idle if worker not in stale]
        while self.idle:
            worker = self.idle.pop()
            if worker.alive:
                return worker
        return None

    def give_back(self, worker):
        """Takes the process back for the next invocation."""
        with self.changed:
            self.busy.discard(worker)
            if worker.alive:
                self.idle.append(worker)
        self._gone()

    def _gone(self):
        with self.changed:
            self.running -= 1
            self.changed.notify()

    def reap(self, definition):
        """Ends processes without work for long, and those of an earlier definition."""
        with self.changed:
            now = time.monotonic()
            kept = []
            for worker in self.idle:
                if now - worker.idle_since > WARM or worker.definition != definition:
                    worker.kill()
                else:
                    kept.append(worker)
            self.idle = kept

    def close(self):
        """Ends every process."""
        with self.changed:
            workers = [*self.idle, *self.busy]
            self.idle = []
        for worker in workers:
            worker.kill()
