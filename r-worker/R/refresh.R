# A model with new periods: near the previous one, as robyn_refresh().
#
# robyn_refresh() itself runs its trials one after the other, draws every
# model, and fails on R below 4.3; these are its steps, with our search.

# The inputs of a refresh from a JSON that robyn_write() wrote. A list of
# `inputs` and `previous` (the old model on the new data).
refresh_inputs <- function(inputs, path, config, data, run) {
  if (!file.exists(path)) {
    stop_user(paste("no model at", path), "name a file of results/models")
  }
  old <- read_model(path)
  check_same(old, inputs)
  steps <- new_periods(old, inputs)
  previous <- suppressWarnings(Robyn::robyn_recreate(
    json_file = path, dt_input = data$table, quiet = FALSE,
    dt_holidays = holidays_of(data)
  ))
  listed <- previous$OutputCollect
  inputs$hyperparameters <- utils::getFromNamespace("refresh_hyps", "Robyn")(
    initBounds = old$ExportedModel$hyper_updated,
    listOutputPrev = listed,
    refresh_steps = steps,
    rollingWindowLength = inputs$rollingWindowLength,
    ts_validation = config$ts_validation
  )
  first <- inputs$dt_modRollWind$ds[inputs$rollingWindowLength - steps + 1]
  inputs$refreshAddedStart <- first
  inputs$xDecompAggPrev <- listed$xDecompAgg
  inputs$refreshCounter <- 1L
  inputs$refresh_steps <- steps
  inputs$refreshSourceID <- old$ExportedModel$select_model
  inputs$refreshChain <- c(
    old$InputCollect$refreshChain, old$ExportedModel$select_model
  )
  inputs$refreshDepth <- length(inputs$refreshChain)
  say(sprintf(
    "refreshing %s with %d new periods", inputs$refreshSourceID, steps
  ))
  list(inputs = inputs, previous = previous, old = old)
}

# What robyn_write() wrote of a model.
read_model <- function(path) {
  document <- jsonlite::fromJSON(path, simplifyVector = FALSE)
  if (is.null(document$ExportedModel)) {
    stop_user(
      paste(basename(path), "is no model of Robyn's"),
      "name a file of results/models of a run of this engine"
    )
  }
  Robyn::robyn_read(path, step = 2, quiet = TRUE)
}

# Why ROAS moved, cause by cause: the old model as it was; its hyperparameters
# on its window of the new data; on the new window; the new model.
movement_table <- function(refreshed, decomposition, choice, config) {
  paid <- paid_of(decomposition, choice$selected)
  old <- refreshed$old$ExportedModel
  again <- Robyn::robyn_run(
    InputCollect = refreshed$inputs, dt_hyper_fixed = old$hyper_values,
    cores = 1L, ts_validation = config$ts_validation,
    add_penalty_factor = config$add_penalty_factor,
    intercept_sign = config$intercept_sign,
    export = FALSE, plot_folder = tempdir(), quiet = TRUE
  )
  roas <- function(aggregate) {
    mine <- aggregate[match(paid$variable, aggregate$rn), ]
    ratio(mine$xDecompAgg, mine$total_spend)
  }
  spent <- refreshed$previous$OutputCollect$xDecompAgg
  before <- old$summary[match(paid$variable, old$summary$variable), ]
  money <- spent$total_spend[match(paid$variable, spent$rn)]
  data.frame(
    channel = paid$channel,
    roas_previous = ratio(before$decompAgg, money),
    roas_data = roas(spent),
    roas_window = roas(again$xDecompAgg),
    roas_selection = paid$roas
  )
}

# The largest cause for each channel whose ROAS moved by a tenth.
note_movement <- function(moved, run) {
  causes <- c("data", "window", "selection")
  for (row in seq_len(nrow(moved))) {
    path <- unlist(moved[row, paste0("roas_", c("previous", causes))])
    steps <- diff(path)
    if (anyNA(path) || abs(path[4] - path[1]) <= 0.1 * abs(path[1])) {
      next
    }
    note(run, sprintf(
      "ROAS of %s went from %.2f to %.2f, most of it by %s (%s).",
      moved$channel[row], path[1], path[4],
      causes[which.max(abs(steps))],
      paste(sprintf("%s %+.2f", causes, steps), collapse = ", ")
    ))
  }
}

check_same <- function(old, inputs) {
  before <- old$InputCollect
  if (!identical(sort(before$all_ind_vars), sort(inputs$all_ind_vars)) ||
    !identical(before$adstock, inputs$adstock)) {
    stop_user(
      "the previous model has other variables or another adstock",
      "refresh with those of the previous model, or train anew"
    )
  }
}

# How many periods of the window are after the previous model's.
new_periods <- function(old, inputs) {
  last <- as.Date(old$InputCollect$window_end)
  steps <- sum(inputs$dt_modRollWind$ds > last)
  if (steps == 0) {
    stop_user(
      sprintf("no period of the window is after %s, where it ended", last),
      "give newer data, or end the window later"
    )
  }
  if (steps == inputs$rollingWindowLength) {
    stop_user(
      "every period of the window is new since the previous model",
      "train anew, or start the window earlier"
    )
  }
  steps
}
