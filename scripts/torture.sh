#!/bin/sh
# Everything that docs/reliability.md promises, tried in full; each line printed is a count.
# An hour and more on two cores. PAYCTL_SEED=n draws other points where chance is involved.
set -eu
cd "$(dirname -- "$0")/.."
export RUST_BACKTRACE=0

echo "== the engine on the in-memory cloud, disk and clock (R8, R9, R17)"
env -u RUSTC_WORKSPACE_WRAPPER PAYCTL_SEEDS="${PAYCTL_SEEDS:-100000}" \
    cargo test --package payctl-engine --features testing --release --locked \
    --target-dir target/torture --test lives -- --nocapture
echo "== the real binary behind the fault proxy (R1 to R16)"
PAYCTL_TORTURE=all cargo test --workspace --locked --test torture -- --nocapture --test-threads=1
echo "== secrets, files, permissions (S1 to S9)"
cargo test --workspace --locked --test e2e -- security input foreign --nocapture
