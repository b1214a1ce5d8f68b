# Robyn as its users run it, on a job of ours:
#
#   Rscript robyn_as_it_comes.R WORKER INPUT_DIR OUT_DIR
#
# robyn_run() on two cores, then robyn_outputs() with its defaults: all files,
# one-pagers of the best of each cluster; then the allocator with its plots.
# The last line of stdout is JSON: seconds of each part.

arguments <- commandArgs(trailingOnly = TRUE)
began <- proc.time()[["elapsed"]]
worker_folder <- function() arguments[1]
for (file in list.files(file.path(arguments[1], "R"), full.names = TRUE)) {
  source(file)
}
suppressPackageStartupMessages(library(Robyn))
since <- function(start) proc.time()[["elapsed"]] - start

run <- new_run(arguments[3])
config <- read_config(file.path(arguments[2], "job_config.json"))
data <- read_data(arguments[2], config)
inputs <- make_inputs(config, data, run)
features <- since(began)

start <- proc.time()[["elapsed"]]
models <- robyn_run(
  inputs,
  cores = 2L, iterations = config$iterations, trials = config$trials,
  ts_validation = config$ts_validation, seed = config$seed
)
search <- since(start)

start <- proc.time()[["elapsed"]]
outputs <- robyn_outputs(
  inputs, models,
  pareto_fronts = "auto", csv_out = "pareto", clusters = TRUE,
  export = TRUE, plot_folder = arguments[3], plot_pareto = TRUE
)
found <- outputs$resultHypParam
best <- found$solID[which.min(found$error_score)]
robyn_allocator(
  InputCollect = inputs, OutputCollect = outputs, select_model = best,
  scenario = "max_response", channel_constr_low = 0.5, channel_constr_up = 2,
  export = TRUE
)
robyn_write(inputs, outputs, select_model = best)
output <- since(start)

cat("\n", jsonlite::toJSON(list(
  models = nrow(results_of(models)), features = features, search = search,
  output = output, files = length(list.files(
    outputs$plot_folder,
    recursive = TRUE
  ))
), auto_unbox = TRUE, digits = 3), "\n", sep = "")
