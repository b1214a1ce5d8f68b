# What Robyn is given: robyn_inputs(), with prophet and the hyperparameters.

PER_VARIABLE <- 10 # rows that Robyn recommends for each

# Robyn's InputCollect of the configuration over the data.
make_inputs <- function(config, data, run) {
  say_left_out(data, run)
  config <- without(config, data$left_out)
  arguments <- input_arguments(config, data, run)
  inputs <- do.call(Robyn::robyn_inputs, arguments)
  given <- config$hyperparameters
  # Robyn refuses ranges of penalty factors here, but reads them in the search.
  penalty <- endsWith(names(given), "_penalty")
  inputs <- Robyn::robyn_inputs(
    InputCollect = inputs,
    hyperparameters = search_ranges(config),
    calibration_input = lift_tests(config, data)
  )
  if (config$add_penalty_factor) {
    inputs$hyperparameters <- c(inputs$hyperparameters, given[penalty])
  }
  inputs$hyperparameters <- with_lambda(
    inputs$hyperparameters, given[["lambda"]], inputs$dt_mod
  )
  rows <- inputs$rollingWindowLength
  if (rows < PER_VARIABLE * length(inputs$all_ind_vars)) {
    note(run, sprintf(
      paste(
        "%d rows for %d variables: fewer than %d rows per variable leave much",
        "to chance."
      ),
      rows, length(inputs$all_ind_vars), PER_VARIABLE
    ))
  }
  inputs
}

# The arguments of robyn_inputs() but the hyperparameters.
input_arguments <- function(config, data, run) {
  paid <- config$paid_media
  organic <- config$organic_media
  context <- config$context
  dates <- data$table[[config$date_var]]
  list(
    dt_input = data$table,
    dt_holidays = holidays_of(data),
    date_var = config$date_var,
    dep_var = config$dep_var,
    dep_var_type = config$dep_var_type,
    prophet_vars = components_of(config, data$interval, run),
    prophet_country = country_of(config),
    context_vars = some(context$variable),
    context_signs = some(context$sign),
    factor_vars = some(context$variable[context$factor]),
    paid_media_spends = paid$spend,
    paid_media_vars = paid$variable,
    paid_media_signs = paid$sign,
    organic_vars = some(organic$variable),
    organic_signs = some(organic$sign),
    window_start = dates[data$window[1]],
    window_end = dates[data$window[2]],
    adstock = config$adstock
  )
}

# Ranges of the media's hyperparameters, and of train_size where it is used.
search_ranges <- function(config) {
  wanted <- hyperparameter_names(config)
  ranges <- config$hyperparameters[sort(wanted)]
  train_size <- config$hyperparameters[["train_size"]]
  # Without validation Robyn sets it to 1 by itself; it must be given.
  ranges$train_size <- if (is.null(train_size)) c(0.5, 0.8) else train_size
  ranges
}

# A fixed lambda is λ itself; Robyn searches its position between two limits.
with_lambda <- function(hyperparameters, given, dt_mod) {
  if (is.null(given) || identical(given, c(0, 1))) {
    return(hyperparameters)
  }
  if (length(given) == 1) {
    given <- lambda_position(given, dt_mod)
  }
  c(hyperparameters, list(lambda = given))
}

# Where λ is between Robyn's smallest, 1e-4 of the largest, and its largest.
lambda_position <- function(lambda, dt_mod) {
  x <- as.matrix(dt_mod[setdiff(names(dt_mod), c("ds", "dep_var"))])
  centred <- scale(x, scale = FALSE)
  deviation <- sqrt(colMeans(centred^2))
  scaled <- t(t(centred) / ifelse(deviation > 0, deviation, 1))
  most <- 0.1 * max(abs(colSums(scaled * dt_mod$dep_var))) / (0.001 * nrow(x))
  least <- most * 1e-4
  (lambda - least) / (most - least)
}

# Lift tests as Robyn takes them; NULL without.
lift_tests <- function(config, data) {
  tests <- config$calibration
  if (nrow(tests) == 0) {
    return(NULL)
  }
  known <- known_media(config)
  tests$channel <- vapply(
    strsplit(tests$channel, "+", fixed = TRUE),
    function(parts) paste(known[trimws(parts)], collapse = "+"), character(1)
  )
  gone <- grepl("NA", tests$channel, fixed = TRUE)
  if (any(gone)) {
    stop_user(
      sprintf(
        "calibration, row %d: a channel of it is not modelled", which(gone)[1]
      ),
      "leave the lift test out"
    )
  }
  tests$liftStartDate <- as.Date(tests$liftStartDate)
  tests$liftEndDate <- as.Date(tests$liftEndDate)
  # Both only make Robyn warn: what is not known is taken as it should be.
  for (row in which(is.na(tests$spend))) {
    tests$spend[row] <- spent(tests[row, ], config, data)
  }
  tests$spend <- as.numeric(tests$spend)
  tests$confidence <- as.numeric(tests$confidence)
  tests$confidence[is.na(tests$confidence)] <- 1
  tests$liftAbs <- as.numeric(tests$liftAbs)
  tests
}

spent <- function(test, config, data) {
  dates <- data$table[[config$date_var]]
  rows <- dates >= test$liftStartDate & dates <= test$liftEndDate
  columns <- strsplit(test$channel, "+", fixed = TRUE)[[1]]
  sum(data$table[rows, columns])
}

components_of <- function(config, interval, run) {
  components <- config$prophet$components
  if (interval != "day" && "weekday" %in% components) {
    note(run, paste(
      "the component weekday is left out: the data are by", interval
    ))
    components <- setdiff(components, "weekday")
  }
  some(components)
}

country_of <- function(config) {
  if ("holiday" %in% config$prophet$components) config$prophet$country
}

holidays_of <- function(data) {
  if (is.null(data$holidays)) Robyn::dt_prophet_holidays else data$holidays
}

say_left_out <- function(data, run) {
  for (name in names(data$left_out)) {
    note(run, sprintf(
      "%s is left out of the model: %s.", name, data$left_out[[name]]
    ))
  }
}

# Robyn wants NULL for what is empty.
some <- function(values) if (length(values) > 0) values
