# What a run says while it works: progress.json, the console, timings.csv; and
# the three ways in which it can end.

SECONDS_BETWEEN <- 0.5

# A run that writes its files to `out` and its progress to the file `progress`.
new_run <- function(out, progress = file.path(out, "progress.json")) {
  run <- new.env(parent = emptyenv())
  run$out <- out
  run$progress <- progress
  run$step <- "prepare"
  run$timings <- data.frame(stage = character(), seconds = numeric())
  run$written <- -Inf
  run$notes <- character()
  run
}

# Begin a step: prepare, search, select, output or done.
enter <- function(run, step) {
  run$step <- step
  write_progress(run, list())
}

# Tell how far the search is, at most every half second.
report_search <- function(run, trials, iterations, at) {
  if (now() - run$written < SECONDS_BETWEEN) {
    return(invisible(FALSE))
  }
  more <- list(
    trials = trials, iterations = iterations, iteration = at$iteration
  )
  if (!is.null(at$best)) {
    more$best <- at$best
  }
  write_progress(run, more)
  invisible(TRUE)
}

# Evaluate `work`, and keep how many seconds it took.
stage <- function(run, name, work) {
  start <- now()
  value <- work
  seconds <- now() - start
  run$timings[nrow(run$timings) + 1, ] <- list(name, seconds)
  say(sprintf("%-16s %6.2f s", name, seconds))
  value
}

say <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

# What an honest analyst would say beside the numbers: kept for the summary.
note <- function(run, text) {
  say("note: ", text)
  run$notes <- c(run$notes, text)
}

# A person has to correct the data or the configuration.
stop_user <- function(message, hint) {
  stop(errorCondition(message, hint = hint, class = "user_error"))
}

# There is nothing to model in the data: the run is skipped.
stop_unmodellable <- function(reason) {
  stop(errorCondition(reason, class = "unmodellable"))
}

# Do `work`, and say in status.json how it ended; the exit code.
run_to_the_end <- function(run, work) {
  calls <- NULL
  status <- tryCatch(
    withCallingHandlers(
      {
        work
        list(status = "succeeded")
      },
      error = function(error) calls <<- sys.calls()
    ),
    unmodellable = function(nothing) {
      list(status = "skipped", reason = conditionMessage(nothing))
    },
    user_error = function(error) {
      failed(run, conditionMessage(error), error$hint)
    },
    error = function(error) {
      show_calls(calls)
      failed(run, describe(error), "see robyn_console.log")
    }
  )
  write_timings(run)
  write_json_file(
    file.path(run$out, "status.json"), c(list(schema_version = 1L), status)
  )
  say(last_line(status))
  if (status$status == "failed") 1L else 0L
}

failed <- function(run, error, hint) {
  list(status = "failed", step = run$step, error = error, hint = hint)
}

# The error with the call that raised it, where that says something.
describe <- function(error) {
  call <- conditionCall(error)
  where <- if (is.null(call)) "" else paste0(deparse(call)[1], ": ")
  paste0(where, conditionMessage(error))
}

show_calls <- function(calls) {
  lines <- vapply(calls, function(call) deparse(call)[1], character(1))
  message("called from:\n", paste0("  ", lines, collapse = "\n"))
}

last_line <- function(status) {
  switch(status$status,
    failed = paste0(
      "failed at ", status$step, ": ", status$error,
      "\nwhat to do: ", status$hint
    ),
    skipped = paste0("skipped: ", status$reason),
    "succeeded"
  )
}

write_progress <- function(run, more) {
  run$written <- now()
  stamp <- format(Sys.time(), "%Y-%m-%dT%H:%M:%OS3+00:00", tz = "UTC")
  write_json_file(run$progress, c(
    list(schema_version = 1L, step = run$step), more, list(updated_at = stamp)
  ))
}

write_timings <- function(run) {
  rows <- run$timings
  rows$seconds <- sprintf("%.3f", rows$seconds)
  utils::write.csv(
    rows, file.path(run$out, "timings.csv"),
    row.names = FALSE, quote = FALSE
  )
}

# Write a document so that it is there as a whole or not at all.
write_json_file <- function(path, document) {
  part <- paste0(path, ".part")
  jsonlite::write_json(
    document, part,
    auto_unbox = TRUE, digits = NA, null = "null", na = "null", pretty = TRUE
  )
  if (!file.rename(part, path)) {
    stop("could not write ", path)
  }
}

now <- function() as.numeric(proc.time()[["elapsed"]])
