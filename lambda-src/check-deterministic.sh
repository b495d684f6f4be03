#!/bin/sh
# Builds the handlers from two copies of the source in different folders, with nothing shared but
# cargo's downloads, and compares the bytes. Takes two full builds.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
unset CARGO_TARGET_DIR
work=$(mktemp -d "${TMPDIR:-/tmp}/payctl-deterministic.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Both copies are made before either is built: a source edited meanwhile is not a difference.
copy() {
    mkdir -p "$work/$1"
    (cd "$here" && tar -cf - --exclude=./target .) | tar -xf - -C "$work/$1"
    # The toolchain is the project's, also outside of it.
    if [ -f "$here/../rust-toolchain.toml" ]; then
        cp "$here/../rust-toolchain.toml" "$work/$1/"
    fi
}

build() {
    "$work/$1/build.sh" >&2
    (cd "$work/$1/target/lambda" && sha256sum ./*/bootstrap)
    rm -rf "$work/$1/target"
}

copy one
copy another/and-a-longer/path
first=$(build one)
second=$(build another/and-a-longer/path)
echo "$first"
if [ "$first" = "$second" ]; then
    echo "the same bytes from both folders"
else
    echo "$second"
    echo "check-deterministic.sh: the bytes differ" >&2
    exit 1
fi
