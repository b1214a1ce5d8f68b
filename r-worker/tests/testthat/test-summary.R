a_result <- function() {
  ids <- c("1_1_1", "1_2_1")
  list(
    config = a_config(),
    inputs = list(
      dt_modRollWind = data.frame(ds = as.Date("2023-01-02") + c(0, 7)),
      intervalType = "week"
    ),
    models = list(convergence = list(conv_msg = c(
      "NRMSE converged: sd", "DECOMP.RSSD NOT converged: sd"
    ))),
    outputs = list(
      allPareto = list(
        resultHypParam = data.frame(solID = c(ids, "1_3_1")),
        xDecompAgg = data.frame(
          solID = ids, rn = "(Intercept)", coef = c(0, 5)
        )
      ),
      xDecompVecCollect = data.frame(
        solID = "1_1_1", dep_var = c(1, 2, 1, 2), depVarHat = c(1, 1, 2, 2)
      )
    ),
    choice = list(
      kept = data.frame(
        solID = ids, robynPareto = 1, cluster = c(1, NA), error_score = 0.1,
        rank = 1:2, plausible = TRUE, decomp.rssd = 0.2, mape = 0,
        nrmse_train = 0.1, nrmse_val = NA, nrmse_test = NA, rsq_train = 0.9,
        rsq_val = NA, rsq_test = NA
      ),
      selected = "1_1_1", candidates = ids, rule = "the rule"
    ),
    variables = data.frame(
      variable = "tv_s", kind = "paid_media", channel = "tv"
    ),
    decomposition = data.frame(
      model_id = "1_1_1", variable = c("(Intercept)", "tv_s"),
      kind = c("intercept", "paid_media"), channel = c(NA, "tv"),
      coefficient = c(0, 0), contribution = c(0, 10), share = c(0, 1),
      spend = c(NA, 5), spend_share = c(NA, 1), effect_share = c(NA, 1),
      roas = c(NA, 2), cpa = c(NA, 0.5)
    )
  )
}

written <- function(result, notes = character()) {
  path <- withr::local_tempfile()
  write_json_file(path, summary_of(result, notes))
  read_json(path)
}

test_that("a summary tells the best model, its rank and its front", {
  found <- written(a_result())
  expect_equal(found$selected$model_id, "1_1_1")
  expect_equal(found$selected$rank, 1)
  expect_equal(found$selected$pareto_front, 1)
  expect_equal(found$selected$onepager, "results/onepager_1_1_1.png")
  expect_equal(found$models_evaluated, 3)
  expect_equal(found$pareto_models, 2)
  expect_equal(found$window, list(
    start = "2023-01-02", end = "2023-01-09", periods = 2L, interval = "week"
  ))
})

test_that("what is not known is null, not missing", {
  found <- written(a_result())
  expect_true("nrmse_val" %in% names(found$selected))
  expect_null(found$selected$nrmse_val)
  expect_null(found$selected$mape)
  expect_null(found$candidates[[2]]$cluster)
  expect_true("allocation" %in% names(found))
  expect_null(found$allocation)
})

test_that("only paid channels have a channel and a return", {
  found <- written(a_result())$selected
  expect_false("channel" %in% names(found$decomposition[[1]]))
  expect_equal(found$decomposition[[2]]$channel, "tv")
  expect_equal(found$channels[[1]]$roas, 2)
})

test_that("warnings are a list, however many there are", {
  result <- a_result()
  expect_equal(written(result, "a note")$warnings[[1]], "a note")
  expect_type(written(result)$warnings, "list")
})

test_that("an intercept that was dropped is told, with how many others", {
  found <- warnings_about(a_result())
  expect_match(found, "dropped \\(as in 50% of", all = FALSE)
})

test_that("a channel without effect and a search that goes on are told", {
  found <- warnings_about(a_result())
  expect_match(found, "no effect of tv", all = FALSE)
  expect_match(found, "DECOMP.RSSD NOT converged", all = FALSE)
})
