# The command line, and the package that everything rests on.

USAGE <- paste(
  "usage: run_all.R --input DIR --output DIR [--processes N]",
  "[--previous MODEL.json] [--progress FILE]"
)
PREVIOUS_FILE <- "previous.json" # of a refresh, beside the configuration
PROCESSES <- 2L # without an argument; never what the machine has

# A list of input, output, processes, previous and progress; ends the process
# with 2 where they are wrong.
read_arguments <- function(arguments) {
  known <- c("input", "output", "processes", "previous", "progress")
  names <- sub("^--", "", arguments[c(TRUE, FALSE)])
  values <- arguments[c(FALSE, TRUE)]
  given <- stats::setNames(as.list(values), names)
  wrong <- length(arguments) %% 2 != 0 || !all(names %in% known) ||
    is.null(given$input) || is.null(given$output)
  processes <- if (is.null(given$processes)) PROCESSES else given$processes
  given$processes <- suppressWarnings(as.integer(processes))
  if (wrong || is.na(given$processes) || given$processes < 1) {
    message(USAGE)
    quit(status = 2L)
  }
  dir.create(given$output, recursive = TRUE, showWarnings = FALSE)
  there <- file.path(given$input, PREVIOUS_FILE)
  if (is.null(given$previous) && file.exists(there)) {
    given$previous <- there
  }
  if (is.null(given$progress)) {
    given$progress <- file.path(given$output, "progress.json")
  }
  given
}

load_robyn <- function() {
  # Robyn's own calls of dplyr are deprecated, thousands of times a run.
  options(lifecycle_verbosity = "quiet")
  if (!suppressPackageStartupMessages(requireNamespace("Robyn"))) {
    stop_user("R has no package Robyn", "docs/robyn.md says how to install it")
  }
  suppressPackageStartupMessages(library(Robyn))
}

# versions.json: what the numbers rest on beside the configuration.
write_versions <- function(run) {
  packages <- c("Robyn", "glmnet", "prophet", "reticulate", "nloptr", "dplyr")
  found <- lapply(packages, function(package) {
    as.character(utils::packageVersion(package))
  })
  names(found) <- packages
  write_json_file(file.path(run$out, "versions.json"), c(
    list(R = as.character(getRversion())), found, run$versions
  ))
}
