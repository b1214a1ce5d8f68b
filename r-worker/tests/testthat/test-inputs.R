test_that("Robyn is given every variable with its role and sign", {
  config <- a_config()
  data <- read_data(a_folder(), config)
  data$holidays <- data.frame(ds = as.Date("2023-01-01"))
  given <- input_arguments(config, data, a_run())
  expect_equal(given$paid_media_spends, c("tv_s", "search_s"))
  expect_equal(given$paid_media_vars, c("tv_s", "clicks"))
  expect_equal(given$paid_media_signs, c("positive", "positive"))
  expect_equal(given$context_vars, c("price", "event"))
  expect_equal(given$factor_vars, "event")
  expect_equal(given$prophet_vars, c("trend", "season"))
  expect_equal(given$window_start, as.Date("2023-01-02"))
  expect_null(given$prophet_country)
})

test_that("the weekday is left out of data that are not daily, with a note", {
  config <- a_config(prophet = list(
    components = list("trend", "weekday"), country = "DE"
  ))
  run <- a_run()
  quietly(found <- components_of(config, "week", run))
  expect_equal(found, "trend")
  expect_match(run$notes, "weekday is left out")
  expect_equal(components_of(config, "day", run), c("trend", "weekday"))
})

test_that("ranges are those of the media, in C's order, and the train size", {
  ranges <- search_ranges(a_config())
  expect_equal(names(ranges), c(
    sort(names(a_search()), method = "radix"), "train_size"
  ))
  expect_equal(ranges$train_size, c(0.5, 0.8))
})

test_that("lambda is Robyn's own range unless another is asked for", {
  dt_mod <- data.frame(ds = 1:3, dep_var = c(1, 2, 4), x = c(1, 3, 2))
  expect_equal(with_lambda(list(), NULL, dt_mod), list())
  expect_equal(with_lambda(list(), c(0, 1), dt_mod), list())
  expect_equal(
    with_lambda(list(), c(0, 0.5), dt_mod), list(lambda = c(0, 0.5))
  )
})

test_that("a fixed lambda is given as its position between Robyn's limits", {
  dt_mod <- data.frame(ds = 1:4, dep_var = c(1, 2, 4, 3), x = c(1, 3, 2, 5))
  scaled <- (dt_mod$x - mean(dt_mod$x)) / sqrt(mean((dt_mod$x - 2.75)^2))
  most <- 0.1 * abs(sum(scaled * dt_mod$dep_var)) / (0.001 * 4)
  expect_equal(lambda_position(most, dt_mod), 1)
  expect_equal(lambda_position(most * 1e-4, dt_mod), 0)
})

a_test <- function(...) {
  utils::modifyList(list(
    channel = "search", liftStartDate = "2023-02-06",
    liftEndDate = "2023-02-26", liftAbs = 500, metric = "revenue",
    calibration_scope = "total"
  ), list(...))
}

test_that("lift tests name media by their spend, as Robyn wants", {
  config <- a_config(calibration = list(a_test(channel = "clicks + tv")))
  data <- read_data(a_folder(), config)
  tests <- lift_tests(config, data)
  expect_equal(tests$channel, "search_s+tv_s")
  expect_s3_class(tests$liftStartDate, "Date")
})

test_that("what a lift test does not say is taken as it should be", {
  config <- a_config(calibration = list(a_test(), a_test(spend = 7)))
  data <- read_data(a_folder(), config)
  tests <- lift_tests(config, data)
  rows <- data$table$date >= "2023-02-06" & data$table$date <= "2023-02-26"
  expect_equal(tests$spend, c(sum(data$table$search_s[rows]), 7))
  expect_equal(tests$confidence, c(1, 1))
})

test_that("without lift tests there is no calibration", {
  expect_null(lift_tests(a_config(), NULL))
})

test_that("a lift test of a channel that is left out is refused", {
  config <- a_config(calibration = list(a_test()))
  config <- without(config, c(clicks = "it does not vary"))
  expect_error(lift_tests(config, NULL), "is not modelled",
    class = "user_error"
  )
})
