#!/bin/sh
# Sets up the Python environment that the tests run the emulators from: target/tools/venv.
# An interrupted installation is done again; a complete one is left alone.
set -eu
cd "$(dirname -- "$0")/.."

venv=target/tools/venv
wanted=$(cat crates/payctl-sandbox/overlay/requirements.txt tests/requirements.txt)
if [ "$(cat "$venv/.installed" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi
for python in "${PAYCTL_PYTHON:-}" python3.13 python3.12 python3.11 python3.10 python3; do
    [ -n "$python" ] || continue
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        found=$python
        break
    fi
done
if [ -z "${found:-}" ]; then
    echo "tools: no Python 3.10 or newer was found; install one, or name it in PAYCTL_PYTHON" >&2
    exit 1
fi
echo "tools: installing the emulators into $venv (once, about 320 MB)" >&2
rm -rf "$venv"
"$found" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    -r crates/payctl-sandbox/overlay/requirements.txt -r tests/requirements.txt
echo "$wanted" > "$venv/.installed"
