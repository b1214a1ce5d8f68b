# The search: every trial in a process of its own, then merged.
#
# Robyn forks for each pair of evaluations, which costs more than it brings.
# Its trials are independent of each other, so they run side by side, each on
# one core, and are the ones that it would have run one after the other.

POLL <- 0.2

# Robyn's OutputModels of robyn_run(cores = 1), from `processes` at a time.
train <- function(inputs, config, run, processes, refresh = FALSE) {
  folder <- tempfile("trials")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  settings <- c(
    config[c(
      "iterations", "ts_validation", "add_penalty_factor", "intercept_sign",
      "seed"
    )],
    list(refresh = refresh)
  )
  save_whole(
    list(inputs = inputs, settings = settings), file.path(folder, "job.rds")
  )
  trials <- seq_len(config$trials)
  tell <- function() {
    report_search(
      run, config$trials, config$iterations,
      progress_of(folder, trials, config)
    )
  }
  start <- function(trial) start_trial(folder, trial)
  failed <- run_processes(trials, start, processes, tell)
  for (trial in failed) {
    # Two at once may have been too much for the memory.
    say(sprintf("trial %d failed, and is repeated alone", trial))
    if (length(run_processes(trial, start, 1L, tell)) > 0) {
      stop_trial(folder, trial)
    }
  }
  parts <- lapply(trials, function(trial) {
    readRDS(trial_file(folder, trial, "rds"))
  })
  run$versions <- list(nevergrad = parts[[1]]$nevergrad)
  merged(lapply(parts, function(part) part$models), config)
}

# Run every task, `processes` at a time; those that failed.
#
# `start` takes a task and returns its process; `tell` is called meanwhile.
run_processes <- function(tasks, start, processes, tell = function() NULL) {
  waiting <- as.list(tasks)
  running <- list()
  failed <- c()
  while (length(waiting) + length(running) > 0) {
    while (length(waiting) > 0 && length(running) < processes) {
      running <- c(running, list(list(
        task = waiting[[1]], process = start(waiting[[1]])
      )))
      waiting <- waiting[-1]
    }
    Sys.sleep(POLL)
    tell()
    alive <- vapply(running, function(one) one$process$is_alive(), logical(1))
    for (ended in running[!alive]) {
      if (!identical(ended$process$get_exit_status(), 0L)) {
        failed <- c(failed, ended$task)
      }
    }
    running <- running[alive]
  }
  failed
}

start_trial <- function(folder, trial) {
  processx::process$new(
    file.path(R.home("bin"), "Rscript"),
    c(
      "--no-save", "--no-restore", file.path(worker_folder(), "trial.R"),
      folder, trial
    ),
    stdout = trial_file(folder, trial, "log"), stderr = "2>&1",
    env = c("current", OMP_NUM_THREADS = "1", OPENBLAS_NUM_THREADS = "1")
  )
}

stop_trial <- function(folder, trial) {
  stop_user(
    sprintf(
      "trial %d failed twice: %s", trial,
      last_words(trial_file(folder, trial, "log"))
    ),
    "see robyn_console.log; give the job more memory, or change its inputs"
  )
}

# The end of a log, without progress bars, on one line.
last_words <- function(path, lines = 5) {
  said <- grep("^ *\\|", readLines(path, warn = FALSE),
    value = TRUE, invert = TRUE
  )
  said <- said[nzchar(trimws(said))]
  paste(trimws(utils::tail(said, lines)), collapse = " ")
}

# Iterations done by all trials together, and the best errors of any.
progress_of <- function(folder, trials, config) {
  done <- 0L
  best <- NULL
  for (trial in trials) {
    at <- trial_progress(folder, trial, config$iterations)
    done <- done + at$iteration
    if (!is.null(at$best) && (is.null(best) || nearer(at$best, best))) {
      best <- at$best
    }
  }
  list(
    iteration = min(as.integer(done / length(trials)), config$iterations),
    best = best
  )
}

trial_progress <- function(folder, trial, iterations) {
  path <- trial_file(folder, trial, "json")
  at <- list(iteration = 0L, best = NULL)
  if (file.exists(path)) {
    at <- jsonlite::fromJSON(path)
  }
  if (file.exists(trial_file(folder, trial, "rds"))) {
    at$iteration <- iterations
  }
  at
}

nearer <- function(one, other) {
  one$nrmse^2 + one$decomp_rssd^2 < other$nrmse^2 + other$decomp_rssd^2
}

# The trials' models as one run of them all would have returned them.
merged <- function(parts, config) {
  models <- lapply(parts, function(part) part$trial1)
  names(models) <- paste0("trial", seq_along(models))
  first <- parts[[1]]
  rest <- first[setdiff(names(first), "trial1")]
  whole <- c(models, rest)
  attributes(whole) <- c(
    list(names = names(whole)),
    attributes(first)[setdiff(names(attributes(first)), "names")]
  )
  whole$trials <- length(models)
  whole$seed <- config$seed
  whole$convergence <- Robyn::robyn_converge(whole)
  whole$ts_validation_plot <- Robyn::ts_validation(whole)
  whole
}
