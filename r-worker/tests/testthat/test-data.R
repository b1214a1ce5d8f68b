reading <- function(table = a_table(), ...) {
  config <- a_config(...)
  read_data(a_folder(table = table), config)
}

refused <- function(pattern, table = a_table(), ...) {
  expect_error(reading(table, ...), pattern, class = "user_error")
}

test_that("the columns of the model are read, in the order of the dates", {
  data <- reading(a_table()[WEEKS:1, ])
  expect_equal(data$table$date[1], as.Date("2023-01-02"))
  expect_equal(data$interval, "week")
  expect_equal(data$window, c(1, WEEKS))
  expect_type(data$table$event, "character")
})

test_that("the window is snapped to the nearest periods", {
  data <- reading(window = list(start = "2023-01-17", end = "2023-12-01"))
  expect_equal(
    data$table$date[data$window], as.Date(c("2023-01-16", "2023-12-04"))
  )
})

test_that("a column that is missing is named, with those that are there", {
  refused("no column 'price'; it has date", a_table()[-7])
})

test_that("a value that is missing or no number is named with its date", {
  table <- a_table()
  table$tv_s[3] <- NA
  refused("'tv_s', 2023-01-16 has no value", table)
  table$tv_s[3] <- "many"
  refused("'tv_s', 2023-01-16 is not a number \\(many\\)", table)
})

test_that("spend below zero is refused", {
  table <- a_table()
  table$search_s[1:2] <- -1
  refused("'search_s', 2023-01-02 is negative.*and 1 more rows", table)
})

test_that("dates that are none, come twice or leave gaps are refused", {
  table <- a_table()
  table$date[2] <- "soon"
  refused("row 2: 'soon' is not a date", table)
  refused("comes twice", a_table()[c(1, 1:20), ])
  refused("14 days after 2023-01-09", a_table()[-3, ])
})

test_that("a window outside of the data is refused", {
  refused("outside of the data", window = list(start = "2031-01-01"))
})

test_that("a constant goal is skipped", {
  table <- a_table()
  table$revenue <- 5
  expect_error(reading(table), "nothing to explain", class = "unmodellable")
})

test_that("a window without any spend is skipped", {
  table <- a_table()
  table$tv_s <- table$search_s <- 0
  expect_error(reading(table), "nothing to attribute", class = "unmodellable")
})

test_that("what does not vary in the window is left out of the model", {
  table <- a_table()
  table$price <- 1
  table$tv_s <- 9
  data <- reading(table)
  expect_setequal(names(data$left_out), c("price", "tv_s"))
  config <- without(a_config(), data$left_out)
  expect_equal(config$paid_media$channel, "search")
  expect_equal(config$context$variable, "event")
  expect_false("tv_s_alphas" %in% names(config$hyperparameters))
})

test_that("a model without any channel that varies is skipped", {
  gone <- c(tv_s = "it does not vary", clicks = "it does not vary")
  expect_error(
    without(a_config(), gone), "no paid channel varies",
    class = "unmodellable"
  )
})

test_that("holidays of one's own must have Prophet's columns", {
  folder <- a_folder()
  expect_null(read_holidays(folder))
  writeLines("ds,holiday\n2023-01-01,x", file.path(folder, "holidays.csv"))
  expect_error(
    read_holidays(folder), "lacks country, year",
    class = "user_error"
  )
})
