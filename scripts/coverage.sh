#!/bin/sh
# Prints which share of its lines the tests of each handler's crate run, and fails where a crate whose
# rules move money has a line that none runs. What is left out: tests, and whatever handler-tests is.
#
#   coverage.sh              all crates
#   coverage.sh CRATE…       these, by their own tests
#
# Needs the tools of the compiler's own LLVM: `rustup component add llvm-tools`, or PAYCTL_LLVM_TOOLS, the
# folder of llvm-profdata and llvm-cov of the same version.
set -eu
cd "$(dirname -- "$0")/../lambda-src"

host=$(rustc -vV | sed -n 's/^host: //p')
llvm=${PAYCTL_LLVM_TOOLS:-$(rustc --print sysroot)/lib/rustlib/$host/bin}
if ! [ -x "$llvm/llvm-cov" ]; then
    echo "coverage: there is no $llvm/llvm-cov: rustup component add llvm-tools" >&2
    exit 1
fi
target=${CARGO_TARGET_DIR:-$PWD/target}
profiles=$target/coverage
rm -rf "$profiles"
mkdir -p "$profiles"
packages=
for crate in "$@"; do packages="$packages --package $crate"; done

# One file a process; %c keeps it up to date, whoever ends the process.
export LLVM_PROFILE_FILE="$profiles/%m-%p%c.profraw" RUSTC_WORKSPACE_WRAPPER="$PWD/../scripts/covered.sh"
# shellcheck disable=SC2086
nice -n 19 cargo test --locked ${packages:---workspace} --lib --bins --tests --no-run --message-format json \
    >"$profiles/built"
objects=$(sed -n 's/.*"executable":"\([^"]*\)".*/--object=\1/p' "$profiles/built" | sort -u)
# shellcheck disable=SC2086
nice -n 19 cargo test --locked ${packages:---workspace} --lib --bins --tests >"$profiles/said" 2>&1 || {
    cat "$profiles/said"
    exit 1
}
find "$profiles" -name '*.profraw' >"$profiles/files"
"$llvm/llvm-profdata" merge --sparse --input-files="$profiles/files" --output="$profiles/all.profdata"
# shellcheck disable=SC2086
"$llvm/llvm-cov" export --format=lcov --instr-profile="$profiles/all.profdata" $objects >"$profiles/lines"
exec python3 ../scripts/coverage_lines.py "$profiles/lines" payments-domain payments-rules
