"""Event source mappings: what comes into a queue goes to a function.

Visible messages of a mapped queue go to the function in batches. Those that it is done with are
deleted; the others come back, and go to the dead-letter queue once they were received as often as
the redrive policy allows. That is the only way in which a failed batch is tried again.

Time is AWS's, on the sandbox's scale:

- What failed is visible again `VisibilityTimeout / scale` seconds after it was received; without a
  scale, half a second after it failed. A poisoned message is thus in the dead-letter queue after a
  second or two. What the function itself said with ChangeMessageVisibility holds as it is.
- A batch that is not full waits for its window to close, `MaximumBatchingWindowInSeconds / scale`
  seconds; without a scale it does not wait.

While a function works on a message, the message is hidden in real seconds, since functions run in
real time: as long as the queue says, but no shorter than the function may run. Delays, and messages
that others receive, stay moto's and in real seconds too.

A mapping runs at most five batches at once, with which AWS begins, fewer if it or the function
allows fewer. Where other callers keep the function busy, a batch waits for its turn until the
visibility timeout is over, and then has failed. A function that may not run at all (a reserved
concurrency of 0) gets nothing, and nothing is received for it.

Nothing is polled: whatever changes something wakes the feed, and so does the clock when a message
becomes visible. Messages that a function had when the sandbox ended come back at the next start.
"""

import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from moto.awslambda.models import lambda_backends
from moto.core.utils import unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import sqs_backends

from ..clock import clock, later
from ..strict.permissions import operator
from . import Refused, batches
from .invocation import Invocation
from .permissions import may
from .pool import Throttled

# Batches at once: of one mapping, and of all.
EACH = 5
ALL = 32
# Seconds after which a message that failed comes back when there is no time scale.
PAUSE = 0.5
# `visible` means past the moment, not at it.
PAST = 0.002
NEVER = float("inf")
# What Lambda does with a queue as the function's role, and whether that decrypts.
QUEUE_ACTIONS = (
    ("sqs:ReceiveMessage", True),
    ("sqs:DeleteMessage", False),
    ("sqs:GetQueueAttributes", False),
)


class Feed:
    """Takes batches from queues and has functions run for them."""

    def __init__(self, functions, lock, changed):
        self.functions = functions
        self.lock = lock
        self.changed = changed
        self.executor = ThreadPoolExecutor(max_workers=ALL, thread_name_prefix="batch")
        # Under the lock, by the mapping's UUID: batches under way, and when one was begun that
        # still waits for more.
        self.running = Counter()
        self.begun = {}
        self._wake = threading.Condition()
        self._woken = True
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="feed")

    def start(self):
        """Begins, with what the last process left."""
        with self.lock:
            for _, _, backend in sqs_backends.iter_backends():
                for queue in backend.queues.values():
                    _hand_back(queue, queue._messages)
        self._thread.start()

    def wake(self):
        """Has it look for work."""
        with self._wake:
            self._woken = True
            self._wake.notify()

    def forget(self):
        """Drops what it knows of mappings that are gone."""
        self.begun.clear()

    def stop(self):
        """Takes no more batches."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join(timeout=5)
        self.executor.shutdown(wait=False, cancel_futures=True)

    def _run(self):
        due = NEVER
        while True:
            with self._wake:
                if not self._woken and not self._stopped:
                    rest = max(0.0, due - time.time())
                    self._wake.wait(None if due == NEVER else min(rest, threading.TIMEOUT_MAX))
                if self._stopped:
                    return
                self._woken = False
            try:
                due = self._round()
            except Exception:
                due = NEVER
                traceback.print_exc()

    def _round(self):
        """Takes every batch there is, and says when there may be more without a call."""
        with self.lock:
            if later.run_due():
                self.changed()
            due = NEVER
            mappings = [
                mapping
                for _, _, backend in lambda_backends.iter_backends()
                for mapping in backend._event_source_mappings.values()
            ]
            # In turns, so that mappings of one queue share it.
            while mappings:
                for mapping in list(mappings):
                    again = self._take(mapping)
                    if again is not None:
                        mappings.remove(mapping)
                        due = min(due, again)
            return due

    def _take(self, mapping):
        """Takes a batch for the mapping: None, or when to look again if there was none."""
        queue = _queue(mapping.event_source_arn)
        if queue is None or not mapping.enabled:
            return NEVER
        try:
            definition = self.functions.definition(queue.region, mapping.function_arn)
        except Refused:
            # Gone, or not active yet.
            return later.next_due()
        if not self._may_run(mapping, definition):
            # One that ends wakes us.
            return NEVER
        if operator.asked and not _may_read(queue, definition):
            # A call that lets it wakes us.
            return NEVER
        _expire(queue)
        count = batches.fitting(queue.messages, mapping.batch_size)
        closes = self._closes(mapping, count)
        if not count or closes > time.time():
            return min(closes, _next_visible(queue))
        self.begun.pop(mapping.uuid, None)
        messages = self._receive(queue, count, definition)
        if not messages:
            return _next_visible(queue)
        kept = [each for each in messages if batches.wanted(each, mapping.filter_criteria)]
        self._delete(queue, [each for each in messages if each not in kept])
        if kept:
            self.running[mapping.uuid] += 1
            reports = "ReportBatchItemFailures" in (mapping.function_response_types or ())
            self.executor.submit(
                self._batch, mapping.uuid, queue.queue_arn, definition, kept, reports
            )
        return None

    def _may_run(self, mapping, definition):
        limits = [EACH, (mapping.scaling_config or {}).get("MaximumConcurrency")]
        limit = min(each for each in (*limits, definition.concurrency) if each is not None)
        return self.running[mapping.uuid] < limit and self.running.total() < ALL

    def _closes(self, mapping, count):
        """When the batch with so many messages need not wait for more."""
        if not count:
            self.begun.pop(mapping.uuid, None)
            return NEVER
        if count >= mapping.batch_size or not mapping.max_batch_window:
            return 0.0
        begun = self.begun.setdefault(mapping.uuid, time.time())
        return begun + clock.seconds(mapping.max_batch_window)

    def _receive(self, queue, count, definition):
        hidden = max(queue.visibility_timeout, definition.timeout)
        before = len(queue._messages)
        backend = sqs_backends[queue.account_id][queue.region]
        messages = backend.receive_message(queue.name, count, 0, hidden, ["All"])
        now = unix_time_millis()
        handles = {message.receipt_handle for message in messages}
        for message in queue._messages:
            if message.receipt_handle in handles:
                # Since when, and until when: it is still ours while it is as we left it.
                message.held = now, message.visible_at
        moved = len(queue._messages) != before
        if moved:
            # To the dead-letter queue, which may be mapped as well.
            self.wake()
        if messages or moved:
            self.changed()
        return messages

    def _batch(self, uuid, queue_arn, definition, messages, reports):
        """Runs the function and settles what becomes of the messages."""
        failed = {message.id for message in messages}
        try:
            with self.lock:
                queue = _queue(queue_arn)
            if queue is None or self.functions.stopped.is_set():
                return
            seconds = queue.visibility_timeout
            invocation = Invocation(definition, batches.event(queue, messages))
            wait = clock.seconds(seconds) if clock.timed else seconds
            self.functions.run(definition, invocation, wait=wait)
            failed = batches.failed(messages, invocation, reports)
        except (Refused, Throttled) as refused:
            print(f"no batch for {definition.name}: {refused}", flush=True)
        except Exception:
            traceback.print_exc()
        finally:
            with self.lock:
                self.running[uuid] -= 1
                # It may be another one by now, or none.
                if queue := _queue(queue_arn):
                    self._delete(queue, [each for each in messages if each.id not in failed])
                    _hand_back(queue, [each for each in messages if each.id in failed])
            self.changed()
            self.wake()

    def _delete(self, queue, messages):
        for message in messages:
            try:
                queue.delete_message(message.receipt_handle)
            except ReceiptHandleIsInvalid:
                # Purged.
                pass


def _may_read(queue, definition):
    """Whether Lambda may take from the queue as the function's role (Lambda developer guide, "Using
    Lambda with Amazon SQS", execution role permissions: with the key of an encrypted queue)."""
    key = queue.kms_master_key_id
    return all(
        may(definition, action, queue.queue_arn, key if receives else None, "sqs")
        for action, receives in QUEUE_ACTIONS
    )


def _queue(arn):
    """The queue of this ARN, if there is one."""
    _, _, service, region, account, name = arn.split(":", 5)
    return sqs_backends[account][region].queues.get(name) if service == "sqs" else None


def _hand_back(queue, messages):
    """Has the messages come back that are hidden as they were when they were received."""
    handles = {message.receipt_handle for message in messages}
    now = unix_time_millis()
    for message in queue._messages:
        since, until = getattr(message, "held", (0.0, None))
        if message.receipt_handle in handles and message.visible_at == until:
            if clock.timed:
                again = since + clock.seconds(queue.visibility_timeout) * 1000
                message.visible_at = max(again, now)
            else:
                message.visible_at = now + PAUSE * 1000


def _expire(queue):
    """Drops what is older than the queue keeps it: moto's receive stops at the first such one."""
    oldest = unix_time_millis() - queue.message_retention_period * 1000
    if any(message.sent_timestamp <= oldest for message in queue._messages):
        kept = [message for message in queue._messages if message.sent_timestamp > oldest]
        queue._messages = kept
        queue._pending_messages.intersection_update(kept)


def _next_visible(queue):
    """When the next message of those that are hidden shows."""
    hidden = (
        max(message.visible_at, message.delayed_until)
        for message in queue._messages
        if message.delayed or not message.visible
    )
    return min(hidden, default=NEVER) / 1000 + PAST
