some_models <- function(errors) {
  rows <- data.frame(
    nrmse = errors, decomp.rssd = errors, mape = 0,
    solID = paste0("1_", seq_along(errors), "_1")
  )
  list(
    trial1 = list(resultCollect = list(resultHypParam = rows)), trials = 1
  )
}

# Robyn's outputs of these errors, the first two of cluster 1.
some_outputs <- function(error_score, clustered = TRUE) {
  count <- length(error_score)
  outputs <- list(
    pareto_fronts = 2,
    resultHypParam = data.frame(
      solID = sprintf("1_%d_1", seq_len(count)), trial = 1,
      iterNG = seq_len(count), iterPar = 1, error_score = error_score,
      nrmse_train = 0.1 + 0.001 * seq_len(count),
      decomp.rssd = rev(seq_len(count)), robynPareto = 1
    )
  )
  if (clustered) {
    outputs$clusters <- list(data = data.frame(a = 1))
    outputs$resultHypParam$cluster <- c(1, 1, rep(2, count - 2))
    outputs$resultHypParam$top_sol <- seq_len(count) %in% c(2, 3)
  }
  outputs
}

test_that("as many pass the filter as Robyn's quantiles let through", {
  expect_equal(count_passed(some_models(1:100 / 100), 0.1), 90)
})

test_that("a search in which nothing passes is a person's to lengthen", {
  expect_error(
    make_outputs(list(), some_models(0.5), a_run()), "1 models pass",
    class = "user_error"
  )
})

test_that("the best model has the lowest error score", {
  choice <- choose(some_outputs(c(0.3, 0.2, 0.1, 0.4)), a_config())
  expect_equal(choice$selected, "1_3_1")
  expect_equal(choice$kept$rank, c(3, 2, 1, 4))
  expect_match(choice$rule, "lowest error_score.*NRMSE \\(train\\)")
})

test_that("the candidates are the best of each cluster, best first", {
  choice <- choose(some_outputs(c(0.3, 0.2, 0.1, 0.4)), a_config())
  expect_equal(choice$candidates, c("1_3_1", "1_2_1"))
  expect_equal(choice$kept$candidate, c(FALSE, TRUE, TRUE, FALSE))
})

test_that("without clusters the best model is the only candidate", {
  choice <- choose(some_outputs(c(0.2, 0.1), FALSE), a_config())
  expect_equal(choice$candidates, "1_2_1")
})

test_that("a refresh takes the model nearest to the previous one", {
  choice <- choose(some_outputs(c(0.1, 0.2, 0.3)), a_config(), refresh = TRUE)
  expect_equal(choice$selected, "1_3_1")
  expect_match(choice$rule, "Robyn's rule for a refresh")
})

test_that("models within 5 % of the lowest error are plausible", {
  choice <- choose(some_outputs(c(1:9)), a_config())
  expect_equal(sum(choice$kept$plausible), 6)
})

test_that("clustering that failed leaves no clusters, and a note", {
  run <- a_run()
  failed <- list(clusters = try(stop("too few"), silent = TRUE))
  quietly(outputs <- with_clusters_or_none(failed, run))
  expect_null(outputs$clusters)
  expect_match(run$notes, "to cluster")
  kept <- list(clusters = list(data = data.frame(a = 1)))
  expect_equal(with_clusters_or_none(kept, run), kept)
})
