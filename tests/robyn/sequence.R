# Robyn's own run of all trials in sequence, against the worker's:
#
#   Rscript sequence.R WORKER INPUT_DIR
#
# The last line of stdout is JSON: what is identical, bit by bit.

arguments <- commandArgs(trailingOnly = TRUE)
worker_folder <- function() arguments[1]
for (file in list.files(file.path(arguments[1], "R"), full.names = TRUE)) {
  source(file)
}
load_robyn()
run <- new_run(tempdir())
config <- read_config(file.path(arguments[2], "job_config.json"))
data <- read_data(arguments[2], config)
inputs <- make_inputs(config, data, run)
ours <- train(inputs, config, run, 2L)
robyns <- robyn_run(
  inputs,
  cores = 1L, iterations = config$iterations, trials = config$trials,
  ts_validation = config$ts_validation, seed = config$seed,
  add_penalty_factor = config$add_penalty_factor,
  intercept_sign = config$intercept_sign
)

# Seconds differ, all else must not.
timeless <- function(table) {
  table[c("Elapsed", "ElapsedAccum")] <- NULL
  table
}
same <- function(trial) {
  one <- ours[[trial]]$resultCollect
  other <- robyns[[trial]]$resultCollect
  identical(timeless(one$resultHypParam), timeless(other$resultHypParam)) &&
    identical(one$xDecompAgg, other$xDecompAgg) &&
    identical(one$liftCalibration, other$liftCalibration)
}
trials <- grep("^trial[0-9]+$", names(robyns), value = TRUE)
ranked <- function(models) {
  outputs <- make_outputs(inputs, models, run)
  table <- as.data.frame(outputs$resultHypParam)
  timeless(table)
}
cat("\n", jsonlite::toJSON(list(
  models = nrow(results_of(robyns)),
  names = identical(names(ours), names(robyns)),
  trials = vapply(trials, same, logical(1), USE.NAMES = FALSE),
  convergence = identical(
    as.data.frame(ours$convergence$errors),
    as.data.frame(robyns$convergence$errors)
  ),
  pareto = identical(ranked(ours), ranked(robyns))
), auto_unbox = TRUE), "\n", sep = "")
