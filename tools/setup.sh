#!/bin/bash
# Makes .venv ready: `setup.sh runtime` for what the service needs, `setup.sh dev` for tests, linters and benches too.
# An interrupted run leaves .venv/.incomplete behind, and the next one starts afresh.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { echo "Gerege set-up: $*"; }
fail() { printf 'Gerege set-up: %s\n' "$@" >&2; exit 1; }

# A name on the PATH is not enough: version managers leave wrappers for interpreters that are not installed.
usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3}; do
        if usable "$candidate"; then echo "$candidate"; return; fi
    done
    return 1
}

# What Debian packages are still missing for this interpreter, one a line.
missing_packages() {
    local python=$1 version include
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "$version-venv"
    # From 3.13 on durable-rules, the one package that is compiled, is left out.
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' && return
    command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || printf '%s\n' gcc libc6-dev
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    [ -e "$include/Python.h" ] || echo "$version-dev"
}

# What tests need besides: the README's walks speak HTTP through curl, the console is opened in a browser, in Chinese too.
missing_for_tests() {
    command -v curl >/dev/null || echo curl
    [ -x /usr/bin/chromium ] || echo chromium
    [ -e /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf ] || echo fonts-droid-fallback
}

install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "These system packages are needed first; on Debian or Ubuntu:" "  sudo apt-get install $*"
    fi
    step "installing system packages: $*"
    local log; log=$(mktemp)
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
        >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        fail "apt-get could not install: $*"
    fi
    rm -f "$log"
}

make_environment() {
    local python packages
    if ! python=$(find_python); then
        [ -z "${PYTHON:-}" ] || fail "$PYTHON is not a working Python 3.11 or later."
        install_packages python3
        python=$(find_python) || fail "Python 3.11 or 3.12 is needed; PYTHON=/path/to/python3 names one."
    fi
    packages=$(missing_packages "$python")
    # shellcheck disable=SC2086 # one word a package
    [ -z "$packages" ] || install_packages $packages
    step "creating .venv with $("$python" --version)"
    rm -rf .venv
    mkdir .venv
    touch .venv/.incomplete
    "$python" -m venv .venv
}

install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "$@"; }
# Build tools come from the pins too, never from an environment that pip fills by itself. PEP 517 because old
# releases of pip run the setup script of durable-rules without it; new ones know no other way and no such option.
install_pinned() { PIP_USE_PEP517=1 install --require-hashes --no-build-isolation -r "$@"; }

runtime() {
    step "installing the pinned packages that the service needs"
    install_pinned requirements-build.txt
    install_pinned requirements.txt
    install --no-build-isolation --no-deps --editable .
    .venv/bin/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' ||
        step "durable-rules does not exist for this Python; the index backend will serve alone"
    touch .venv/.installed-runtime
}

dev() {
    [ -e .venv/.installed-runtime ] || runtime
    local packages
    packages=$(missing_for_tests)
    # shellcheck disable=SC2086 # one word a package
    [ -z "$packages" ] || install_packages $packages
    step "installing the pinned tools for tests, checks and benches"
    # Of most of it nothing is ever imported.
    install_pinned requirements-dev.txt --no-compile
    touch .venv/.installed-dev
}

case ${1:-} in runtime | dev) ;; *) fail "usage: setup.sh runtime|dev" ;; esac
if [ -e .venv/.incomplete ] || ! usable .venv/bin/python; then make_environment; fi
touch .venv/.incomplete
"$1"
rm .venv/.incomplete
step "ready"
