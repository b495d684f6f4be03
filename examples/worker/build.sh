#!/bin/sh
# Builds the function in two forms:
#
#   target/lambda/worker/bootstrap   for `handler = "worker"`, with --handlers examples/worker/target/lambda
#   target/lambda/worker.zip         for `zip = "worker/target/lambda/worker.zip"`
#
#   build.sh              statically linked, for x86_64 Lambda: rustup target add x86_64-unknown-linux-musl
#   build.sh --sandbox    for this machine, where the sandbox runs it: needs no other target
#
# CARGO_TARGET_DIR   where cargo builds (default: target beside this script)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
build=${CARGO_TARGET_DIR:-$here/target}
cd "$here"

case ${1-} in
    '')
        target=x86_64-unknown-linux-musl
        if ! rustc --print target-libdir --target "$target" 2>/dev/null | xargs test -d; then
            echo "build.sh: the Rust target $target is not installed: rustup target add $target" >&2
            echo "build.sh: or build for the sandbox alone: build.sh --sandbox" >&2
            exit 1
        fi
        cargo build --release --locked --target "$target"
        binary=$build/$target/release/worker
        ;;
    --sandbox)
        cargo build --release --locked
        binary=$build/release/worker
        ;;
    *)
        echo "usage: build.sh [--sandbox]" >&2
        exit 2
        ;;
esac

mkdir -p target/lambda/worker
cp "$binary" target/lambda/worker/bootstrap
# The same binary gives the same file: a zip with the time in it would be other code each time.
python3 - target/lambda/worker/bootstrap target/lambda/worker.zip <<'PYTHON'
import sys
import zipfile

binary, archive = sys.argv[1:]
entry = zipfile.ZipInfo("bootstrap")
entry.compress_type = zipfile.ZIP_DEFLATED
entry.external_attr = 0o100755 << 16
with zipfile.ZipFile(archive, "w") as out, open(binary, "rb") as file:
    out.writestr(entry, file.read())
PYTHON
echo "$here/target/lambda/worker/bootstrap $(wc -c < target/lambda/worker/bootstrap) bytes"
