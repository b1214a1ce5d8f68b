#!/bin/sh
# Installs the worker's Python: install.sh CHECKOUT TARGET
#
# TARGET/venv holds exactly what requirements-worker.lock names, by its hashes;
# TARGET/app the packages, with the links to the schemas followed. Needs
# python3 with venv. The images run it; it runs on any Debian as well.
set -eu
checkout=$1
target=$2

python3 -m venv "$target/venv"
"$target/venv/bin/pip" install --quiet --no-cache-dir \
  --disable-pip-version-check --require-hashes \
  -r "$checkout/requirements-worker.lock"
mkdir -p "$target/app"
for package in functions/mmmflow py-worker/mmmflow_native \
  py-worker/mmmflow_robyn py-worker/mmmflow_worker; do
  cp -RL "$checkout/$package" "$target/app/"
done
# Compiled once: the image is not to be written to when it runs.
"$target/venv/bin/python" -m compileall -q "$target/app"
# It starts, and finds its schemas.
PYTHONPATH="$target/app" "$target/venv/bin/python" -c '
from mmmflow import schema
import mmmflow_worker.__main__
assert schema.check("status.json", {"schema_version": 1, "status": "succeeded"}) == []
'
