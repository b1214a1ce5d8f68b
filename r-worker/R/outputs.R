# What Robyn makes of the models: Pareto fronts, clusters, and the best one.

MIN_CANDIDATES <- 100 # that Robyn wants on its fronts
CALIBRATION_CONSTRAINT <- 0.1 # Robyn's quantile of MAPE.LIFT
WITHIN <- 1.05 # of the lowest error: models that predict about as well

# Robyn's OutputCollect; nothing is drawn and nothing exported.
make_outputs <- function(inputs, models, run, refresh = FALSE) {
  # As robyn_refresh(): lift tests do not filter a refresh.
  constraint <- if (refresh && !is.null(inputs$calibration_input)) {
    1
  } else {
    CALIBRATION_CONSTRAINT
  }
  passed <- count_passed(models, constraint)
  if (passed < 2) {
    stop_user(
      sprintf("%d models pass Robyn's Pareto filter", passed),
      "give it more iterations or trials"
    )
  }
  if (passed <= MIN_CANDIDATES) {
    note(run, sprintf(
      paste(
        "Only %d models pass the Pareto filter; %d are what Robyn asks for.",
        "More iterations give more."
      ),
      passed, MIN_CANDIDATES
    ))
  }
  # Its progress bar is thousands of characters; messages are not captured.
  utils::capture.output(outputs <- Robyn::robyn_outputs(
    inputs, models,
    pareto_fronts = "auto",
    # It refuses as many as there are.
    min_candidates = min(MIN_CANDIDATES, passed - 1),
    calibration_constraint = constraint,
    clusters = TRUE, export = FALSE, quiet = TRUE,
    plot_folder = tempdir(), plot_folder_sub = "robyn"
  ))
  with_clusters_or_none(outputs, run)
}

# Where clustering failed Robyn leaves its error, which breaks its one-pagers.
with_clusters_or_none <- function(outputs, run) {
  if (!"data" %in% names(outputs$clusters)) {
    outputs$clusters <- NULL
    note(run, "The models are too few, or too much alike, to cluster.")
  }
  outputs
}

# How many models Robyn's quantiles let through to the fronts.
count_passed <- function(models, constraint) {
  found <- results_of(models)
  below <- function(errors, share) {
    errors <= stats::quantile(errors, share, na.rm = TRUE)
  }
  sum(
    below(found$nrmse, 0.9) & below(found$decomp.rssd, 0.9) &
      below(found$mape, constraint),
    na.rm = TRUE
  )
}

# Every model of every trial, one row each, in order of evaluation.
results_of <- function(models) {
  trials <- grep("^trial[0-9]+$", names(models), value = TRUE)
  do.call(rbind, lapply(models[trials], function(trial) {
    as.data.frame(trial$resultCollect$resultHypParam)
  }))
}

# Which models are kept, in which order, and why.
#
# A list of `kept` (Robyn's rows of the models on the chosen fronts, in order
# of evaluation, with rank, plausible and candidate), `selected` (the id of the
# best), `candidates` (the best of each cluster, best first) and `rule`.
choose <- function(outputs, config, refresh = FALSE) {
  kept <- as.data.frame(outputs$resultHypParam)
  kept <- kept[order(kept$trial, kept$iterNG, kept$iterPar), ]
  if (is.null(outputs$clusters)) {
    kept$cluster <- NA_integer_
    kept$top_sol <- FALSE
  }
  score <- if (refresh) kept$decomp.rssd else kept$error_score
  kept$rank <- rank(score, ties.method = "first")
  error <- if (config$ts_validation) kept$nrmse_test else kept$nrmse_train
  kept$nrmse_out <- error
  kept$plausible <- error <= WITHIN * min(error)
  ranked <- kept[order(kept$rank), ]
  selected <- ranked$solID[1]
  others <- ranked$solID[
    ranked$top_sol %in% TRUE & !ranked$cluster %in% ranked$cluster[1]
  ]
  candidates <- c(selected, others)
  kept$candidate <- kept$solID %in% candidates
  list(
    kept = kept,
    selected = selected,
    candidates = candidates,
    rule = rule_of(kept, outputs, config, refresh)
  )
}

rule_of <- function(kept, outputs, config, refresh) {
  lifts <- nrow(config$calibration) > 0
  among <- sprintf(
    "Of the %d models on the first %s Pareto fronts, the one with the lowest",
    nrow(kept), outputs$pareto_fronts
  )
  if (refresh) {
    return(paste(
      among, "DECOMP.RSSD: the nearest to the previous model, which is",
      "Robyn's rule for a refresh."
    ))
  }
  paste0(
    among, " error_score: Robyn's combination of NRMSE (",
    if (config$ts_validation) "test" else "train", "), DECOMP.RSSD",
    if (lifts) " and MAPE.LIFT", " in equal parts."
  )
}
