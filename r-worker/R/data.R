# The data as a person gave it: read, and refused where it is wrong.

DATA_FILE <- "input_data.csv"
HOLIDAYS_FILE <- "holidays.csv"

# The columns of the model, one row per period, ascending by date.
#
# A list of `table`, `interval` ("day", "week" or "month"), `window` (the two
# rows, both inclusive), `left_out` (variable = reason) and `holidays`.
read_data <- function(folder, config) {
  path <- file.path(folder, DATA_FILE)
  if (!file.exists(path)) {
    stop_user(paste("no data at", path), paste("name the data", DATA_FILE))
  }
  factors <- config$context$variable[config$context$factor]
  header <- names(utils::read.csv(path, nrows = 1, check.names = FALSE))
  texts <- intersect(c(config$date_var, factors), header)
  table <- utils::read.csv(
    path,
    check.names = FALSE, na.strings = "", stringsAsFactors = FALSE,
    colClasses = stats::setNames(rep("character", length(texts)), texts)
  )
  table <- table[columns_of(table, config)]
  table[[config$date_var]] <- dates_of(table, config$date_var)
  table <- table[order(table[[config$date_var]]), , drop = FALSE]
  rownames(table) <- NULL
  interval <- interval_of(table[[config$date_var]])
  media <- c(
    config$paid_media$spend, config$paid_media$variable,
    config$organic_media$variable
  )
  for (name in setdiff(names(table), texts)) {
    check_numbers(table, name, config$date_var, positive = name %in% media)
  }
  for (name in factors) {
    refuse_rows(table, name, is.na(table[[name]]), "has no value", config)
  }
  window <- window_of(table[[config$date_var]], config$window)
  check_goal(table, config, window)
  list(
    table = table,
    interval = interval,
    window = window,
    left_out = without_variation(table, config, window),
    holidays = read_holidays(folder)
  )
}

# The configuration without the variables that do not vary in the window.
without <- function(config, left_out) {
  gone <- names(left_out)
  kept <- function(rows) rows[!rows$variable %in% gone, , drop = FALSE]
  config$paid_media <- kept(config$paid_media)
  config$organic_media <- kept(config$organic_media)
  config$context <- kept(config$context)
  if (nrow(config$paid_media) == 0) {
    stop_unmodellable(paste(
      "no paid channel varies in the window: there is nothing to tell its",
      "effect from the baseline"
    ))
  }
  media <- hyperparameter_names(config)
  others <- c("train_size", "lambda", paste0(variables_of(config), "_penalty"))
  known <- names(config$hyperparameters) %in% c(media, others)
  config$hyperparameters <- config$hyperparameters[known]
  config
}

columns_of <- function(table, config) {
  wanted <- unique(c(
    config$date_var, config$dep_var, config$context$variable,
    config$paid_media$spend, config$paid_media$variable,
    config$organic_media$variable
  ))
  absent <- setdiff(wanted, names(table))
  if (length(absent) > 0) {
    stop_user(
      paste0(
        "the data has no column ", toString(shQuote(absent)), "; it has ",
        toString(names(table))
      ),
      "correct the name in the configuration"
    )
  }
  wanted
}

dates_of <- function(table, name) {
  text <- table[[name]]
  dates <- as.Date(substr(text, 1, 10), format = "%Y-%m-%d")
  wrong <- which(is.na(dates))
  if (length(wrong) > 0) {
    stop_user(
      sprintf(
        "column '%s', row %d: '%s' is not a date", name, wrong[1],
        text[wrong[1]]
      ),
      "write dates as 2024-12-31"
    )
  }
  dates
}

# Whether the dates are days, weeks or months; refuses gaps and repetitions.
interval_of <- function(dates) {
  if (length(dates) < 3) {
    stop_user(
      sprintf("the data has %d rows", length(dates)),
      "give at least some 50 periods"
    )
  }
  steps <- as.integer(diff(dates))
  if (any(steps == 0)) {
    stop_user(
      sprintf("the date %s comes twice", dates[which(steps == 0)[1]]),
      "give one row per period: add rows up, or choose one market"
    )
  }
  usual <- as.integer(names(which.max(table(steps))))
  interval <- if (usual == 1) {
    "day"
  } else if (usual == 7) {
    "week"
  } else if (usual %in% 28:31) {
    "month"
  } else {
    stop_user(
      sprintf("the dates are %d days apart", usual),
      "give daily, weekly or monthly data"
    )
  }
  expected <- if (interval == "month") 28:31 else usual
  if (!all(steps %in% expected)) {
    gap <- which(!steps %in% expected)[1]
    stop_user(
      sprintf(
        "%s comes %d days after %s, but the data are by %s",
        dates[gap + 1], steps[gap], dates[gap], interval
      ),
      "fill in the missing periods, with zeros where nothing was spent"
    )
  }
  interval
}

check_numbers <- function(table, name, date_var, positive) {
  values <- table[[name]]
  config <- list(date_var = date_var)
  refuse_rows(table, name, is.na(values), "has no value", config)
  if (!is.numeric(values)) {
    parsed <- suppressWarnings(as.numeric(values))
    refuse_rows(table, name, is.na(parsed), "is not a number", config)
  }
  refuse_rows(table, name, is.infinite(values), "is infinite", config)
  if (positive) {
    refuse_rows(table, name, values < 0, "is negative", config)
  }
}

refuse_rows <- function(table, name, wrong, what, config) {
  if (!any(wrong)) {
    return(invisible())
  }
  first <- which(wrong)[1]
  more <- sum(wrong) - 1
  stop_user(
    sprintf(
      "column '%s', %s %s (%s)%s", name, table[[config$date_var]][first],
      what, table[[name]][first],
      if (more > 0) sprintf(", and %d more rows", more) else ""
    ),
    "correct the data, or leave the column out of the model"
  )
}

# The first and last row to model: both ends snapped to the nearest period.
window_of <- function(dates, asked) {
  nearest <- function(day, otherwise, which) {
    if (is.null(day)) {
      return(otherwise)
    }
    day <- as.Date(day)
    outside <- if (which == "start") day > max(dates) else day < min(dates)
    if (outside) {
      stop_user(
        sprintf(
          "the window's %s %s is outside of the data, %s to %s",
          which, day, min(dates), max(dates)
        ),
        "give a window within the data"
      )
    }
    which.min(abs(as.integer(dates - day)))
  }
  window <- c(
    nearest(asked$start, 1L, "start"),
    nearest(asked$end, length(dates), "end")
  )
  if (window[2] <= window[1]) {
    stop_user(
      sprintf(
        "the window %s to %s holds less than two periods",
        asked$start, asked$end
      ),
      "widen the window"
    )
  }
  window
}

check_goal <- function(table, config, window) {
  rows <- window[1]:window[2]
  goal <- table[[config$dep_var]][rows]
  if (min(goal) == max(goal)) {
    stop_unmodellable(sprintf(
      paste(
        "the goal '%s' is %s in every row of the window: there is nothing to",
        "explain"
      ),
      config$dep_var, format(goal[1])
    ))
  }
  if (sum(table[rows, config$paid_media$spend]) == 0) {
    stop_unmodellable(paste(
      "no channel has any spend in the window: there is nothing to attribute"
    ))
  }
}

without_variation <- function(table, config, window) {
  rows <- window[1]:window[2]
  names <- c(config$context$variable, media_of(config))
  same <- vapply(
    names, function(name) length(unique(table[[name]][rows])) == 1, logical(1)
  )
  stats::setNames(
    rep("it does not vary in the window", sum(same)), names[same]
  )
}

# The holidays to use instead of Robyn's own table of them; NULL without.
read_holidays <- function(folder) {
  path <- file.path(folder, HOLIDAYS_FILE)
  if (!file.exists(path)) {
    return(NULL)
  }
  holidays <- utils::read.csv(path, stringsAsFactors = FALSE)
  wanted <- c("ds", "holiday", "country", "year")
  if (!all(wanted %in% names(holidays))) {
    stop_user(
      paste(HOLIDAYS_FILE, "lacks", toString(setdiff(wanted, names(holidays)))),
      "its columns are ds, holiday, country and year"
    )
  }
  holidays$ds <- as.Date(holidays$ds)
  holidays[wanted]
}
