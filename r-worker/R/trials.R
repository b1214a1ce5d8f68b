# What the trials' processes and their parent agree on.

ALGORITHM <- "TwoPointsDE"

# A file of a trial: its result (rds), progress (json) or log (log).
trial_file <- function(folder, trial, ending) {
  file.path(folder, sprintf("trial_%d.%s", trial, ending))
}

# A model run as trial 1, with the number that it has in sequence.
renamed <- function(model, trial) {
  for (table in c("resultHypParam", "xDecompAgg", "liftCalibration")) {
    rows <- model$resultCollect[[table]]
    if (!is.null(rows)) {
      rows$trial <- trial
      rows$solID <- sub("^1_", paste0(trial, "_"), rows$solID)
      model$resultCollect[[table]] <- rows
    }
  }
  model$trial <- trial
  model
}

# Save so that the file is there as a whole or not at all.
save_whole <- function(object, path) {
  part <- paste0(path, ".part")
  saveRDS(object, part, compress = FALSE)
  if (!file.rename(part, path)) {
    stop("could not write ", path)
  }
}
