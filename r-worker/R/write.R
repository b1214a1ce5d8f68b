# The files that a run leaves: tables, models, pictures; all or nothing.

PAGES <- 5 # one-pagers; each takes a few seconds to draw
DPI <- 100 # Robyn's 400 needs gigabytes, and shows no more

# Write results/ and model_summary.json; results/ appears when it is complete.
write_results <- function(result, run, processes) {
  part <- file.path(run$out, ".results.part")
  dir.create(file.path(part, "models"), recursive = TRUE)
  stage(run, "tables", {
    tables <- tables_of(result)
    for (name in names(tables)) {
      write_table(tables[[name]], file.path(part, paste0(name, ".csv")))
    }
    for (id in result$choice$candidates) {
      write_model(result, id, file.path(part, "models"))
    }
  })
  stage(run, "pictures", draw(result, part, processes))
  found <- summary_of(result, run$notes)
  rename_file(part, file.path(run$out, "results"))
  write_json_file(file.path(run$out, "model_summary.json"), found)
}

tables_of <- function(result) {
  inputs <- result$inputs
  outputs <- result$outputs
  choice <- result$choice
  config <- result$config
  variables <- result$variables
  decomposition <- result$decomposition
  tables <- list(
    features = features_table(inputs),
    models = models_table(outputs, choice, config),
    pareto = pareto_table(outputs, choice, config),
    decomposition = decomposition,
    clusters = clusters_table(outputs, config, variables),
    convergence = convergence_table(result$models),
    rssd_weights = rssd_weights_table(choice, decomposition, variables),
    plausible = plausible_table(choice, decomposition, variables),
    decomposition_over_time = decomposition_over_time_table(
      outputs, choice, config, variables
    ),
    media_vectors = media_vectors_table(inputs, outputs, choice, variables),
    response_curves = response_curves_table(
      inputs, outputs, choice, variables
    )
  )
  if (!is.null(result$movement)) {
    tables$movement <- result$movement
  }
  if (!is.null(result$allocation)) {
    tables$allocation <- allocation_table(result$allocation)
  }
  tables
}

# CSV from which every number is read back bit by bit; NA is empty.
write_table <- function(table, path) {
  written <- lapply(table, function(values) {
    if (is.double(values) && !inherits(values, "Date")) {
      text <- sprintf("%.17g", values)
      ifelse(is.na(values) | is.nan(values), NA_character_, text)
    } else if (is.logical(values)) {
      tolower(as.character(values))
    } else {
      as.character(values)
    }
  })
  written <- as.data.frame(written, check.names = FALSE)
  names(written) <- names(table)
  utils::write.csv(written, path, row.names = FALSE, na = "")
}

# robyn_write()'s JSON: what robyn_recreate() and a refresh read.
write_model <- function(result, id, folder) {
  Robyn::robyn_write(
    result$inputs, result$outputs,
    select_model = id, dir = folder, quiet = TRUE
  )
  written <- file.path(folder, sprintf("RobynModel-%s.json", id))
  rename_file(written, file.path(folder, paste0(id, ".json")))
}

# Only what is kept is drawn: Robyn would draw every model.
draw <- function(result, folder, processes) {
  ids <- utils::head(result$choice$candidates, PAGES)
  pages <- parallel::mclapply(
    ids, function(id) draw_onepager(result, id, folder),
    mc.cores = processes, mc.preschedule = FALSE
  )
  for (page in pages) {
    if (inherits(page, "try-error")) {
      stop("a one-pager could not be drawn: ", conditionMessage(
        attr(page, "condition")
      ))
    }
  }
  if (!is.null(result$allocation)) {
    save_plot(result$allocation$plot, folder, "allocation.png", 14, 14)
  }
  general <- Robyn::robyn_plots(result$inputs, result$outputs, export = FALSE)
  save_plot(general$pParFront, folder, "pareto.png", 12, 8)
  if (!is.null(general$pProphet)) {
    save_plot(general$pProphet, folder, "prophet.png", 12, 9)
  }
  convergence <- patchwork::wrap_plots(
    result$models$convergence$moo_distrb_plot,
    result$models$convergence$moo_cloud_plot
  )
  save_plot(convergence, folder, "convergence.png", 14, 6)
}

draw_onepager <- function(result, id, folder) {
  page <- Robyn::robyn_onepagers(
    result$inputs, result$outputs,
    select_model = id, quiet = TRUE, export = FALSE
  )[[id]]
  save_plot(page, folder, paste0("onepager_", id, ".png"), 17, 19)
  save_plot(page, folder, paste0("onepager_", id, ".pdf"), 17, 19)
  id
}

save_plot <- function(plot, folder, name, width, height) {
  path <- file.path(folder, name)
  device <- if (endsWith(name, ".pdf")) grDevices::cairo_pdf else "png"
  suppressMessages(ggplot2::ggsave(
    path, plot,
    device = device, width = width, height = height, dpi = DPI,
    limitsize = FALSE
  ))
  if (!file.exists(path)) {
    stop("Robyn's plot ", name, " was not written")
  }
}

rename_file <- function(from, to) {
  if (!file.exists(from)) {
    stop(basename(from), " was not written")
  }
  if (!file.rename(from, to)) {
    stop("could not rename ", from)
  }
}
