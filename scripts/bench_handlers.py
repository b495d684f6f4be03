#!/usr/bin/env python3
"""Measures the Lambda handlers: through the sandbox, alone, and against plain requests.

    bench_handlers.py [SYSTEM…]

Each system is made in a sandbox of its own, by the payctl that PAYCTL_BIN names, with the handlers that
PAYCTL_HANDLERS names. Every payment is a new one, and one wrong answer ends it all. docs/benchmarks.md says
what the lines mean. Needs boto3, which the Python of target/tools/venv has.
"""

import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench_runtime import Alone, Plain, Recorded
from bench_systems import AT_ONCE, SYSTEMS, System, checked

CALLS, STARTS = int(os.environ.get("BENCH_CALLS", "200")), 9
# Calls before the first that counts.
WARM = 5


def through(handler, events):
    """The seconds that one round takes through the sandbox."""
    began = time.perf_counter()
    answers = handler.through(events)
    took = time.perf_counter() - began
    checked(handler, answers)
    return took


def alone(handler, process, events):
    """The seconds that one round takes of the process, and its answers."""
    answers, took = zip(*(process.ask(event) for event in events))
    return sum(took), checked(handler, answers)


def rounds(system, calls):
    for nth in range(WARM + calls):
        if nth % 25 == 0:
            system.empty()
        yield nth


def measure(handler):
    system, calls = handler.system, CALLS // len(handler.events())
    say = lambda what: print(f"{handler.name}: {what}", flush=True)
    took = [through(handler, handler.events()) for _ in rounds(system, calls)][WARM:]
    say(f"{handler.way} through the sandbox: {figures(took)}")
    system.afresh()
    if handler.at_once:
        prepared = [handler.events() for _ in range(AT_ONCE * WARM + calls)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda events: through(handler, events), prepared[:-calls]))
            began = time.perf_counter()
            list(pool.map(lambda events: through(handler, events), prepared[-calls:]))
            took = time.perf_counter() - began
        say(f"{AT_ONCE} at once: {calls / took:.0f} a second")
    system.afresh()
    handler.alone()
    variables = system.variables(handler.function)
    start = lambda endpoint: Alone(handler.bootstrap, variables, endpoint)
    firsts = []
    for _ in range(STARTS):
        events = handler.events()
        with start(system.endpoint) as process:
            alone(handler, process, events)
            firsts.append(process.first)
    say(f"cold, from its start to its first answer: {ms(median(firsts))}, median of {STARTS}")
    proxy = Recorded(system.endpoint)
    with start(proxy.endpoint) as process:
        alone(handler, process, handler.events())
        proxy.calls()
        events = handler.events()
        _, answers = alone(handler, process, events)
        asked = proxy.calls()
    proxy.close()
    system.afresh()
    # One after the other, so that what else the machine does meets both alike.
    own, plain = [], []
    with start(system.endpoint) as process, Plain(system.endpoint, asked, [events, answers]) as loop:
        for _ in rounds(system, calls):
            own.append(alone(handler, process, handler.events())[0])
            if asked:
                plain.append(loop.again(handler.renewed(events, loop.ids)))
    own, plain = own[WARM:], plain[WARM:]
    say(f"alone: {figures(own)}")
    if asked:
        ratio = median(own) / median(plain)
        say(f"the same {len(asked)} calls of AWS by a plain loop: {figures(plain)}: {ratio:.2f} times")
    else:
        say("it asks AWS for nothing, once it is warm")


def ms(seconds):
    return f"{seconds * 1000:.1f} ms"


def figures(took):
    took = sorted(took)
    return f"p50 {ms(median(took))}, p99 {ms(took[int(len(took) * 0.99)])} of {len(took)}"


def main():
    # So that no sandbox is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in sys.argv[1:] or SYSTEMS:
        with tempfile.TemporaryDirectory() as folder:
            system = System(name, folder)
            try:
                system.up()
                for handler in SYSTEMS[name](system):
                    measure(handler)
            finally:
                system.stop()


if __name__ == "__main__":
    main()
