# Tables of the candidates over time, and of their response curves.

CURVE_POINTS <- 101
CURVE_REACH <- 1.2 # of the highest spend observed

# dt_mod: the goal and every regressor, all rows; exposure as money.
features_table <- function(inputs) {
  rows <- seq_len(nrow(inputs$dt_mod))
  window <- inputs$rollingWindowStartWhich:inputs$rollingWindowEndWhich
  names <- setdiff(names(inputs$dt_mod), c("ds", "dep_var"))
  cbind(
    data.frame(
      date = inputs$dt_mod$ds,
      in_window = rows %in% window,
      goal = inputs$dt_mod$dep_var
    ),
    plain(inputs$dt_mod[names])
  )
}

# Per candidate and period of the window: actual, fitted, and all parts.
decomposition_over_time_table <- function(outputs, choice, config, variables) {
  all <- as.data.frame(outputs$xDecompVecCollect)
  parts <- lapply(choice$candidates, function(id) {
    mine <- all[all$solID == id, ]
    train_size <- choice$kept$train_size[choice$kept$solID == id]
    cbind(
      data.frame(
        model_id = id,
        date = mine$ds,
        part = split_of(nrow(mine), train_size),
        actual = mine$dep_var,
        fitted = mine$depVarHat,
        residual = mine$dep_var - mine$depVarHat,
        intercept = mine$intercept
      ),
      plain(mine[variables$variable])
    )
  })
  table <- do.call(rbind, parts)
  names(table)[names(table) == "intercept"] <- "(Intercept)"
  table
}

# Which rows Robyn trains, validates and tests on.
split_of <- function(rows, train_size) {
  train <- floor(stats::quantile(seq_len(rows), train_size))
  validation <- train + floor((1 - train_size) / 2 * rows)
  ifelse(
    seq_len(rows) <= train, "train",
    ifelse(seq_len(rows) <= validation, "validation", "test")
  )
}

# Per candidate, medium and period: what became of what was spent.
media_vectors_table <- function(inputs, outputs, choice, variables) {
  window <- inputs$rollingWindowStartWhich:inputs$rollingWindowEndWhich
  adstocked <- as.data.frame(outputs$mediaVecCollect)
  adstocked <- adstocked[adstocked$type == "adstockedMedia", ]
  media <- variables[variables$variable %in% inputs$all_media, ]
  parts <- lapply(choice$candidates, function(id) {
    made <- transformed(inputs, choice, id)
    coefficient <- coefficients_of(outputs, id)
    total <- adstocked[adstocked$solID == id, ]
    do.call(rbind, lapply(seq_len(nrow(media)), function(row) {
      name <- media$variable[row]
      later <- coefficient[[name]] * made$dt_saturatedCarryover[[name]]
      saturated <- made$dt_modSaturated[[name]]
      response <- coefficient[[name]] * saturated
      data.frame(
        model_id = id, variable = name, kind = media$kind[row],
        date = inputs$dt_mod$ds[window],
        input = inputs$dt_mod[[name]][window],
        adstocked = total[[name]],
        saturated = saturated,
        response = response,
        immediate = response - later,
        carryover = later
      )
    }))
  })
  do.call(rbind, parts)
}

# Response curves of every candidate's paid channels, per period: the spend on
# a grid, and one row more at the mean spend of the window.
response_curves_table <- function(inputs, outputs, choice, variables) {
  aggregate <- as.data.frame(outputs$xDecompAgg)
  paid <- variables[variables$kind == "paid_media", ]
  parts <- lapply(choice$candidates, function(id) {
    values <- choice$kept[choice$kept$solID == id, ]
    mine <- aggregate[aggregate$solID == id, ]
    do.call(rbind, lapply(seq_len(nrow(paid)), function(row) {
      name <- paid$variable[row]
      found <- mine[mine$rn == name, ]
      curve <- curve_of(
        highest = max(inputs$dt_mod[[name]]),
        spend_now = mean_spend(inputs, name),
        carryover = found$mean_carryover,
        coefficient = found$coef,
        alpha = values[[paste0(name, "_alphas")]],
        inflexion = values[[paste0(name, "_inflexion")]]
      )
      cbind(
        data.frame(
          model_id = id, channel = paid$channel[row], variable = name
        ),
        curve
      )
    }))
  })
  do.call(rbind, parts)
}

# response(x) = β·h(x + c), h(u) = u^α / (u^α + i^α), at the mean carryover c;
# marginal(x) = β·h'(x + c), h'(u) = α·h(u)·(1 - h(u)) / u.
curve_of <- function(
    highest, spend_now, carryover, coefficient, alpha, inflexion) {
  top <- CURVE_REACH * max(highest, spend_now)
  spend <- c(seq(0, top, length.out = CURVE_POINTS), spend_now)
  current <- seq_along(spend) > CURVE_POINTS
  order <- order(spend)
  spend <- spend[order]
  total <- spend + carryover
  saturated <- ifelse(
    total > 0, total^alpha / (total^alpha + inflexion^alpha), 0
  )
  slope <- ifelse(total > 0, alpha * saturated * (1 - saturated) / total, 0)
  data.frame(
    spend = spend,
    response = coefficient * saturated,
    marginal_response = coefficient * slope,
    mean_carryover = carryover,
    highest_spend = highest,
    current = current[order],
    beyond_observed = spend > highest
  )
}

# The budget proposal, per channel and period.
allocation_table <- function(allocation) {
  cbind(
    data.frame(scenario = allocation$scenario, periods = allocation$periods),
    allocation$channels
  )
}

transformed <- function(inputs, choice, id) {
  Robyn::run_transformations(
    all_media = inputs$all_media,
    window_start_loc = inputs$rollingWindowStartWhich,
    window_end_loc = inputs$rollingWindowEndWhich,
    dt_mod = inputs$dt_mod,
    adstock = inputs$adstock,
    dt_hyppar = choice$kept[choice$kept$solID == id, ]
  )
}

coefficients_of <- function(outputs, id) {
  mine <- outputs$xDecompAgg[outputs$xDecompAgg$solID == id, ]
  stats::setNames(as.list(mine$coef), mine$rn)
}

mean_spend <- function(inputs, name) {
  window <- inputs$rollingWindowStartWhich:inputs$rollingWindowEndWhich
  mean(inputs$dt_mod[[name]][window])
}

# Columns as plain vectors: prophet's factors are matrices of one column.
plain <- function(table) {
  as.data.frame(lapply(table, as.numeric), check.names = FALSE)
}
