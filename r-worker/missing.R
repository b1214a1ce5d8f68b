# Says in one line what Robyn lacks on this machine; exit code 1 if anything.

packages <- c("Robyn", "jsonlite", "processx", "reticulate")
here <- vapply(packages, requireNamespace, logical(1), quietly = TRUE)
if (!all(here)) {
  cat("R has no package", toString(packages[!here]), "\n")
  quit(status = 1L)
}
if (!reticulate::py_module_available("nevergrad")) {
  python <- reticulate::py_discover_config()$python
  cat("the Python of reticulate,", python, ", has no nevergrad:",
    "set RETICULATE_PYTHON\n")
  quit(status = 1L)
}
