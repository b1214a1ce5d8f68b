# Installs Robyn, of one version: Rscript packages.R VERSION [LIBRARY]
#
# From the repository that R is set to: rocker/r-ver's is CRAN as of one day,
# with packages built for its Ubuntu. Where Robyn is there already in that
# version, it is left as it is.

arguments <- commandArgs(trailingOnly = TRUE)
wanted <- arguments[1]
library <- if (length(arguments) > 1) arguments[2] else .libPaths()[1]
packages <- c("Robyn", "jsonlite", "patchwork", "processx", "reticulate")

here <- rownames(utils::installed.packages())
if (length(setdiff(packages, here)) > 0) {
  utils::install.packages(setdiff(packages, here), lib = library, quiet = TRUE)
}
for (package in packages) {
  loadNamespace(package)
}
found <- as.character(utils::packageVersion("Robyn"))
if (found != wanted) {
  stop(
    "Robyn ", found, " is not the version that is asked for, ", wanted,
    ": set R to a repository of another day"
  )
}
cat("Robyn", found, "on R", as.character(getRversion()), "\n")
