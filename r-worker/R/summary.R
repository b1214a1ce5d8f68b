# model_summary.json: what a run found, the same whichever engine ran.

CARRIED_OVER <- 0.3 # autocorrelation of the residuals that is worth a word
WIDE <- 2 # highest against lowest ROAS of plausible models

summary_of <- function(result, notes) {
  config <- result$config
  inputs <- result$inputs
  choice <- result$choice
  dates <- inputs$dt_modRollWind$ds
  candidates <- lapply(choice$candidates, function(id) {
    model_summary(result, id)
  })
  selected <- choice$selected
  list(
    schema_version = 1L,
    experiment_id = config$experiment_id,
    country = config$country,
    dep_var = config$dep_var,
    dep_var_type = config$dep_var_type,
    engine = config$engine[c("name", "version")],
    window = list(
      start = format(min(dates)),
      end = format(max(dates)),
      periods = length(dates),
      interval = inputs$intervalType
    ),
    models_evaluated = nrow(result$outputs$allPareto$resultHypParam),
    pareto_models = nrow(choice$kept),
    selected = c(candidates[[1]], list(
      rule = choice$rule,
      onepager = sprintf("results/onepager_%s.png", selected),
      decomposition = decomposition_summary(result$decomposition, selected),
      channels = channels_summary(result$decomposition, selected)
    )),
    candidates = candidates,
    allocation = allocation_summary(result$allocation),
    # I() keeps one note, or none, a list.
    warnings = I(c(notes, warnings_about(result)))
  )
}

model_summary <- function(result, id) {
  model <- result$choice$kept[result$choice$kept$solID == id, ]
  lifts <- nrow(result$config$calibration) > 0
  list(
    model_id = id,
    pareto_front = as.integer(model$robynPareto),
    cluster = as.integer(model$cluster),
    error_score = model$error_score,
    rank = as.integer(model$rank),
    plausible = model$plausible,
    decomp_rssd = model$decomp.rssd,
    mape = if (lifts) model$mape else NA,
    nrmse_train = model$nrmse_train,
    nrmse_val = as.numeric(model$nrmse_val),
    nrmse_test = as.numeric(model$nrmse_test),
    nrmse_backtest = NA,
    rsq_train = model$rsq_train,
    rsq_val = as.numeric(model$rsq_val),
    rsq_test = as.numeric(model$rsq_test),
    intercept_dropped = id %in% without_intercept(result$outputs)
  )
}

decomposition_summary <- function(decomposition, id) {
  mine <- decomposition[decomposition$model_id == id, ]
  lapply(seq_len(nrow(mine)), function(row) {
    part <- mine[row, ]
    c(
      list(variable = part$variable, kind = part$kind),
      if (!is.na(part$channel)) list(channel = part$channel),
      list(contribution = part$contribution, share = part$share)
    )
  })
}

channels_summary <- function(decomposition, id) {
  paid <- paid_of(decomposition, id)
  lapply(seq_len(nrow(paid)), function(row) {
    as.list(paid[row, c(
      "channel", "variable", "spend", "spend_share", "contribution", "share",
      "effect_share", "roas", "cpa"
    )])
  })
}

allocation_summary <- function(allocation) {
  if (is.null(allocation)) {
    return(NULL)
  }
  channels <- allocation$channels
  list(
    scenario = allocation$scenario,
    total_budget = allocation$total_budget,
    periods = allocation$periods,
    response_now = sum(channels$response_now) * allocation$periods,
    response_proposed = sum(channels$response_proposed) * allocation$periods,
    channels = lapply(seq_len(nrow(channels)), function(row) {
      as.list(channels[row, c(
        "channel", "spend_now", "spend_proposed", "response_now",
        "response_proposed", "beyond_observed"
      )])
    })
  )
}

# What to know of the search and of the selected model.
warnings_about <- function(result) {
  id <- result$choice$selected
  paid <- paid_of(result$decomposition, id)
  errors <- result$models$convergence$conv_msg
  unsettled <- sub(":.*", "", grep("NOT converged", errors, value = TRUE))
  dropped <- result$choice$kept$solID %in% without_intercept(result$outputs)
  none <- paid$channel[paid$coefficient == 0]
  c(
    if (length(unsettled) > 0) {
      sprintf("By Robyn's rule: %s.", paste(unsettled, collapse = "; "))
    },
    if (nrow(result$config$calibration) == 0) {
      paste(
        "No lift test calibrates this model: its returns rest on correlation",
        "alone."
      )
    },
    if (id %in% without_intercept(result$outputs)) {
      sprintf(
        paste(
          "The intercept came out negative and was dropped (as in %.0f%% of",
          "the models kept): the baseline is carried by trend, season and",
          "context, whose shares are not to be read as effects."
        ),
        100 * mean(dropped)
      )
    },
    if (length(none) > 0) {
      sprintf(
        paste(
          "The model finds no effect of %s: that is the limit of its sign, no",
          "proof that there is none."
        ),
        toString(none)
      )
    },
    about_residuals(result, id),
    about_range(result)
  )
}

about_residuals <- function(result, id) {
  fitted <- as.data.frame(result$outputs$xDecompVecCollect)
  mine <- fitted[fitted$solID == id, ]
  residuals <- mine$dep_var - mine$depVarHat
  apart <- residuals - mean(residuals)
  lagged <- sum(apart[-1] * apart[-length(apart)]) / sum(apart^2)
  if (lagged > CARRIED_OVER) {
    sprintf(
      paste(
        "What one %s leaves unexplained carries over into the next",
        "(autocorrelation %.2f): something that moves the goal is not in the",
        "model, and may be credited to what is."
      ),
      result$inputs$intervalType, lagged
    )
  }
}

about_range <- function(result) {
  near <- plausible_table(
    result$choice, result$decomposition, result$variables
  )
  wide <- near[near$roas_highest > WIDE * pmax(near$roas_lowest, 0), ]
  if (near$models[1] > 1 && nrow(wide) > 0) {
    sprintf(
      paste(
        "%d models that predict about as well disagree about the return of",
        "%s. That is the range of models found, no confidence interval."
      ),
      near$models[1],
      paste(sprintf(
        "%s %.2g to %.2g", wide$channel, wide$roas_lowest, wide$roas_highest
      ), collapse = ", ")
    )
  }
}
