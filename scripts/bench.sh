#!/bin/sh
# The figures of docs/benchmarks.md, measured on this machine, with the build that users have.
set -eu
cd "$(dirname -- "$0")/.."
PAYCTL_SANDBOX_HOME=$(mktemp -d)
export PAYCTL_SANDBOX_HOME
trap 'target/release/payctl sandbox stop 2>/dev/null || true; rm -rf "$PAYCTL_SANDBOX_HOME"' EXIT
target/release/bench
echo "cold handler, from its start to its first answer:"
(cd lambda-src && PAYCTL_TEST_BOOTSTRAP=$PWD/target/lambda/payment-processor/bootstrap \
    cargo test --workspace --locked --quiet --test all cold_start -- --ignored --nocapture)
echo "handlers, through the sandbox and alone:"
PAYCTL_BIN=target/release/payctl "$PAYCTL_TEST_PYTHON" scripts/bench_handlers.py
