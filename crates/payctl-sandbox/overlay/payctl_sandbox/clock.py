"""Time: what takes AWS a while, on a scale, or not at all.

`later.schedule` notes an effect that is due after so many of AWS's seconds. Without a time
scale it happens at once. Effects are named and their arguments plain, so that they survive a
restart with the rest of the contents; they run at the start of the next request that finds
them due.
"""

import time


class Clock:
    """How fast the sandbox's AWS is: `scale` AWS seconds a second, or None for at once."""

    def __init__(self):
        self.scale = None

    @property
    def timed(self):
        """Whether anything takes time."""
        return self.scale is not None

    def seconds(self, aws_seconds):
        """So many of AWS's seconds, in ours."""
        return aws_seconds / self.scale if self.scale else 0.0

    def since(self, then, aws_seconds):
        """Whether so many of AWS's seconds have passed since `then` (None: since ever).

        For rules about two calls in quick succession: without a time scale they last as long as
        AWS's do, as otherwise there would be none.
        """
        if then is None:
            return True
        return time.time() - then >= (self.seconds(aws_seconds) if self.timed else aws_seconds)


class Later:
    """Effects that are due at a point in time."""

    def __init__(self, clock):
        self.clock = clock
        self.effects = {}
        # (when, name, arguments), in no order: there are never many.
        self.pending = []

    def effect(self, function):
        """Registers a function under its module and name as something that can be scheduled."""
        self.effects[f"{function.__module__}.{function.__name__}"] = function
        return function

    def schedule(self, aws_seconds, function, *arguments):
        """Runs `function(*arguments)` after so many of AWS's seconds."""
        if not self.clock.timed:
            function(*arguments)
            return
        due = time.time() + self.clock.seconds(aws_seconds)
        self.pending.append((due, f"{function.__module__}.{function.__name__}", arguments))

    def run_due(self):
        """Runs what is due, and says whether anything was; called under the lock."""
        if not self.pending:
            return False
        now = time.time() if self.clock.timed else float("inf")
        due = sorted((entry for entry in self.pending if entry[0] <= now), key=lambda e: e[0])
        self.pending = [entry for entry in self.pending if entry[0] > now]
        for _, name, arguments in due:
            self.effects[name](*arguments)
        return bool(due)

    def next_due(self):
        """When there will be something to run."""
        return min((when for when, _, _ in self.pending), default=float("inf"))


clock = Clock()
later = Later(clock)
