ended <- function(run, work) {
  quietly(code <- run_to_the_end(run, work))
  list(code = code, status = read_json(run$out, "status.json"))
}

test_that("a run that ends well says so", {
  found <- ended(a_run(), TRUE)
  expect_equal(found$code, 0L)
  expect_equal(found$status, list(schema_version = 1L, status = "succeeded"))
})

test_that("a person's mistake is told with its step and what to do", {
  run <- a_run()
  enter(run, "prepare")
  found <- ended(run, stop_user("no column 'x'", "correct the name"))
  expect_equal(found$code, 1L)
  expect_equal(found$status$step, "prepare")
  expect_equal(found$status$error, "no column 'x'")
  expect_equal(found$status$hint, "correct the name")
})

for (step in c("prepare", "search", "select", "output")) {
  test_that(paste("an error at", step, "ends in one JSON and exit code 1"), {
    run <- a_run()
    enter(run, step)
    suppressMessages(found <- ended(run, stop("glmnet says no")))
    expect_equal(found$code, 1L)
    expect_equal(found$status$status, "failed")
    expect_equal(found$status$step, step)
    expect_match(found$status$error, "glmnet says no")
    expect_equal(found$status$hint, "see robyn_console.log")
  })
}

test_that("an unexpected error shows in the log where it came from", {
  deep <- function() stop("boom")
  said <- testthat::capture_messages(ended(a_run(), deep()))
  expect_match(paste(said, collapse = ""), "deep()", fixed = TRUE)
})

test_that("data without anything to model is skipped, which is no failure", {
  found <- ended(a_run(), stop_unmodellable("nothing was spent"))
  expect_equal(found$code, 0L)
  expect_equal(found$status$status, "skipped")
  expect_equal(found$status$reason, "nothing was spent")
})

test_that("progress names the step, the iteration and the best errors", {
  run <- a_run()
  enter(run, "search")
  run$written <- -Inf
  best <- list(nrmse = 0.1, decomp_rssd = 0.2)
  report_search(run, 2L, 100L, list(iteration = 40L, best = best))
  found <- read_json(run$progress)
  expect_equal(found[c("step", "trials", "iterations", "iteration")], list(
    step = "search", trials = 2L, iterations = 100L, iteration = 40L
  ))
  expect_equal(found$best, best)
  expect_match(found$updated_at, "^\\d{4}-\\d\\d-\\d\\dT[0-9:.]+\\+00:00$")
})

test_that("progress of the search is written at most every half second", {
  run <- a_run()
  enter(run, "search")
  expect_false(report_search(run, 1L, 10L, list(iteration = 1L)))
})

test_that("the seconds of every stage are written in their order", {
  run <- a_run()
  quietly({
    stage(run, "one", 1)
    stage(run, "two", 2)
  })
  ended(run, TRUE)
  rows <- utils::read.csv(file.path(run$out, "timings.csv"))
  expect_equal(rows$stage, c("one", "two"))
  expect_type(rows$seconds, "double")
})
