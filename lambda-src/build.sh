#!/bin/sh
# Builds handlers for Lambda (provided.al2023) into target/lambda/<name>/bootstrap, or, for
# processors that this machine does not have, target/lambda/<processors>/<name>/bootstrap: both can
# stand side by side.
#
#   build.sh             for this machine's processors
#   build.sh --x86_64    x86_64; elsewhere it needs `rustup target add x86_64-unknown-linux-gnu`
#   build.sh --arm64     arm64; elsewhere it needs `rustup target add aarch64-unknown-linux-gnu`
#   build.sh NAME...     these handlers only, such as payment-processor
#
# The same source gives the same bytes in any folder: the paths of the source, of cargo's home and
# of the toolchain are replaced, the linker (zig, brought by cargo-lambda) is pinned.
#
# PAYCTL_TOOLS       where the build tools are kept   (default: ~/.cache/payctl/tools)
# PAYCTL_PYTHON      a Python of 3.9 or later          (default: python3)
# CARGO_TARGET_DIR   where cargo builds               (default: target beside this script)
set -eu

cargo_lambda=1.9.2
ziglang=0.17.1

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
cd "$here"

case $(uname -m) in
    aarch64 | arm64) machine=aarch64 ;;
    *) machine=x86_64 ;;
esac
architecture=$machine
# All of the workspace's features, whichever are built: others would build the dependencies anew.
handlers=
for argument in "$@"; do
    case $argument in
        --x86_64) architecture=x86_64 ;;
        --arm64) architecture=aarch64 ;;
        -*) echo "usage: build.sh [--x86_64 | --arm64] [NAME...]" >&2; exit 2 ;;
        *)
            if ! [ -e "$argument/src/main.rs" ]; then
                echo "build.sh: there is no handler $argument" >&2
                exit 2
            fi
            handlers="$handlers --bin=$argument"
            ;;
    esac
done
target=$architecture-unknown-linux-gnu

if ! rustc --print target-libdir --target "$target" 2>/dev/null | xargs test -d; then
    echo "build.sh: the Rust target $target is not installed: rustup target add $target" >&2
    exit 1
fi

# The tools: one folder per pair of versions. The mark is written last, so that an installation
# that was interrupted is done again.
tools=${PAYCTL_TOOLS:-$HOME/.cache/payctl/tools}/cargo-lambda-$cargo_lambda
mark=$tools/.installed
wanted="cargo-lambda $cargo_lambda, ziglang $ziglang"
if [ "$(cat "$mark" 2>/dev/null || true)" != "$wanted" ]; then
    echo "build.sh: installing $wanted into $tools" >&2
    rm -rf "$tools"
    mkdir -p "$tools"
    "${PAYCTL_PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check \
        "cargo-lambda==$cargo_lambda" "ziglang==$ziglang"
    echo "$wanted" > "$mark.new"
    mv "$mark.new" "$mark"
fi

# Everything that could carry a path or a setting of this machine into the binary. Of several
# prefixes that fit, rustc takes the last.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target_dir=${CARGO_TARGET_DIR:-$here/target}
unset CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS
cargo fetch --quiet --locked --target "$target"
RUSTFLAGS="--remap-path-prefix=$(rustc --print sysroot)=/rust"
RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$here=/src --remap-path-prefix=$target_dir=/target"
RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$cargo_home=/cargo"
CFLAGS="-g0 -ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$target_dir=/target"
for registry in "$cargo_home"/registry/src/*; do
    RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$registry=/crates"
    CFLAGS="$CFLAGS -ffile-prefix-map=$registry=/crates"
done
case $here$target_dir$cargo_home in
    *[[:space:]]*)
        echo "build.sh: no blanks, please, in the paths of the source, of its target folder and" \
            "of cargo's home: compilers take their flags separated by blanks" >&2
        exit 1
        ;;
esac
export RUSTFLAGS CFLAGS CARGO_TARGET_DIR="$target_dir"
export SOURCE_DATE_EPOCH=0 CARGO_INCREMENTAL=0 LC_ALL=C TZ=UTC
export PATH="$tools/bin:$PATH"

case $architecture in
    x86_64) name=x86_64 option=--x86-64 ;;
    aarch64) name=arm64 option=--arm64 ;;
esac
lambda_dir=$target_dir/lambda
[ "$architecture" = "$machine" ] || lambda_dir=$lambda_dir/$name
# shellcheck disable=SC2086
cargo lambda build --release --locked --output-format binary --lambda-dir "$lambda_dir" $option $handlers

for bootstrap in "$lambda_dir"/*/bootstrap; do
    echo "$bootstrap $(wc -c < "$bootstrap") bytes"
done
