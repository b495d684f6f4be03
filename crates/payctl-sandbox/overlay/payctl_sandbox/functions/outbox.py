"""What moto, under its lock, wants functions to do: begun when the lock is free again."""

from collections import deque

# Events: (function ARN, payload as bytes)
outbox = deque()
# Several invocations, one after the other: called with what runs functions, on a thread of its own
jobs = deque()
