# The budget proposal: robyn_allocator() on the selected model.

DEFAULT_BOUNDS <- c(0.5, 2)

# A list of `channels` (one row per paid channel, per period), `periods`,
# `total_budget`, `scenario` and `plot`; NULL where none can be made, with a
# note that says why.
allocate <- function(inputs, outputs, choice, config, run) {
  asked <- config$allocation
  bounds <- bounds_of(config, inputs)
  why_not <- infeasible(inputs, outputs, choice, asked, bounds)
  if (!is.null(why_not)) {
    note(run, paste0("No budget is proposed: ", why_not, "."))
    return(NULL)
  }
  found <- Robyn::robyn_allocator(
    InputCollect = inputs,
    OutputCollect = outputs,
    select_model = choice$selected,
    scenario = asked$scenario,
    total_budget = budget_of_window(asked, inputs),
    target_value = asked$target_value,
    date_range = "all",
    channel_constr_low = bounds$low,
    channel_constr_up = bounds$high,
    export = FALSE, plots = TRUE, quiet = TRUE
  )
  rows <- as.data.frame(found$dt_optimOut)
  rows <- rows[match(config$paid_media$variable, rows$channels), ]
  channels <- channel_rows(rows, config, inputs)
  for (name in channels$channel[channels$beyond_observed]) {
    note(run, sprintf(
      "The proposal for %s is above any spend observed: it extrapolates.", name
    ))
  }
  periods <- periods_of(asked$period, inputs)
  list(
    scenario = asked$scenario,
    periods = periods,
    total_budget = sum(channels$spend_proposed) * periods,
    channels = channels,
    plot = found$plots$plots
  )
}

# Bounds of the paid media in Robyn's order, as multiples of the mean spend.
bounds_of <- function(config, inputs) {
  given <- config$allocation$bounds
  default <- if (is.null(given$default)) DEFAULT_BOUNDS else given$default
  order <- match(inputs$paid_media_selected, config$paid_media$variable)
  of_channel <- lapply(config$paid_media$channel[order], function(channel) {
    range <- if (is.null(given[[channel]])) default else given[[channel]]
    locked <- channel %in% unlist(config$allocation$locked)
    if (locked) c(1, 1) else as.numeric(unlist(range))
  })
  list(
    low = vapply(of_channel, `[`, numeric(1), 1),
    high = vapply(of_channel, `[`, numeric(1), 2)
  )
}

# Why no proposal can be made; Robyn would return one that breaks its bounds.
infeasible <- function(inputs, outputs, choice, asked, bounds) {
  aggregate <- outputs$xDecompAgg
  mine <- aggregate[aggregate$solID == choice$selected, ]
  media <- inputs$paid_media_selected
  effective <- mine$coef[match(media, mine$rn)] > 0
  if (!any(effective)) {
    return("the model finds no effect of any paid channel")
  }
  if (length(asked$groups) > 0) {
    return("Robyn's allocator knows no groups of channels")
  }
  budget <- budget_of_window(asked, inputs)
  if (is.null(budget) || asked$scenario != "max_response") {
    return(NULL)
  }
  rows <- inputs$rollingWindowStartWhich:inputs$rollingWindowEndWhich
  spent <- colSums(inputs$dt_mod[rows, media])[effective]
  least <- sum(spent * bounds$low[effective])
  most <- sum(spent * bounds$high[effective])
  if (budget < least || budget > most) {
    money <- function(amount) {
      share <- periods_of(asked$period, inputs) / inputs$rollingWindowLength
      format(round(amount * share), big.mark = ",")
    }
    return(sprintf(
      "the budget of %s is not within what the bounds allow, %s to %s",
      money(budget), money(least), money(most)
    ))
  }
  NULL
}

# The budget is for the whole period; Robyn divides it by the window's length.
budget_of_window <- function(asked, inputs) {
  if (!is.null(asked$total_budget)) {
    asked$total_budget * inputs$rollingWindowLength /
      periods_of(asked$period, inputs)
  }
}

# How many days, weeks or months the proposal is for: the window, if no period
# is named.
periods_of <- function(period, inputs) {
  if (is.null(period)) {
    return(inputs$rollingWindowLength)
  }
  start <- as.Date(period$start)
  end <- as.Date(period$end)
  if (inputs$intervalType == "month") {
    months <- function(day) {
      12 * as.integer(format(day, "%Y")) + as.integer(format(day, "%m"))
    }
    return(months(end) - months(start) + 1)
  }
  days <- as.integer(end - start)
  days %/% (if (inputs$intervalType == "week") 7L else 1L) + 1L
}

channel_rows <- function(rows, config, inputs) {
  highest <- vapply(
    rows$channels, function(name) max(inputs$dt_mod[[name]]), numeric(1)
  )
  data.frame(
    channel = config$paid_media$channel,
    variable = rows$channels,
    spend_now = rows$initSpendUnit,
    spend_proposed = rows$optmSpendUnit,
    spend_low = rows$constr_low_abs,
    spend_high = rows$constr_up_abs,
    spend_highest = unname(highest),
    response_now = rows$initResponseUnitSim,
    response_proposed = rows$optmResponseUnit,
    roas_now = ratio(rows$initResponseUnitSim, rows$initSpendUnit),
    roas_proposed = ratio(rows$optmResponseUnit, rows$optmSpendUnit),
    marginal_now = rows$initResponseMargUnit,
    marginal_proposed = rows$optmResponseMargUnit,
    beyond_observed = rows$optmSpendUnit > unname(highest),
    locked = config$paid_media$channel %in% unlist(config$allocation$locked)
  )
}

# part / whole; NA where there is no whole.
ratio <- function(part, whole) {
  ifelse(is.finite(whole) & whole != 0, part / whole, NA_real_)
}
