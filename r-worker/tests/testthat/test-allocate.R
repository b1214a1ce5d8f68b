some_inputs <- function() {
  list(
    paid_media_selected = c("clicks", "tv_s"),
    rollingWindowStartWhich = 1, rollingWindowEndWhich = 10,
    rollingWindowLength = 10L, intervalType = "week",
    dt_mod = data.frame(tv_s = rep(10, 10), clicks = rep(20, 10))
  )
}

some_aggregate <- function(coef = c(1, 1)) {
  list(xDecompAgg = data.frame(
    solID = "1_1_1", rn = c("tv_s", "clicks"), coef = coef
  ))
}

why_not <- function(asked, coef = c(1, 1)) {
  config <- a_config(allocation = asked)
  infeasible(
    some_inputs(), some_aggregate(coef), list(selected = "1_1_1"),
    config$allocation, bounds_of(config, some_inputs())
  )
}

test_that("bounds are in Robyn's order, default where none are given", {
  config <- a_config(allocation = list(bounds = list(tv = list(0.9, 1.1))))
  expect_equal(
    bounds_of(config, some_inputs()), list(low = c(0.5, 0.9), high = c(2, 1.1))
  )
})

test_that("a locked channel keeps its spend", {
  config <- a_config(allocation = list(locked = list("search")))
  expect_equal(
    bounds_of(config, some_inputs()), list(low = c(1, 0.5), high = c(1, 2))
  )
})

test_that("a budget within the bounds can be placed", {
  expect_null(why_not(list(total_budget = 300)))
  expect_null(why_not(list(total_budget = NULL)))
})

test_that("a budget that the bounds do not allow gets no proposal", {
  found <- why_not(list(total_budget = 1000))
  expect_match(found, "budget of 1,000.*150 to 600")
})

test_that("channels without effect hold no budget", {
  expect_match(why_not(list(total_budget = 300), c(1, 0)), "50 to 200")
  expect_match(why_not(list(), c(0, 0)), "no effect of any")
})

test_that("groups of channels are beyond Robyn", {
  groups <- list(list(name = "all", channels = list("tv")))
  expect_match(why_not(list(groups = groups)), "no groups")
})

test_that("a future period takes its own number of periods", {
  inputs <- some_inputs()
  period <- list(name = "Q1", start = "2025-01-06", end = "2025-02-02")
  expect_equal(periods_of(period, inputs), 4)
  expect_equal(
    budget_of_window(list(total_budget = 40, period = period), inputs), 100
  )
  inputs$intervalType <- "month"
  expect_equal(periods_of(period, inputs), 2)
  expect_equal(periods_of(NULL, inputs), 10)
})

test_that("a channel's row is per period, with what was observed", {
  rows <- data.frame(
    channels = c("tv_s", "clicks"), initSpendUnit = c(10, 0),
    optmSpendUnit = c(12, 5), constr_low_abs = 5, constr_up_abs = 20,
    initResponseUnitSim = c(30, 0), optmResponseUnit = c(36, 10),
    initResponseMargUnit = 1, optmResponseMargUnit = 2
  )
  found <- channel_rows(rows, a_config(), some_inputs())
  expect_equal(found$channel, c("tv", "search"))
  expect_equal(found$roas_now, c(3, NA))
  expect_equal(found$beyond_observed, c(TRUE, FALSE))
  expect_equal(found$spend_highest, c(10, 20))
})
