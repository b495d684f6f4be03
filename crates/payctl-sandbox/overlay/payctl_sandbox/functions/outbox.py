"""Events that moto, under its lock, wants delivered to functions: sent when it is free again."""

from collections import deque

# (function ARN, payload as bytes)
outbox = deque()
