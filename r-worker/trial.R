# One trial of Robyn's search, in a process of its own:
#
#   Rscript trial.R FOLDER TRIAL
#
# Reads FOLDER/job.rds and writes FOLDER/trial_<TRIAL>.rds. The trial is the
# one that robyn_run() would have run in sequence: trial t is seeded with
# seed + t there, and the only trial here with (seed + t - 1) + 1.

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
trial <- as.integer(arguments[2])
worker <- dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(),
  value = TRUE
)))
source(file.path(worker, "R", "trials.R"))

suppressPackageStartupMessages(library(Robyn))
job <- readRDS(file.path(folder, "job.rds"))
python <- new.env()
reticulate::source_python(file.path(worker, "watch.py"), envir = python)
python$watch(ALGORITHM, trial_file(folder, trial, "json"))

models <- do.call(robyn_run, c(
  list(
    InputCollect = job$inputs, cores = 1L, trials = 1L,
    seed = job$settings$seed + trial - 1L, nevergrad_algo = ALGORITHM
  ),
  job$settings[c(
    "iterations", "ts_validation", "add_penalty_factor", "intercept_sign",
    "refresh"
  )]
))
# After an error in the search Robyn returns what it has so far.
found <- nrow(models$trial1$resultCollect$resultHypParam)
if (found != job$settings$iterations) {
  stop(sprintf("Robyn ended after %d iterations: see its message above", found))
}
models$trial1 <- renamed(models$trial1, trial)
metadata <- reticulate::import("importlib.metadata")
save_whole(
  list(models = models, nevergrad = metadata$version("nevergrad")),
  trial_file(folder, trial, "rds")
)
