#!/bin/sh
# Makes the virtual environment .venv and installs what FILE lists; does nothing when that was done already.
# Usage: sh scripts/environment.sh requirements.txt|requirements-dev.txt   (PYTHON=... names an interpreter)
set -eu
cd "$(dirname "$0")/.."
file=$1

say() { printf 'setup     | %s\n' "$*"; }
fail() { printf 'setup     | %s\n' "$*" >&2; exit 1; }

stamp() { cat "$@" | cksum | tr -d ' '; }
run_stamp=$(stamp requirements.txt)
dev_stamp=$(stamp requirements.txt requirements-dev.txt)
installed=$(cat .venv/installed 2>/dev/null || true)
here="$(pwd -P)/.venv"
# An environment that somebody made is used as it is, unless it was moved (its programs name their old place).
if [ "$(cat .venv/made-at 2>/dev/null || printf '%s' "$here")" = "$here" ] &&
    .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    case "$file:$installed" in
        requirements.txt:"$run_stamp" | *:"$dev_stamp") exit 0 ;;
    esac
else
    python=
    # The usual one first; then by name, the best tried first. Each must really start: a shim may lead nowhere.
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || fail "Djobea needs Python 3.11 or newer, and none was found. Install it, or name it: make demo PYTHON=/path/to/python3"
    say "Making .venv with $("$python" --version) ..."
    rm -rf .venv
    "$python" -m venv .venv >.venv.log 2>&1 || { cat .venv.log >&2; rm -rf .venv .venv.log; fail "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; }
    rm -f .venv.log
    printf '%s' "$here" >.venv/made-at
fi

say "Installing what $file lists (a minute at first) ..."
rm -f .venv/installed
{ .venv/bin/python -m pip install --disable-pip-version-check --no-input -r "$file" || touch .venv/failed; } |
    while IFS= read -r line; do
        case $line in
            Collecting* | Downloading* | Installing* | Successfully*) printf 'setup     | %.110s\n' "$line" ;;
        esac
    done
if [ -e .venv/failed ]; then
    rm -f .venv/failed
    fail "The packages could not be installed: the lines above say why. Check the network, and try again."
fi
if [ "$file" = requirements.txt ]; then printf '%s' "$run_stamp"; else printf '%s' "$dev_stamp"; fi >.venv/installed
say "Ready."
