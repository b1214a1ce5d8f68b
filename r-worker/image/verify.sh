#!/bin/sh
# Says whether what was installed runs Robyn: verify.sh R_WORKER
#
# As whom it will run, with RETICULATE_PYTHON (and R_LIBS) set.
set -eu
worker=$1
Rscript "$worker/missing.R"
Rscript -e 'stopifnot(capabilities("cairo"), capabilities("png"))'
echo "Robyn runs here"
