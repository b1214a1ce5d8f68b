# run_all.R as a process, as far as it comes without Robyn.
running <- function(...) {
  processx::run(
    file.path(R.home("bin"), "Rscript"),
    c("--no-save", "--no-restore", file.path(WORKER, "run_all.R"), ...),
    error_on_status = FALSE
  )
}

test_that("wrong arguments end with 2 and the usage", {
  found <- running("--input")
  expect_equal(found$status, 2)
  expect_match(found$stderr, "usage: run_all.R --input DIR")
})

test_that("a mistake in the configuration is told in status.json", {
  out <- withr::local_tempdir()
  folder <- a_folder(a_document(engine = list(name = "x", version = "1")))
  found <- running("--input", folder, "--output", out)
  expect_equal(found$status, 1)
  status <- read_json(out, "status.json")
  expect_equal(status$step, "prepare")
  expect_match(status$error, "this is robyn, not 'x'")
  expect_match(found$stdout, "what to do: correct job_config.json")
})

test_that("a mistake in the data is told in status.json", {
  out <- withr::local_tempdir()
  found <- running("--input", a_folder(table = a_table()[-3]), "--output", out)
  expect_equal(found$status, 1)
  expect_match(read_json(out, "status.json")$error, "no column 'tv_s'")
  expect_true(file.exists(file.path(out, "timings.csv")))
})

test_that("data that can't be modelled is skipped with exit code 0", {
  out <- withr::local_tempdir()
  table <- a_table()
  table$revenue <- 1
  found <- running("--input", a_folder(table = table), "--output", out)
  expect_equal(found$status, 0)
  expect_equal(read_json(out, "status.json")$status, "skipped")
})
