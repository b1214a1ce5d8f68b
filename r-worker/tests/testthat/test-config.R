refused <- function(...) expect_error(a_config(...), class = "user_error")

test_that("a configuration is read with media as rows", {
  config <- a_config()
  expect_equal(config$paid_media$variable, c("tv_s", "clicks"))
  expect_equal(config$paid_media$exposure, c(NA, "clicks"))
  expect_equal(variables_of(config), c(
    "trend", "season", "price", "event", "tv_s", "clicks", "letters"
  ))
  expect_identical(config$seed, 123L)
  expect_equal(config$hyperparameters$tv_s_alphas, c(0.5, 3))
})

test_that("a model without organic media and context has empty tables", {
  config <- a_config(organic_media = list(), context = list(),
    hyperparameters = a_search(c("tv_s", "clicks"))
  )
  expect_equal(nrow(config$organic_media), 0)
  expect_equal(variables_of(config), c("trend", "season", "tv_s", "clicks"))
})

test_that("a file that is no JSON is refused with its name", {
  folder <- a_folder()
  writeLines("{", file.path(folder, "job_config.json"))
  expect_error(
    read_config(file.path(folder, "job_config.json")),
    "job_config.json is not JSON",
    class = "user_error"
  )
})

test_that("what is missing in a configuration is listed", {
  folder <- a_folder(a_document()[c("engine", "country")])
  expect_error(
    read_config(file.path(folder, "job_config.json")), "lacks.*adstock",
    class = "user_error"
  )
})

test_that("another engine's configuration is refused", {
  error <- refused(engine = list(name = "native", version = "1"))
  expect_match(conditionMessage(error), "this is robyn, not 'native'")
})

test_that("every mistake is in one message", {
  search <- a_search()
  search$tv_s_alphas <- list(3, 0.5)
  search$radio_alphas <- list(0.5, 3)
  search$clicks_thetas <- NULL
  error <- refused(
    hyperparameters = search,
    allocation = list(bounds = list(radio = list(1, 2))),
    calibration = list(list(
      channel = "radio", liftStartDate = "2023-02-06",
      liftEndDate = "2023-01-30", liftAbs = 5, metric = "revenue",
      calibration_scope = "total"
    ))
  )
  for (part in c(
    "tv_s_alphas: the low is above the high", "'radio_alphas' belongs to no",
    "'clicks_thetas' is missing", "it ends before it starts",
    "'radio' is no medium", "'radio' is no paid channel"
  )) {
    expect_match(conditionMessage(error), part, fixed = TRUE)
  }
})

test_that("a factor without prophet is refused: Robyn could not use it", {
  error <- refused(prophet = list(components = NULL, country = "DE"))
  expect_match(conditionMessage(error), "turns a factor into a number")
})

test_that("a search in which everything is fixed is refused", {
  fixed <- lapply(a_search(), function(range) range[[1]])
  error <- refused(hyperparameters = fixed)
  expect_match(conditionMessage(error), "all are fixed")
})
