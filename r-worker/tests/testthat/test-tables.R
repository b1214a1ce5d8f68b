test_that("every number is read back from a table bit by bit", {
  path <- withr::local_tempfile()
  values <- c(1 / 3, 1e-300, 123456789.123456789, NA, NaN)
  write_table(data.frame(
    `a b` = values, whole = 1:5, flag = c(TRUE, FALSE, TRUE, TRUE, FALSE),
    date = as.Date("2024-12-30") + 0:4, check.names = FALSE
  ), path)
  read <- utils::read.csv(path, check.names = FALSE, na.strings = "")
  expect_identical(read[["a b"]][1:3], values[1:3])
  expect_true(all(is.na(read[["a b"]][4:5])))
  expect_equal(read$flag[1:2], c("true", "false"))
  expect_equal(read$date[1], "2024-12-30")
})

test_that("rows are trained, validated and tested on as Robyn splits them", {
  expect_equal(
    rle(split_of(186, 0.7))$lengths,
    c(floor(stats::quantile(1:186, 0.7, names = FALSE)), 27, 29)
  )
  expect_equal(unique(split_of(10, 1)), "train")
})

test_that("a response curve has a grid and the mean spend, sorted", {
  curve <- curve_of(
    highest = 100, spend_now = 40, carryover = 10, coefficient = 2,
    alpha = 1, inflexion = 50
  )
  expect_equal(nrow(curve), CURVE_POINTS + 1)
  expect_false(is.unsorted(curve$spend))
  now <- curve[curve$current, ]
  expect_equal(now$spend, 40)
  expect_equal(now$response, 2 * 50 / 100)
  expect_equal(now$marginal_response, 2 * 50 / 100^2)
  expect_equal(max(curve$spend), 120)
  expect_equal(sum(curve$beyond_observed), sum(curve$spend > 100))
})

test_that("variables have the kind and channel of the configuration", {
  inputs <- list(dt_mod = data.frame(
    ds = 1, dep_var = 1, trend = 1, price = 1, tv_s = 1, clicks = 1, letters = 1
  ))
  found <- variables_table(a_config(), inputs)
  expect_equal(found$kind, c(
    "prophet", "context", "paid_media", "paid_media", "organic_media"
  ))
  expect_equal(found$channel, c(NA, NA, "tv", "search", NA))
})

test_that("a model is taken apart with its base, even where it was dropped", {
  variables <- data.frame(
    variable = c("trend", "tv_s"), kind = c("prophet", "paid_media"),
    channel = c(NA, "tv")
  )
  outputs <- list(xDecompAgg = data.frame(
    solID = "1_1_1", rn = c("trend", "tv_s"), coef = c(1, 2),
    xDecompAgg = c(30, 10), total_spend = c(NA, 5), spend_share = c(NA, 1),
    effect_share = c(NA, 1)
  ))
  choice <- list(kept = data.frame(solID = "1_1_1"))
  found <- decomposition_table(outputs, choice, variables)
  expect_equal(found$variable, c("(Intercept)", "trend", "tv_s"))
  expect_equal(found$contribution, c(0, 30, 10))
  expect_equal(found$share, c(0, 0.75, 0.25))
  expect_equal(found$roas, c(NA, NA, 2))
  expect_equal(found$cpa, c(NA, NA, 0.5))
})

test_that("with more weight of RSSD a model of lower RSSD is chosen", {
  choice <- list(kept = data.frame(
    solID = c("1_1_1", "1_2_1"), nrmse_out = c(0.1, 0.2),
    decomp.rssd = c(0.5, 0.1), mape = 0
  ))
  decomposition <- data.frame(
    model_id = c("1_1_1", "1_2_1"), kind = "paid_media", channel = "tv",
    roas = 1:2, effect_share = 1, contribution = 1
  )
  found <- rssd_weights_table(choice, decomposition)
  expect_equal(found$weight, RSSD_WEIGHTS)
  expect_equal(found$model_id[c(1, 6)], c("1_1_1", "1_2_1"))
})

test_that("the range of the plausible models is lowest, median, highest", {
  choice <- list(kept = data.frame(
    solID = c("a", "b", "c"), plausible = c(TRUE, TRUE, FALSE)
  ))
  decomposition <- data.frame(
    model_id = c("a", "b", "c"), kind = "paid_media", channel = "tv",
    roas = c(1, 3, 99), effect_share = 1, contribution = c(10, 30, 990)
  )
  variables <- data.frame(kind = "paid_media", channel = "tv")
  found <- plausible_table(choice, decomposition, variables)
  expect_equal(found$models, 2)
  expect_equal(unlist(found[3:5], use.names = FALSE), c(1, 2, 3))
  expect_equal(found$response_highest, 30)
})

test_that("an objective has converged when its last bin meets both criteria", {
  errors <- data.frame(
    error_type = rep(c("DECOMP.RSSD", "NRMSE"), each = 2), cuts = c(5, 10),
    n = 5, median = 0.1, std = c(0.1, NA, 0.1, 0.1),
    flag_med = c(TRUE, FALSE, FALSE, TRUE), flag_sd = TRUE
  )
  found <- convergence_table(list(convergence = list(errors = errors)))
  expect_equal(found$objective, rep(c("NRMSE", "DECOMP.RSSD"), each = 2))
  expect_equal(found$converged, c(TRUE, TRUE, FALSE, FALSE))
  expect_equal(found$sd[4], 0)
})

test_that("a run without clusters has an empty table of them", {
  variables <- data.frame(
    variable = "tv_s", kind = "paid_media", channel = "tv"
  )
  found <- clusters_table(list(), a_config(), variables)
  expect_equal(nrow(found), 0)
  expect_equal(names(found)[1:3], c("cluster", "best_model", "channel"))
})

test_that("a file that was not written is an error, not a gap", {
  expect_error(
    rename_file("nothing-here", "there"), "nothing-here was not written"
  )
})
