# A process that runs this code.
code <- function(code) {
  processx::process$new(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", code)
  )
}

test_that("tasks run side by side, and those that failed are returned", {
  most <- 0
  running <- list()
  start <- function(task) {
    process <- code(sprintf("Sys.sleep(0.3); quit(status = %d)", task == 2))
    running <<- c(running, process)
    alive <- sum(vapply(running, function(p) p$is_alive(), logical(1)))
    most <<- max(most, alive)
    process
  }
  told <- 0
  failed <- run_processes(1:3, start, 2L, function() told <<- told + 1)
  expect_equal(failed, 2)
  expect_equal(most, 2)
  expect_gt(told, 0)
})

test_that("progress is the mean of the trials', with the best errors of any", {
  folder <- withr::local_tempdir()
  config <- list(iterations = 100L)
  write <- function(trial, iteration, nrmse) {
    jsonlite::write_json(
      list(
        iteration = iteration, best = list(nrmse = nrmse, decomp_rssd = 0.1)
      ),
      trial_file(folder, trial, "json"),
      auto_unbox = TRUE
    )
  }
  expect_equal(progress_of(folder, 1:2, config)$iteration, 0)
  write(1, 60L, 0.3)
  write(2, 20L, 0.2)
  found <- progress_of(folder, 1:2, config)
  expect_equal(found$iteration, 40)
  expect_equal(found$best$nrmse, 0.2)
  file.create(trial_file(folder, 1, "rds"))
  expect_equal(progress_of(folder, 1:2, config)$iteration, 60)
})

test_that("a trial has the number that it has in Robyn's sequence", {
  rows <- data.frame(solID = c("1_1_1", "1_12_1"), trial = 1)
  model <- list(
    resultCollect = list(resultHypParam = rows, xDecompAgg = rows), trial = 1
  )
  found <- renamed(model, 3L)
  expect_equal(
    found$resultCollect$resultHypParam$solID, c("3_1_1", "3_12_1")
  )
  expect_equal(found$resultCollect$xDecompAgg$trial, c(3L, 3L))
  expect_null(found$resultCollect$liftCalibration)
  expect_equal(found$trial, 3L)
})

test_that("a trial that failed twice ends the run with its last words", {
  folder <- withr::local_tempdir()
  writeLines(
    c("  |====| 100%", "", "Error: no memory", "Execution halted"),
    trial_file(folder, 2, "log")
  )
  error <- expect_error(stop_trial(folder, 2), class = "user_error")
  expect_equal(
    conditionMessage(error),
    "trial 2 failed twice: Error: no memory Execution halted"
  )
})
