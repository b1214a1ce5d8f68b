# The worker's functions, and small inputs that need no Robyn.

WORKER <- normalizePath(testthat::test_path("..", ".."))
worker_folder <- function() WORKER
for (file in list.files(file.path(WORKER, "R"), full.names = TRUE)) {
  source(file, local = FALSE)
}

WEEKS <- 60

# A job_config.json of two paid channels, as a list; `...` replaces fields, and
# what stands in `allocation`.
a_document <- function(...) {
  document <- list(
    schema_version = 1, experiment_id = "20261120T104512Z-1f3a9c0b77de",
    country = "DE", engine = list(name = "robyn", version = "test"),
    date_var = "date", dep_var = "revenue", dep_var_type = "revenue",
    window = list(start = NULL, end = NULL),
    paid_media = list(
      list(channel = "tv", spend = "tv_s", exposure = NULL, sign = "positive"),
      list(
        channel = "search", spend = "search_s", exposure = "clicks",
        sign = "positive"
      )
    ),
    organic_media = list(list(variable = "letters", sign = "positive")),
    context = list(
      list(variable = "price", sign = "default", factor = FALSE),
      list(variable = "event", sign = "default", factor = TRUE)
    ),
    prophet = list(components = list("trend", "season"), country = "DE"),
    adstock = "geometric", hyperparameters = a_search(),
    iterations = 10, trials = 2, ts_validation = FALSE,
    add_penalty_factor = FALSE, intercept_sign = "non_negative",
    calibration = list(),
    allocation = list(
      scenario = "max_response", total_budget = NULL,
      bounds = list(default = list(0.5, 2))
    ),
    seed = 123
  )
  changes <- list(...)
  changes$allocation <- utils::modifyList(
    document$allocation, c(changes$allocation, list()),
    keep.null = TRUE
  )
  for (name in names(changes)) {
    document[name] <- list(changes[[name]])
  }
  document
}

a_search <- function(media = c("tv_s", "clicks", "letters")) {
  names <- as.vector(outer(media, c("alphas", "gammas", "thetas"), paste,
    sep = "_"
  ))
  ranges <- lapply(names, function(name) {
    if (endsWith(name, "alphas")) list(0.5, 3) else list(0.3, 0.9)
  })
  stats::setNames(ranges, names)
}

a_table <- function(weeks = WEEKS) {
  week <- seq_len(weeks)
  data.frame(
    date = format(as.Date("2023-01-02") + 7 * (week - 1)),
    revenue = 1000 + 10 * week + 50 * sin(week),
    tv_s = 100 + 10 * cos(week), search_s = 50 + 5 * sin(week / 2),
    clicks = 500 + 40 * sin(week / 2), letters = week %% 5,
    price = 10 + week %% 7, event = ifelse(week %% 10 == 0, "sale", "none")
  )
}

# An input folder with these; the path.
a_folder <- function(document = a_document(), table = a_table()) {
  folder <- withr::local_tempdir(.local_envir = parent.frame())
  jsonlite::write_json(
    document, file.path(folder, "job_config.json"),
    auto_unbox = TRUE, null = "null", digits = NA
  )
  utils::write.csv(
    table, file.path(folder, "input_data.csv"),
    row.names = FALSE, na = ""
  )
  folder
}

# The configuration of a document, read.
a_config <- function(...) {
  read_config(file.path(a_folder(a_document(...)), "job_config.json"))
}

a_run <- function() {
  new_run(withr::local_tempdir(.local_envir = parent.frame()))
}

read_json <- function(...) {
  jsonlite::fromJSON(file.path(...), simplifyVector = FALSE)
}

quietly <- function(code) invisible(utils::capture.output(code))
