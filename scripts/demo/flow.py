#!/usr/bin/env python3
"""Sends payments at a even rate, for the demonstration of `migration`, and counts the answers.

    flow.py ENDPOINT HOST COUNT A_SECOND

Each payment is of a customer of its own. Prints how often which answer came, and ends with 1 where one was
not an approval.
"""

import collections
import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

# So that one that waits holds no other up.
SENDERS = 8


def send(endpoint, host, nth, due):
    time.sleep(max(0.0, due - time.monotonic()))
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=30)
    body = json.dumps({"customerId": f"flow-{nth}", "amount": "10.01", "currency": "EUR"})
    headers = {"Host": host, "Content-Type": "application/json", "Idempotency-Key": f"flow-{nth}"}
    try:
        connection.request("POST", "/process", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("status", "none")
    finally:
        connection.close()


def main():
    endpoint, host, count, a_second = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(send, endpoint, host, nth, began + nth / a_second) for nth in range(count)]
    counts = collections.Counter(each.result() for each in sent)
    for (status, decision), times in sorted(counts.items()):
        print(f"{times} × {status} {decision}, in {time.monotonic() - began:.1f} s")
    return 0 if set(counts) == {(200, "approved")} else 1


if __name__ == "__main__":
    sys.exit(main())
