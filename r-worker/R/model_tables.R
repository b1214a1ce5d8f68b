# Tables of many models: all of them, the kept ones, their families.

RSSD_WEIGHTS <- c(0, 0.25, 0.5, 1, 2, 4)

# What every table is made of: the variables of the model with their kinds.
variables_table <- function(config, inputs) {
  names <- setdiff(names(inputs$dt_mod), c("ds", "dep_var"))
  paid <- match(names, config$paid_media$variable)
  kind <- ifelse(!is.na(paid), "paid_media", ifelse(
    names %in% config$organic_media$variable, "organic_media", ifelse(
      names %in% config$context$variable, "context", "prophet"
    )
  ))
  data.frame(
    variable = names, kind = kind, channel = config$paid_media$channel[paid]
  )
}

# Every model evaluated, in order of evaluation.
models_table <- function(outputs, choice, config) {
  rows <- as.data.frame(outputs$allPareto$resultHypParam)
  rows <- rows[order(rows$trial, rows$iterNG, rows$iterPar), ]
  cluster <- choice$kept$cluster[match(rows$solID, choice$kept$solID)]
  cbind(
    errors_of(rows, outputs),
    data.frame(
      pareto_front = rows$robynPareto,
      cluster = cluster,
      selected = rows$solID == choice$selected,
      lambda_hp = rows$lambda_hp
    ),
    hyperparameters_of(rows, config)
  )
}

# The models on the chosen fronts, best first.
pareto_table <- function(outputs, choice, config) {
  rows <- choice$kept[order(choice$kept$rank), ]
  cbind(
    data.frame(rank = rows$rank, plausible = rows$plausible),
    errors_of(rows, outputs),
    data.frame(
      nrmse_backtest = NA_real_,
      pareto_front = rows$robynPareto,
      cluster = rows$cluster,
      candidate = rows$candidate,
      selected = rows$solID == choice$selected
    ),
    hyperparameters_of(rows, config)
  )
}

errors_of <- function(rows, outputs) {
  data.frame(
    model_id = rows$solID,
    trial = rows$trial,
    iteration = rows$iterNG,
    nrmse = rows$nrmse,
    decomp_rssd = rows$decomp.rssd,
    mape = rows$mape,
    error_score = rows$error_score,
    nrmse_train = rows$nrmse_train,
    nrmse_val = as.numeric(rows$nrmse_val),
    nrmse_test = as.numeric(rows$nrmse_test),
    rsq_train = rows$rsq_train,
    rsq_val = as.numeric(rows$rsq_val),
    rsq_test = as.numeric(rows$rsq_test),
    intercept_dropped = rows$solID %in% without_intercept(outputs)
  )
}

# Models whose negative intercept was dropped: exactly 0 afterwards.
without_intercept <- function(outputs) {
  all <- outputs$allPareto$xDecompAgg
  all$solID[all$rn == "(Intercept)" & all$coef == 0]
}

# The model's hyperparameters; lambda is λ itself.
hyperparameters_of <- function(rows, config) {
  names <- c(hyperparameter_names(config), "lambda")
  if (config$ts_validation) {
    names <- c(names, "train_size")
  }
  if (config$add_penalty_factor) {
    names <- c(names, paste0(variables_of(config), "_penalty"))
  }
  rows[sort(intersect(names, names(rows)), method = "radix")]
}

# Every kept model taken apart: one row per model and variable.
decomposition_table <- function(outputs, choice, variables) {
  known <- rbind(
    data.frame(variable = "(Intercept)", kind = "intercept", channel = NA),
    variables
  )
  aggregate <- as.data.frame(outputs$xDecompAgg)
  parts <- lapply(choice$kept$solID, function(id) {
    mine <- aggregate[aggregate$solID == id, ]
    mine <- mine[match(known$variable, mine$rn), ]
    effect <- ifelse(is.na(mine$xDecompAgg), 0, mine$xDecompAgg)
    paid <- known$kind == "paid_media"
    spend <- ifelse(paid, mine$total_spend, NA_real_)
    data.frame(
      model_id = id,
      known,
      coefficient = ifelse(is.na(mine$coef), 0, mine$coef),
      contribution = effect,
      share = effect / sum(effect),
      spend = spend,
      spend_share = ifelse(paid, mine$spend_share, NA_real_),
      effect_share = ifelse(paid, mine$effect_share, NA_real_),
      roas = ratio(effect, spend),
      cpa = ifelse(effect != 0, spend / effect, NA_real_)
    )
  })
  do.call(rbind, parts)
}

# Per cluster and paid channel the mean ROAS or CPA, bootstrapped by Robyn.
clusters_table <- function(outputs, config, variables) {
  found <- outputs$clusters$df_cluster_ci
  metric <- if (config$dep_var_type == "conversion") "cpa" else "roas"
  if (is.null(found)) {
    found <- data.frame(
      rn = character(), cluster = integer(), n = integer(),
      boot_mean = numeric(), boot_se = numeric(), ci_low = numeric(),
      ci_up = numeric()
    )
  }
  found <- as.data.frame(found)
  paid <- variables[variables$kind == "paid_media", ]
  place <- match(found$rn, paid$variable)
  found <- found[order(found$cluster, place), ]
  best <- outputs$clusters$models
  data.frame(
    cluster = found$cluster,
    best_model = as.character(best$solID[match(found$cluster, best$cluster)]),
    channel = paid$channel[match(found$rn, paid$variable)],
    metric = rep(metric, nrow(found)),
    models = found$n,
    mean = found$boot_mean,
    standard_error = found$boot_se,
    low = found$ci_low,
    high = found$ci_up
  )
}

# Median and spread of the errors by bin of iterations.
convergence_table <- function(models) {
  errors <- as.data.frame(models$convergence$errors)
  order <- match(errors$error_type, c("NRMSE", "DECOMP.RSSD", "MAPE"))
  errors <- errors[order(order), ]
  last <- !duplicated(errors$error_type, fromLast = TRUE)
  fine <- errors$error_type[last & errors$flag_med & errors$flag_sd]
  data.frame(
    objective = errors$error_type,
    iteration = as.integer(as.character(errors$cuts)),
    models = errors$n,
    median = errors$median,
    sd = ifelse(is.na(errors$std), 0, errors$std),
    converged = errors$error_type %in% fine
  )
}

# The lowest combined error with other weights of RSSD: the model it chooses.
rssd_weights_table <- function(choice, decomposition, variables) {
  kept <- choice$kept
  rest <- (scaled(kept$nrmse_out)^2 + scaled(kept$mape)^2) / 9
  rssd <- scaled(kept$decomp.rssd)^2 / 9
  parts <- lapply(RSSD_WEIGHTS, function(weight) {
    id <- kept$solID[which.min(rest + weight^2 * rssd)]
    paid <- paid_of(decomposition, id)
    data.frame(
      weight = weight, model_id = id, channel = paid$channel,
      roas = paid$roas, effect_share = paid$effect_share
    )
  })
  do.call(rbind, parts)
}

# The range of each channel over the models that predict about as well.
plausible_table <- function(choice, decomposition, variables) {
  near <- choice$kept$solID[choice$kept$plausible]
  rows <- paid_of(decomposition, near)
  channels <- variables$channel[variables$kind == "paid_media"]
  parts <- lapply(channels, function(channel) {
    mine <- rows[rows$channel == channel, ]
    cbind(
      data.frame(channel = channel, models = length(near)),
      range_of(mine$roas, "roas"),
      range_of(mine$effect_share, "effect_share"),
      range_of(mine$contribution, "response")
    )
  })
  do.call(rbind, parts)
}

range_of <- function(values, name) {
  found <- stats::quantile(values, c(0, 0.5, 1), na.rm = TRUE, names = FALSE)
  names(found) <- paste(name, c("lowest", "median", "highest"), sep = "_")
  as.data.frame(as.list(found))
}

paid_of <- function(decomposition, ids) {
  paid <- decomposition$kind == "paid_media"
  decomposition[paid & decomposition$model_id %in% ids, ]
}

# To [0, 1] over the models at hand; as it is where all are the same.
scaled <- function(errors) {
  errors <- ifelse(is.infinite(errors), 1, errors)
  spread <- max(errors) - min(errors)
  if (spread > 0) (errors - min(errors)) / spread else errors
}
