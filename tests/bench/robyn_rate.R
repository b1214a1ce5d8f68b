# Robyn's rate on a reference problem:
#
#   Rscript robyn_rate.R REFERENCE_DIR ITERATIONS
#
# REFERENCE_DIR holds inputs.json and dt_mod.csv. The last line of stdout is
# JSON: evaluations, and the seconds of the search alone, on a free core.

suppressPackageStartupMessages(library(Robyn))

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
iterations <- as.integer(arguments[2])

given <- jsonlite::fromJSON(file.path(folder, "inputs.json"))
table <- read.csv(file.path(folder, "dt_mod.csv"), check.names = FALSE)
table$ds <- as.Date(table$ds)
paid <- given$cpe$paid_media_selected

# The table's features are made already, its exposures on the spend scale:
# prophet's components are given as context, so that they are not made again.
inputs <- robyn_inputs(
  dt_input = table,
  date_var = "ds",
  dep_var = "dep_var",
  dep_var_type = "revenue",
  context_vars = c(given$prophet, given$context),
  paid_media_spends = paid,
  paid_media_signs = given$paid_media_signs,
  organic_vars = setdiff(given$media, paid),
  organic_signs = given$organic_signs,
  window_start = given$window_start,
  window_end = given$window_end,
  adstock = "geometric",
  hyperparameters = given$adstock_bounds$geometric
)
# In the search they are prophet's, with the limits that Robyn sets to these.
inputs$prophet_vars <- given$prophet
inputs$prophet_signs <- given$prophet_signs
inputs$context_vars <- given$context
inputs$context_signs <- given$context_signs

start <- proc.time()
models <- robyn_run(
  InputCollect = inputs,
  cores = 1,
  iterations = iterations,
  trials = 1,
  ts_validation = FALSE,
  add_penalty_factor = FALSE,
  seed = 123L # a double would be ignored
)
used <- proc.time() - start
# Robyn times its search by the wall clock. Other work on the machine would
# count against it: only the part in which R had a core is taken.
share <- min(1, (used[["user.self"]] + used[["sys.self"]]) / used[["elapsed"]])

found <- models$trial1$resultCollect
# After an error in the search Robyn returns what it has so far.
stopifnot(nrow(found$resultHypParam) == iterations)
cat("\n", jsonlite::toJSON(
  list(
    evaluations = iterations,
    seconds = found$elapsed.min[[1]] * 60 * share
  ),
  auto_unbox = TRUE, digits = 6
), "\n", sep = "")
