#!/usr/bin/env Rscript
# The Robyn engine: a folder in, a folder out.
#
#   Rscript run_all.R --input DIR --output DIR [--processes N]
#     [--previous MODEL.json] [--progress FILE]
#
# DIR of --input holds job_config.json, input_data.csv, holidays.csv if the
# holidays are your own, and previous.json for a refresh. `python -m
# mmmflow_robyn` reads and writes Parquet too.
#
# Exit code: 0 succeeded or skipped, 1 failed, 2 wrong arguments.

worker_folder <- local({
  here <- normalizePath(dirname(sub("^--file=", "", grep(
    "^--file=", commandArgs(),
    value = TRUE
  ))))
  function() here
})
for (file in list.files(file.path(worker_folder(), "R"), full.names = TRUE)) {
  source(file)
}

train_model <- function(given, run) {
  enter(run, "prepare")
  config <- stage(run, "read", {
    read_config(file.path(given$input, "job_config.json"))
  })
  data <- stage(run, "data", read_data(given$input, config))
  load_robyn()
  set.seed(config$seed)
  inputs <- stage(run, "features", make_inputs(config, data, run))
  config <- without(config, data$left_out)
  if (isTRUE(config$stability > 0)) {
    note(run, "Robyn's search is not repeated with other seeds: too slow.")
  }
  refreshed <- NULL
  if (!is.null(given$previous)) {
    refreshed <- stage(run, "previous", {
      refresh_inputs(inputs, given$previous, config, data, run)
    })
    inputs <- refreshed$inputs
  }
  refresh <- !is.null(refreshed)

  enter(run, "search")
  models <- stage(run, "search", {
    train(inputs, config, run, given$processes, refresh)
  })

  enter(run, "select")
  outputs <- stage(run, "select", make_outputs(inputs, models, run, refresh))
  choice <- choose(outputs, config, refresh)
  variables <- variables_table(config, inputs)
  decomposition <- decomposition_table(outputs, choice, variables)
  allocation <- stage(run, "allocation", {
    allocate(inputs, outputs, choice, config, run)
  })
  moved <- NULL
  if (refresh) {
    moved <- movement_table(refreshed, decomposition, choice, config)
    note_movement(moved, run)
  }

  enter(run, "output")
  write_results(list(
    config = config, inputs = inputs, models = models, outputs = outputs,
    choice = choice, variables = variables, decomposition = decomposition,
    allocation = allocation, movement = moved
  ), run, given$processes)
  write_versions(run)
  enter(run, "done")
}

given <- read_arguments(commandArgs(trailingOnly = TRUE))
run <- new_run(given$output, given$progress)
quit(status = run_to_the_end(run, train_model(given, run)))
