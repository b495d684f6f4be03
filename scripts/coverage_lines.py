#!/usr/bin/env python3
"""Counts the lines that tests run, crate by crate, for scripts/coverage.sh.

    coverage_lines.py LINES CRATE…

LINES is what llvm-cov exports as lcov. Ends with 1 where one of the crates has a line that no test runs.
"""

import collections
import os
import sys

HERE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lambda-src", "")


def tests_from(path):
    """The number of the line that the tests of a file begin at: they are its end."""
    with open(path) as file:
        lines = [line.strip() for line in file]
    return lines.index("#[cfg(test)]") + 1 if "#[cfg(test)]" in lines else len(lines) + 1


def read(exported):
    """How often each line of the crates' own code was run."""
    counts = collections.defaultdict(dict)
    for line in exported:
        what, _, value = line.strip().partition(":")
        if what == "SF":
            path = value.removeprefix(HERE)
            crate, folder = [*path.split("/"), ""][:2]
            own = path != value and folder == "src" and crate != "handler-tests" and not path.endswith("/tests.rs")
            end = tests_from(value) if own else 0
        elif what == "DA":
            number, times = (int(part) for part in value.split(",")[:2])
            if number < end:
                counts[path][number] = max(times, counts[path].get(number, 0))
    return counts


def main():
    with open(sys.argv[1]) as exported:
        counts = read(exported)
    crates = collections.defaultdict(list)
    for path, lines in counts.items():
        crates[path.split("/")[0]] += [(path, number, times) for number, times in lines.items()]
    failed = False
    for crate, lines in sorted(crates.items()):
        missed = [(path, number) for path, number, times in lines if not times]
        share = 100 * (len(lines) - len(missed)) / len(lines)
        print(f"{crate}: {share:.1f} % of {len(lines)} lines")
        if missed and crate in sys.argv[2:]:
            failed = True
            for path, number in sorted(missed):
                print(f"{path}:{number}: no test runs this line")
    absent = set(sys.argv[2:]) - crates.keys()
    if absent:
        print(f"not measured: {', '.join(sorted(absent))}")
    return 1 if failed or absent else 0


if __name__ == "__main__":
    sys.exit(main())
