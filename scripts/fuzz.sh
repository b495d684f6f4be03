#!/bin/sh
# The parsers of state and journal under a coverage-guided fuzzer; prints a count for each target.
# FUZZ_RUNS=n executions of each of FUZZ_TARGETS. Needs cargo-fuzz: cargo install cargo-fuzz --locked
set -eu
cd "$(dirname -- "$0")/.."
runs=${FUZZ_RUNS:-4000000}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for target in ${FUZZ_TARGETS:-journal state store}; do
    # What is found goes into the first folder; the seeds stay as they are.
    mkdir -p "fuzz/corpus/$target"
    # No sanitizer: the engine forbids unsafe code, and a stable toolchain has none.
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -runs="$runs" -max_len=8192 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
        >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    echo "S5: $target: $executed executions, 0 panics, none longer than 5 s, $peak MB at most"
done
