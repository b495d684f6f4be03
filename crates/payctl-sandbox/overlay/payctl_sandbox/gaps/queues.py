"""Queues: mapped functions are fed by `functions.queues`; who waits for messages waits alone."""

from moto.sqs.models import Queue

from ..lock import lock
from ..patching import replace


@replace(Queue, "add_message")
def add_message(original, self, message):
    # moto would receive at once and run the function inside the sender's call, message by
    # message, even for a mapping that was deleted.
    mappings, self.lambda_event_source_mappings = self.lambda_event_source_mappings, {}
    try:
        original(self, message)
    finally:
        self.lambda_event_source_mappings = mappings


@replace(Queue, "wait_for_messages")
def wait_for_messages(original, self, timeout):
    # Nobody could send what is waited for.
    lock.release()
    try:
        original(self, timeout)
    finally:
        lock.acquire()
