#!/usr/bin/env python3
"""Prints a stack of many queues as JSON: one for each merchant, with its dead letters.

A document has no loops. What there are many of is written by a program, in whatever language, that
prints the same structure as JSON: `[sqs.queue.NAME]` is {"sqs": {"queue": {"NAME": {…}}}}.

    examples/queues.py | payctl plan --suffix dev --stack-file -

    queues.py [NUMBER]      how many queues in all, an even number [default: 1000]
"""

import json
import sys


def main():
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    queues = {}
    for merchant in range(1, number // 2 + 1):
        name = f"merchant-{merchant:04}"
        queues[name] = {
            "visibility_timeout_s": 120,
            "redrive": {"dead_letter": f"${{sqs.queue:{name}-dead.arn}}", "max_receives": 3},
        }
        queues[f"{name}-dead"] = {"retention_s": 1209600}
    document = {
        "name": "queues",
        "description": "a queue with dead letters for each merchant",
        "sqs": {"queue": queues},
        "outputs": {"first_queue_url": "${sqs.queue:merchant-0001.url}"},
    }
    json.dump(document, sys.stdout, indent=2)
    print()


main()
