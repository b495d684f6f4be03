#!/usr/bin/env bash
# The compiler of the handlers' crates where scripts/coverage.sh measures them: what they depend on is
# not counted, and stays as the tests have built it. Counters live in the file itself, since Lambda, and
# tests that act as Lambda, kill a handler rather than let it end.
# bash, for the reason that linted.sh has.
exec "$@" -C instrument-coverage -C llvm-args=-runtime-counter-relocation
