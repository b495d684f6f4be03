#!/bin/sh
# Sets up what the tests run: the Python environment of the emulators, target/tools/venv, the programs
# of PostgreSQL, and Chromium. An interrupted installation is done again; a complete one is left alone.
#
#   tools.sh               sets up all three
#   tools.sh --awscli      sets up the AWS CLI, which the pages' examples are run with
#   tools.sh --prowler     sets up prowler, which `make judge` asks
#   tools.sh --postgres    prints the folder of PostgreSQL's initdb, postgres and psql
#   tools.sh --chromium    prints the program of Chromium
set -eu
cd "$(dirname -- "$0")/.."

# PostgreSQL: what PAYCTL_POSTGRES names, what Debian has installed, or Debian's package, unpacked.
unpacked=$PWD/target/tools/postgresql
postgres() {
    debian=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    for folder in "${PAYCTL_POSTGRES:-$debian}" "$unpacked/bin"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            echo "$folder"
            return
        fi
    done
    return 1
}

# Unpacks Debian's package $1 with what it depends on and this machine lacks, and $4 if any, into
# $2.new/root, without installing anything. $3 is what people are told of it.
unpack() {
    package=$1 folder=$2 what=$3 besides=${4:-}
    echo "tools: unpacking $package into $folder (once, $what)" >&2
    rm -rf "$folder" "$folder.new"
    mkdir -p "$folder.new/packages" "$folder.new/bin"
    # shellcheck disable=SC2086
    missing=$(apt-get install --simulate --no-install-recommends "$package" $besides \
        | sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -v -x "$package" || true)
    # shellcheck disable=SC2086
    (cd "$folder.new/packages" && apt-get download --quiet --quiet "$package" $missing) >&2
    for archive in "$folder.new"/packages/*.deb; do
        dpkg -x "$archive" "$folder.new/root"
    done
    rm -rf "$folder.new/packages"
    # PulseAudio keeps a library of its own in a folder of its own.
    libraries=$(cd "$folder.new/root" && find . -type d -path '*lib/*' \
        \( -name '*-linux-gnu*' -o -path '*-linux-gnu*/pulseaudio' \) -printf "$folder/root/%P:")
}

# Debian's package lists, where packages are unpacked from them; $1 is what to do without them.
package_lists() {
    if ! command -v apt-get >/dev/null; then
        echo "tools: $1" >&2
        exit 1
    fi
    if ! apt-cache show "$2" >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get update --quiet --quiet >&2
    fi
}

# Unpacks the release's PostgreSQL: an installed one would start a server.
unpack_postgres() {
    package_lists "no PostgreSQL was found; install it, or name the folder of initdb and postgres in \
PAYCTL_POSTGRES" postgresql
    package=$(apt-cache depends postgresql | sed -n 's/.*Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
    if [ -z "$package" ]; then
        echo "tools: Debian's package lists have no PostgreSQL; run apt-get update" >&2
        exit 1
    fi
    unpack "$package" "$unpacked" "about 55 MB, more where libraries lack"
    programs=$(cd "$unpacked.new/root" && find usr/lib/postgresql -name initdb -printf '%h')
    for program in initdb postgres psql; do
        # A client that is installed is not unpacked.
        [ -x "$unpacked.new/root/$programs/$program" ] || continue
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' \
            "'${libraries%:}'" "'$unpacked/root/$programs/$program'" > "$unpacked.new/bin/$program"
    done
    # The tests of root run it as nobody.
    chmod -R a+rX "$unpacked.new"
    chmod a+x "$unpacked.new"/bin/*
    mv "$unpacked.new" "$unpacked"
}

# Chromium: what PAYCTL_CHROMIUM names, what is installed, or Debian's package, unpacked.
browser=$PWD/target/tools/chromium
# Not `chromium`, which `command -v` would find.
find_chromium() {
    for program in "${PAYCTL_CHROMIUM:-}" chromium chromium-browser google-chrome "$browser/bin/chromium"; do
        if [ -n "$program" ] && command -v "$program"; then
            return
        fi
    done
    return 1
}

# Unpacks it, with a font: a page without one has no widths to measure.
unpack_chromium() {
    package_lists "no Chromium was found; install it, or name the program in PAYCTL_CHROMIUM" chromium
    if ! apt-cache show chromium >/dev/null 2>&1; then
        echo "tools: the package lists have no Chromium; run apt-get update, or name the program in" \
            "PAYCTL_CHROMIUM" >&2
        exit 1
    fi
    unpack chromium "$browser" "about 400 MB" fonts-dejavu-core
    cat > "$browser.new/fonts.conf" <<END
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>$browser/root/usr/share/fonts</dir>
<cachedir>$browser/fontcache</cachedir></fontconfig>
END
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s FONTCONFIG_FILE=%s exec %s "$@"\n' "'${libraries%:}'" \
        "'$browser/fonts.conf'" "'$browser/root/usr/lib/chromium/chromium'" > "$browser.new/bin/chromium"
    chmod a+x "$browser.new/bin/chromium"
    mv "$browser.new" "$browser"
}

# Makes the virtual environment $1 of pinned packages: those in the files that follow. $2 says what of.
environment() {
    venv=$1 what=$2
    shift 2
    wanted=$(cat "$@")
    if [ "$(cat "$venv/.installed" 2>/dev/null || true)" = "$wanted" ]; then
        return
    fi
    # The distribution's first: it is built for speed, which others rarely are.
    for python in "${PAYCTL_PYTHON:-}" /usr/bin/python3 python3.13 python3.12 python3.11 python3.10 python3; do
        [ -n "$python" ] || continue
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            found=$python
            break
        fi
    done
    if [ -z "${found:-}" ]; then
        echo "tools: no Python 3.10 or newer was found; install one, or name it in PAYCTL_PYTHON" >&2
        exit 1
    fi
    # Debian's Python comes without pip: any pip from 22.3 on can install for another Python.
    for python in "$found" python3; do
        if "$python" -m pip --python "$found" --version >/dev/null 2>&1; then
            pip=$python
            break
        fi
    done
    if [ -z "${pip:-}" ]; then
        echo "tools: no pip of 22.3 or newer was found; install one (Debian: python3-pip)" >&2
        exit 1
    fi
    echo "tools: installing $what into $venv (once)" >&2
    rm -rf "$venv"
    "$found" -m venv --without-pip "$venv"
    for file in "$@"; do
        set -- "$@" -r "$file"
        shift
    done
    "$pip" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check --no-deps "$@"
    echo "$wanted" > "$venv/.installed"
}

case ${1:-} in
    --postgres) postgres; exit ;;
    --chromium) find_chromium; exit ;;
    --awscli) environment target/tools/awscli "the AWS CLI, about 170 MB," tests/awscli.txt; exit ;;
    --prowler) environment target/tools/prowler "prowler, about 1.4 GB," tests/prowler.txt; exit ;;
esac
postgres >/dev/null || unpack_postgres
find_chromium >/dev/null || unpack_chromium
environment target/tools/venv "the emulators, about 320 MB," \
    crates/payctl-sandbox/overlay/requirements.txt tests/requirements.txt
