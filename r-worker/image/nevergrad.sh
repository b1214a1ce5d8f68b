#!/bin/sh
# The Python that Robyn searches with: nevergrad.sh TARGET
#
# A virtual environment of its own with what nevergrad.lock names, by hashes.
# Reticulate finds it by RETICULATE_PYTHON=TARGET/bin/python.
set -eu
target=$1
python3 -m venv "$target"
"$target/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
  --require-hashes -r "$(dirname "$0")/nevergrad.lock"
"$target/bin/python" -c '
import nevergrad, numpy
assert "TwoPointsDE" in nevergrad.optimizers.registry
print("nevergrad", nevergrad.__version__, "numpy", numpy.__version__)
'
