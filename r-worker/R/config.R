# job_config.json, read and checked: what the schema of it can't say.

MEDIA_HYPERPARAMETERS <- list(
  geometric = c("alphas", "gammas", "thetas"),
  weibull_cdf = c("alphas", "gammas", "scales", "shapes"),
  weibull_pdf = c("alphas", "gammas", "scales", "shapes")
)
REQUIRED <- c(
  "experiment_id", "country", "engine", "date_var", "dep_var", "dep_var_type",
  "window", "paid_media", "organic_media", "context", "prophet", "adstock",
  "hyperparameters", "iterations", "trials", "ts_validation",
  "add_penalty_factor", "intercept_sign", "calibration", "allocation", "seed"
)

# The configuration as a list; media as data frames of one row each.
read_config <- function(path) {
  if (!file.exists(path)) {
    stop_user(paste("no configuration at", path), "name an existing folder")
  }
  document <- tryCatch(
    jsonlite::fromJSON(path, simplifyVector = FALSE),
    error = function(error) {
      stop_user(
        paste0(basename(path), " is not JSON: ", conditionMessage(error)),
        "correct the file"
      )
    }
  )
  absent <- setdiff(REQUIRED, names(document))
  if (length(absent) > 0) {
    refuse_config(paste("it lacks", toString(absent)))
  }
  config <- document
  config$paid_media <- rows_of(
    document$paid_media, c("channel", "spend", "exposure", "sign")
  )
  # The column of dt_mod: the exposure where there is one.
  paid <- config$paid_media
  config$paid_media$variable <- ifelse(
    is.na(paid$exposure), paid$spend, paid$exposure
  )
  config$organic_media <- rows_of(
    document$organic_media, c("variable", "sign")
  )
  config$context <- rows_of(document$context, c("variable", "sign", "factor"))
  config$context$factor <- as.logical(config$context$factor)
  config$prophet$components <- unlist(document$prophet$components)
  config$hyperparameters <- lapply(
    document$hyperparameters, function(range) as.numeric(unlist(range))
  )
  config$calibration <- rows_of(document$calibration, c(
    "channel", "liftStartDate", "liftEndDate", "liftAbs", "spend",
    "confidence", "metric", "calibration_scope"
  ))
  # Robyn ignores a seed that is no integer.
  config$seed <- as.integer(document$seed)
  config$iterations <- as.integer(document$iterations)
  config$trials <- as.integer(document$trials)
  check_config(config)
  config
}

# Every variable of the model in dt_mod's order.
variables_of <- function(config) {
  c(
    config$prophet$components, config$context$variable,
    config$paid_media$variable, config$organic_media$variable
  )
}

# Every medium's column, paid then organic.
media_of <- function(config) {
  c(config$paid_media$variable, config$organic_media$variable)
}

# What is adstocked and saturated, by the names Robyn gives to it.
hyperparameter_names <- function(config, media = media_of(config)) {
  as.vector(outer(
    media, MEDIA_HYPERPARAMETERS[[config$adstock]], paste,
    sep = "_"
  ))
}

rows_of <- function(records, columns) {
  value <- function(record, column) {
    if (is.null(record[[column]])) NA else record[[column]]
  }
  rows <- lapply(columns, function(column) {
    found <- unlist(lapply(records, value, column))
    if (is.null(found)) character() else found
  })
  names(rows) <- columns
  as.data.frame(rows, stringsAsFactors = FALSE)
}

check_config <- function(config) {
  wrong <- c(
    wrong_engine(config), wrong_names(config), wrong_hyperparameters(config),
    wrong_calibration(config), wrong_bounds(config)
  )
  if (length(wrong) > 0) {
    refuse_config(paste(wrong, collapse = "; "))
  }
}

refuse_config <- function(what) {
  stop_user(
    paste("the configuration is not valid:", what),
    "correct job_config.json; schemas/job_config.json describes it"
  )
}

wrong_engine <- function(config) {
  if (!identical(config$engine$name, "robyn")) {
    sprintf("engine: this is robyn, not '%s'", config$engine$name)
  }
}

wrong_names <- function(config) {
  names <- c(config$date_var, config$dep_var, variables_of(config))
  spaced <- unique(grep(" ", c(names, config$paid_media$spend), value = TRUE))
  twice <- unique(names[duplicated(names)])
  channels <- config$paid_media$channel
  same <- unique(channels[duplicated(channels)])
  factors <- config$context$variable[config$context$factor]
  alone <- length(factors) > 0 && length(config$prophet$components) == 0
  c(
    sprintf("the variable '%s' is used twice", twice),
    sprintf("the channel '%s' is given twice", same),
    sprintf("Robyn takes no spaces in names: '%s'", spaced),
    if (alone) {
      paste(
        "Robyn turns a factor into a number by prophet: give a prophet",
        "component, or leave out", toString(factors)
      )
    }
  )
}

wrong_hyperparameters <- function(config) {
  given <- config$hyperparameters
  wanted <- hyperparameter_names(config)
  allowed <- c(
    wanted, "train_size", "lambda", paste0(variables_of(config), "_penalty")
  )
  upside_down <- vapply(
    given, function(range) range[1] > range[length(range)], logical(1)
  )
  searched <- lengths(given[wanted]) == 2
  c(
    sprintf("hyperparameters: '%s' is missing", setdiff(wanted, names(given))),
    sprintf(
      "hyperparameters: '%s' belongs to no variable of this model",
      setdiff(names(given), allowed)
    ),
    sprintf(
      "hyperparameters: %s: the low is above the high",
      names(given)[upside_down]
    ),
    if (!any(searched) && all(wanted %in% names(given))) {
      "hyperparameters: all are fixed, and Robyn needs one to search"
    }
  )
}

wrong_calibration <- function(config) {
  tests <- config$calibration
  known <- known_media(config)
  wrong <- character()
  for (row in seq_len(nrow(tests))) {
    parts <- trimws(strsplit(tests$channel[row], "+", fixed = TRUE)[[1]])
    where <- sprintf("calibration, row %d: ", row)
    if (tests$liftStartDate[row] > tests$liftEndDate[row]) {
      wrong <- c(wrong, paste0(where, "it ends before it starts"))
    }
    unknown <- setdiff(parts, names(known))
    if (length(unknown) > 0) {
      wrong <- c(wrong, sprintf("%s'%s' is no medium", where, unknown))
    }
  }
  wrong
}

wrong_bounds <- function(config) {
  known <- c("default", config$paid_media$channel)
  c(
    sprintf(
      "allocation.bounds: '%s' is no paid channel",
      setdiff(names(config$allocation$bounds), known)
    ),
    sprintf(
      "allocation.locked: '%s' is no paid channel",
      setdiff(unlist(config$allocation$locked), known)
    )
  )
}

# Every name that a medium may be called by, with what Robyn calls it in a
# calibration: the spend of a paid medium, the variable of an organic one.
known_media <- function(config) {
  paid <- config$paid_media
  organic <- config$organic_media$variable
  c(
    stats::setNames(paid$spend, paid$channel),
    stats::setNames(paid$spend, paid$spend),
    stats::setNames(paid$spend, paid$variable),
    stats::setNames(organic, organic)
  )
}
