an_old_model <- function(...) {
  list(InputCollect = utils::modifyList(list(
    all_ind_vars = c("trend", "tv_s"), adstock = "geometric",
    window_end = "2023-03-05"
  ), list(...)))
}

new_inputs <- function(weeks = 12) {
  list(
    all_ind_vars = c("trend", "tv_s"), adstock = "geometric",
    rollingWindowLength = weeks,
    dt_modRollWind = data.frame(
      ds = as.Date("2023-01-02") + 7 * (seq_len(weeks) - 1)
    )
  )
}

test_that("the new periods of the window are counted", {
  expect_equal(new_periods(an_old_model(), new_inputs()), 3)
})

test_that("a refresh with nothing new, or with all new, is refused", {
  expect_error(
    new_periods(an_old_model(), new_inputs(9)), "no period of the window",
    class = "user_error"
  )
  old <- an_old_model(window_end = "2022-12-31")
  expect_error(
    new_periods(old, new_inputs()), "every period", class = "user_error"
  )
})

test_that("a model of other variables or another adstock is refused", {
  expect_silent(check_same(an_old_model(), new_inputs()))
  expect_error(
    check_same(an_old_model(adstock = "weibull_cdf"), new_inputs()),
    "another adstock",
    class = "user_error"
  )
})

test_that("a file that holds no model of Robyn's is refused", {
  path <- withr::local_tempfile(fileext = ".json", lines = '{"format": "x"}')
  expect_error(read_model(path), "no model of Robyn's", class = "user_error")
})

test_that("the largest cause of a movement is named", {
  run <- a_run()
  quietly(note_movement(data.frame(
    channel = c("tv", "search"), roas_previous = c(1, 1),
    roas_data = c(1.1, 1), roas_window = c(1.6, 1), roas_selection = c(2, 1.05)
  ), run))
  expect_equal(run$notes, paste(
    "ROAS of tv went from 1.00 to 2.00, most of it by window (data +0.10,",
    "window +0.50, selection +0.40)."
  ))
})
