#!/bin/sh
# The sandbox's overlay, its test files divided among four processes: most of a test is waiting.
set -eu
cd "$(dirname -- "$0")/.."
python=${PAYCTL_TEST_PYTHON:-$PWD/target/tools/venv/bin/python}
cd crates/payctl-sandbox/overlay/tests
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
# Every fourth of them, the longest first; then, alone, the one that measures time.
for nth in 1 2 3 4; do
    files=$(wc -c test_*.py | sort -rn | grep -v -e total -e test_time | awk -v nth=$nth \
        'NR % 4 == nth % 4 { sub(/\.py$/, "", $2); print $2 }')
    # shellcheck disable=SC2086
    { "$python" -W error -m unittest $files >"$output/$nth" 2>&1 || echo "$nth" >>"$output/failed"; } &
done
wait
"$python" -W error -m unittest test_time >"$output/5" 2>&1 || echo 5 >>"$output/failed"
cat "$output"/[1-5]
if [ -e "$output/failed" ]; then
    echo "overlay-tests: failed" >&2
    exit 1
fi
