# Every test of the worker: Rscript r-worker/tests/testthat.R, from anywhere.

here <- dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(),
  value = TRUE
)))
testthat::test_dir(
  file.path(here, "testthat"),
  reporter = "summary", stop_on_failure = TRUE, stop_on_warning = TRUE,
  load_package = "none"
)
